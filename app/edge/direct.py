"""A table of the fixed routes, looked up before the router tries one pattern after the other."""

from collections.abc import Mapping

from starlette.types import ASGIApp

# The application for a method and an exact path.
Table = Mapping[tuple[str, str], ASGIApp]
