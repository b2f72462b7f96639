"use strict";

// The same for /graphql/tools, where every tool of every enabled server is a field.
const TOOL_EXAMPLES = [
  {
    title: "Fields", isTab: true,
    about: "Which field stands for which server and tool.",
    query: `# Every tool is a field here.
# The main schema is at /graphql;
# this one is also a text, at
# /graphql/tools/schema.graphql
query Fields {
  toolServers {
    name
    field
    tools { name field typedArguments typedResult }
  }
}
`,
  },
  {
    title: "Call tools", isTab: true,
    about: "One after the other; needs the server of the tour at /graphql.",
    query: `mutation Call {
  everything {
    echo(message: "Hello") { isError text }
    get__sum(a: 2, b: 40) { text }
  }
}
`,
  },
  {
    title: "Call for a user", isTab: false,
    about: "With the user's secrets, and a deadline.",
    query: `mutation CallForAlice {
  everything(username: "alice", timeoutSeconds: 10) {
    get__structured__content(location: Chicago) {
      isError
      structured { temperature conditions humidity }
    }
  }
}
`,
  },
];
