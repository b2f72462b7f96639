"""GraphQL mutations, one file per noun."""
