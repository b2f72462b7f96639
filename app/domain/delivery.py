"""How a secret reaches a server: declared for each, and worked out for each call."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from app.domain.address import check_header, is_header_value
from app.domain.errors import AppError, ErrorCode, invalid
from app.domain.masker import Masker, needles_of
from app.domain.names import (
    ENVIRONMENT_NAME,
    RESERVED_ENVIRONMENT,
    check_secret_name,
    check_text,
)
from app.domain.redaction import SHORTEST_IN_RESULTS
from app.domain.word import Word

VALUE = "{value}"
MAX_BINDINGS = 100
# Shared by all that send nothing on a way.
NOTHING: Mapping[str, str] = MappingProxyType({})
QUERY_NAME = re.compile(r"[A-Za-z0-9_.~-]{1,128}")


class Delivery(Word):
    """The way a secret takes to its server."""

    ARGUMENT = "argument"
    ENVIRONMENT = "environment"
    HEADER = "header"
    QUERY = "query"
    FILE = "file"


# What is fixed when a session starts: one that carries a user's value is that user's alone.
AT_LAUNCH = frozenset((Delivery.ENVIRONMENT, Delivery.HEADER, Delivery.QUERY, Delivery.FILE))
FOR_PROGRAMS = frozenset((Delivery.ENVIRONMENT, Delivery.FILE))
FOR_ADDRESSES = frozenset((Delivery.HEADER, Delivery.QUERY))


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretBinding:
    """What a server wants with one secret.

    `target` is the argument, variable, header or query parameter that it fills; for FILE the
    variable that gets the path of a private file. `template` surrounds the value (`Bearer
    {value}`); an argument or a file is always the value alone.
    """

    name: str
    delivery: Delivery = Delivery.ARGUMENT
    target: str
    template: str = VALUE
    is_required: bool = False
    description: str | None = None

    @property
    def is_at_launch(self) -> bool:
        """Whether it is delivered when a session starts."""
        return self.delivery in AT_LAUNCH


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecret:
    """A secret that applies to a user and a server: the user's own, or one that all share."""

    name: str
    sealed: str
    is_own: bool


class Delivered(NamedTuple):
    """Opened secrets on their ways, by target. Never kept, logged or shown."""

    arguments: Mapping[str, str] = NOTHING
    environment: Mapping[str, str] = NOTHING
    headers: Mapping[str, str] = NOTHING
    query: Mapping[str, str] = NOTHING
    files: Mapping[str, str] = NOTHING

    def __repr__(self) -> str:
        return "Delivered(...)"


def check_bindings(bindings: Sequence[SecretBinding], *, is_program: bool) -> None:
    """Accept bindings that the transport can carry, each target filled once.

    Raises:
        AppError: INVALID_INPUT, naming the field.
    """
    if len(bindings) > MAX_BINDINGS:
        raise invalid(f"A server may have at most {MAX_BINDINGS} secrets.", "secrets")
    seen_names: set[str] = set()
    seen_targets: set[tuple[Delivery, str]] = set()
    for index, binding in enumerate(bindings):
        path = ("secrets", str(index))
        check_secret_name(binding.name, *path, "name")
        _check_target(binding, *path)
        _check_template(binding, *path)
        if binding.description is not None:
            check_text(binding.description, *path, "description")
        wrong = FOR_ADDRESSES if is_program else FOR_PROGRAMS
        if binding.delivery in wrong:
            raise invalid(
                f"Delivery {binding.delivery.name} does not go with this transport.",
                *path,
                "delivery",
            )
        # A file's path goes into a variable too.
        way = Delivery.ENVIRONMENT if binding.delivery is Delivery.FILE else binding.delivery
        target = binding.target.lower() if way is Delivery.HEADER else binding.target
        if binding.name in seen_names:
            raise invalid(f"The secret {binding.name!r} is declared twice.", *path, "name")
        if (way, target) in seen_targets:
            raise invalid(f"Two secrets fill {binding.target!r}.", *path, "target")
        seen_names.add(binding.name)
        seen_targets.add((way, target))


def bindings_for(
    names: Sequence[str], declared: Sequence[SecretBinding] = ()
) -> tuple[SecretBinding, ...]:
    """The bindings of those names: as declared, or else as arguments."""
    known = {binding.name: binding for binding in declared}
    return tuple(known.get(name) or SecretBinding(name=name, target=name) for name in names)


def missing_names(bindings: Sequence[SecretBinding], present: frozenset[str]) -> list[str]:
    """The required secrets that there are no values for."""
    return [b.name for b in bindings if b.is_required and b.name not in present]


def refuse_missing(server_name: str, names: Sequence[str]) -> AppError:
    """The SECRET_MISSING error that names them."""
    listed = ", ".join(repr(name) for name in names)
    return AppError(
        ErrorCode.SECRET_MISSING,
        f"Server {server_name!r} needs secrets that are not set: {listed}.",
        path=("serverName",),
        hint="Set them for this user, then call again.",
    )


class SecretBundle(NamedTuple):
    """A user's secrets for a server, opened for one call: how they go out, and whose they are.

    `needles` are the texts by which values are found in results. `stamp` names the values a launch
    carries, without telling them: sessions started with other values have another; it is empty when
    a launch carries none. With `is_own` it carries values of this user alone.
    """

    username: str
    delivered: Delivered
    values: Sequence[str]
    needles: Sequence[str]
    stamp: str
    is_own: bool

    def __repr__(self) -> str:
        return f"SecretBundle(username={self.username!r}, ...)"

    def masker(self) -> Masker:
        """What masks these values in results."""
        return Masker(self.values, shortest=SHORTEST_IN_RESULTS, needles=self.needles)


def bundle_secrets(
    username: str,
    bindings: Sequence[SecretBinding],
    stored: Sequence[StoredSecret],
    values: Mapping[str, str],
) -> SecretBundle:
    """The bundle of the stored secrets, which have these values.

    Each goes its declared way; else as an argument of its name.

    Raises:
        AppError: CONFLICT for a value that cannot go its way.
    """
    at_launch = _at_launch(bindings)
    return SecretBundle(
        username=username,
        delivered=_deliver(bindings_for([s.name for s in stored], bindings), values),
        values=[*values.values()],
        needles=needles_of(values.values(), shortest=SHORTEST_IN_RESULTS),
        stamp=stamp_of(bindings, stored),
        is_own=any(s.is_own and s.name in at_launch for s in stored),
    )


def _deliver(bindings: Sequence[SecretBinding], values: Mapping[str, str]) -> Delivered:
    ways: dict[Delivery, dict[str, str]] = {way: {} for way in Delivery}
    for binding in bindings:
        text = values[binding.name]
        if binding.template != VALUE:
            text = binding.template.replace(VALUE, text)
        if binding.delivery is Delivery.HEADER and not is_header_value(text):
            raise _no_header(binding.name)
        ways[binding.delivery][binding.target] = text
    return Delivered(
        arguments=ways[Delivery.ARGUMENT],
        environment=ways[Delivery.ENVIRONMENT],
        headers=ways[Delivery.HEADER],
        query=ways[Delivery.QUERY],
        files=ways[Delivery.FILE],
    )


def stamp_of(bindings: Sequence[SecretBinding], stored: Sequence[StoredSecret]) -> str:
    """The stamp of a launch with these secrets; empty when it carries none."""
    at_launch = _at_launch(bindings)
    carried = sorted((s.name, s.sealed) for s in stored if s.name in at_launch)
    digest = hashlib.sha256("\n".join(" ".join(pair) for pair in carried).encode())
    return digest.hexdigest()[:32] if carried else ""


def _at_launch(bindings: Sequence[SecretBinding]) -> frozenset[str]:
    return frozenset(b.name for b in bindings if b.is_at_launch)


def _no_header(name: str) -> AppError:
    return AppError(
        ErrorCode.CONFLICT,
        f"The secret {name!r} cannot go into a header: that takes at most 8192 printable ASCII "
        "characters, without a line break.",
        hint="Set it again; a line break at its end is easily copied along.",
    )


def _check_target(binding: SecretBinding, *path: str) -> None:
    target, delivery = binding.target, binding.delivery
    if delivery in FOR_PROGRAMS:
        is_reserved = RESERVED_ENVIRONMENT.fullmatch(target) is not None
        is_good = ENVIRONMENT_NAME.fullmatch(target) is not None and not is_reserved
        told = "an environment variable: letters, digits and '_', not LD_, DYLD_ or MCP_API_"
    elif delivery is Delivery.HEADER:
        check_header(target, "x", *path, "target")
        return
    elif delivery is Delivery.QUERY:
        is_good = QUERY_NAME.fullmatch(target) is not None
        told = "a query parameter: 1 to 128 letters, digits, '_', '.', '~' or '-'"
    else:
        is_good, told = 0 < len(target) <= 256 and target.isprintable(), "an argument's name"
    if not is_good:
        raise invalid(f"{target[:128]!r} cannot be {told}.", *path, "target")


def _check_template(binding: SecretBinding, *path: str) -> None:
    template = binding.template
    is_plain = binding.delivery in (Delivery.ARGUMENT, Delivery.FILE)
    if is_plain and template != VALUE:
        raise invalid("An argument or a file is the value alone.", *path, "template")
    if binding.delivery is Delivery.HEADER and not template.isascii():
        raise invalid("The template of a header must be ASCII.", *path, "template")
    if template.count(VALUE) != 1 or len(template) > 1024 or not template.isprintable():
        raise invalid(
            "template must hold {value} once, in at most 1024 printable characters.",
            *path,
            "template",
        )
