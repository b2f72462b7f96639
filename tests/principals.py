"""Callers of every kind."""

from app.domain.principal import Principal, Role, local_principal

ADMIN = local_principal()


def user(name: str, *groups: str) -> Principal:
    return Principal(subject=name, roles=frozenset({Role.USER}), groups=frozenset(groups))


def operator(name: str) -> Principal:
    return Principal(subject=name, roles=frozenset({Role.OPERATOR}))


def service(name: str, *act_for: str, groups: tuple[str, ...] = ()) -> Principal:
    return Principal(
        subject=name,
        roles=frozenset({Role.SERVICE}),
        groups=frozenset(groups),
        act_for=frozenset(act_for),
    )
