"""Which bodies are taken: JSON, not too large, not too slow."""

from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import Scope

from app.domain.errors import AppError, ErrorCode
from app.edge.envelope import refusal_response
from app.edge.head import Head

BODY_METHODS = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Bodies:
    """Refuses bodies by their head; what comes after it has a limit in bytes, and in seconds.

    Insisting on `application/json` also keeps other sites out: a browser sends that type across
    sites only after asking (CORS preflight), and nobody here says yes.
    """

    limit: int
    seconds: float

    def refusal(self, scope: Scope, head: Head) -> Response | None:
        """The answer 413 or 415 to a body that is not taken; None where it is."""
        if scope["method"] not in BODY_METHODS:
            return None
        if (head.body_length or 0) > self.limit:
            return refusal_response(scope, self.too_large())
        if not head.announces_body:
            return None
        encoding = (head.first.get(b"content-encoding") or b"identity").strip().lower()
        if encoding != b"identity":
            # RFC 9110, section 15.5.16: what would be accepted
            accepted = {"Accept-Encoding": "identity"}
            return refusal_response(scope, _encoded(encoding.decode("latin-1")), accepted)
        if not _is_json(head.first.get(b"content-type", b"")):
            return refusal_response(scope, _not_json())
        return None

    def too_slow(self) -> AppError:
        """Why a request is ended whose body did not come in time."""
        return AppError(
            ErrorCode.REQUEST_TIMEOUT,
            f"The body did not arrive within {self.seconds:g} s.",
            hint="Send it faster, or raise REQUEST_BODY_SECONDS.",
        )

    def too_large(self) -> AppError:
        """Why a body is read no further."""
        return AppError(
            ErrorCode.PAYLOAD_TOO_LARGE,
            f"The body is larger than {self.limit} bytes.",
            hint="Send less, or raise PAYLOAD_LIMIT.",
        )


def _is_json(content_type: bytes) -> bool:
    if content_type == b"application/json":  # as nearly all clients write it
        return True
    return content_type.partition(b";")[0].strip().lower() == b"application/json"


def _encoded(encoding: str) -> AppError:
    return AppError(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        f"The body must not be compressed or encoded; it is {encoding[:32]!r}.",
        hint="Send it as it is, without the header Content-Encoding.",
    )


def _not_json() -> AppError:
    return AppError(
        ErrorCode.UNSUPPORTED_MEDIA_TYPE,
        "The body must be JSON.",
        hint="Send it with the header Content-Type: application/json.",
    )
