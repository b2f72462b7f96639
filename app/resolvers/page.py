"""The GraphiQL page: everything it needs comes from this server."""

from pathlib import Path

from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

OWN_FILES = Path(__file__).parent / "graphiql"
LIBRARY = ("graphene_django_graphiql_static", "static/graphene_django_graphiql_static")
# Nothing from elsewhere; inline styles because the editor sets them.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def graphiql_page() -> Response:
    """The page itself."""
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    return FileResponse(OWN_FILES / "index.html", headers=headers)


def graphiql_assets() -> list[BaseRoute]:
    """The scripts and styles of the page: ours, and the library's from its package."""
    return [
        Mount("/graphiql/lib", StaticFiles(packages=[LIBRARY])),
        Mount("/graphiql", StaticFiles(directory=OWN_FILES)),
    ]
