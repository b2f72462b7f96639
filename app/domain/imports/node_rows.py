"""The rows of an original deployment, as its documents spell them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.domain.errors import invalid

DEFAULT_STARTUP_MILLISECONDS = 30_000.0

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeServer:
    """A server of the original; `transport` as it was written."""

    name: str
    transport: str = "stdio"
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_names: tuple[str, ...] = ()
    display_name: str | None = None
    description: str | None = None
    startup_milliseconds: float = DEFAULT_STARTUP_MILLISECONDS
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePackage:
    """A package of the original; `server` is the name or the id of its server."""

    name: str
    server: str
    version: str = "latest"
    runtime: str = "node"
    install_path: str = ""
    python_module: str | None = None
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSecret:
    """A secret of the original; `value` is None when it did not open, and `problem` says why."""

    username: str
    key: str
    value: str | None = field(repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRows:
    """Everything that was read; `ids` gives the server names by the ids of their documents."""

    servers: Sequence[NodeServer] = ()
    packages: Sequence[NodePackage] = ()
    secrets: Sequence[NodeSecret] = ()
    ids: Mapping[str, str] = field(default_factory=dict)


def read_server(document: Document) -> NodeServer:
    """The server in a document.

    Raises:
        AppError: INVALID_INPUT saying which field makes no sense.
    """
    url = _text(document, "url")
    said = _text(document, "transportType") or ("streamable_http" if url else "stdio")
    return NodeServer(
        name=_needed(document, "name"),
        transport=said,
        command=_text(document, "command") or "",
        args=_texts(document, "args"),
        env=_map(document, "env"),
        url=url,
        headers=_map(document, "headers"),
        secret_names=_secret_names(document),
        display_name=_text(document, "displayName"),
        description=_text(document, "description"),
        startup_milliseconds=_number(document, "startupTimeout"),
        is_enabled=document.get("enabled") is not False,
    )


def read_package(document: Document) -> NodePackage:
    """The package in a document.

    Raises:
        AppError: INVALID_INPUT saying which field makes no sense.
    """
    return NodePackage(
        name=_needed(document, "name"),
        server=_needed(document, "mcpServerId"),
        version=_text(document, "version") or "latest",
        runtime=_text(document, "runtime") or "node",
        install_path=_text(document, "installPath") or "",
        python_module=_text(document, "pythonModule"),
        requirements=_texts(document, "pipDependencies"),
    )


def _needed(document: Document, name: str) -> str:
    value = document.get(name)
    text = str(value) if value is not None else ""
    if not text:
        raise invalid(f"It has no {name}.")
    return text


def _text(document: Document, name: str) -> str | None:
    value = document.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise invalid(f"Its {name} is not a text.")
    return value


def _texts(document: Document, name: str) -> tuple[str, ...]:
    value = document.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(f"Its {name} are not a list of texts.")
    return tuple(value)


def _map(document: Document, name: str) -> dict[str, str]:
    """An object of texts, or the list of `NAME=value` or `{name, value}` it may be instead."""
    value = document.get(name)
    if value is None:
        return {}
    if isinstance(value, list):
        value = dict(_pair(item, name) for item in value)
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid(f"Its {name} is not an object of texts.")
    return value


def _pair(item: object, name: str) -> tuple[str, object]:
    if isinstance(item, str) and "=" in item:
        key, _, text = item.partition("=")
        return key, text
    if isinstance(item, dict) and isinstance(item.get("value"), str):
        return str(item.get("name", item.get("key"))), item["value"]
    raise invalid(f"Its {name} is not an object of texts.")


def _secret_names(document: Document) -> tuple[str, ...]:
    old = _text(document, "secretName")
    names = _texts(document, "secretNames")
    return names if old is None or old in names else (*names, old)


def _number(document: Document, name: str) -> float:
    value = document.get(name)
    if value is None:
        return DEFAULT_STARTUP_MILLISECONDS
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"Its {name} is not a number.")
    return float(value)
