"""Operations that are asked for by a hash of their text instead of the text.

Two ways: clients that register what they send (Apollo's automatic persisted queries), and a file
of trusted documents, beside which nothing is run. Both are asked for in
`extensions.persistedQuery.sha256Hash`, or as `documentId: "sha256:…"` (GraphQL over HTTP,
appendix Persisted Documents).
"""

import re
from collections import OrderedDict
from collections.abc import Mapping

from app.domain.errors import ErrorCode
from app.resolvers.engine.documents import Refused
from app.resolvers.engine.limits import Refusal, refusal
from app.resolvers.engine.scan import scan
from app.resolvers.engine.trusted import hash_of

KEPT_CHARACTERS = 1024 * 1024
_HASH = re.compile(r"[0-9a-f]{64}")


class PersistedOperations:
    """The texts behind hashes: the trusted ones, or those that clients have registered."""

    def __init__(self, trusted: Mapping[str, str] | None = None) -> None:
        self._trusted = trusted
        self._registered: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    def text_of(self, query: str | None, extensions: Mapping[str, object] | None) -> str | None:
        """The text to run: the query, or the one that is asked for by its hash.

        Raises:
            Refused: No such text is known, the hash is another text's, or it is not trusted.
        """
        key = _asked_for(extensions) if extensions else None
        if self._trusted is not None:
            return self._find_trusted(self._trusted, query, key)
        if key is None:
            return query
        if not query:
            return self._find(key)
        if hash_of(query) != key:
            raise Refused(refusal("sha256Hash is not the SHA-256 hash of the query.", status=400))
        self._register(key, query)
        return query

    def _find_trusted(
        self, trusted: Mapping[str, str], query: str | None, key: str | None
    ) -> str | None:
        if key is None and not query:
            return None
        text = trusted.get(hash_of(query) if query else key or "")
        if text is None:
            raise Refused(
                refusal(
                    "This server runs trusted operations only, and this is none of them.",
                    code=ErrorCode.OPERATION_NOT_ALLOWED,
                    hint="Send an operation of the file that GRAPHQL_TRUSTED_DOCUMENTS names.",
                    status=403,
                )
            )
        return text

    def _find(self, key: str) -> str:
        text = self._registered.get(key)
        if text is None:
            raise Refused(_not_found())
        self._registered.move_to_end(key)
        return text

    def _register(self, key: str, text: str) -> None:
        """Keep a text, unless it holds values: they may be secrets."""
        seen = scan(text)
        if key in self._registered or seen.has_texts or seen.has_numbers:
            return
        self._registered[key] = text
        self._characters += len(text)
        while self._characters > KEPT_CHARACTERS:
            self._characters -= len(self._registered.popitem(last=False)[1])


def _asked_for(extensions: Mapping[str, object]) -> str | None:
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    key = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    version = persisted.get("version") if isinstance(persisted, dict) else None
    if version != 1 or not isinstance(key, str) or not _HASH.fullmatch(key.lower()):
        raise Refused(
            refusal(
                "A hash has 64 hexadecimal digits: documentId must be sha256:<hash>, "
                "persistedQuery {version: 1, sha256Hash: <hash>}.",
                status=400,
            )
        )
    return key.lower()


def _not_found() -> Refusal:
    # The message is the one that clients look for.
    return refusal(
        "PersistedQueryNotFound",
        code=ErrorCode.PERSISTED_QUERY_NOT_FOUND,
        hint="Send the query's text along with its hash once. A text that holds values is not "
        "kept: put them into variables.",
    )
