"""The GraphiQL page: everything it needs comes from this server."""

from pathlib import Path

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from app.edge.page import page

OWN_FILES = Path(__file__).parent / "graphiql"
LIBRARY = ("graphene_django_graphiql_static", "static/graphene_django_graphiql_static")


def graphiql_page() -> Response:
    """The page itself."""
    return page(OWN_FILES / "index.html")


def graphiql_assets() -> list[BaseRoute]:
    """The scripts and styles of the page: ours, and the library's from its package."""
    return [
        Mount("/graphiql/lib", StaticFiles(packages=[LIBRARY])),
        Mount("/graphiql", StaticFiles(directory=OWN_FILES)),
    ]
