"""Pages for people: everything they need comes from this server."""

from pathlib import Path

from starlette.responses import FileResponse, Response

# Nothing from elsewhere; inline styles because the libraries of the pages set them.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(file: Path) -> Response:
    """A page under a strict Content-Security-Policy."""
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
    return FileResponse(file, headers=headers)
