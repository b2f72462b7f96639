"""Calling tools by their typed fields, over HTTP, against a server that tells what it received."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.product import JSON, Product, eventually
from tests.resolvers.typed.asking import TOOLS, Listed, ask, data, entry, error_code
from tests.subjects import records

ORDER = entry(
    "order-pizza",
    {
        "size": {"enum": ["small", "extra large"]},
        "count": {"type": "integer"},
        "price": {"type": "number"},
        "extra-toppings": {"type": "array", "items": {"$ref": "#/$defs/Topping"}},
        "note": {"type": ["string", "null"]},
        "street": {"type": "string"},
        "anything": {},
        "door": {"type": "integer", "minimum": 0, "maximum": 99, "default": 7},
    },
    required=["size"],
)
ORDER["inputSchema"]["$defs"] = {
    "Topping": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "with": {"$ref": "#/$defs/Topping"}},
        "required": ["name"],
    }
}
WEATHER = entry(
    "weather",
    outputSchema={
        "type": "object",
        "properties": {
            "degrees": {"type": "number"},
            "sky": {"enum": ["clear", "rain or snow"]},
            "next-days": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["degrees"],
    },
)
PAUSE = {"pause": {"type": "number"}}


@pytest.fixture(scope="module")
def pizza(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listed]:
    folder = tmp_path_factory.mktemp("pizza")
    pizza = Listed(product, "pizza", folder / "tools.json", folder / "record.jsonl")
    pizza.write(ORDER)
    pizza.add()
    yield pizza
    product.rest("DELETE", "/mcp/servers/pizza")


def received(pizza: Listed, arguments: str, **variables: object) -> Any:
    """What the server got for these arguments of `order-pizza`."""
    declared = "".join(f"${name}: {kind} " for name, kind in KINDS.items() if name in variables)
    head = f"mutation ({declared})" if declared else "mutation"
    query = f"{head} {{ pizza {{ order__pizza({arguments}) {{ text isError }} }} }}"
    result = data(pizza.product, query, **variables)["pizza"]["order__pizza"]
    assert result["isError"] is False, result
    return json.loads(result["text"])


KINDS = {"size": "Pizza_OrderPizza_Size!", "note": "String", "street": "String", "json": "JSON"}


@pytest.mark.parametrize(
    ("arguments", "variables", "json_arguments"),
    [
        ("size: small", {}, {"size": "small"}),
        ("size: extra_x20_large", {}, {"size": "extra large"}),
        ("size: $size", {"size": "extra_x20_large"}, {"size": "extra large"}),
        ("size: small, count: 12345678901", {}, {"size": "small", "count": 12345678901}),
        ("size: small, price: 2", {}, {"size": "small", "price": 2}),
        ("size: small, price: 2.5", {}, {"size": "small", "price": 2.5}),
        # Only where the schema knows a null is one sent.
        ("size: small, note: null", {}, {"size": "small", "note": None}),
        ("size: small, street: null", {}, {"size": "small"}),
        ("size: small, street: $street", {"street": None}, {"size": "small"}),
        ("size: small, door: 8", {}, {"size": "small", "door": 8}),
        (
            'size: small, extra__toppings: [{name: "a", with: {name: "b"}}]', {},
            {"size": "small", "extra-toppings": [{"name": "a", "with": {"name": "b"}}]},
        ),
        ("size: small, anything: $json", {"json": {"a": [1]}}, {"size": "small", "anything": {"a": [1]}}),
    ],
)  # fmt: skip
def test_arguments_arrive_as_the_tool_knows_them(
    pizza: Listed, arguments: str, variables: Any, json_arguments: dict[str, Any]
) -> None:
    assert received(pizza, arguments, **variables) == {"door": 7, **json_arguments}


@pytest.mark.parametrize(
    "arguments",
    ["", "size: huge", "size: small, count: 1.5", 'size: small, count: "1"', "size: small, door: null",
     f"size: small, count: {2**64}", "size: small, count: " + 30 * "1",
     "size: small, extra__toppings: [{}]", "size: small, unknown: 1"],
)  # fmt: skip
def test_arguments_of_a_wrong_type_are_refused_before_any_call(
    pizza: Listed, arguments: str
) -> None:
    calls = pizza.calls()
    given = f"({arguments})" if arguments else ""
    answer = ask(pizza.product, f"mutation {{ pizza {{ order__pizza{given} {{ text }} }} }}")
    assert error_code(answer) == "INVALID_INPUT"
    assert pizza.calls() == calls


def test_structured_content_has_the_type_of_its_output_schema(listed: Listed) -> None:
    value = {"degrees": 3, "sky": "rain or snow", "next-days": [1, 2], "more": True}
    listed.write(WEATHER, weather=value)
    listed.add()
    query = """mutation { listed { weather {
        structured { degrees sky next__days } structuredContent __typename } } }"""
    assert data(listed.product, query)["listed"]["weather"] == {
        "structured": {"degrees": 3.0, "sky": "rain_x20_or_x20_snow", "next__days": [1, 2]},
        "structuredContent": value,
        "__typename": "Listed_Weather_Result",
    }


MISFITS = {
    "/degrees": {"degrees": "3"},
    "/sky": {"degrees": 1, "sky": "x"},
    "/next-days/1": {"degrees": 1, "next-days": [1, "x"]},
}


def test_structured_content_of_another_type_is_an_error_beside_the_rest(listed: Listed) -> None:
    listed.write(
        *({**WEATHER, "name": f"w{n}"} for n in range(3)),
        **dict(zip(("w0", "w1", "w2"), MISFITS.values(), strict=True)),
    )
    listed.add()
    for number, (where, value) in enumerate(MISFITS.items()):
        query = f"""mutation {{ listed {{ w{number} {{
            text structured {{ degrees }} structuredContent }} }} }}"""
        answer = ask(listed.product, query)
        assert error_code(answer) == "SERVER_FAILED"
        assert f" {where}." in answer["errors"][0]["message"]
        assert answer["data"]["listed"][f"w{number}"] == {
            "text": "{}", "structured": None, "structuredContent": value,
        }  # fmt: skip


def test_a_tool_that_reports_failure_is_data(listed: Listed) -> None:
    listed.write(entry("fail"))
    listed.add()
    result = data(listed.product, "mutation { listed { fail { isError text structuredContent } } }")
    assert result["listed"]["fail"] == {"isError": True, "text": "{}", "structuredContent": None}


def test_a_tool_without_a_usable_schema_takes_json(listed: Listed) -> None:
    listed.write({"name": "free", "inputSchema": {"type": "object"}})
    listed.add()
    query = "mutation ($a: JSON) { listed { free(arguments: $a) { text } } }"
    assert data(listed.product, query, a={"x": 1})["listed"]["free"]["text"] == '{"x": 1}'
    assert error_code(ask(listed.product, query, a=[1])) == "INVALID_INPUT"


def test_calls_of_a_mutation_run_in_the_order_they_are_written(listed: Listed) -> None:
    listed.write(entry("slow", PAUSE), entry("quick"), entry("fail"))
    listed.add()
    query = """mutation {
      listed { slow(pause: 0.2) { text } fail { text } quick { text } }
      again: listed { quick { text } }
    }"""
    data(listed.product, query)
    order = ["slow", "fail", "quick", "quick"]
    assert [r.get("began") or r.get("ended") for r in records(listed.record)] == [
        name for name in order for _ in range(2)
    ]


def test_a_call_that_fails_leaves_the_others_their_results(listed: Listed) -> None:
    listed.write(entry("slow", PAUSE), entry("quick"))
    listed.add()
    query = """mutation {
      hurried: listed(timeoutSeconds: 0.2) { slow(pause: 5) { text } }
      listed { quick { text } }
    }"""
    answer = ask(listed.product, query)
    assert error_code(answer) == "TOOL_TIMEOUT"
    assert answer["errors"][0]["path"] == ["hurried", "slow"]
    assert answer["data"] == {"hurried": {"slow": None}, "listed": {"quick": {"text": "{}"}}}


def test_a_call_ends_when_its_client_leaves(listed: Listed) -> None:
    listed.write(entry("slow", PAUSE))
    listed.add()
    body = orjson.dumps({"query": "mutation { listed { slow(pause: 60) { text } } }"})
    with httpx.Client(base_url=listed.product.address, trust_env=False, timeout=0.5) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post(TOOLS, content=body, headers=JSON)
    eventually(lambda: {"cancelled": True} in records(listed.record))


def test_an_argument_that_a_declared_secret_fills_is_hidden_and_filled(listed: Listed) -> None:
    key = "a value only alice has"
    listed.write(
        entry("echo", {"key": {"type": "string"}, "x": {"type": "string"}}, required=["key"])
    )
    binding = {"name": "key", "delivery": "ARGUMENT", "required": True}
    listed.add(secrets=[binding])
    listed.product.set_secret("listed", "key", key, "alice")

    query = 'mutation { listed(username: "alice") { echo(x: "1") { text } } }'
    text = data(listed.product, query)["listed"]["echo"]["text"]
    assert json.loads(text) == {"key": "[secret]", "x": "1"}
    assert listed.calls()[-1]["arguments"] == {"key": key, "x": "1"}

    nobody = ask(listed.product, 'mutation { listed(username: "bob") { echo { text } } }')
    assert error_code(nobody) == "SECRET_MISSING"
    given = ask(listed.product, 'mutation { listed { echo(key: "mine") { text } } }')
    assert error_code(given) == "INVALID_INPUT"
    assert len(listed.calls()) == 1
