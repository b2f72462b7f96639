"use strict";

// Starts GraphiQL against this server. The first tabs are the tour of the README.
const EXAMPLES = [
  `# Welcome to MCP API. Press the play button (or Ctrl-Enter) to run this query.
# Each tab is a step: install a server, set a secret, call a tool.
query Overview {
  viewer { username }
  servers {
    nodes {
      name
      status
      enabled
      package { name version }
      tools { nodes { name description } }
    }
  }
}
`,
  `mutation Install {
  installPackage(input: {
    name: "@modelcontextprotocol/server-everything"
    serverName: "everything"
  }) {
    __typename
    ... on InstalledPackage {
      package { version integrity }
      server { name status tools { nodes { name } } }
    }
    ... on Error { code message hint }
  }
}
`,
  `# Run this before the install, and watch.
subscription Progress {
  packageProgress { serverName phase message at }
}
`,
  `mutation SetSecret {
  setSecret(input: { serverName: "everything", name: "apiKey", value: "a value of yours" }) {
    __typename
    ... on Secret { name serverName username updatedAt }
    ... on Error { code message hint }
  }
}
`,
  `mutation Call {
  callTool(input: {
    serverName: "everything"
    toolName: "echo"
    arguments: { message: "Hello" }
  }) {
    __typename
    ... on ToolResult { isError text durationMilliseconds }
    ... on Error { code message hint }
  }
}
`,
];

const scheme = location.protocol === "https:" ? "wss:" : "ws:";

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({
      url: "/graphql",
      wsClient: graphqlWs.createClient({ url: `${scheme}//${location.host}/graphql` }),
    }),
    defaultTabs: EXAMPLES.map((query) => ({ query })),
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
    defaultEditorToolsVisibility: true,
  }),
);
