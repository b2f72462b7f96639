"""A real package from one version to another and back, through both doors."""

from typing import Any

import pytest

from tests.graphql_documents import (
    INSTALL_PACKAGE,
    PACKAGE_UPDATES,
    PACKAGES,
    UNINSTALL_PREVIEW,
    UPGRADE_ALL,
    UPGRADE_PACKAGE,
)
from tests.product import Product

MEMORY = "@modelcontextprotocol/server-memory"
OLD = "2025.4.25"
SQLITE = {
    "packageName": "mcp-server-sqlite",
    "serverName": "sqlite",
    "version": OLD,
    "runtime": "PYTHON",
}


def upgrade(product: Product, **given: object) -> Any:
    return product.graphql(UPGRADE_PACKAGE, input={"serverName": "memory", **given})


def test_an_upgrade_that_changes_tools_waits_is_approved_and_taken_back(shared: Product) -> None:
    given = {"packageName": MEMORY, "serverName": "memory", "version": OLD}
    policy = {"upgradePolicy": "HOLD_BREAKING"}
    made = shared.graphql(INSTALL_PACKAGE, input={**given, **policy})
    assert made["__typename"] == "InstalledPackage", made
    assert shared.call("memory", "read_graph")
    shared.set_secret("memory", "key", "a value", "ada")

    (update,) = shared.graphql(PACKAGE_UPDATES)
    newest = update["latestVersion"]
    assert (update["currentVersion"], update["updateAvailable"]) == (OLD, True)
    path = "/packages/by-id/memory"
    assert shared.rest("GET", path, params={"checkUpdates": "true"}).json()["package"][
        "latestVersion"
    ] == newest  # fmt: skip

    look = upgrade(shared, dryRun=True)
    assert look["__typename"] == "UpgradedPackage", look
    assert (look["version"], look["switched"], look["toolDiff"]["breaking"]) == (
        newest,
        False,
        True,
    )
    (outcome,) = shared.graphql(UPGRADE_ALL)
    assert outcome["error"]["__typename"] == "HeldForApprovalError"
    held = upgrade(shared)
    assert (held["__typename"], held["code"]) == ("HeldForApprovalError", "HELD_FOR_APPROVAL")
    assert held["heldUpgrade"] == {"version": newest, "toolDiff": look["toolDiff"]}
    answer = shared.rest("PUT", "/packages/memory/upgrade")
    assert (answer.status_code, answer.json()["code"]) == (409, "HELD_FOR_APPROVAL")
    assert shared.rest("GET", path).json()["package"]["version"] == OLD

    preview = shared.graphql(UNINSTALL_PREVIEW, serverName="memory")
    assert preview["users"] == [{"username": "ada", "secrets": 1}]
    assert (preview["liveSessions"], len(preview["folders"])) == (1, 2)

    done = upgrade(shared, approve=True)
    assert (done["__typename"], done["switched"]) == ("UpgradedPackage", True), done
    assert done["package"]["lastToolDiff"] == done["toolDiff"] == look["toolDiff"]
    assert shared.call("memory", "read_graph")
    back = shared.rest("PUT", "/packages/memory/rollback").json()
    assert (back["package"]["version"], back["package"]["previousVersion"]) == (OLD, newest)
    assert back["package"]["lastUpgraded"] is not None
    assert shared.call_rest("memory", "read_graph")
    assert shared.rest("DELETE", "/packages/memory").json() == {"success": True}
    assert not (shared.data_dir / "packages" / "memory").exists()


@pytest.mark.soak
def test_a_python_server_written_for_mcp_1_gets_it_by_itself(shared: Product) -> None:
    args = {"args": ["--db-path", str(shared.data_dir / "test.db")]}
    made = shared.graphql(INSTALL_PACKAGE, input={**SQLITE, **args})
    assert made["__typename"] == "InstalledPackage", made
    assert made["package"]["requirements"] == ["mcp<2"]
    (package,) = shared.graphql(PACKAGES)["nodes"]
    assert package["requestedVersion"] == OLD
    assert shared.call("sqlite", "list_tables")
    assert shared.rest("DELETE", "/packages/sqlite").json() == {"success": True}


def test_a_package_that_is_no_mcp_server_leaves_nothing(shared: Product) -> None:
    given = {"packageName": "left-pad", "serverName": "pad", "startupTimeoutSeconds": 20}
    made = shared.graphql(INSTALL_PACKAGE, input=given)
    assert (made["__typename"], made["code"]) == ("ServerError", "SERVER_DID_NOT_START"), made
    assert not (shared.data_dir / "packages" / "pad").exists()
    assert shared.rest("GET", "/mcp/servers/pad").status_code == 404
