"use strict";

// Starts GraphiQL against the endpoint it was opened at, with the examples for that.
const isTools = location.pathname === "/graphql/tools";
const SHOWN = isTools ? TOOL_EXAMPLES : EXAMPLES;
const h = React.createElement;
const PROBE = "{ viewer { username } }";
const TOKEN_HINT = "mcp-api tokens create <name>";

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

// The headers editor's content; a WebSocket sends the same in its first message.
let headers = "";
function headerObject() {
  try {
    const given = JSON.parse(headers || "{}");
    return given !== null && typeof given === "object" ? given : {};
  } catch {
    return {}; // half typed
  }
}

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const fetcher = GraphiQL.createFetcher({
  url: location.pathname,
  // Only the main endpoint has subscriptions.
  wsClient: graphqlWs.createClient({
    url: `${scheme}//${location.host}/graphql`,
    connectionParams: headerObject,
  }),
});

// Whether this server answers us, or wants to know who we are.
async function isLetIn(token) {
  if (/[^\x21-\x7e]/.test(token)) return false; // no header can carry it
  const own = token === "" ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...own },
    body: JSON.stringify({ query: PROBE }),
  });
  return response.status !== 401;
}

function TokenPage({ onToken }) {
  const [token, setToken] = React.useState("");
  const [isWrong, setWrong] = React.useState(false);
  const submit = async (event) => {
    event.preventDefault();
    if (await isLetIn(token)) onToken(token);
    else setWrong(true);
  };
  return h("main", { className: "token-page" },
    h("form", { onSubmit: submit },
      h("h1", null, "This server wants to know who you are"),
      h("p", null, "Paste your API token. It is kept in this page only, until you close or reload it."),
      h("input", {
        type: "password", autoFocus: true, value: token, autoComplete: "off",
        "aria-label": "API token", placeholder: "API token",
        onChange: (event) => { setToken(event.target.value.trim()); setWrong(false); },
      }),
      h("button", { type: "submit", disabled: token === "" }, "Go on"),
      isWrong && h("p", { role: "alert" }, "This server does not know that token. It may have been revoked, or have expired."),
      h("h2", null, "You have none?"),
      h("p", null, "Whoever runs this server makes one, on the machine it runs on:"),
      h("pre", null, TOKEN_HINT),
      h("p", null, "Programs send it as a header of every request:"),
      h("pre", null, "Authorization: Bearer <token>"),
    ));
}

// A list of the examples beside the editor; a click puts one into the tab that is open.
function examplesPlugin(open) {
  return {
    title: "Examples",
    icon: () => h("svg", { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", strokeWidth: 1.5 },
      h("path", { d: "M6 3.5h12v17l-6-4-6 4z" })),
    content: () => h("section", { className: "examples", "aria-label": "Examples" },
      h("div", { className: "graphiql-doc-explorer-title" }, "Examples"),
      SHOWN.map((example) => h("button", {
        key: example.title, type: "button", onClick: () => open(example),
      }, h("strong", null, example.title), h("span", null, example.about)))),
  };
}

function Page() {
  const [access, setAccess] = React.useState("asking");
  // The explorer follows what the editor holds; the editor takes over what the explorer and the
  // examples write, and nothing else, so that each tab keeps its own text.
  const [shown, setShown] = React.useState(SHOWN[0].query);
  const [written, setWritten] = React.useState(undefined);
  const [variables, setVariables] = React.useState(undefined);
  const onEdit = (text) => { setShown(text); setWritten(text); };
  const explorer = GraphiQLPluginExplorer.useExplorerPlugin({ query: shown, onEdit });
  const examples = React.useMemo(() => examplesPlugin((example) => {
    // The editor takes over a text that changes: the same one twice must change in between.
    setWritten(undefined);
    setVariables(undefined);
    requestAnimationFrame(() => { onEdit(example.query); setVariables(example.variables ?? ""); });
  }), []);
  React.useEffect(() => {
    isLetIn("").then((is) => setAccess(is ? "open" : "closed"), () => setAccess("open"));
  }, []);
  if (access === "asking") return null;
  if (access === "closed") {
    const onToken = (token) => {
      headers = JSON.stringify({ Authorization: `Bearer ${token}` }, null, 2);
      setAccess("open");
    };
    return h(TokenPage, { onToken });
  }
  return h(GraphiQL, {
    fetcher,
    query: written,
    variables,
    headers,
    onEditQuery: setShown,
    onEditHeaders: (text) => { headers = text; },
    defaultHeaders: headers,
    defaultTabs: SHOWN.filter((example) => example.isTab).map((example) => (
      { query: example.query, variables: example.variables, headers }
    )),
    plugins: [explorer, examples],
    defaultEditorToolsVisibility: headers === "" ? true : "headers",
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    showPersistHeadersSettings: false,
    storage,
  });
}

// The package ships React 17, hence `render` and not `createRoot`.
ReactDOM.render(h(Page), document.getElementById("graphiql"));
