"""Callers who are not known are on record, and a flood of them is a few records with numbers."""

import asyncio

import pytest

from app.domain.audit import AuditRecord
from app.domain.policy import Action
from app.domain.principal import NO_CREDENTIAL, Credential, CredentialKind
from app.domain.unauthenticated import Unauthenticated
from app.services.origin import Origin, set_origin
from app.services.refused_callers import MOST_KINDS, RefusedCallers

REVOKED = Credential(kind=CredentialKind.TOKEN, id="t1", name="laptop")


@pytest.fixture
def told() -> list[AuditRecord]:
    return []


@pytest.fixture
def refused(told: list[AuditRecord]) -> RefusedCallers:
    return RefusedCallers(told.append)


def turn_away(
    refused: RefusedCallers, peer: str, reason: str, credential: Credential = NO_CREDENTIAL
) -> None:
    set_origin(Origin(request_id=f"of {peer}", peer=peer))
    refused.note(Unauthenticated("no", reason=reason, credential=credential))


async def test_the_first_of_a_kind_is_told_at_once_and_the_others_by_their_number(
    refused: RefusedCallers, told: list[AuditRecord]
) -> None:
    for _ in range(3):
        turn_away(refused, "192.0.2.1", "no token")
        turn_away(refused, "192.0.2.1", "revoked token", credential=REVOKED)
    turn_away(refused, "192.0.2.2", "no token")
    first = [(r.peer, r.target, r.credential_id, r.times) for r in told]
    assert first == [
        ("192.0.2.1", "no token", None, 1),
        ("192.0.2.1", "revoked token", "t1", 1),
        ("192.0.2.2", "no token", None, 1),
    ]
    refused.tell()
    assert [(r.peer, r.target, r.credential_name, r.times) for r in told[3:]] == [
        ("192.0.2.1", "no token", None, 2),
        ("192.0.2.1", "revoked token", "laptop", 2),
    ]
    refused.tell()
    assert len(told) == 5
    turn_away(refused, "192.0.2.1", "no token")
    assert len(told) == 6


async def test_a_record_names_no_user(refused: RefusedCallers, told: list[AuditRecord]) -> None:
    turn_away(refused, "192.0.2.1", "unknown token")
    (record,) = told
    assert (record.principal, record.username) == ("", None)
    assert (record.action, record.outcome) == (Action.AUTHENTICATE, "UNAUTHENTICATED")
    assert record.request_id == "of 192.0.2.1"


async def test_a_flood_from_everywhere_is_bounded(
    refused: RefusedCallers, told: list[AuditRecord]
) -> None:
    for number in range(MOST_KINDS + 1000):
        turn_away(refused, f"2001:db8::{number:x}", "unknown token")
    assert len(told) == MOST_KINDS + 1
    assert told[-1].peer is None
    refused.tell()
    assert [(r.peer, r.times) for r in told[MOST_KINDS + 1 :]] == [(None, 999)]


async def test_what_was_counted_is_told_at_a_stop(
    refused: RefusedCallers, told: list[AuditRecord]
) -> None:
    owner = asyncio.create_task(refused.own())
    await asyncio.sleep(0)
    for _ in range(5):
        turn_away(refused, "192.0.2.1", "no token")
    owner.cancel()
    await asyncio.gather(owner, return_exceptions=True)
    assert [r.times for r in told] == [1, 4]
