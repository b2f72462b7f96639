"""The OpenAPI document of the REST door, made from the route tables and their models."""
