"""The input of installPackage."""

import strawberry
from strawberry.scalars import JSON

from app.domain.package import LATEST, InstallRequest, PackageSource, Runtime, UpgradePolicy
from app.domain.server import DEFAULT_STARTUP_SECONDS, Transport
from app.domain.server_access import OPEN
from app.resolvers.inputs import string_map
from app.resolvers.mutations.access_input import ACCESS, AccessInput
from app.resolvers.mutations.binding_input import SECRETS, SecretBindingInput, bindings_of
from app.resolvers.mutations.server_inputs import HEADERS, PRIVATE_NETWORK, URL
from app.resolvers.types import package as _described  # noqa: F401 - makes the enums known


@strawberry.input(description="What to install, and the server to make of it.")
class InstallPackageInput:
    """The input of installPackage."""

    package_name: str = strawberry.field(
        description="The package's name in the registry, npm or PyPI."
    )
    server_name: str = strawberry.field(description="The name of the server to make of it.")
    version: str = strawberry.field(
        default=LATEST,
        description="An exact version such as `1.2.3`; a range (npm: `^1.2`, a dist-tag; PyPI: "
        "`>=1,<2`); or `latest`. Upgrades follow it.",
    )
    runtime: Runtime = strawberry.field(default=Runtime.NODE, description="What runs it.")
    command: str | None = strawberry.field(
        default=None, description="The program to start instead of the one the package names."
    )
    args: list[str] = strawberry.field(
        default_factory=list,
        description="Arguments for the program; `{packageDir}` stands for the package's folder.",
    )
    env: JSON | None = strawberry.field(
        default=None,
        description="Environment variables for the server, an object of strings. Not for secrets.",
    )
    transport: Transport = strawberry.field(
        default=Transport.STDIO,
        description="How the server is spoken to. With another one than STDIO the package is "
        "fetched, and run by somebody else, at `url`.",
    )
    url: str | None = strawberry.field(default=None, description=URL)
    headers: JSON | None = strawberry.field(
        default=None, description=f"{HEADERS}. Whoever may look at servers can read them."
    )
    allows_private_network: bool | None = strawberry.field(
        default=None, description=f"{PRIVATE_NETWORK}."
    )
    requirements: list[str] = strawberry.field(
        default_factory=list,
        description="Further Python requirements, such as `mcp<2`; kept for upgrades.",
    )
    python_module: str | None = strawberry.field(
        default=None, description="The Python module to run instead of the package's program."
    )
    index_url: str | None = strawberry.field(
        default=None, description="The Python package index to use; kept for upgrades."
    )
    extra_index_urls: list[str] = strawberry.field(
        default_factory=list, description="Further Python package indexes."
    )
    registry: str | None = strawberry.field(
        default=None, description="The npm registry to use; kept for upgrades."
    )
    secrets: list[SecretBindingInput] = strawberry.field(default_factory=list, description=SECRETS)
    allow_scripts: bool = strawberry.field(
        default=False,
        description="Whether the packages' install scripts may run, with this service's rights.",
    )
    upgrade_policy: UpgradePolicy = strawberry.field(
        default=UpgradePolicy.AUTOMATIC,
        description="Whether upgrades that change or remove tools wait for approval.",
    )
    enabled: bool = strawberry.field(default=True, description="Whether it may be called.")
    display_name: str | None = strawberry.field(default=None, description="A name for people.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    startup_timeout_seconds: float = strawberry.field(
        default=DEFAULT_STARTUP_SECONDS, description="How long it may take to start, in seconds."
    )

    access: AccessInput | None = strawberry.field(
        default=None, description=f"{ACCESS} By default everybody, and every tool."
    )

    def request(self) -> InstallRequest:
        """The request as domain data."""
        return InstallRequest(
            source=PackageSource(
                name=self.package_name,
                version=self.version,
                runtime=self.runtime,
                requirements=tuple(self.requirements),
                index_url=self.index_url,
                extra_index_urls=tuple(self.extra_index_urls),
                registry=self.registry,
                python_module=self.python_module,
                command=self.command,
                args=tuple(self.args),
                allow_scripts=self.allow_scripts,
            ),
            server_name=self.server_name,
            env={} if self.env is None else string_map(self.env, "env"),
            transport=self.transport,
            url=self.url,
            headers={} if self.headers is None else string_map(self.headers, "headers"),
            allows_private_network=self.allows_private_network,
            secrets=bindings_of(self.secrets),
            is_enabled=self.enabled,
            display_name=self.display_name,
            description=self.description,
            startup_timeout_seconds=self.startup_timeout_seconds,
            policy=self.upgrade_policy,
            access=OPEN if self.access is None else self.access.access(),
        )
