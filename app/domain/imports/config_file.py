"""The entries of a Claude Desktop, Cursor or VS Code file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.errors import AppError, invalid
from app.domain.imports.jsonc import parse_jsonc
from app.domain.server import Transport

_TRANSPORTS: Mapping[str, Transport] = {
    "stdio": Transport.STDIO,
    "http": Transport.STREAMABLE_HTTP,
    "streamable-http": Transport.STREAMABLE_HTTP,
    "streamable_http": Transport.STREAMABLE_HTTP,
    "streamablehttp": Transport.STREAMABLE_HTTP,
    "sse": Transport.SSE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigEntry:
    """One server of the file. Never shown: any text in it may be a credential."""

    transport: Transport
    command: str = field(default="", repr=False)
    args: tuple[str, ...] = field(default=(), repr=False)
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str | None = None
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """The entries by name, as they stand; `inputs` describes what VS Code asks people for."""

    entries: Mapping[str, object] = field(repr=False)
    inputs: Mapping[str, str]


def parse_config(text: str) -> ConfigFile:
    """The entries in the text of a file.

    Raises:
        AppError: INVALID_INPUT when it is no JSON, or has no servers.
    """
    found = parse_jsonc(text)
    if isinstance(found, dict) and isinstance(found.get("mcp"), dict):  # VS Code's settings.json
        found = found["mcp"]
    for key in ("mcpServers", "servers"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            return ConfigFile(entries=found[key], inputs=_inputs(found.get("inputs")))
    raise invalid("The file has no object 'mcpServers' (or, for VS Code, 'servers').")


def read_entry(raw: object) -> ConfigEntry:
    """One entry.

    Raises:
        AppError: INVALID_INPUT saying what of it makes no sense; never with a value.
    """
    if not isinstance(raw, dict):
        raise invalid("It is not an object.")
    if raw.get("envFile") is not None:
        raise invalid("It has an envFile, which is not read.", hint="Put its variables in env.")
    transport = _transport(raw)
    is_enabled = raw.get("disabled") is not True and raw.get("enabled") is not False
    if transport is not Transport.STDIO:
        url = raw.get("url", raw.get("serverUrl"))
        headers = _texts(raw.get("headers"), "headers")
        return ConfigEntry(
            transport=transport, url=_text(url, "url"), headers=headers, is_enabled=is_enabled
        )
    return ConfigEntry(
        transport=transport,
        command=_text(raw.get("command"), "command"),
        args=_arguments(raw.get("args")),
        env=_texts(raw.get("env"), "env"),
        cwd=None if raw.get("cwd") is None else _text(raw["cwd"], "cwd"),
        is_enabled=is_enabled,
    )


def _transport(raw: Mapping[str, object]) -> Transport:
    said = raw.get("type", raw.get("transport", raw.get("transportType")))
    has_url = raw.get("url", raw.get("serverUrl")) is not None
    if said is None:
        return Transport.STREAMABLE_HTTP if has_url else Transport.STDIO
    transport = _TRANSPORTS.get(said.lower()) if isinstance(said, str) else None
    if transport is None:
        raise invalid("Its type is none of stdio, http and sse.")
    if has_url == (transport is Transport.STDIO):
        raise invalid(f"Its type {transport} does not go with what else it says.")
    return transport


def _text(value: object, name: str) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise invalid(f"Its {name} is not a text.")


def _arguments(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise invalid("Its args are not an array.")
    return tuple(_scalar(item, f"args[{index}]") for index, item in enumerate(value))


def _texts(value: object, name: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(f"Its {name} is not an object.")
    given = {key: item for key, item in value.items() if item is not None}
    return {key: _scalar(item, f"{name}.{key[:128]}") for key, item in given.items()}


def _scalar(value: object, name: str) -> str:
    """A text; numbers and truth values as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise invalid(f"Its {name} is neither text nor number.")


def _inputs(value: Any) -> dict[str, str]:
    """The descriptions of VS Code's inputs by id."""
    found: dict[str, str] = {}
    for item in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
        if isinstance(item, dict) and isinstance(item.get("id"), str):
            found[item["id"]] = str(item.get("description") or "")[:200]
    return found


def entry_or_why(raw: object) -> ConfigEntry | str:
    """One entry, or why it makes no sense."""
    try:
        return read_entry(raw)
    except AppError as error:
        return error.sentence()
