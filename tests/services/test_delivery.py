"""Secrets on their declared ways into programs: real processes, each with what is its user's."""

import asyncio
import os
from pathlib import Path

import pytest

from app.domain.delivery import Delivery
from app.domain.errors import AppError, ErrorCode
from app.domain.package_record import PackageStatus
from app.domain.page import PageRequest
from app.domain.server import ServerChanges
from app.domain.session import LogMessage, Progress
from app.processes.private_files import PrivateFiles
from app.services.install import install_package
from app.services.secrets import Place, delete_secret
from app.services.servers import get_server, update_server
from app.services.tools import list_tools
from tests.principals import user
from tests.services.conftest import OPERATOR, World, add, keep, request
from tests.services.delivering import (
    KEY,
    add_keyed,
    answer,
    bound,
    call,
    digest,
    owners,
    refused,
)
from tests.subjects import KEYED, text_of
from tests.waiting import is_alive, until

USERS = 50
CAP = 8
FILE = bound("cert", Delivery.FILE, "API_CERT_FILE")
NEEDED = bound(target="API_KEY", is_required=True)
ADA = Place(server_name="s", name="key", username="ada")


class Heard:
    """What a call told while it ran."""

    def __init__(self) -> None:
        self.messages: list[str | None] = []

    def on_progress(self, progress: Progress) -> None:
        self.messages.append(progress.message)

    def on_log(self, message: LogMessage) -> None:
        """Not told here."""


async def test_fifty_users_at_once_each_see_their_own_key_and_no_other(world: World) -> None:
    await add_keyed(world, max_sessions=CAP)
    names = [f"user{number}" for number in range(USERS)]
    for name in names:
        await keep(world, name, "key", f"the key of {name}")
    most = 0

    async def ask(name: str) -> None:
        nonlocal most
        seen = await answer(world, "keys", name)
        assert seen == {"API_KEY": digest(f"the key of {name}")}
        most = max(most, sum(v.pid is not None for v in world.registry.views()))

    await asyncio.gather(*(ask(name) for name in names for _ in range(2)))
    assert 1 < most <= CAP
    assert await answer(world, "keys", "stranger") == {}


async def test_a_template_surrounds_the_value(world: World) -> None:
    await add_keyed(world, bound(target="API_KEY", template="Bearer {value}!"))
    await keep(world, "ada", "key", "of {value} ada")
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("Bearer of {value} ada!")}


async def test_names_are_compared_exactly(world: World) -> None:
    await add_keyed(world)
    await add(world, "s.other", KEYED, secrets=(KEY,))
    for username, name, server in (
        ("ada", "key.more", "s"),
        ("ada", "ke", "s"),
        ("ad", "key", "s"),
        ("ada.x", "key", "s"),
        ("ada", "key", "s.other"),
    ):
        await keep(world, username, name, "not for this", server)
    assert await answer(world, "keys", "ada") == {}


async def test_a_file_is_private_and_gone_with_its_session(world: World) -> None:
    await add_keyed(world, FILE)
    await keep(world, "ada", "cert", "-----BEGIN-----\nada\n-----END-----\n")
    found = (await answer(world, "files", "ada"))["API_CERT_FILE"]
    assert found["modes"] == ["0o600", "0o700"]
    assert found["sha256"] == digest("-----BEGIN-----\nada\n-----END-----\n")
    path = Path(found["path"])
    assert path.is_relative_to(world.secret_files)
    assert (world.secret_files.stat().st_mode & 0o777, path.stat().st_uid) == (0o700, os.getuid())
    (session,) = [v for v in world.registry.views() if v.key.owner == "ada"]
    world.registry.restart("s")
    await until(lambda: not path.parent.exists())
    assert session.pid is not None
    assert not is_alive(session.pid)
    assert [*world.secret_files.iterdir()] == []


async def test_a_file_of_a_server_that_does_not_start_does_not_stay(world: World) -> None:
    await add_keyed(world, FILE)
    await update_server(world.deps, OPERATOR, "s", ServerChanges(command="/nonexistent"))
    await keep(world, "ada", "cert", "the text of a key")
    assert (await refused(world, "pid", "ada")).code is ErrorCode.SERVER_DID_NOT_START
    assert [*world.secret_files.iterdir()] == []


def test_what_a_killed_process_left_is_swept_at_the_next_start(tmp_path: Path) -> None:
    root = tmp_path / "secret-files"
    folder, paths = PrivateFiles(root).write({"A_FILE": "the text of a key"})
    assert Path(paths["A_FILE"]).read_text() == "the text of a key"
    PrivateFiles(root)
    assert not folder.exists()


async def test_all_share_a_value_and_a_users_own_goes_before_it(world: World) -> None:
    await add_keyed(world)
    await keep(world, None, "key", "the key of all")
    await keep(world, "ada", "key", "the key of ada")
    for name in ("bob", "cy"):
        assert await answer(world, "keys", name) == {"API_KEY": digest("the key of all")}
    pids = {await answer(world, "pid", name) for name in ("bob", "cy")}
    assert len(pids) == 1
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the key of ada")}
    assert {None, "ada"} == owners(world)
    await delete_secret(world.deps, OPERATOR, ADA)
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the key of all")}


async def test_only_who_may_act_for_anyone_sets_what_all_share(world: World) -> None:
    await add_keyed(world)
    await keep(world, None, "key", "the key of all")
    place = Place(server_name="s", name="key", is_shared=True)
    with pytest.raises(AppError) as caught:
        await delete_secret(world.deps, user("ada"), place)
    assert (caught.value.code, caught.value.path) == (ErrorCode.FORBIDDEN, ("shared",))
    named = Place(server_name="s", name="key", username="ada", is_shared=True)
    with pytest.raises(AppError) as caught:
        await delete_secret(world.deps, OPERATOR, named)
    assert (caught.value.code, caught.value.path) == (ErrorCode.INVALID_INPUT, ("username",))
    assert await answer(world, "keys", "bob") == {"API_KEY": digest("the key of all")}


async def test_without_a_required_secret_nothing_is_started(world: World) -> None:
    await add_keyed(world, NEEDED, bound("token", Delivery.ARGUMENT, is_required=True))
    await keep(world, "ada", "token", "the token of ada")
    error = await refused(world, "keys", "ada")
    assert (error.code, error.message) == (
        ErrorCode.SECRET_MISSING,
        "Server 's' needs secrets that are not set: 'key'.",
    )
    assert (await refused(world, "keys")).message == (
        "Server 's' needs secrets that are not set: 'key', 'token'."
    )
    assert world.registry.views() == []
    await keep(world, "ada", "key", "the key of ada")
    assert await answer(world, "keys", "ada") == {"API_KEY": digest("the key of ada")}
    await keep(world, None, "key", "the key of all")
    await keep(world, None, "token", "the token of all")
    assert await answer(world, "keys") == {"API_KEY": digest("the key of all")}


async def test_secrets_that_are_arguments_share_one_session(world: World) -> None:
    await add_keyed(world, bound("token", Delivery.ARGUMENT), KEY)
    pids = set()
    for name in ("ada", "bob"):
        await keep(world, name, "token", f"the token of {name}")
        arguments = await answer(world, "arguments", name)
        assert arguments == {"city": digest("Rome"), "token": digest(f"the token of {name}")}
        pids.add(await answer(world, "pid", name))
    assert len(pids) == 1
    assert owners(world) == {None}


@pytest.mark.parametrize("masks_results", [True, False])
async def test_a_value_is_masked_wherever_it_surfaces(
    world: World,
    masks_results: bool,  # noqa: FBT001 - both are tried
) -> None:
    await add_keyed(world, masks_results=masks_results)
    await keep(world, "ada", "key", 'planted "key"\\of ada')
    await keep(world, "ada", "token", "planted-token")
    plain = 'planted "key"\\of ada and planted-token'
    masked = "[secret] and [secret]"
    heard = Heard()
    told = await call(world, "tell", "ada", listener=heard)
    failed = await call(world, "fail", "ada")
    assert failed.is_error
    for outcome in (told, failed):
        assert text_of(outcome.raw) == (masked if masks_results else plain)
    await until(lambda: heard.messages)
    assert heard.messages == [f"telling {masked}"]
    (session,) = [v for v in world.registry.views() if v.key.owner == "ada"]
    await until(lambda: [v for v in world.registry.views() if v.stderr])
    (session,) = [v for v in world.registry.views() if v.key.owner == "ada"]
    assert session.stderr == (f"telling {masked}",)
    error = await refused(world, "refuse", "ada")
    assert "planted" not in error.sentence()
    assert "no good: '[secret]'" in error.message


async def test_why_a_users_session_did_not_start_is_told_without_the_value(world: World) -> None:
    await add_keyed(world)
    script = "import os, sys; sys.exit('no good: ' + os.environ['API_KEY'])"
    await update_server(world.deps, OPERATOR, "s", ServerChanges(args=("-S", "-c", script)))
    await keep(world, "ada", "key", "planted-key of ada")
    error = await refused(world, "pid", "ada")
    assert error.code is ErrorCode.SERVER_DID_NOT_START
    assert "no good: [secret]" in error.sentence()
    (session,) = [v for v in world.registry.views() if v.key.owner == "ada"]
    server = await get_server(world.deps, "s")
    for text in (session.last_error, world.registry.last_error("s", server.revision)):
        assert text is not None
        assert "planted" not in text


async def test_declared_arguments_are_hidden_and_a_callers_own_for_that_caller(
    world: World,
) -> None:
    await add_keyed(world, bound("secret-token", Delivery.ARGUMENT, "token"), bound("note"))
    await answer(world, "pid")
    await keep(world, "ada", "city", "Rome")
    await keep(world, "ada", "note", "declared for the environment: fills no argument")
    ada = user("ada")
    for caller, fills, properties, required in (
        (OPERATOR, False, {"city", "note"}, ["city"]),
        (OPERATOR, True, {"city", "note"}, ["city"]),
        (ada, True, {"note"}, []),
    ):
        page = await list_tools(
            world.deps, caller, server_name=None, page=PageRequest(50), fills_secrets=fills
        )
        for _, tool in page.items:
            shown = tool.input_schema
            assert (set(shown["properties"]), shown["required"]) == (properties, required)  # type: ignore[call-overload]
    stored = await get_server(world.deps, "s")
    assert all("token" in str(tool.raw) for tool in stored.tools)


async def test_a_package_that_needs_a_users_key_to_start_is_installed_all_the_same(
    world: World,
) -> None:
    world.installer.script = KEYED
    env = {"API_MODE": "API_NEEDED"}
    with pytest.raises(AppError) as caught:
        await install_package(world.deps, OPERATOR, request("s", env=env))
    assert caught.value.code is ErrorCode.SERVER_DID_NOT_START
    package, server = await install_package(
        world.deps, OPERATOR, request("s", env=env, secrets=(NEEDED,))
    )
    assert (package.status, server.tools) == (PackageStatus.INSTALLED, ())
    await keep(world, "ada", "key", "the key of ada")
    found = await answer(world, "keys", "ada")
    assert found["API_KEY"] == digest("the key of ada")
    assert len((await get_server(world.deps, "s")).tools) == 8
