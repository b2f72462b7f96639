"""The file of trusted documents. It needs no GraphQL library: it is read before there is one."""

from hashlib import sha256
from pathlib import Path

import orjson


class NoTrustedDocuments(Exception):
    """The file of trusted documents is none."""


def read_trusted(path: Path) -> dict[str, str]:
    """The trusted documents of a file: a JSON object of their texts by any key, or a list.

    Raises:
        NoTrustedDocuments: It is no such file.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise NoTrustedDocuments(f"{path} cannot be read as JSON: {error}") from None
    texts = [*content.values()] if isinstance(content, dict) else content
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise NoTrustedDocuments(
            f"{path} must hold a JSON object of GraphQL documents by their hashes."
        )
    return {hash_of(text): text for text in texts}


def hash_of(text: str) -> str:
    """The name of a document: the SHA-256 hash of its text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
