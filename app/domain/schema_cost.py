"""How much work a JSON Schema can make, known before it meets anybody's arguments.

A few references that each name the next twice, or a recursive one that names itself twice, make
small schemas and small values cost minutes. Such a schema would stop everybody's requests, since
checking holds the interpreter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

# Parts with references written out; tools have tens or hundreds.
MAX_WEIGHT = 10_000
# The checker recurses into the schema as well as into the value.
MAX_SCHEMA_DEPTH = 1_000
MAX_PATTERNS = 200
# One `unevaluatedProperties` makes the checker evaluate what is beneath it again: nested, they
# multiply.
MAX_UNEVALUATED = 2
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
UNEVALUATED = ("unevaluatedProperties", "unevaluatedItems")


@dataclass(frozen=True, slots=True)
class SchemaCost:
    """What bounds the work of one check.

    `weight` counts the parts with every reference written out, `depth` how deep they nest,
    `recursions` the references that lead back into themselves, `patterns` the regular expressions.
    """

    weight: int
    depth: int
    recursions: int
    patterns: int


def schema_cost(schema: Mapping[str, object]) -> SchemaCost | None:
    """What checking with the schema costs; None where that is too much or cannot be told.

    It cannot where a reference is no JSON Pointer into this schema (RFC 6901), or where a part
    has a base URI of its own (JSON Schema 2020-12, section 8.2).
    """
    base = "id" if "draft-04" in str(schema.get("$schema")) else "$id"
    weight = depth = recursions = patterns = unevaluated = 0
    # Definitions cost nothing until they are referred to.
    root = {k: v for k, v in schema.items() if k not in {"$defs", "definitions"}}
    stack: list[tuple[object, int, frozenset[str]]] = [(root, 1, frozenset({"#"}))]
    while stack:
        node, level, path = stack.pop()
        if isinstance(node, dict):
            if node is not root and isinstance(node.get(base), str):
                return None
            for reference in _references(node):
                target = find_pointer(schema, reference)
                if target is None:
                    return None
                if reference in path:
                    recursions += 1
                else:
                    stack.append((target, level + 1, path | {reference}))
            patterns += _count_patterns(node)
            unevaluated += sum(keyword in node for keyword in UNEVALUATED)
            children = [*node.values()]
        else:
            children = node if isinstance(node, list) else []
        stack += [(child, level + 1, path) for child in children if isinstance(child, dict | list)]
        weight, depth = weight + 1 + len(children), max(depth, level)
        if weight > MAX_WEIGHT or depth > MAX_SCHEMA_DEPTH:
            return None
    if patterns > MAX_PATTERNS or unevaluated > MAX_UNEVALUATED:
        return None
    return SchemaCost(weight, depth, recursions, patterns)


def _references(node: Mapping[str, object]) -> Iterator[str]:
    for keyword in REFERENCES:
        reference = node.get(keyword)
        if isinstance(reference, str):
            yield reference


def _count_patterns(node: Mapping[str, object]) -> int:
    named = node.get("patternProperties")
    return isinstance(node.get("pattern"), str) + (len(named) if isinstance(named, dict) else 0)


def find_pointer(schema: Mapping[str, object], reference: str) -> object | None:
    """What a JSON Pointer in a fragment names; None for any other reference, and for nothing."""
    if reference == "#":
        return schema
    if not reference.startswith("#/"):
        return None
    found: object = schema
    for token in unquote(reference[2:]).split("/"):
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found
