"""The second schema, `/graphql/tools`: every tool a field of its own, made from its JSON Schemas."""
