"""Establishing who is calling."""
