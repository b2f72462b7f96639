"""The second schema, `/graphql/tools`: every tool a field, made from its JSON Schemas."""
