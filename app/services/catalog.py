"""Resources, resource templates, prompts and completions of a server, for a user."""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.listing import Listed, has_key, parse_listed
from app.domain.names import check_text
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.policy import Action
from app.domain.ports import Session
from app.domain.principal import Principal
from app.domain.server import Server
from app.domain.session import ListingKind
from app.services.access import Operation, operation
from app.services.bundles import open_bundle
from app.services.deps import Deps
from app.services.local_builds import ensure_local
from app.services.servers import get_enabled_server
from app.services.session_use import until_sent
from app.services.starts import hold_session

T = TypeVar("T")

# The MCP request behind each operation.
METHODS: Mapping[Action, str] = {
    Action.READ_RESOURCE: "resources/read",
    Action.GET_PROMPT: "prompts/get",
    Action.COMPLETE: "completion/complete",
}


@dataclass(frozen=True, slots=True)
class ForUser:
    """Which server is asked, and for whom; without a username for the caller."""

    server_name: str
    username: str | None = None


async def list_entries(
    deps: Deps, caller: Principal, whose: ForUser, kind: ListingKind, page: PageRequest
) -> Page[Listed]:
    """A server's resources, templates or prompts by key, as it lists them for the user.

    Raises:
        AppError: INVALID_INPUT, FORBIDDEN, SERVER_NOT_FOUND, SERVER_DISABLED,
            SERVER_DID_NOT_START, SERVER_FAILED, SESSION_LIMIT or TOOL_TIMEOUT.
    """
    check_page(page)

    async def read(session: Session) -> list[Mapping[str, object]]:
        return copy.deepcopy(await session.list_entries(kind))

    raw = await _ask(deps, caller, Action.LIST_ENTRIES, whose, read)
    entries = (parse_listed(kind, entry) for entry in raw)
    by_key = {entry.key: entry for entry in entries if entry is not None}
    after = page.after
    ordered = [by_key[key] for key in sorted(by_key) if after is None or key > after]
    return cut_page(ordered, page.first)


async def find_entry(
    deps: Deps, caller: Principal, whose: ForUser, kind: ListingKind, key: str
) -> Listed | None:
    """One entry of a listing by its key; None where the server lists none.

    Raises:
        AppError: As `list_entries`.
    """

    async def read(session: Session) -> list[Mapping[str, object]]:
        return copy.deepcopy([e for e in await session.list_entries(kind) if has_key(kind, e, key)])

    raw = await _ask(deps, caller, Action.LIST_ENTRIES, whose, read)
    return parse_listed(kind, raw[-1]) if raw else None


async def read_resource(
    deps: Deps, caller: Principal, whose: ForUser, uri: str
) -> Mapping[str, object]:
    """The raw `resources/read` result.

    Raises:
        AppError: As `list_entries`.
    """
    check_text(uri, "uri")
    return await _request(deps, caller, Action.READ_RESOURCE, whose, {"uri": uri})


async def get_prompt(
    deps: Deps, caller: Principal, whose: ForUser, name: str, arguments: Mapping[str, object]
) -> Mapping[str, object]:
    """The raw `prompts/get` result; the arguments of prompts are texts.

    Raises:
        AppError: As `list_entries`.
    """
    check_text(name, "promptName")
    if not all(isinstance(value, str) for value in arguments.values()):
        raise invalid("The arguments of a prompt must be texts.", "arguments")
    params = {"name": name, "arguments": dict(arguments)}
    return await _request(deps, caller, Action.GET_PROMPT, whose, params)


async def complete(
    deps: Deps, caller: Principal, whose: ForUser, params: Mapping[str, object]
) -> Mapping[str, object]:
    """The raw `completion/complete` result; `params` has `ref`, `argument` and `context`.

    Raises:
        AppError: As `list_entries`.
    """
    return await _request(deps, caller, Action.COMPLETE, whose, params)


async def _request(
    deps: Deps,
    caller: Principal,
    action: Action,
    whose: ForUser,
    params: Mapping[str, object],
) -> Mapping[str, object]:
    async def send(session: Session) -> dict[str, object]:
        return await session.request(METHODS[action], params)

    # An address may hold a key in its query; a name has none.
    target = str(params.get("name") or str(params.get("uri", "")).partition("?")[0]) or None
    return await _ask(deps, caller, action, whose, send, target=target)


async def _ask(
    deps: Deps,
    caller: Principal,
    action: Action,
    whose: ForUser,
    work: Callable[[Session], Awaitable[T]],
    *,
    target: str | None = None,
) -> T:
    async with operation(
        deps,
        caller,
        action,
        server_name=whose.server_name,
        target=target,
        username=whose.username,
    ) as allowed:
        return await _ask_in_time(deps, allowed, whose.server_name, work)


async def _ask_in_time(
    deps: Deps, allowed: Operation, server_name: str, work: Callable[[Session], Awaitable[T]]
) -> T:
    username = allowed.username
    server = await get_enabled_server(deps, server_name, allowed)
    seconds = server.settings.call_timeout_seconds
    try:
        async with asyncio.timeout(seconds):
            return await until_sent(deps, server, lambda now: _ask_now(deps, username, now, work))
    except TimeoutError:
        message = f"Server {server.name!r} did not answer within {seconds:g} s."
        raise AppError(ErrorCode.TOOL_TIMEOUT, message) from None


async def _ask_now(
    deps: Deps, username: str, server: Server, work: Callable[[Session], Awaitable[T]]
) -> T:
    secrets = await open_bundle(deps, server, username)
    masker = secrets.masker()
    try:
        await ensure_local(deps, server)
        session = await hold_session(deps, server, secrets)
        try:
            answer = await work(session)
        finally:
            session.let_go()
    except AppError as error:
        text = masker.text(error.message)
        raise type(error)(error.code, text, path=error.path, hint=error.hint) from None
    if server.settings.masks_results:
        masker.json(answer)
    return answer
