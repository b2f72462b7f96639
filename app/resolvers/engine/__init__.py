"""How GraphQL operations are checked, bounded and run, whatever schema they are for."""
