"""Values between GraphQL and JSON: what is not given is not sent, and what comes back fits."""

import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.typed.names import encode_name
from app.domain.typed.shapes import EnumShape, Leaf, ListShape, ObjectRef, Shapes, Slot
from app.domain.typed.shaping import input_shapes, output_shapes
from app.domain.typed.values import Misfit, to_arguments, to_output

NAMES = st.sampled_from(["a", "b-c", "d.e", "__f", "天", "", "null"])
LEAVES = st.sampled_from(
    [
        {"type": "string"}, {"type": "boolean"}, {"type": "number"}, {"type": "integer"},
        {"type": "integer", "minimum": 0, "maximum": 9}, {"type": ["string", "null"]},
        {"enum": ["x", "y z"]}, {},
    ]
)  # fmt: skip
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda items: {"type": "array", "items": items}, inner)
        | st.builds(
            lambda properties, is_all: {
                "type": "object",
                "properties": properties,
                "required": [*properties] if is_all else [],
            },
            st.dictionaries(NAMES, inner, min_size=1, max_size=3),
            st.booleans(),
        )
    ),
    max_leaves=6,
)


@st.composite
def with_value(draw: st.DrawFn) -> tuple[dict[str, Any], Shapes, Any]:
    """A schema, its shapes, and a value that fits, as JSON."""
    properties: dict[str, Any] = draw(st.dictionaries(NAMES, SCHEMAS, min_size=1, max_size=3))
    schema = {"type": "object", "properties": properties, "required": [*properties]}
    shapes = output_shapes(schema)
    assert shapes is not None
    return schema, shapes, {k: draw(value_of(v)) for k, v in properties.items()}


def value_of(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        return st.lists(value_of(schema["items"]), max_size=2)
    if kind == "object":
        each = {name: value_of(inner) for name, inner in schema["properties"].items()}
        needed = {name: each[name] for name in schema["required"]}
        others = {name: own for name, own in each.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=others)
    if kind == "integer":
        return st.integers(0, 9) if "maximum" in schema else st.integers(-(2**63), 2**64 - 1)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        "string": st.text(max_size=3),
        "boolean": st.booleans(),
        "number": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99),
    }
    if isinstance(kind, list):
        return st.none() | st.text(max_size=3)
    return plain.get(kind, st.none() | st.lists(st.integers(), max_size=2))


@settings(deadline=None, max_examples=40)
@given(with_value())
def test_what_a_tool_answers_can_be_given_back_as_arguments(case: Any) -> None:
    schema, shapes, value = case
    taken = input_shapes(schema)
    assert taken is not None
    assert to_arguments(taken, to_output(shapes, value)) == value


@settings(deadline=None, max_examples=40)
@given(with_value())
def test_what_is_typed_has_names_that_graphql_allows(case: Any) -> None:
    _, shapes, value = case
    assert [*to_output(shapes, value)] == [
        encode_name(name) for name in shapes_names(shapes, value)
    ]


def shapes_names(shapes: Shapes, value: Mapping[str, object]) -> list[str]:
    return [field.name for field in shapes.root.fields.values() if field.name in value]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=5,
)


@settings(deadline=None, max_examples=40)
@given(with_value(), JSON)
def test_any_other_answer_either_fits_or_is_a_misfit(case: Any, answer: Any) -> None:
    """Whatever comes through has no null where the type knows none, and no wrong leaf."""
    _, shapes, _ = case
    try:
        told = to_output(shapes, answer)
    except Misfit:
        return
    for name, field in shapes.root.fields.items():
        assert not field.is_required or fits(shapes, field.slot, told[name])


def fits(shapes: Shapes, slot: Slot, value: Any) -> bool:
    shape = slot.shape
    if value is None:
        return slot.is_nullable
    if isinstance(shape, ObjectRef):
        fields = shapes.objects[shape.key].fields
        return all(
            fits(shapes, f.slot, value[n]) if n in value else not f.is_required
            for n, f in fields.items()
        )
    if isinstance(shape, ListShape):
        return isinstance(value, list) and all(fits(shapes, shape.item, item) for item in value)
    if isinstance(shape, EnumShape):
        return value in shape.values
    kinds: dict[Leaf, Any] = {
        Leaf.STRING: str, Leaf.BOOLEAN: bool, Leaf.INT: int, Leaf.INTEGER: (int, float),
        Leaf.FLOAT: (int, float), Leaf.JSON: object,
    }  # fmt: skip
    return isinstance(value, kinds[shape])


def test_a_null_that_the_schema_does_not_know_is_left_out() -> None:
    shapes = input_shapes(
        {
            "properties": {
                "plain": {"type": "string"},
                "nullable": {"type": ["string", "null"]},
                "needed": {"type": ["string", "null"]},
            },
            "required": ["needed"],
        }
    )
    assert shapes is not None
    assert to_arguments(shapes, {"plain": None, "nullable": None}) == {
        "nullable": None, "needed": None,
    }  # fmt: skip
    assert to_arguments(shapes, {}) == {"needed": None}


@pytest.mark.parametrize(
    ("given", "sent"), [(2.0, 2), (2.5, 2.5), (-0.0, 0), (1e300, 1e300), (2.0**53, 2.0**53)]
)
def test_a_float_without_a_fraction_is_sent_as_the_whole_number_it_is(
    given: float, sent: float
) -> None:
    shapes = input_shapes({"properties": {"x": {"type": "number"}}})
    assert shapes is not None
    value = to_arguments(shapes, {"x": given})["x"]
    assert (value, type(value)) == (sent, type(sent))


@pytest.mark.parametrize("kind", ["integer", "number"])
@pytest.mark.parametrize("value", [math.inf, math.nan, True, "1", 2.0**70])
def test_a_number_that_an_answer_could_not_hold_is_a_misfit(kind: str, value: object) -> None:
    shapes = output_shapes({"type": "object", "properties": {"x": {"type": kind}}})
    assert shapes is not None
    if (kind, value) == ("number", 2.0**70):
        assert to_output(shapes, {"x": value}) == {"x": value}
    else:
        with pytest.raises(Misfit):
            to_output(shapes, {"x": value})


def test_an_answer_that_nests_without_end_is_a_misfit() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    shapes = output_shapes(schema)
    assert shapes is not None
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"next": deep}
    with pytest.raises(Misfit):
        to_output(shapes, deep)
