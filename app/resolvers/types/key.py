"""The deployment's keys, by id only."""

from typing import Self

import strawberry

from app.domain.data_key import KeyUsage, RotationProgress


@strawberry.type(description="A key of this deployment, by its id, and what needs it.")
class DeploymentKey:
    """One deployment key."""

    id: strawberry.ID = strawberry.field(description="A short id made from the key.")
    known: bool = strawberry.field(description="Whether the process that answers has it.")
    sealing: bool = strawberry.field(description="Whether new things are sealed under it.")
    data_keys: int = strawberry.field(description="How many users' data keys are sealed under it.")
    v1_secrets: int = strawberry.field(
        description="How many secrets are sealed under it directly, as the first release did."
    )
    needed: bool = strawberry.field(
        description="Whether something cannot be opened without it. One that is not needed and "
        "does not seal can be dropped."
    )

    @classmethod
    def of(cls, usage: KeyUsage) -> Self:
        """The GraphQL key."""
        return cls(
            id=strawberry.ID(usage.key_id),
            known=usage.is_known,
            sealing=usage.is_sealing,
            data_keys=usage.data_keys,
            v1_secrets=usage.v1_secrets,
            needed=usage.is_needed,
        )


@strawberry.type(name="KeyRotation", description="How far a rotation of keys is, in records.")
class KeyRotationType:
    """The progress of a rotation."""

    total: int = strawberry.field(description="How many were not under the sealing key.")
    done: int = strawberry.field(description="How many of them are now.")
    left: int = strawberry.field(description="How many are not yet.")
    unreadable: int = strawberry.field(
        description="How many of those left could not be opened, and stay as they are."
    )
    finished: bool = strawberry.field(description="Whether it is over.")

    @classmethod
    def of(cls, progress: RotationProgress) -> Self:
        """The GraphQL progress."""
        return cls(
            total=progress.total,
            done=progress.done,
            left=progress.left,
            unreadable=progress.unreadable,
            finished=progress.is_finished,
        )
