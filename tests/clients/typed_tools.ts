import type {
  IssuesMutationVariables, RememberMutationVariables, SumMutation, ToolsQuery, WeatherMutation,
  WeatherMutationVariables,
} from "./generated.js";

declare const sum: SumMutation;
export const text: string | undefined = sum.everything.get__sum?.text;
// @ts-expect-error a text is no number
export const number: number | undefined = sum.everything.get__sum?.text;

declare const weather: WeatherMutation;
export const degrees: number | undefined =
  weather.everything.get__structured__content?.structured?.temperature;
export const where: WeatherMutationVariables = { where: "New_x20_York" };
// @ts-expect-error no such city
export const nowhere: WeatherMutationVariables = { where: "York" };

const ada = { name: "Ada", entityType: "person", observations: ["wrote a program"] };
export const remember: RememberMutationVariables = { entities: [ada] };
// @ts-expect-error an entity needs more than a name
export const forget: RememberMutationVariables = { entities: [{ name: "Ada" }] };

export const issues: IssuesMutationVariables = {};
declare const tools: ToolsQuery;
export const names: string[] = tools.toolServers.flatMap((s) => s.tools.map((t) => t.name));
