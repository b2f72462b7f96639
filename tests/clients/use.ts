// Uses what was generated as a client would. It only has to compile.
import type {
  AnythingQuery, CallMutation, CallMutationVariables, InstallMutation, OverviewQuery,
  OverviewQueryVariables, WatchSubscription,
} from "./generated.js";

export const variables: OverviewQueryVariables = { first: 10, filter: { enabled: true } };

export function names(data: OverviewQuery): string[] {
  return data.servers.nodes.map((server) => `${server.name}: ${server.status}`);
}

export function pids(data: OverviewQuery): Array<number | null | undefined> {
  // A list that may fail for one server is null there, and nowhere else.
  return data.servers.nodes.flatMap((server) => server.sessions?.map((s) => s.pid) ?? []);
}

export function version(data: InstallMutation): string {
  const result = data.installPackage;
  switch (result.__typename) {
    case "InstalledPackage":
      return result.package.version ?? "unknown";
    default:
      return `${result.code}: ${result.message} ${result.hint ?? ""}`;
  }
}

export const call: CallMutationVariables = {
  input: { serverName: "everything", toolName: "echo", arguments: { message: "Hello" } },
};

export function texts(data: CallMutation): string[] {
  if (data.callTool.__typename !== "ToolResult") return [data.callTool.message];
  return data.callTool.content.map((part) => part.__typename === "TextContent" ? part.text : "");
}

export function kind(data: AnythingQuery): string | undefined {
  return data.node?.__typename === "Tool" ? data.node.serverName : data.node?.id;
}

export function isOver(event: WatchSubscription): boolean {
  return event.toolCall.__typename === "ToolCallFinished";
}

export function wrong(data: OverviewQuery): unknown {
  // @ts-expect-error There is no such field: the compiler would notice.
  return data.servers.nodes[0]?.statuz;
}
