"""Operations by hash: registered by clients, or trusted by the operator."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.resolvers.engine.engine import Engine
from app.resolvers.engine.options import EngineOptions
from app.resolvers.engine.trusted import NoTrustedDocuments, read_trusted
from app.resolvers.schema import build_engine

QUERY = "query ($with: Boolean = true) { __typename @include(if: $with) }"
ANSWER = {"__typename": "Query"}


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def by_hash(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}


def code_of(result: Any) -> str:
    (error,) = result.errors
    return str(error.extensions["code"])


async def test_a_text_is_registered_once_and_asked_for_by_its_hash() -> None:
    engine = build_engine()
    unknown = await engine.execute(None, operation_extensions=by_hash(QUERY))
    assert code_of(unknown) == "PERSISTED_QUERY_NOT_FOUND"
    assert (unknown.errors or [])[0].message == "PersistedQueryNotFound"
    registered = await engine.execute(QUERY, operation_extensions=by_hash(QUERY))
    assert registered.data == ANSWER
    assert (await engine.execute(None, operation_extensions=by_hash(QUERY))).data == ANSWER


async def test_a_text_under_another_texts_hash_is_refused_and_not_kept() -> None:
    engine = build_engine()
    wrong = await engine.execute("{ viewer { username } }", operation_extensions=by_hash(QUERY))
    assert code_of(wrong) == "INVALID_INPUT"
    asked = await engine.execute(None, operation_extensions=by_hash(QUERY))
    assert code_of(asked) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_text_that_holds_values_is_run_and_not_kept() -> None:
    engine, text = build_engine(), '{ __type(name: "Query") { name } }'
    assert (await engine.execute(text, operation_extensions=by_hash(text))).data is not None
    asked = await engine.execute(None, operation_extensions=by_hash(text))
    assert code_of(asked) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "persisted",
    [3, "x", {}, {"version": 1}, {"version": 2, "sha256Hash": digest(QUERY)},
     {"version": 1, "sha256Hash": "../etc/passwd"}, {"version": 1, "sha256Hash": 7}],
    ids=range(7),
)  # fmt: skip
async def test_what_is_no_hash_is_refused(persisted: object) -> None:
    result = await build_engine().execute(QUERY, operation_extensions={"persistedQuery": persisted})
    assert code_of(result) == "INVALID_INPUT"


@pytest.fixture
def trusting(tmp_path: Path) -> Engine:
    path = tmp_path / "trusted.json"
    path.write_text(json.dumps({"any key": QUERY}))
    return build_engine(EngineOptions(trusted=read_trusted(path)))


async def test_only_trusted_documents_are_run(trusting: Engine) -> None:
    assert (await trusting.execute(QUERY)).data == ANSWER
    assert (await trusting.execute(None, operation_extensions=by_hash(QUERY))).data == ANSWER
    for text in ("{ __typename }", QUERY + " ", "mutation { __typename }"):
        assert code_of(await trusting.execute(text)) == "OPERATION_NOT_ALLOWED"
        asked = await trusting.execute(text, operation_extensions=by_hash(text))
        assert code_of(asked) == "OPERATION_NOT_ALLOWED"
        # A trusted hash lets no other text in.
        asked = await trusting.execute(text, operation_extensions=by_hash(QUERY))
        assert code_of(asked) == "OPERATION_NOT_ALLOWED"
    events = await trusting.stream("{ __typename }")
    assert [code_of(event) async for event in events] == ["OPERATION_NOT_ALLOWED"]


@pytest.mark.parametrize("content", ["", "{", "3", '{"a": 3}', "[1]"])
def test_a_file_that_is_none_is_refused_at_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "trusted.json"
    path.write_text(content)
    with pytest.raises(
        NoTrustedDocuments, match=r"trusted\.json (cannot be read as JSON|must hold)"
    ):
        read_trusted(path)
