"""From an original deployment's documents to rows; what makes no sense is listed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from app.domain.errors import AppError
from app.domain.imports.node_rows import (
    Document,
    NodePackage,
    NodeRows,
    NodeSecret,
    NodeServer,
    read_package,
    read_server,
)
from app.domain.imports.plan import Unplaced
from app.domain.principal import DEFAULT_USERNAME

Row = TypeVar("Row", NodeServer, NodePackage)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDocuments:
    """The documents of each kind, and the collections they were read from."""

    servers: Sequence[Document] = field(default=(), repr=False)
    packages: Sequence[Document] = field(default=(), repr=False)
    secrets: Sequence[Document] = field(default=(), repr=False)
    sources: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """What a sealed text held; without a value, why it did not open."""

    value: str | None = field(repr=False)
    problem: str = ""


def read_documents(
    documents: NodeDocuments, open_text: Callable[[str], Opened]
) -> tuple[NodeRows, list[Unplaced]]:
    """The rows, and the documents that are none."""
    unplaced: list[Unplaced] = []
    servers = _read(documents.servers, read_server, "server", unplaced)
    packages = _read(documents.packages, read_package, "package", unplaced)
    ids = {str(d.get("_id")): str(d.get("name")) for d in documents.servers}
    secrets = []
    for document in documents.secrets:
        username, key = document.get("username") or DEFAULT_USERNAME, document.get("key")
        if isinstance(username, str) and isinstance(key, str):
            secrets.append(_secret(username, key, document.get("value"), open_text))
        else:
            unplaced.append(Unplaced(_called("secret", document), "Its user or key is not a text."))
    rows = NodeRows(servers=servers, packages=packages, secrets=secrets, ids=ids)
    return rows, unplaced


def _read(
    documents: Sequence[Document],
    read: Callable[[Document], Row],
    kind: str,
    unplaced: list[Unplaced],
) -> list[Row]:
    rows = []
    for document in documents:
        try:
            rows.append(read(document))
        except AppError as error:
            unplaced.append(Unplaced(_called(kind, document), error.sentence()))
    return rows


def _secret(
    username: str, key: str, value: object, open_text: Callable[[str], Opened]
) -> NodeSecret:
    opened = open_text(value) if isinstance(value, str) else Opened(None, "is not a text")
    return NodeSecret(username=username, key=key, value=opened.value, problem=opened.problem)


def _called(kind: str, document: Document) -> str:
    name = document.get("name", document.get("key"))
    return f"{kind} {name[:256]!r}" if isinstance(name, str) else f"{kind} {document.get('_id')}"
