"""Defaults of arguments, as far as GraphQL can say them."""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt

from app.domain.typed.shapes import EnumShape, Leaf, ListShape, Slot, is_int32
from app.domain.unset import UNSET, Unset

MAX_TEXT_CHARACTERS = 500
MAX_ITEMS = 50
# What bounds a value of each kind (JSON Schema Validation 2020-12, section 6), and how.
Bounds = Mapping[str, Callable[[float, float], bool]]
NUMBERS: Bounds = {"minimum": ge, "maximum": le, "exclusiveMinimum": gt, "exclusiveMaximum": lt}
LENGTHS: Bounds = {"minLength": ge, "maxLength": le}
ITEMS: Bounds = {"minItems": ge, "maxItems": le}


def default_of(slot: Slot, value: object) -> object | Unset:
    """The default with enum values by their GraphQL names; UNSET where there is none to be told.

    None is no default: an argument that is left out says as much.
    """
    shape = slot.shape
    if isinstance(shape, EnumShape):
        return next((name for name, text in shape.values.items() if text == value), UNSET)
    if isinstance(shape, ListShape):
        return _list_default(shape, value)
    return value if isinstance(shape, Leaf) and _is_leaf(shape, value) else UNSET


def is_within(schema: Mapping[str, object], value: object) -> bool:
    """Whether a default keeps the bounds beside it. A server would refuse one that does not."""
    size = len(value) if isinstance(value, str | list) else value
    if isinstance(size, bool) or not isinstance(size, int | float):
        return True
    bounds = LENGTHS if isinstance(value, str) else ITEMS if isinstance(value, list) else NUMBERS
    return all(
        keeps(size, bound)
        for word, keeps in bounds.items()
        if isinstance(bound := schema.get(word), int | float)
    )


def _list_default(shape: ListShape, value: object) -> object | Unset:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        return UNSET
    items = [default_of(shape.item, item) for item in value]
    return UNSET if UNSET in items else items


def _is_leaf(leaf: Leaf, value: object) -> bool:
    if isinstance(value, bool):
        return leaf is Leaf.BOOLEAN
    if isinstance(value, str):
        return leaf is Leaf.STRING and len(value) <= MAX_TEXT_CHARACTERS
    if isinstance(value, int):
        return leaf in {Leaf.FLOAT, Leaf.INTEGER} or (leaf is Leaf.INT and is_int32(value))
    return isinstance(value, float) and leaf is Leaf.FLOAT
