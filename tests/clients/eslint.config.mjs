// The rules for schemas of GraphQL ESLint: "schema-recommended" and "schema-relay".
import plugin from "@graphql-eslint/eslint-plugin";

export default [{
  files: ["**/*.graphql"],
  languageOptions: {
    parser: plugin.parser,
    parserOptions: { graphQLConfig: { schema: "./schema.graphql" } },
  },
  plugins: { "@graphql-eslint": plugin },
  rules: {
    ...plugin.configs["flat/schema-recommended"].rules,
    ...plugin.configs["flat/schema-relay"].rules,
    // A description on everything; the one directive is GraphQL's own.
    "@graphql-eslint/require-description": ["error", {
      types: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true,
    }],
    // Pages go forwards only.
    "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
    // Short lists that belong to one object are no connections.
    "@graphql-eslint/relay-edge-types": ["error", {
      withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false,
    }],
    // Only what can be fetched again has an id: those types implement Node.
    "@graphql-eslint/strict-id-in-types": "off",
  },
}];
