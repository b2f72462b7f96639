"""Checking what an identity provider says of a caller."""
