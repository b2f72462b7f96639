"""Sealing and opening secrets: AES-256-GCM, bound to user, server and name."""
