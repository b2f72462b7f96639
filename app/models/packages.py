"""Stored packages."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Self

from beanie import Document
from pydantic import model_validator
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from app.domain.errors import AppError, ErrorCode
from app.domain.package import UpgradePolicy
from app.domain.package_record import Latest, Package, PackageStatus
from app.domain.page import PageRequest
from app.models.package_fields import (
    from_first_shape,
    read_build,
    read_diff,
    read_latest,
    read_source,
    read_staged,
    write_package,
)
from app.mongo.database import Database

UNDER_WAY = [
    status.value
    for status in (PackageStatus.INSTALLING, PackageStatus.UPGRADING, PackageStatus.UNINSTALLING)
]

OF_AN_OPERATION = (
    "status", "work_dir", "candidate", "lease_owner", "lease_expires_at", "is_cancel_asked",
    "keeps_secrets",
)  # fmt: skip


class PackageDoc(Document):
    """One package; the fields are those of the domain's Package."""

    server_name: str
    name: str
    source: dict[str, Any]
    status: PackageStatus
    install_id: str
    build: dict[str, Any] | None
    previous: dict[str, Any] | None
    held: dict[str, Any] | None
    policy: UpgradePolicy = UpgradePolicy.AUTOMATIC
    last_diff: dict[str, Any] | None
    error: str | None
    latest: dict[str, Any] | None = None
    work_dir: str | None
    candidate: dict[str, Any] | None
    lease_owner: str | None
    lease_expires_at: datetime | None
    is_cancel_asked: bool
    installed_at: datetime | None
    upgraded_at: datetime | None
    keeps_secrets: bool
    # Of records of the first shape; without a name here they would not be read.
    requested_version: str | None = None
    version: str | None = None
    integrity: str | None = None
    runtime: str | None = None
    install_dir: str | None = None

    class Settings:
        """Beanie's settings."""

        name = "packages"
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel([("server_name", ASCENDING)], name="server_name_unique", unique=True),
            IndexModel([("install_id", ASCENDING)], name="install_id_unique", unique=True),
            IndexModel([("name", ASCENDING), ("server_name", ASCENDING)], name="by_name"),
        ]

    @model_validator(mode="before")
    @classmethod
    def _read_first_shape(cls, row: Any) -> Any:
        return from_first_shape(row) if isinstance(row, dict) and "source" not in row else row

    @classmethod
    def from_domain(cls, package: Package) -> Self:
        """The document of a package."""
        latest = None if package.latest is None else asdict(package.latest)
        return cls(**write_package(package), policy=package.policy, latest=latest)

    def to_domain(self) -> Package:
        """The package in this document."""
        return Package(
            server_name=self.server_name,
            source=read_source(self.source),
            status=self.status,
            install_id=self.install_id,
            build=read_build(self.build),
            previous=read_build(self.previous),
            held=read_staged(self.held),
            policy=self.policy,
            last_diff=read_diff(self.last_diff),
            error=self.error,
            latest=read_latest(self.latest),
            work_dir=self.work_dir,
            candidate=read_staged(self.candidate),
            lease_owner=self.lease_owner,
            lease_expires_at=self.lease_expires_at,
            is_cancel_asked=self.is_cancel_asked,
            installed_at=self.installed_at,
            upgraded_at=self.upgraded_at,
            keeps_secrets=self.keeps_secrets,
        )


class MongoPackages:
    """The PackageStore over MongoDB."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, server_name: str) -> Package | None:
        """The package behind that server."""
        async with self._database.operation():
            found = await PackageDoc.find_one({"server_name": server_name})
        return None if found is None else found.to_domain()

    async def find_by_name(self, name: str) -> Package | None:
        """The first package of that registry name, by server name."""
        async with self._database.operation():
            found = await PackageDoc.find({"name": name}).sort("+server_name").first_or_none()
        return None if found is None else found.to_domain()

    async def find_many(self, server_names: Sequence[str]) -> dict[str, Package]:
        """The packages behind those servers, by server name."""
        async with self._database.operation():
            found = await PackageDoc.find({"server_name": {"$in": [*server_names]}}).to_list()
        return {doc.server_name: doc.to_domain() for doc in found}

    async def list_page(self, page: PageRequest) -> list[Package]:
        """Up to `first + 1` packages by server name, after the name `after`."""
        where = {} if page.after is None else {"server_name": {"$gt": page.after}}
        async with self._database.operation():
            query = PackageDoc.find(where).sort("+server_name").limit(page.first + 1)
            return [doc.to_domain() for doc in await query.to_list()]

    async def list_unfinished(self) -> list[Package]:
        """Every package on which an operation is under way, or was when its process died."""
        async with self._database.operation():
            found = await PackageDoc.find({"status": {"$in": UNDER_WAY}}).to_list()
        return [doc.to_domain() for doc in found]

    async def claim(self, package: Package) -> None:
        """Reserve the server name. Raises CONFLICT when a package has it."""
        async with self._database.operation():
            try:
                await PackageDoc.from_domain(package).insert()
            except DuplicateKeyError:
                raise AppError(
                    ErrorCode.CONFLICT,
                    f"There is already a package for the server {package.server_name!r}, "
                    "or it is being installed right now.",
                    path=("serverName",),
                    hint="Choose another serverName, or uninstall that package first.",
                ) from None

    async def begin(self, package: Package) -> Package | None:
        """Begin an operation under the record's lease: the record of that moment.

        None when another one is under way.
        """
        where = {"install_id": package.install_id, "status": PackageStatus.INSTALLED.value}
        fields = write_package(package)
        async with self._database.operation():
            row = await PackageDoc.get_motor_collection().find_one_and_update(
                where,
                {"$set": {name: fields[name] for name in OF_AN_OPERATION}},
                return_document=ReturnDocument.AFTER,
            )
        found: PackageDoc | None = None if row is None else PackageDoc.model_validate(row)
        return None if found is None else found.to_domain()

    async def store(self, package: Package, *, owner: str) -> bool:
        """Keep a step of the operation that is `owner`; False when it is not its any more."""
        where = {"install_id": package.install_id, "lease_owner": owner}
        fields = write_package(package)
        if package.lease_owner is not None:  # these are changed from outside meanwhile
            del fields["lease_expires_at"], fields["is_cancel_asked"]
        return await self._change(where, fields)

    async def take_over(self, package: Package, *, owner: str, expires_at: datetime) -> bool:
        """Take the lease from who had it; False when somebody else was faster."""
        where = {
            "install_id": package.install_id,
            "lease_owner": package.lease_owner,
            "lease_expires_at": package.lease_expires_at,
        }
        return await self._change(where, {"lease_owner": owner, "lease_expires_at": expires_at})

    async def renew_lease(self, install_id: str, owner: str, expires_at: datetime) -> bool | None:
        """Extend the lease of an operation, and say whether its end is asked for.

        None when the lease is not the operation's any more.
        """
        where = {"install_id": install_id, "lease_owner": owner}
        async with self._database.operation():
            row = await PackageDoc.get_motor_collection().find_one_and_update(
                where, {"$set": {"lease_expires_at": expires_at}}, {"is_cancel_asked": 1}
            )
        return None if row is None else bool(row["is_cancel_asked"])

    async def ask_cancel(self, install_id: str, owner: str) -> bool:
        """Ask the process that does it to end an operation; False when it is over."""
        where = {"install_id": install_id, "lease_owner": owner}
        return await self._change(where, {"is_cancel_asked": True})

    async def set_policy(self, install_id: str, policy: UpgradePolicy) -> bool:
        """Change how upgrades are switched in; False when the package is gone."""
        return await self._change({"install_id": install_id}, {"policy": policy.value})

    async def note_latest(self, install_id: str, latest: Latest) -> None:
        """Keep what the registry's newest version is."""
        await self._change({"install_id": install_id}, {"latest": asdict(latest)})

    async def delete(self, install_id: str, *, owner: str) -> bool:
        """Forget the package, at the end of the operation that is `owner`."""
        where = {"install_id": install_id, "lease_owner": owner}
        async with self._database.operation():
            result = await PackageDoc.get_motor_collection().delete_one(where)
        return bool(result.deleted_count)

    async def _change(self, where: dict[str, Any], fields: dict[str, Any]) -> bool:
        async with self._database.operation():
            result = await PackageDoc.get_motor_collection().update_one(where, {"$set": fields})
        return bool(result.matched_count)
