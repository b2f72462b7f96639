"""What becomes of the servers, packages and secrets of an original deployment."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.domain.delivery import SecretBinding, bindings_for
from app.domain.imports.credentials import is_credential
from app.domain.imports.launcher import parse_npx, program_of
from app.domain.imports.node_rows import NodePackage, NodeRows, NodeServer
from app.domain.imports.node_secrets import place_secrets
from app.domain.imports.plan import Plan, Unplaced, Wanted, why_not
from app.domain.package import LATEST, InstallRequest, PackageSource, Runtime
from app.domain.server import ServerSettings, Transport
from app.domain.server_rules import PACKAGE_DIR

Target = InstallRequest | ServerSettings


def plan_node(rows: NodeRows) -> Plan:
    """What the rows come to; every row is wanted or listed."""
    targets, unplaced = _targets(rows)
    declared = {name: _names(target) for name, target in targets.items()}
    secrets = place_secrets(rows.secrets, declared | _names_not_placed(rows, targets))
    wanted = []
    for name, target in targets.items():
        found = tuple(secrets.by_server.get(name, ()))
        wanted.append(Wanted(target=target, secrets=found, notes=_notes(target)))
    homeless = [
        Unplaced(
            f"secret {secret.ref.name!r} of {secret.ref.username!r}",
            f"Its server {server!r} cannot be placed.",
        )
        for server, found in secrets.by_server.items()
        if server not in targets
        for secret in found
    ]
    return Plan(wanted=tuple(wanted), unplaced=(*unplaced, *secrets.unplaced, *homeless))


def _targets(rows: NodeRows) -> tuple[dict[str, Target], list[Unplaced]]:
    targets: dict[str, Target] = {}
    unplaced: list[Unplaced] = []
    servers: dict[str, NodeServer] = {}
    for server in rows.servers:
        if server.name in servers:
            unplaced.append(Unplaced(f"server {server.name!r}", "There are two of that name."))
        servers.setdefault(server.name, server)
    packaged: set[str] = set()
    for package in rows.packages:
        name = package.server if package.server in servers else rows.ids.get(package.server)
        name = name or package.server
        what, is_first = f"package {package.name!r} of server {name!r}", name not in packaged
        packaged.add(name)
        found = _install(name, package, servers.get(name)) if is_first else _second(name)
        _keep(name, found, what, targets, unplaced)
    for name, server in servers.items():
        if name not in packaged:
            _keep(name, _server(server), f"server {name!r}", targets, unplaced)
    return targets, unplaced


def _second(name: str) -> str:
    return f"The server {name!r} has another package already."


def _keep(
    name: str,
    found: Target | str,
    what: str,
    targets: dict[str, Target],
    unplaced: list[Unplaced],
) -> None:
    why = found if isinstance(found, str) else why_not(found)
    if why is not None:
        unplaced.append(Unplaced(what, why))
    elif not isinstance(found, str):
        targets[name] = found


def _install(name: str, package: NodePackage, server: NodeServer | None) -> Target | str:
    if package.runtime not in [runtime.value for runtime in Runtime]:
        return f"Its runtime {package.runtime[:32]!r} is not known."
    server = server or NodeServer(name=name)
    path = package.install_path.rstrip("/")

    def moved(text: str) -> str:
        return text.replace(path, PACKAGE_DIR) if path.startswith("/") else text

    is_python = package.runtime == Runtime.PYTHON.value
    source = _python(package, server) if is_python else _npm(package, server)
    return InstallRequest(
        source=replace(source, args=tuple(moved(arg) for arg in source.args)),
        server_name=name,
        env={key: moved(value) for key, value in server.env.items()},
        secrets=_bindings(server.secret_names),
        is_enabled=server.is_enabled,
        display_name=server.display_name,
        description=server.description,
        startup_timeout_seconds=server.startup_milliseconds / 1000,
    )


def _npm(package: NodePackage, server: NodeServer) -> PackageSource:
    args = tuple(_own_args(package, server))
    return PackageSource(name=package.name, version=package.version, args=args)


def _python(package: NodePackage, server: NodeServer) -> PackageSource:
    """The package, run as `python -m module args`, `python program args` or `program args`."""
    program, args = program_of(server.command, server.args)
    module = package.python_module
    if program.startswith("python") and args[:1] == ("-m",):
        module, args = module or args[1], args[2:]
    elif program.startswith("python"):
        args = args[1:]
    return PackageSource(
        name=package.name,
        runtime=Runtime.PYTHON,
        version=package.version,
        requirements=package.requirements,
        python_module=module,
        args=tuple(args),
    )


def _own_args(package: NodePackage, server: NodeServer) -> Sequence[str]:
    """The arguments after the program of the package, which is found anew here."""
    program, args = program_of(server.command, server.args)
    npx = parse_npx(args) if program == "npx" else None
    if npx is not None:
        return npx.args
    marks = [f"node_modules/{package.name}/", f"node_modules/.bin/{program}"]
    marks += [package.install_path] if package.install_path else []
    for index, arg in enumerate(args):
        if any(mark in arg for mark in marks):
            return args[index + 1 :]
    is_script = program == "node" and bool(args) and args[0].endswith((".js", ".mjs", ".cjs"))
    return args[1:] if is_script else args


def _server(server: NodeServer) -> Target | str:
    try:
        transport = Transport(server.transport.lower().replace("-", "_"))
    except ValueError:
        return f"Its transport {server.transport[:32]!r} is not known."
    settings = ServerSettings(
        name=server.name,
        transport=transport,
        display_name=server.display_name,
        description=server.description,
        secrets=_bindings(server.secret_names),
        startup_timeout_seconds=server.startup_milliseconds / 1000,
        is_enabled=server.is_enabled,
    )
    if transport is Transport.STDIO:
        return replace(settings, command=server.command, args=server.args, env=server.env)
    return replace(settings, url=server.url, headers=server.headers)


def _bindings(names: Sequence[str]) -> tuple[SecretBinding, ...]:
    return bindings_for([*dict.fromkeys(names)])


def _names(target: Target) -> list[str]:
    return [binding.name for binding in target.secrets]


def _names_not_placed(rows: NodeRows, targets: Mapping[str, Target]) -> dict[str, list[str]]:
    """What servers that are listed declare: a secret of theirs is not to go to another."""
    left = {s.name: [*s.secret_names] for s in rows.servers if s.name not in targets}
    others = {p.server for p in rows.packages} - targets.keys() - left.keys() - rows.ids.keys()
    return left | {name: [] for name in others}


def _notes(target: Target) -> tuple[str, ...]:
    notes = []
    if isinstance(target, InstallRequest) and target.source.version == LATEST:
        notes.append("the version was recorded as latest: what is the latest now is installed")
    open_ones = [name for name, value in target.env.items() if is_credential(name, value)]
    if isinstance(target, ServerSettings):
        open_ones += [name for name, value in target.headers.items() if is_credential(name, value)]
    if open_ones:
        told = ", ".join(open_ones)
        notes.append(f"{told}: looks like a credential, stays where all can see it, as it was")
    return tuple(notes)
