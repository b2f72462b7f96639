"""Callers while no authentication is configured."""

from app.domain.principal import DEFAULT_USERNAME, Principal


def local_principal() -> Principal:
    """Whoever reaches the loopback address: the machine's own user, who may act for anyone."""
    return Principal(subject=DEFAULT_USERNAME, may_act_for_anyone=True)
