"""The schema as a page for people: every operation and type with its description."""

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
    print_ast,
)
from graphql.utilities import ast_from_value

HEAD = """# GraphQL reference

Made from the schema by `make schema`; `make check` holds it. The guide is [graphql.md](graphql.md).
"""
KINDS: tuple[tuple[str, type[GraphQLNamedType]], ...] = (
    ("Objects", GraphQLObjectType),
    ("Interfaces", GraphQLInterfaceType),
    ("Unions", GraphQLUnionType),
    ("Inputs", GraphQLInputObjectType),
    ("Enums", GraphQLEnumType),
    ("Scalars", GraphQLScalarType),
)


def reference(schema: GraphQLSchema) -> str:
    """The page, in Markdown."""
    roots = [
        ("Queries", schema.query_type),
        ("Mutations", schema.mutation_type),
        ("Subscriptions", schema.subscription_type),
    ]
    lines = [HEAD]
    for title, root in roots:
        if root is not None:
            lines += [f"## {title}\n", *_operations(root)]
    others = [
        t
        for t in sorted(schema.type_map.values(), key=lambda t: t.name)
        if not is_introspection_type(t)
        and not is_specified_scalar_type(t)
        and t not in [root for _, root in roots]
    ]
    for title, kind in KINDS:
        lines.append(f"## {title}\n")
        for found in others:
            if isinstance(found, kind):
                lines += [f"### {found.name}\n", f"{_text(found.description)}\n", *_body(found)]
    return "\n".join(lines).rstrip() + "\n"


def _operations(root: GraphQLObjectType) -> Iterator[str]:
    for name, field in sorted(root.fields.items()):
        yield f"### {name}\n"
        yield f"{_text(field.description)}{_deprecation(field.deprecation_reason)}\n"
        if field.args:
            yield from _table("argument", field.args)
        yield f"Returns {_link(field)}.\n"


def _body(found: GraphQLNamedType) -> Iterator[str]:
    if isinstance(found, GraphQLObjectType) and found.interfaces:
        yield "Implements " + ", ".join(_to(i.name) for i in found.interfaces) + ".\n"
    if isinstance(found, GraphQLObjectType | GraphQLInterfaceType):
        yield from _fields(found.fields)
    elif isinstance(found, GraphQLInputObjectType):
        yield from _table("field", found.fields)
    elif isinstance(found, GraphQLUnionType):
        yield "One of " + ", ".join(_to(t.name) for t in found.types) + ".\n"
    elif isinstance(found, GraphQLEnumType):
        yield "| value | |\n|---|---|"
        for name, value in found.values.items():
            yield f"| `{name}` | {_text(value.description)} |"
        yield ""


def _fields(fields: Mapping[str, GraphQLField]) -> Iterator[str]:
    yield "| field | type | |\n|---|---|---|"
    for name, field in fields.items():
        arguments = ", ".join(f"{n}: {a.type}" for n, a in field.args.items())
        shown = f"{name}({arguments})" if arguments else name
        about = _text(field.description) + _deprecation(field.deprecation_reason)
        yield f"| `{shown}` | {_link(field)} | {about} |"
    yield ""


def _table(
    what: str, inputs: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]
) -> Iterator[str]:
    yield f"| {what} | type | default | |\n|---|---|---|---|"
    for name, value in inputs.items():
        about = _text(value.description) + _deprecation(value.deprecation_reason)
        yield f"| `{name}` | {_link(value)} | {_default(value)} | {about} |"
    yield ""


def _default(value: GraphQLArgument | GraphQLInputField) -> str:
    node = ast_from_value(value.default_value, value.type)
    return "" if node is None else f"`{print_ast(node)}`"


def _link(field: GraphQLField | GraphQLArgument | GraphQLInputField) -> str:
    named = get_named_type(field.type)
    shown = str(field.type)
    return f"`{shown}`" if is_specified_scalar_type(named) else _to(named.name, shown)


def _to(name: str, shown: str | None = None) -> str:
    return f"[`{shown or name}`](#{name.lower()})"


def _deprecation(reason: str | None) -> str:
    return "" if reason is None else f" **Deprecated:** {_text(reason)}"


def _text(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
