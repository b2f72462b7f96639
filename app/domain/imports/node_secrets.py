"""To which servers a secret of an original deployment belongs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.errors import AppError
from app.domain.imports.node_rows import NodeSecret
from app.domain.imports.plan import Unplaced, WantedSecret
from app.domain.names import check_secret_name, check_secret_value, check_username
from app.domain.secret import SecretRef

# A server and the secret's name there.
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PlacedSecrets:
    """The secrets by server, and the rows that belong nowhere or not clearly."""

    by_server: Mapping[str, Sequence[WantedSecret]]
    unplaced: Sequence[Unplaced]


def place_secrets(
    secrets: Sequence[NodeSecret], declared: Mapping[str, Sequence[str]]
) -> PlacedSecrets:
    """Each row at its places; `declared` gives every server's secret names.

    Two rows that give one place different values are both listed.
    """
    unplaced: list[Unplaced] = []
    rows: dict[SecretRef, list[NodeSecret]] = defaultdict(list)
    for secret in secrets:
        places = _why_unusable(secret) or find_places(secret.key, declared)
        if isinstance(places, str):
            unplaced.append(_listed(secret, places))
            continue
        for server, name in places:
            why = _why_refused(secret, name)
            if why is None:
                rows[SecretRef(secret.username, server, name)].append(secret)
            else:
                unplaced.append(_listed(secret, why))
    by_server: dict[str, list[WantedSecret]] = defaultdict(list)
    for ref, found in rows.items():
        if len({secret.value for secret in found}) == 1:
            by_server[ref.server_name].append(WantedSecret(ref, found[0].value))
        else:
            told = f"Several rows give {ref.name!r} of {ref.server_name!r} different values."
            unplaced += [_listed(secret, told) for secret in found]
    return PlacedSecrets(by_server, unplaced)


def find_places(key: str, declared: Mapping[str, Sequence[str]]) -> list[Place] | str:
    """The places that a key means, or why that is not clear.

    A key that servers declare as it stands belongs to each of them. `server.name` belongs to the
    longest server name before a dot. Where both are possible, or a shorter server name is the one
    that declares the rest, nobody can say which was meant.
    """
    bare = [(server, key) for server, names in declared.items() if key in names]
    dotted = sorted(
        ((s, key[len(s) + 1 :]) for s in declared if key.startswith(s + ".") and key != s + "."),
        key=lambda place: -len(place[0]),
    )
    if not bare and not dotted:
        return "No server declares that name, and none is called as it begins."
    if not dotted:
        return bare
    said = [place for place in dotted if place[1] in declared[place[0]]]
    if bare or len(said) > 1 or said[:1] not in ([], dotted[:1]):
        candidates = ", ".join(f"{name!r} of {server!r}" for server, name in (*bare, *dotted))
        return f"It can mean {candidates}."
    return dotted[:1]


def _listed(secret: NodeSecret, why: str) -> Unplaced:
    return Unplaced(f"secret {secret.key[:256]!r} of {secret.username[:256]!r}", why)


def _why_unusable(secret: NodeSecret) -> str | None:
    return f"Its value {secret.problem}." if secret.value is None else None


def _why_refused(secret: NodeSecret, name: str) -> str | None:
    try:
        check_username(secret.username)
        check_secret_name(name)
        check_secret_value(secret.value or "")
    except AppError as error:
        return error.sentence()
    return None
