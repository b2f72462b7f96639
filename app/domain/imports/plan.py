"""What an import wants to be there, what it could not place, and what is there already."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.domain.delivery import SecretBinding
from app.domain.errors import AppError, invalid
from app.domain.package import LATEST, InstallRequest
from app.domain.package_rules import check_packaged_server_name, check_source
from app.domain.secret import SecretRef
from app.domain.server import ServerSettings
from app.domain.server_rules import check_settings


@dataclass(frozen=True, slots=True)
class WantedSecret:
    """A secret to be stored; without a value somebody has to set it."""

    ref: SecretRef
    value: str | None = field(repr=False)
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Something that cannot be placed, and why, with what to do about it."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A server, or a package to make one of, with the secrets that go with it."""

    target: InstallRequest | ServerSettings
    secrets: tuple[WantedSecret, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def server_name(self) -> str:
        """The server's name here."""
        target = self.target
        return target.server_name if isinstance(target, InstallRequest) else target.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that an import found, in the order in which it is placed."""

    wanted: tuple[Wanted, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()

    def values(self) -> Iterator[str]:
        """Every secret value, for masking what is printed."""
        for entry in self.wanted:
            yield from (s.value for s in entry.secrets if s.value is not None)

    def usernames(self) -> list[str]:
        """Whose secrets there are."""
        return sorted({s.ref.username for entry in self.wanted for s in entry.secrets})


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """A server that is there already; `package` and `version` are None for one without."""

    name: str
    transport: str
    command: str | None
    args: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str | None
    url: str | None
    headers: Mapping[str, str]
    secrets: frozenset[tuple[str, str, str, str]]
    package: str | None = None
    version: str | None = None
    requested_version: str | None = None
    install_path: str = ""


def check_target(target: InstallRequest | ServerSettings) -> None:
    """Accept what the services would accept.

    Raises:
        AppError: INVALID_INPUT.
    """
    if isinstance(target, ServerSettings):
        check_settings(target)
        return
    check_source(target.source)
    check_packaged_server_name(target.server_name)
    check_settings(_settings_of(target))


def why_not(target: InstallRequest | ServerSettings) -> str | None:
    """Why the services would refuse it; None when they would not."""
    try:
        check_target(target)
    except AppError as error:
        return error.sentence()
    return None


def differences(target: InstallRequest | ServerSettings, there: Existing) -> list[str]:
    """In what a server that is there differs from the wanted one; empty when it is that one."""
    if isinstance(target, InstallRequest):
        return _package_differences(target, there)
    pairs: Sequence[tuple[str, object, object]] = (
        ("package", None, there.package),
        ("transport", target.transport.value, there.transport),
        ("command", target.command, there.command),
        ("args", target.args, there.args),
        ("env", dict(target.env), dict(there.env)),
        ("cwd", target.cwd, there.cwd),
        ("url", target.url, there.url),
        ("headers", dict(target.headers), dict(there.headers)),
        ("secrets", secret_ways(target.secrets), there.secrets),
    )
    return [name for name, wanted, found in pairs if wanted != found]


def secret_ways(bindings: Sequence[SecretBinding]) -> frozenset[tuple[str, str, str, str]]:
    """How secrets are delivered, comparably: name, way, target, template."""
    return frozenset((b.name, b.delivery.value, b.target, b.template) for b in bindings)


def named(target: InstallRequest | ServerSettings, name: str) -> InstallRequest | ServerSettings:
    """The same under another server name."""
    if isinstance(target, InstallRequest):
        return replace(target, server_name=name)
    return replace(target, name=name)


def _package_differences(target: InstallRequest, there: Existing) -> list[str]:
    def fill(text: str) -> str:
        return text.replace("{packageDir}", there.install_path)

    source = target.source
    args = tuple(fill(arg) for arg in source.args)
    versions = (there.version, there.requested_version)
    env = {name: fill(value) for name, value in target.env.items()}
    pairs: Sequence[tuple[str, bool]] = (
        ("package", source.name == there.package),
        ("version", source.version in versions or source.version == LATEST),
        ("args", not args or there.args[-len(args) :] == args),
        ("env", env == dict(there.env)),
        ("secrets", secret_ways(target.secrets) == there.secrets),
    )
    return [name for name, is_same in pairs if not is_same]


def _settings_of(request: InstallRequest) -> ServerSettings:
    if request.source.command == "":
        raise invalid("command must name the program that starts the server.", "command")
    return ServerSettings(
        name=request.server_name,
        command=request.source.command or "node",
        display_name=request.display_name,
        description=request.description,
        args=request.source.args,
        env=request.env,
        secrets=request.secrets,
        startup_timeout_seconds=request.startup_timeout_seconds,
    )
