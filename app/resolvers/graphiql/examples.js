"use strict";

// An operation for every task of the README and the guides. The first ones are open as tabs.
// A test runs each against the schema.
const EXAMPLES = [
  {
    title: "Overview", isTab: true,
    about: "Servers, their packages and tools.",
    query: `# Welcome to MCP API.
# Play, or Ctrl-Enter, runs this.
# Each tab is a step of the tour.
# More examples: the bookmark, left.
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
  },
  {
    title: "Watch an install", isTab: true,
    about: "Run this, then the next tab, and come back.",
    query: `# Press play, run the next tab,
# and come back to watch.
subscription Progress {
  packageProgress {
    serverName
    phase
    message
  }
}
`,
  },
  {
    title: "Install a server", isTab: true,
    about: "From npm; it answers when the server has shown its tools.",
    query: `mutation Install {
  installPackage(input: {
    packageName: "@modelcontextprotocol/server-everything"
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
  },
  {
    title: "Call a tool", isTab: true,
    about: "With the caller's secrets.",
    query: `mutation Call {
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
  },
  {
    title: "Give a user a secret", isTab: true,
    about: "The value goes into the variables below, and is kept nowhere in this page.",
    query: `mutation SetSecret($value: String!) {
  setSecret(input: {
    serverName: "everything", name: "message", value: $value, username: "alice"
  }) {
    __typename
    ... on Secret { name serverName username updatedAt }
    ... on Error { code message hint }
  }
}
`,
    variables: `{\n  "value": "a value only alice has"\n}\n`,
  },
  {
    title: "Call for a user",
    about: "Alice's secret fills the argument.",
    query: `mutation CallForAlice {
  callTool(input: { serverName: "everything", toolName: "echo", username: "alice" }) {
    __typename
    ... on ToolResult { isError text }
    ... on Error { code message hint }
  }
}
`,
  },
  {
    title: "A tool that there is not",
    about: "When something is wrong, the answer says what to do.",
    query: `mutation Wrong {
  callTool(input: { serverName: "everything", toolName: "ecko" }) {
    __typename
    ... on ToolResult { isError text }
    ... on Error { code message path hint }
  }
}
`,
  },
  {
    title: "Upgrade a package",
    about: "The other version is proved first; with dryRun it is only that.",
    query: `mutation Upgrade {
  upgradePackage(input: { serverName: "everything", dryRun: true }) {
    __typename
    ... on UpgradedPackage {
      version
      switched
      toolDiff { added removed breaking }
      package { version previousVersion }
    }
    ... on Error { code message hint }
  }
}
`,
  },
  {
    title: "Take an upgrade back",
    about: "To the version before, without the network.",
    query: `mutation Rollback {
  rollbackPackage(input: { serverName: "everything" }) {
    __typename
    ... on UpgradedPackage { package { version previousVersion } }
    ... on Error { code message hint }
  }
}
`,
  },
  {
    title: "Install a Python server",
    about: "From PyPI, in an environment of its own.",
    query: `mutation InstallPython {
  installPackage(input: {
    runtime: PYTHON
    packageName: "mcp-server-time"
    serverName: "time"
  }) {
    __typename
    ... on InstalledPackage { package { version } server { status tools { nodes { name } } } }
    ... on Error { code message hint }
  }
}
`,
  },
  {
    title: "Make a token",
    about: "Its text is shown once. The first one turns authentication on.",
    query: `mutation CreateToken {
  createToken(input: { name: "alice's laptop", role: USER, username: "alice" }) {
    __typename
    ... on CreatedToken { text token { id role username } }
    ... on Error { code message hint }
  }
}
`,
  },
  {
    title: "Say who may call a server",
    about: "Users, groups and tools; what is not said is open to all.",
    query: `mutation Access {
  updateServer(input: {
    serverName: "everything"
    access: { users: ["alice"], deniedTools: ["get-env"] }
  }) {
    __typename
    ... on Server { name access { users groups deniedTools readOnly } }
    ... on Error { code message path hint }
  }
}
`,
  },
  {
    title: "What a call would carry",
    about: "Which secrets are set, and which are missing.",
    query: `query Preflight {
  secretPreflight(serverName: "everything", username: "alice") {
    missing
    secrets { name delivery target required isSet shared }
  }
}
`,
  },
  {
    title: "A user's secrets",
    about: "Names only; a value is never shown.",
    query: `query Secrets {
  secrets(username: "alice") {
    nodes { name serverName delivery updatedAt lastUsedAt }
  }
}
`,
  },
  {
    title: "Watch a call",
    about: "Progress, log messages and the result, as they come.",
    query: `subscription WatchCall {
  toolCall(input: {
    serverName: "everything"
    toolName: "trigger-long-running-operation"
    arguments: { duration: 5, steps: 5 }
  }) {
    __typename
    ... on ToolCallStarted { callId }
    ... on ToolCallProgress { progress total message }
    ... on ToolCallLog { level data }
    ... on ToolCallFinished { result { __typename ... on ToolResult { text } ... on Error { code message } } }
  }
}
`,
  },
  {
    title: "Cancel a call",
    about: "By the id that its first event told.",
    query: `mutation Cancel($callId: ID!) {
  cancelToolCall(input: { callId: $callId }) {
    __typename
    ... on Error { code message hint }
  }
}
`,
    variables: `{\n  "callId": ""\n}\n`,
  },
  {
    title: "Find tools",
    about: "Of all enabled servers, by a part of their name or description.",
    query: `query FindTools {
  tools(filter: { text: "sum", readOnly: null }) {
    nodes { name description inputSchema hints { readOnly destructive } server { name } }
  }
}
`,
  },
  {
    title: "Servers, newest first",
    about: "Filters, an order, and pages.",
    query: `query Newest($after: String) {
  servers(first: 10, after: $after, filter: { enabled: true },
          orderBy: { field: CREATED_AT, direction: DESC }) {
    nodes { name createdAt status lastError }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    title: "Add a server",
    about: "One that is on this machine, or runs elsewhere.",
    query: `mutation AddServer {
  addServer(input: { serverName: "elsewhere", transport: STREAMABLE_HTTP, url: "https://example.com/mcp" }) {
    __typename
    ... on Server { name status }
    ... on Error { code message path hint }
  }
}
`,
  },
  {
    title: "Disable a server",
    about: "Its tools are refused, and its sessions end.",
    query: `mutation Disable {
  disableServer(input: { serverName: "everything" }) {
    __typename
    ... on Server { name enabled status }
    ... on Error { code message hint }
  }
}
`,
  },
  {
    title: "Sessions",
    about: "Live connections, their memory and their calls.",
    query: `query Sessions {
  sessions {
    nodes { serverName owner state since pid memoryBytes callsInFlight restarts lastError }
  }
}
`,
  },
  {
    title: "Watch sessions",
    about: "Every change of a session's state.",
    query: `subscription SessionChanges {
  sessionChanged { serverName owner state lastError }
}
`,
  },
  {
    title: "A server's log",
    about: "What it writes to stderr, as it comes.",
    query: `subscription Log {
  serverLog(serverName: "everything") { line at }
}
`,
  },
  {
    title: "Tidy up",
    about: "Files, server, sessions and the users' secrets for it are gone.",
    query: `mutation Uninstall {
  uninstallPackage(input: { serverName: "everything" }) {
    __typename
    ... on UninstalledPackage { serverName }
    ... on Error { code message hint }
  }
}
`,
  },
];
