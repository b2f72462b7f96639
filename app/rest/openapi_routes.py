"""`/openapi.json`, and `/docs`: the same for people, in a page that needs no internet."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import orjson
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.edge.page import page
from app.rest.conditional import revalidated
from app.rest.openapi.document import build_document
from app.rest.operation import Operation, compressed

# What tells nothing of anybody, and everybody may read.
DOCUMENTATION = ("/openapi.json", "/docs")
DOCUMENTATION_FILES = "/docs/"
OWN_FILES = Path(__file__).parent / "docs"
# Nothing of the package is imported: only its files are served. The folder has the version.
LIBRARY = ("swagger_ui_bundle", "vendor/swagger-ui-5.31.0")


def document_text(operations: Sequence[Operation]) -> bytes:
    """The document as it stands in the repository: one that a diff can show."""
    return orjson.dumps(build_document(operations), option=orjson.OPT_INDENT_2) + b"\n"


def routes(operations: Sequence[Operation]) -> list[BaseRoute]:
    """The document, the page, and what the page needs."""

    @cache
    def text() -> bytes:
        return orjson.dumps(build_document(operations))

    async def document(_request: Request) -> Response:
        return Response(text(), media_type="application/json")

    async def docs(_request: Request) -> Response:
        return page(OWN_FILES / "index.html")

    return [
        Route(
            "/openapi.json",
            revalidated(document),
            methods=["GET"],
            middleware=[Middleware(compressed)],
        ),
        Route("/docs", docs, methods=["GET"]),
        Mount("/docs/lib", StaticFiles(packages=[LIBRARY]), middleware=[Middleware(compressed)]),
        Mount("/docs", StaticFiles(directory=OWN_FILES)),
    ]
