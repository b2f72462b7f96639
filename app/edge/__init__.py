"""What the doors share: who is calling, status codes, limits."""
