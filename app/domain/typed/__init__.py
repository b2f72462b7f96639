"""Tools as types: what of their JSON Schemas GraphQL can say, and values there and back."""
