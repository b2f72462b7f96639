"""Published servers of every era, found on npm and PyPI, through the registry."""

import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError, ErrorCode
from app.domain.launch import HttpLaunch, StdioLaunch
from app.domain.outbound import Reach
from app.domain.session import ListingKind
from app.processes.guard import Guard
from app.processes.guard_program import find_marked
from app.sessions.era import Verdict
from app.sessions.registry import SessionRegistry
from tests.sessions.real_servers import Installed, free_port, install, listening
from tests.subjects import plan, text_of
from tests.waiting import until

HANDSHAKE, MODERN = "2025-11-25", "2026-07-28"
FASTMCP = {"FASTMCP_CHECK_FOR_UPDATES": "off", "FASTMCP_SHOW_SERVER_BANNER": "false"}
GRAPH = {"entities": [{"name": "Ada", "entityType": "person", "observations": ["writes"]}]}
THOUGHT = {"thought": "one", "nextThoughtNeeded": False, "thoughtNumber": 1, "totalThoughts": 1}
TIMES = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Kolkata"}


@dataclass(frozen=True, slots=True)
class Real:
    """A server, one call of a tool, and a part of its text that is always the same."""

    program: str
    tools: int
    call: tuple[str, Mapping[str, object]]
    answer: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


EVERYTHING = Real(
    "mcp-server-everything", 15, ("get-sum", {"a": 2, "b": 3}), "The sum of 2 and 3 is 5.",
    args=("stdio",),
)  # fmt: skip
MEMORY = Real(
    "mcp-server-memory", 9, ("create_entities", GRAPH), '"name": "Ada"',
    env={"MEMORY_FILE_PATH": "{folder}/memory.json"},
)  # fmt: skip
FILESYSTEM = Real(
    "mcp-server-filesystem", 14, ("read_text_file", {"path": "{folder}/note.txt"}), "a note\n",
    args=("{folder}",),
)  # fmt: skip
THINKING = Real(
    "mcp-server-sequential-thinking", 1, ("sequentialthinking", THOUGHT),
    '"thoughtHistoryLength": 1',
)  # fmt: skip
HELLO = Real("mcp-hello-world", 3, ("add", {"a": 2, "b": 3}), "The sum is: 5")
TIME = Real("mcp-server-time", 2, ("convert_time", TIMES), "T17:30:00+05:30")
GIT = Real("mcp-server-git", 12, ("git_log", {"repo_path": "{folder}/repo"}), "the first one")
MATHEMATICS = Real(
    "mcp-mathematics", 18, ("calculate_expression", {"expr": "6*7"}), '"result":42', env=FASTMCP
)
CALCULATOR = Real("mcp-server-calculator", 1, ("calculate", {"expression": "6*7"}), "42")
ALL = (EVERYTHING, MEMORY, FILESYSTEM, THINKING, HELLO, TIME, GIT, MATHEMATICS, CALCULATOR)


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("real"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the servers look at."""
    (tmp_path / "note.txt").write_text("a note\n")
    (tmp_path / "repo").mkdir()
    git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    commit = [*git, "commit", "--quiet", "--allow-empty", "-m", "the first one"]
    for command in (["git", "init", "--quiet"], commit):
        subprocess.run(command, cwd=tmp_path / "repo", check=True)
    return tmp_path


@pytest.fixture(autouse=True)
async def nothing_stays_behind(guard: Guard) -> AsyncIterator[None]:
    """Torn down after the registry: whatever was started is gone by then."""
    before = set(find_marked(guard.instance))
    yield
    await until(lambda: set(find_marked(guard.instance)) <= before, seconds=2)


def filled_in(value: Any, folder: Path) -> Any:
    if isinstance(value, str):
        return value.replace("{folder}", str(folder))
    if isinstance(value, Mapping):
        return {k: filled_in(v, folder) for k, v in value.items()}
    return value


def launched(real: Real, installed: Installed, folder: Path) -> StdioLaunch:
    return StdioLaunch(
        command=installed.path(real.program),
        args=tuple(filled_in(arg, folder) for arg in real.args),
        env=filled_in(real.env, folder),
        cwd=str(folder),
        startup_timeout_seconds=30,
    )


def over_http(url: str, *, is_sse_only: bool = False) -> HttpLaunch:
    return HttpLaunch(
        url=url, headers={}, startup_timeout_seconds=30, is_sse_only=is_sse_only,
        reach=Reach.PRIVATE,
    )  # fmt: skip


async def remember(registry: SessionRegistry, verdict: Verdict) -> None:
    """As if the server `s` had turned out to speak that before."""
    opener = await registry._load_opener()
    opener._verdicts["s", "r"] = verdict


async def check(registry: SessionRegistry, how: Any, real: Real, folder: Path) -> str | None:
    """The server lists its tools and answers its call; the revision it speaks."""
    async with registry.use(plan(how)) as session:
        assert len(session.tools) == real.tools
        tool, arguments = real.call
        assert real.answer in text_of(await session.call_tool(tool, filled_in(arguments, folder)))
        return session.protocol_version


@pytest.mark.parametrize("real", ALL, ids=lambda real: real.program)
async def test_a_published_server_lists_its_tools_and_answers(
    registry: SessionRegistry, installed: Installed, folder: Path, real: Real
) -> None:
    assert await check(registry, launched(real, installed, folder), real, folder) == HANDSHAKE


@pytest.mark.parametrize("real", [TIME, GIT, MATHEMATICS], ids=lambda real: real.program)
async def test_one_that_speaks_the_modern_revision_is_spoken_to_in_it(
    registry: SessionRegistry, installed: Installed, folder: Path, real: Real
) -> None:
    await remember(registry, Verdict.MODERN)
    assert await check(registry, launched(real, installed, folder), real, folder) == MODERN


@pytest.mark.parametrize("real", [HELLO, CALCULATOR], ids=lambda real: real.program)
async def test_one_that_no_longer_speaks_it_is_asked_for_what_it_does(
    registry: SessionRegistry, installed: Installed, folder: Path, real: Real
) -> None:
    await remember(registry, Verdict.MODERN)
    assert await check(registry, launched(real, installed, folder), real, folder) == HANDSHAKE


async def test_a_server_of_the_first_revision_says_itself_what_it_lacks(
    registry: SessionRegistry, installed: Installed, folder: Path
) -> None:
    real = Real("mcp-github", 67, ("get_issue", {"owner": "a", "repo": "b"}), "")
    async with registry.use(plan(launched(real, installed, folder))) as session:
        assert session.protocol_version == "2024-11-05"
        assert len(session.tools) == real.tools
        with pytest.raises(AppError) as caught:
            await session.call_tool(*real.call)
    assert caught.value.code is ErrorCode.SERVER_FAILED
    assert caught.value.message == (
        "Server 's' answered with an error: GitHub PAT is required (-32603)."
    )


async def test_everything_a_server_offers_can_be_asked_for(
    registry: SessionRegistry, installed: Installed, folder: Path
) -> None:
    async with registry.use(plan(launched(EVERYTHING, installed, folder))) as session:
        listed = {kind: await session.list_entries(kind) for kind in ListingKind}
        counts = {kind: len(entries) for kind, entries in listed.items()}
        assert counts == {
            ListingKind.TOOLS: 15,
            ListingKind.RESOURCES: 7,
            ListingKind.RESOURCE_TEMPLATES: 2,
            ListingKind.PROMPTS: 4,
        }
        first = listed[ListingKind.RESOURCES][0]
        assert first["uri"] == "demo://resource/static/document/architecture.md"
        read = await session.request("resources/read", {"uri": first["uri"]})
        assert read["contents"][0]["mimeType"] == "text/markdown"  # type: ignore[index]
        asked = {"name": "args-prompt", "arguments": {"city": "Rome"}}
        assert await session.request("prompts/get", asked) == {
            "messages": [
                {"role": "user", "content": {"type": "text", "text": "What's weather in Rome?"}}
            ]
        }
        half = {"name": "department", "value": "E"}
        ref = {"type": "ref/prompt", "name": "completable-prompt"}
        completed = await session.request("completion/complete", {"ref": ref, "argument": half})
        assert completed == {
            "completion": {"values": ["Engineering"], "total": 1, "hasMore": False}
        }
        assert await session.request("logging/setLevel", {"level": "info"}) == {}
        declined = await session.call_tool("trigger-elicitation-request", {})
        assert "User declined" in text_of(declined)


async def test_a_small_servers_resources_and_prompts_are_as_it_sends_them(
    registry: SessionRegistry, installed: Installed, folder: Path
) -> None:
    async with registry.use(plan(launched(HELLO, installed, folder))) as session:
        resources = await session.list_entries(ListingKind.RESOURCES)
        assert resources == [{"uri": "hello://world", "name": "hello"}]
        greeting = await session.request("resources/read", {"uri": "greeting://Ada"})
        assert greeting == {
            "contents": [{"uri": "greeting://Ada", "text": "Hello, Ada from the resource!"}]
        }
        prompts = await session.list_entries(ListingKind.PROMPTS)
        assert prompts == [
            {"name": "helpful-assistant", "description": "A helpful assistant prompt"}
        ]


async def test_what_one_call_wrote_another_session_finds(
    registry: SessionRegistry, installed: Installed, folder: Path
) -> None:
    how = launched(MEMORY, installed, folder)
    async with registry.use(plan(how)) as session:
        await session.call_tool("create_entities", GRAPH)
    async with registry.use(plan(how, revision="later")) as session:
        found = await session.call_tool("read_graph", {})
    assert found["structuredContent"] == {**GRAPH, "relations": []}


async def test_a_tools_own_refusal_is_data(
    registry: SessionRegistry, installed: Installed, folder: Path
) -> None:
    async with registry.use(plan(launched(FILESYSTEM, installed, folder))) as session:
        refused = await session.call_tool("read_text_file", {"path": "/etc/passwd"})
    assert refused["isError"] is True
    assert text_of(refused).startswith("Access denied - path outside allowed directories")


@pytest.mark.parametrize("is_told", [False, True], ids=["found out", "told"])
@pytest.mark.parametrize("mode", ["streamableHttp", "sse"])
async def test_a_server_over_http_is_reached_by_whichever_transport_it_has(
    registry: SessionRegistry, installed: Installed, folder: Path, mode: str, *, is_told: bool
) -> None:
    port, output = free_port(), folder / "output.txt"
    path = "mcp" if mode == "streamableHttp" else "sse"
    how = over_http(f"http://127.0.0.1:{port}/{path}", is_sse_only=is_told and mode == "sse")
    if is_told and mode != "sse":
        await remember(registry, Verdict.HANDSHAKE)
    async with listening(
        installed.path("mcp-server-everything"),
        mode,
        env={"PORT": str(port)},
        port=port,
        output=output,
    ):
        assert await check(registry, how, EVERYTHING, folder) == HANDSHAKE
        await registry.close()
        ended = "session termination" if mode == "streamableHttp" else "Client Disconnected"
        await until(lambda: ended in output.read_text())


async def test_over_http_the_modern_revision_is_what_comes_first(
    registry: SessionRegistry, installed: Installed, folder: Path
) -> None:
    port = free_port()
    env = {**FASTMCP, "FASTMCP_TRANSPORT": "http", "FASTMCP_PORT": str(port)}
    program = installed.path("mcp-mathematics")
    how = over_http(f"http://127.0.0.1:{port}/mcp")
    async with listening(program, env=env, port=port, output=folder / "output.txt"):
        assert await check(registry, how, MATHEMATICS, folder) == MODERN
        async with registry.use(plan(how)) as session:
            assert len(await session.list_entries(ListingKind.PROMPTS)) == 2
            assert len(await session.list_entries(ListingKind.RESOURCES)) == 3
        await registry.close()
