"use strict";

// Starts GraphiQL against this server. The first tabs are the tour of the README.
const EXAMPLES = [
  `# Welcome to MCP API.
# Press the play button or Ctrl-Enter to run this.
# Each tab is a step of the tour.
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
  `# Press play, then run the next tab, and come back to watch.
subscription Progress {
  packageProgress {
    serverName
    phase
    message
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

// What people type may hold secrets: it stays in this page and never reaches the browser's disk.
// Only the look of the page (theme, sizes) is remembered.
const memory = new Map();
const isLook = (key) => /:(theme|.*[fF]lex|visiblePlugin)$/.test(key);
const storage = {
  get length() { return memory.size; },
  getItem: (key) => (isLook(key) ? localStorage.getItem(key) : memory.get(key) ?? null),
  setItem: (key, value) => (isLook(key) ? localStorage.setItem(key, value) : memory.set(key, value)),
  removeItem: (key) => (isLook(key) ? localStorage.removeItem(key) : memory.delete(key)),
  clear: () => { memory.clear(); localStorage.clear(); },
};

const fetcher = GraphiQL.createFetcher({
  url: "/graphql",
  wsClient: graphqlWs.createClient({ url: `${scheme}//${location.host}/graphql` }),
});

function Page() {
  // The explorer follows what the editor holds; the editor takes over what the explorer writes,
  // and nothing else, so that each tab keeps its own text.
  const [shown, setShown] = React.useState(EXAMPLES[0]);
  const [written, setWritten] = React.useState(undefined);
  const onEdit = (text) => { setShown(text); setWritten(text); };
  const explorer = GraphiQLPluginExplorer.useExplorerPlugin({ query: shown, onEdit });
  return React.createElement(GraphiQL, {
    fetcher,
    query: written,
    onEditQuery: setShown,
    defaultTabs: EXAMPLES.map((example) => ({ query: example })),
    plugins: [explorer],
    defaultEditorToolsVisibility: true,
    storage,
  });
}

// The package ships React 17, hence `render` and not `createRoot`.
ReactDOM.render(React.createElement(Page), document.getElementById("graphiql"));
