"""No door reaches a use case but through the gate."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"
DOORS = ("resolvers", "rest", "gateway")
# What decides nothing: it renders, or asks the policy itself.
PURE = {
    "app.services.health.check_health": "tells nothing of anybody",
    "app.services.idempotency.answer_once": "keeps answers by caller; its work passes the gate",
    "app.services.packages.view_package": "of a package that the caller has been shown",
    "app.services.sessions.memory_of": "of a session that the caller has been shown",
}


def imported_functions() -> set[str]:
    found = set()
    for door in DOORS:
        for path in (APP / door).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                    "app.services"
                ):
                    found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("name", sorted(imported_functions() - PURE.keys()))
def test_a_service_that_a_door_uses_asks_who_is_calling(name: str) -> None:
    module, _, function = name.rpartition(".")
    used = getattr(importlib.import_module(module), function)
    if not inspect.isfunction(used):
        return  # a type, or a constant
    parameters = [*inspect.signature(used).parameters.values()]
    if not parameters or parameters[0].name not in ("deps", "context"):
        return  # it cannot reach anything
    assert [p.name for p in parameters[:2]] == ["deps", "caller"]
