"""Beanie documents, and the stores that turn them into domain values."""

from collections.abc import Mapping, Sequence

from beanie import Document

from app.models.answers import AnswerDoc
from app.models.audit import AuditDoc
from app.models.data_keys import DataKeyDoc
from app.models.deployment import DeploymentDoc
from app.models.packages import PackageDoc
from app.models.removed_packages import RemovedPackageDoc
from app.models.secrets import SecretDoc
from app.models.servers import ServerDoc
from app.models.signals import SignalDoc
from app.models.tokens import TokenDoc

PLAIN = (PackageDoc, RemovedPackageDoc, ServerDoc, TokenDoc, AuditDoc, SignalDoc)
# Beside the secrets: what opens them is backed up and restored with them.
SEALED = (SecretDoc, DataKeyDoc, DeploymentDoc, AnswerDoc)


def documents_by_database(main: str, secrets: str) -> Mapping[str, Sequence[type[Document]]]:
    """Which documents live in which database; secrets may have one of their own."""
    if main == secrets:
        return {main: (*PLAIN, *SEALED)}
    return {main: PLAIN, secrets: SEALED}
