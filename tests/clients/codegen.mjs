// Writes TypeScript types: codegen.mjs SCHEMA OPERATIONS OUTPUT
import { readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typescript from "@graphql-codegen/typescript";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const [schema, documents, output] = process.argv.slice(2);
const scalars = { DateTime: "string", Integer: "number", JSON: "unknown" };
const text = await codegen({
  filename: output,
  schema: parse(readFileSync(schema, "utf8")),
  documents: [{ location: documents, document: parse(readFileSync(documents, "utf8")) }],
  config: { scalars, strictScalars: true, useTypeImports: true, enumsAsTypes: true },
  plugins: [{ typescript: {} }, { operations: {} }],
  pluginMap: { typescript, operations },
});
writeFileSync(output, text);
