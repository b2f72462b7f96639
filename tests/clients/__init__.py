"""Other people's tools for GraphQL, against our endpoint and our schema."""
