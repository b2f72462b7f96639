"""GraphQL queries, one file per noun."""
