"""Checking a tool call's arguments against the tool's input schema.

A refusal names paths and rules, never values: arguments may hold secrets. So the words are made
here, from the schema's side of a violation; the checker's own messages quote the value.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

import jsonschema_rs
import orjson
from jsonschema_rs import ValidationError, ValidationErrorKind

from app.domain.schema_cost import SchemaCost, schema_cost
from app.domain.tool import Tool

log = logging.getLogger(__name__)

INTRODUCTION = "The arguments do not fit the tool's input schema"
MAX_TOLD = 10
MAX_NAME_CHARACTERS = 100
MAX_RULE_CHARACTERS = 200
# The checker recurses, and a stack that overflows takes the process with it.
MAX_DEPTH = 100
MAX_FRAMES = 5_000  # levels of arguments times levels of schema; 15 000 overflow 8 MB
# What a check may cost at worst: parts of the arguments times parts of the schema, some 20 ns each.
MAX_CHECK_WORK = 20_000_000
# Finding every violation costs up to 8 us each, and there is no stopping in between.
MAX_TELL_WORK = 250_000
# Characters times patterns. This engine takes linear time (it has no lookaround), but up to 50 us a
# character for the largest pattern that it may take.
MAX_PATTERN_WORK = 20_000
PATTERN_OPTIONS = jsonschema_rs.RegexOptions(size_limit=1024 * 1024)
MAX_SCHEMA_BYTES = 256 * 1024
CACHED_SCHEMAS = 512
_CONTAINERS = (dict, list, tuple)
# What surely holds nothing else. Most arguments are such alone.
_SCALARS = frozenset((str, int, float, bool, type(None)))
# Where a tool remembers it.
_CHECKER = "checker"


@dataclass(frozen=True, slots=True)
class _Checker:
    validator: jsonschema_rs.Validator
    cost: SchemaCost


_Size = tuple[int, int]  # how deep the arguments nest, and how many parts they have


def check_arguments(tool: Tool, arguments: Mapping[str, object]) -> str | None:
    """None when the arguments fit the tool's input schema, else what does not fit, and where.

    Dialect: the schema's `$schema`, else 2020-12 (MCP spec 2025-11-25, JSON Schema Usage). A schema
    that cannot be used, or costs too much, accepts everything: the server checks for itself.
    """
    checker = tool.memo[_CHECKER] if _CHECKER in tool.memo else _remember_checker(tool)
    if checker is None:
        return None
    instance = arguments if isinstance(arguments, dict) else dict(arguments)
    size = _measure(instance)
    if size[0] > MAX_DEPTH:
        return f"{INTRODUCTION}: they are nested more than {MAX_DEPTH} levels deep."
    try:
        if _is_too_much(checker.cost, size, instance):
            return None
        if checker.validator.is_valid(instance):
            return None
        if _is_too_much_to_tell(checker.cost, size):
            return f"{INTRODUCTION}, and are too large to tell where."
        return _tell(checker.validator.iter_errors(instance))
    except (TypeError, ValueError):
        return None  # a value that JSON does not have


def _remember_checker(tool: Tool) -> _Checker | None:
    checker = tool.memo[_CHECKER] = _find_checker(tool.input_schema)
    return checker


def _find_checker(schema: Mapping[str, object]) -> _Checker | None:
    if not schema:
        return None
    try:
        return _compile(orjson.dumps(schema))
    except TypeError:
        return None  # it did not come from JSON: numbers beyond 64 bits, lone surrogates


# Each user's own session lists its own equal copy of the tools.
@lru_cache(CACHED_SCHEMAS)
def _compile(text: bytes) -> _Checker | None:
    if len(text) > MAX_SCHEMA_BYTES:
        _note("it is too large")
        return None
    schema = orjson.loads(text)
    cost = schema_cost(schema)
    if cost is None:
        _note("it refers to other documents, or is too intricate")
        return None
    try:
        validator = jsonschema_rs.validator_for(
            schema,
            validate_formats=False,
            retriever=_refuse,
            pattern_options=PATTERN_OPTIONS,
            mask="a value",  # large values would be copied into messages nobody reads
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        _note(str(error).partition("\n")[0])
        return None
    return _Checker(validator, cost)


def _note(reason: str) -> None:
    reason = _plain(reason, MAX_RULE_CHARACTERS)
    log.debug("An input schema is not used to check arguments: %s", reason)


def _refuse(_uri: str) -> NoReturn:
    raise LookupError("a schema may refer to itself only")


def _measure(arguments: dict[str, object]) -> _Size:
    """The size of a JSON value, looked at no deeper than just beyond `MAX_DEPTH`."""
    for value in arguments.values():
        if type(value) not in _SCALARS:
            break
    else:
        return 1, len(arguments)
    depth = parts = 0
    layer: list[Any] = [arguments]
    while layer and depth <= MAX_DEPTH:
        depth += 1
        parts += sum(map(len, layer))
        layer = [
            child
            for parent in layer
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, _CONTAINERS)
        ]
    return depth, parts


def _is_too_much(cost: SchemaCost, size: _Size, instance: object) -> bool:
    depth, parts = size
    levels = depth if cost.recursions else 1
    if parts * cost.weight > MAX_CHECK_WORK or levels * cost.depth > MAX_FRAMES:
        return True
    return cost.patterns > 0 and len(orjson.dumps(instance)) * cost.patterns > MAX_PATTERN_WORK


def _is_too_much_to_tell(cost: SchemaCost, size: _Size) -> bool:
    """Telling violations follows every recursion anew; `is_valid` remembers what it has seen."""
    depth, parts = size
    times: int = max(1, cost.recursions) ** depth
    return parts * cost.weight * times > MAX_TELL_WORK


def _tell(errors: Iterable[ValidationError]) -> str | None:
    """One sentence of all violations; the same one is told once, however many ways led to it."""
    told = [*dict.fromkeys(text for error in errors for text in _violations(error))]
    if not told:
        return None
    more = f"; and {len(told) - MAX_TOLD} more" if len(told) > MAX_TOLD else ""
    return f"{INTRODUCTION}: {'; '.join(told[:MAX_TOLD])}{more}."


def _violations(error: ValidationError) -> Iterator[str]:
    kind, path = error.kind, error.instance_path
    if isinstance(kind, ValidationErrorKind.Required):
        yield f"{_pointer([*path, kind.property])} is required"
    elif isinstance(
        kind, ValidationErrorKind.AdditionalProperties | ValidationErrorKind.UnevaluatedProperties
    ):
        yield from (f"{_pointer([*path, name])} is not allowed" for name in kind.unexpected)
    elif isinstance(kind, ValidationErrorKind.PropertyNames):
        yield f"{_pointer(path)} has a property whose name {_rule(kind.error)}"
    else:
        yield f"{_pointer(path)} {_rule(error)}"


def _rule(error: ValidationError) -> str:
    """What the schema demands; made of the schema's own words and numbers only."""
    kind = error.kind
    if kind.name in _COUNTS:
        return _count(kind)
    if kind.name in _LIMITS:
        return f"{_LIMITS[kind.name]} {_json(kind.value)}"
    if isinstance(kind, ValidationErrorKind.Enum):
        return f"must be one of {_json(kind.options, brackets=False)}"
    if isinstance(kind, ValidationErrorKind.Type):
        return f"must be of type {' or '.join(sorted(kind.types))}"
    if isinstance(kind, ValidationErrorKind.Pattern):
        return f"must match the pattern {_plain(kind.pattern, MAX_RULE_CHARACTERS)}"
    if isinstance(kind, ValidationErrorKind.OneOfMultipleValid):
        return "must fit only one alternative of oneOf"
    if isinstance(kind, ValidationErrorKind.AnyOf | ValidationErrorKind.OneOfNotValid):
        types = _types_of(kind.context, error.instance_path)
        return f"must be of type {types}" if types else f"must fit an alternative of {kind.name}"
    # `contains` has three keywords, and a `false` schema is told by the keyword it stands under.
    keyword = error.schema_path[-1] if error.schema_path else None
    return _PLAIN.get(str(keyword)) or _PLAIN.get(kind.name) or f"must fit {kind.name}"


def _types_of(
    alternatives: Iterable[Iterable[ValidationError]], path: list[str | int]
) -> str | None:
    """`integer or null`, where each alternative asks for another type and for nothing else."""
    types: set[str] = set()
    for errors in alternatives:
        kinds = [error.kind if error.instance_path == path else None for error in errors]
        if len(kinds) != 1 or not isinstance(kinds[0], ValidationErrorKind.Type):
            return None
        types.update(kinds[0].types)
    return " or ".join(sorted(types))


_LIMITS = {
    "const": "must be",
    "minimum": "must be at least",
    "maximum": "must be at most",
    "exclusiveMinimum": "must be more than",
    "exclusiveMaximum": "must be less than",
    "multipleOf": "must be a multiple of",
    "contentEncoding": "must have the encoding",
    "contentMediaType": "must have the media type",
}
_COUNTS = {
    "minLength": ("at least", "character", "characters"),
    "maxLength": ("at most", "character", "characters"),
    "minItems": ("at least", "item", "items"),
    "maxItems": ("at most", "item", "items"),
    "additionalItems": ("at most", "item", "items"),
    "minProperties": ("at least", "property", "properties"),
    "maxProperties": ("at most", "property", "properties"),
}
_PLAIN = {
    "additionalProperties": "must have no properties",
    "contains": "must hold an item that fits contains",
    "falseSchema": "is not allowed",
    "maxContains": "holds too many items that fit contains",
    "minContains": "holds too few items that fit contains",
    "not": "must not fit the schema under not",
    "unevaluatedItems": "must have no further items",
    "uniqueItems": "must not hold the same item twice",
}


def _count(kind: ValidationErrorKind) -> str:
    bound, one, many = _COUNTS[kind.name]
    return f"must have {bound} {_json(kind.value)} {one if kind.value == 1 else many}"


def _pointer(path: Iterable[str | int]) -> str:
    """A JSON Pointer (RFC 6901) with its names cut; `/` alone is the arguments as a whole."""
    names = (_plain(str(name), MAX_NAME_CHARACTERS) for name in path)
    return "/" + "/".join(name.replace("~", "~0").replace("/", "~1") for name in names)


def _json(value: object, *, brackets: bool = True) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return _plain(text if brackets else text[1:-1], MAX_RULE_CHARACTERS)


def _plain(text: str, limit: int) -> str:
    """The text on one line, cut where it is too long."""
    cut = text if len(text) <= limit else text[:limit] + "…"
    return cut if cut.isprintable() else "".join(c if c.isprintable() else "�" for c in cut)
