"""The GraphQL door: parse, call one service, render."""
