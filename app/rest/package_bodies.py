"""The request bodies of `/packages`."""

from typing import Annotated

from pydantic import Field

from app.domain.package import LATEST, InstallRequest, PackageSource, Runtime, UpgradePolicy
from app.domain.server import DEFAULT_STARTUP_SECONDS, Transport
from app.domain.server_access import OPEN
from app.rest.access_body import AccessBody
from app.rest.bodies import Body, Query, SecretsBody, seconds
from app.rest.fields import (
    Address,
    Arguments,
    Command,
    Environment,
    Headers,
    PackageName,
    ServerName,
    StartupTimeout,
    Text,
    Words,
)
from app.rest.server_bodies import TransportName
from app.services.upgrade import UpgradeWish

RuntimeName = Annotated[Runtime, Field(strict=False)]
PolicyName = Annotated[UpgradePolicy, Field(strict=False)]


class UpdateCheckQuery(Query):
    """`?checkUpdates=`: whether to ask the registries for updates."""

    check_updates: bool = False


class UpdatesQuery(Query):
    """`?name=`: of which server's package; left out, of all."""

    name: ServerName | None = None


class InstallBody(SecretsBody):
    """`POST /packages/install`.

    `python_args` go before `args`; `pip_dependencies` and `requirements` are the same. With a
    `transport_type` other than stdio somebody else runs the package, at `url`.
    """

    name: PackageName
    server_name: ServerName
    version: Text | None = None
    command: Command | None = None
    args: Arguments | None = None
    env: Environment | None = None
    enabled: bool | None = None
    runtime: RuntimeName | None = None
    startup_timeout: StartupTimeout | None = None
    fail_on_warning: bool | None = None
    allow_scripts: bool | None = None
    python_module: str | None = None
    python_args: Arguments | None = None
    pip_dependencies: list[str] | None = None
    requirements: list[str] | None = None
    index_url: str | None = None
    extra_index_urls: list[str] | None = None
    registry: str | None = None
    transport_type: TransportName | None = None
    url: Address | None = None
    headers: Headers | None = None
    allows_private_network: bool | None = None
    upgrade_policy: PolicyName | None = None
    access: AccessBody | None = None
    display_name: Words | None = None
    description: Words | None = None

    def request(self) -> InstallRequest:
        """The request as domain data.

        Raises:
            AppError: INVALID_INPUT.
        """
        return InstallRequest(
            source=PackageSource(
                name=self.name,
                version=self.version or LATEST,
                runtime=self.runtime or Runtime.NODE,
                command=self.command,
                args=(*(self.python_args or ()), *(self.args or ())),
                requirements=(*(self.pip_dependencies or ()), *(self.requirements or ())),
                python_module=self.python_module,
                index_url=self.index_url,
                extra_index_urls=tuple(self.extra_index_urls or ()),
                registry=self.registry,
                allow_scripts=bool(self.allow_scripts),
                fails_on_warning=bool(self.fail_on_warning),
            ),
            server_name=self.server_name,
            env=self.env or {},
            transport=self.transport_type or Transport.STDIO,
            url=self.url,
            headers=self.headers or {},
            allows_private_network=self.allows_private_network,
            secrets=self.all_bindings(),
            is_enabled=self.enabled is not False,
            display_name=self.display_name,
            description=self.description,
            startup_timeout_seconds=seconds(self.startup_timeout, DEFAULT_STARTUP_SECONDS),
            policy=self.upgrade_policy or UpgradePolicy.AUTOMATIC,
            access=OPEN if self.access is None else self.access.access(),
        )


class UpgradeBody(Body):
    """`PUT /packages/:serverName/upgrade`; the body may be left out."""

    version: Text | None = None
    dry_run: bool | None = None
    approve: bool | None = None

    def wish(self, server_name: str) -> UpgradeWish:
        """The wish as the service takes it."""
        return UpgradeWish(
            server_name=server_name,
            version=self.version,
            is_dry_run=bool(self.dry_run),
            is_approval=bool(self.approve),
        )


class PolicyBody(Body):
    """`PUT /packages/:serverName/policy`."""

    upgrade_policy: PolicyName
