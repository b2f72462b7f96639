"""Stored packages."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from beanie import Document
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from app.domain.errors import AppError, ErrorCode
from app.domain.package import Package, PackageStatus, Runtime
from app.domain.page import PageRequest
from app.mongo.database import Database

UNFINISHED = [PackageStatus.INSTALLING.value, PackageStatus.UNINSTALLING.value]


class PackageDoc(Document):
    """One package; the fields are those of the domain's Package."""

    server_name: str
    name: str
    requested_version: str
    version: str | None
    integrity: str | None
    runtime: Runtime
    status: PackageStatus
    install_id: str
    install_dir: str
    lease_owner: str | None
    lease_expires_at: datetime | None
    installed_at: datetime | None
    keeps_secrets: bool

    class Settings:
        """Beanie's settings."""

        name = "packages"
        indexes = [  # noqa: RUF012 - Beanie reads it so
            IndexModel([("server_name", ASCENDING)], name="server_name_unique", unique=True),
            IndexModel([("install_id", ASCENDING)], name="install_id_unique", unique=True),
            IndexModel([("name", ASCENDING), ("server_name", ASCENDING)], name="by_name"),
        ]

    def to_domain(self) -> Package:
        """The package in this document."""
        return Package(**self.model_dump(exclude={"id", "revision_id"}))


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
        """Every package that is being installed or uninstalled."""
        async with self._database.operation():
            found = await PackageDoc.find({"status": {"$in": UNFINISHED}}).to_list()
        return [doc.to_domain() for doc in found]

    async def claim(self, package: Package) -> None:
        """Reserve the server name. Raises CONFLICT when a package has it."""
        async with self._database.operation():
            try:
                await PackageDoc(**asdict(package)).insert()
            except DuplicateKeyError:
                raise AppError(
                    ErrorCode.CONFLICT,
                    f"There is already a package for the server {package.server_name!r}, "
                    "or it is being installed right now.",
                    path=("serverName",),
                    hint="Choose another serverName, or uninstall that package first.",
                ) from None

    async def complete(self, package: Package) -> bool:
        """Store the finished install; False when the claim is no longer ours."""
        where = {"install_id": package.install_id, "status": PackageStatus.INSTALLING.value}
        return await self._change(where, asdict(package))

    async def begin_uninstall(self, package: Package) -> bool:
        """Mark as going; False when it changed meanwhile."""
        where = {"install_id": package.install_id, "status": PackageStatus.INSTALLED.value}
        going = {
            "status": PackageStatus.UNINSTALLING.value,
            "keeps_secrets": package.keeps_secrets,
            "lease_owner": package.lease_owner,
            "lease_expires_at": package.lease_expires_at,
        }
        return await self._change(where, going)

    async def renew_lease(self, install_id: str, owner: str, expires_at: datetime) -> None:
        """Extend the lease of an operation in progress."""
        where = {"install_id": install_id, "lease_owner": owner}
        await self._change(where, {"lease_expires_at": expires_at})

    async def delete(self, install_id: str) -> None:
        """Forget the package."""
        async with self._database.operation():
            await PackageDoc.get_motor_collection().delete_one({"install_id": install_id})

    async def _change(self, where: dict[str, Any], fields: dict[str, Any]) -> bool:
        async with self._database.operation():
            result = await PackageDoc.get_motor_collection().update_one(where, {"$set": fields})
        return bool(result.matched_count)
