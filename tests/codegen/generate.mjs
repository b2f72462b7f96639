// Writes the TypeScript types of a schema and of operations on it, with graphql-codegen.
// node generate.mjs SCHEMA OPERATIONS OUTPUT
import { readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import * as typescript from "@graphql-codegen/typescript";
import { buildSchema, parse } from "graphql";

const [schemaFile, operationsFile, output] = process.argv.slice(2);
const schema = readFileSync(schemaFile, "utf8");
const config = { scalars: { JSON: "unknown", Integer: "number", DateTime: "string" } };
writeFileSync(output, await codegen({
  filename: output,
  schema: parse(schema),
  schemaAst: buildSchema(schema),
  documents: [{ document: parse(readFileSync(operationsFile, "utf8")) }],
  config,
  pluginMap: { typescript, operations },
  plugins: [{ typescript: {} }, { operations: {} }],
}));
