"""What becomes of each entry of a configuration file."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from app.domain.delivery import SecretBinding
from app.domain.errors import AppError
from app.domain.imports.arguments import find_in_arguments
from app.domain.imports.config_file import ConfigEntry, ConfigFile, entry_or_why
from app.domain.imports.config_secrets import (
    Found,
    split_environment,
    split_headers,
    split_url,
)
from app.domain.imports.launcher import parse_npx, parse_uv, program_of
from app.domain.imports.naming import fit_server_names
from app.domain.imports.placeholders import Unresolved
from app.domain.imports.plan import Plan, Unplaced, Wanted, WantedSecret, why_not
from app.domain.names import check_secret_value
from app.domain.package import InstallRequest, PackageSource, Runtime
from app.domain.secret import SecretRef
from app.domain.server import DEFAULT_STARTUP_SECONDS, ServerSettings, Transport

KEEP_ADVICE = "Have the server read it from a variable or a header, or say --keep-args."


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigWish:
    """What the operator decides: whose the secrets are, and whether args may hold some."""

    username: str
    keeps_arguments: bool = False


@dataclass(slots=True)
class _Gathered:
    """An entry on its way: its parts as they are found."""

    notes: list[str] = field(default_factory=list)
    secrets: list[Found] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def add(self, found: Iterable[Found]) -> None:
        self.secrets += found

    @property
    def bindings(self) -> tuple[SecretBinding, ...]:
        return tuple(found.binding for found in self.secrets)


def plan_config(file: ConfigFile, wish: ConfigWish) -> Plan:
    """What a file's entries come to; each is placed as a whole or listed as a whole."""
    names = fit_server_names([*file.entries])
    wanted: list[Wanted] = []
    unplaced: list[Unplaced] = []
    for name, raw in file.entries.items():
        entry = entry_or_why(raw)
        try:
            placed = entry if isinstance(entry, str) else _place(names[name], entry, file, wish)
        except Unresolved as problem:
            placed = f"Its {problem}."
        if isinstance(placed, str):
            unplaced.append(Unplaced(f"server {_shown(name)!r}", placed))
            continue
        if names[name] != name:
            renamed = f"its name {_shown(name)!r} does not fit and becomes {names[name]!r}"
            placed = Wanted(
                target=placed.target, secrets=placed.secrets, notes=(renamed, *placed.notes)
            )
        wanted.append(placed)
    return Plan(wanted=tuple(wanted), unplaced=tuple(unplaced))


def _place(name: str, entry: ConfigEntry, file: ConfigFile, wish: ConfigWish) -> Wanted | str:
    gathered = _Gathered()
    target: InstallRequest | ServerSettings | str
    if entry.transport is Transport.STDIO:
        target = _program(name, entry, wish, gathered)
    else:
        target = _address(name, entry, wish, gathered)
    if isinstance(target, str):
        return target
    secrets = [_wanted(name, found, file, wish) for found in gathered.secrets]
    refused = why_not(target) or next(filter(None, map(_why_no_value, secrets)), None)
    if refused is not None:
        return refused
    return Wanted(target=target, secrets=tuple(secrets), notes=tuple(gathered.notes))


def _program(
    name: str, entry: ConfigEntry, wish: ConfigWish, gathered: _Gathered
) -> InstallRequest | ServerSettings | str:
    in_arguments = find_in_arguments(entry.args, own=entry.env)
    if in_arguments.unresolved is not None:
        return in_arguments.unresolved
    in_command = find_in_arguments(entry.command.split(), own=entry.env)
    if in_command.unresolved is not None:
        return "Its command is different for each user, which cannot be delivered."
    if in_arguments.credentials or in_command.credentials:
        told = ", ".join(
            (*(["command"] if in_command.credentials else []), *in_arguments.credentials)
        )
        if not wish.keeps_arguments:
            return f"What looks like a credential in {told} cannot be delivered yet. {KEEP_ADVICE}"
        gathered.notes.append(f"{told}: kept although it looks like a credential; all can see it")
    env, found = split_environment(entry.env, gathered.taken)
    gathered.add(found)
    program, args = program_of(entry.command, entry.args)
    source = _source(program, args)
    if source is not None:
        return _package(name, source, entry, env, gathered)
    if program in ("npx", "uvx"):
        gathered.notes.append(f"{program} itself is run, because it does not name one package")
    return ServerSettings(
        name=name,
        command=entry.command,
        display_name=None,
        args=entry.args,
        env=env,
        cwd=entry.cwd,
        secrets=gathered.bindings,
        is_enabled=entry.is_enabled,
    )


def _source(program: str, args: Sequence[str]) -> PackageSource | None:
    """The package that `npx` or `uvx` would run, if it is one of the registry."""
    npm = parse_npx(args) if program == "npx" else None
    if npm is not None:
        return PackageSource(name=npm.name, version=npm.version, args=npm.args)
    python = parse_uv(args) if program == "uvx" else None
    return None if python is None else PackageSource(runtime=Runtime.PYTHON, **asdict(python))


def _package(
    name: str, source: PackageSource, entry: ConfigEntry, env: dict[str, str], gathered: _Gathered
) -> InstallRequest:
    if entry.cwd is not None:
        gathered.notes.append("its cwd is left out: an installed package starts in its own folder")
    return InstallRequest(
        source=source,
        server_name=name,
        env=env,
        secrets=gathered.bindings,
        is_enabled=entry.is_enabled,
        startup_timeout_seconds=DEFAULT_STARTUP_SECONDS,
    )


def _address(
    name: str, entry: ConfigEntry, wish: ConfigWish, gathered: _Gathered
) -> ServerSettings | str:
    headers, found = split_headers(entry.headers, gathered.taken, gathered.notes)
    gathered.add(found)
    has_authorization = any(name.lower() == "authorization" for name in entry.headers)
    address = split_url(entry.url, gathered.taken, has_authorization=has_authorization)
    if isinstance(address, str):
        return address
    gathered.add(address.secrets)
    if address.has_secret_path:
        if not wish.keeps_arguments:
            return f"The path of its url holds what looks like a credential. {KEEP_ADVICE}"
        gathered.notes.append(
            "the path of its url is kept although it looks like a credential; all can see it"
        )
    return ServerSettings(
        name=name,
        transport=entry.transport,
        url=address.url,
        headers=headers,
        secrets=gathered.bindings,
        is_enabled=entry.is_enabled,
    )


def _wanted(name: str, found: Found, file: ConfigFile, wish: ConfigWish) -> WantedSecret:
    hint = ""
    if found.value is None:
        described = file.inputs.get(found.source, "")
        hint = f"the file has no value for it: {described or found.source}".rstrip(": ")
    return WantedSecret(SecretRef(wish.username, name, found.binding.name), found.value, hint)


def _why_no_value(secret: WantedSecret) -> str | None:
    try:
        if secret.value is not None:
            check_secret_value(secret.value, secret.ref.name)
    except AppError as error:
        return error.sentence()
    return None


def _shown(name: str) -> str:
    return name if len(name) <= 100 else name[:100] + "…"
