// Compiled against the types that openapi-typescript makes of openapi.json, then run.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });

const called = await client.POST("/mcp/tool/call", {
  params: { header: { "Idempotency-Key": "from-typescript" } },
  body: { serverName: "fp", methodName: "fingerprint", args: { city: "Bern" } },
});
const listed = await client.GET("/mcp/servers/{serverName}", {
  params: { path: { serverName: "fp" } },
});
const missing = await client.GET("/packages/by-id/{serverName}", {
  params: { path: { serverName: "nothing" } },
});
// An answer is JSON unless events were asked for.
const result = typeof called.data === "object" ? called.data.data : undefined;
const server: components["schemas"]["ServerBody"] | undefined = listed.data?.server;
const code: components["schemas"]["ErrorCode"] | undefined = missing.error?.code;

console.log(
  JSON.stringify({
    text: result?.content?.[0]?.["text"],
    tools: server?.toolsList.map((tool) => tool.name),
    status: missing.response.status,
    code,
  }),
);
