"""GraphQL subscriptions, one file per noun."""
