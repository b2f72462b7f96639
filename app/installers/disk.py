"""What an install may take of time and of the disk."""

import asyncio
import shutil
from dataclasses import dataclass

from app.domain.errors import AppError, ErrorCode

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallLimits:
    """How long one install may take, and how much room there must be for it."""

    timeout_seconds: float
    least_free_bytes: int = 0


async def check_free_space(folder: str, least_bytes: int) -> None:
    """Return when the folder's disk has that much room.

    Raises:
        AppError: INSTALL_FAILED.
    """
    usage = await asyncio.to_thread(shutil.disk_usage, folder)
    if usage.free < least_bytes:
        raise AppError(
            ErrorCode.INSTALL_FAILED,
            f"Only {usage.free // MEGABYTE} MB are free on the disk of the packages, and an "
            f"install wants {least_bytes // MEGABYTE} MB.",
            hint="Make room, or set INSTALL_FREE_SPACE to less.",
        )
