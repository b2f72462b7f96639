"""Packages as a command sees them: GraphQL, over HTTP to a running product or without one."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Protocol

import aiohttp
import orjson

ERROR = "... on Error { code message hint }"
DIFF = "toolDiff { added removed changed { name aspects details } }"
DONE = "package { name version } server { name tools(first: 500) { nodes { name description } } }"
INSTALL = f"""mutation ($input: InstallPackageInput!) {{
  done: installPackage(input: $input) {{ __typename ... on InstalledPackage {{ {DONE} }} {ERROR} }}
}}"""
UPGRADE = f"""mutation ($input: UpgradePackageInput!) {{
  done: upgradePackage(input: $input) {{
    __typename ... on UpgradedPackage {{ version switched {DIFF} {DONE} }}
    ... on HeldForApprovalError {{ heldUpgrade {{ version {DIFF} }} }} {ERROR}
  }}
}}"""
ROLL_BACK = f"""mutation ($input: RollbackPackageInput!) {{
  done: rollbackPackage(input: $input) {{
    __typename ... on UpgradedPackage {{ version switched {DIFF} {DONE} }} {ERROR}
  }}
}}"""
UNINSTALL = f"""mutation ($input: UninstallPackageInput!) {{
  done: uninstallPackage(input: $input) {{ __typename {ERROR} }}
}}"""
CANCEL = f"""mutation ($input: CancelPackageOperationInput!) {{
  done: cancelPackageOperation(input: $input) {{ __typename {ERROR} }}
}}"""
PREVIEW = """query ($serverName: String!) {
  done: uninstallPreview(serverName: $serverName) {
    package { name version } tools users { username secrets } liveSessions folders
  }
}"""
PACKAGES = """query ($after: String, $check: Boolean!) {
  done: packages(first: 200, after: $after, checkUpdates: $check) {
    nodes { serverName name version runtime status latestVersion updateAvailable error
      heldUpgrade { version } }
    pageInfo { hasNextPage endCursor }
  }
}"""
PROGRESS = """subscription ($serverName: String) {
  event: packageProgress(serverName: $serverName) { phase message }
}"""
CONNECT_SECONDS = 5.0


class PackageProblem(Exception):
    """Why a command cannot do it, in one sentence or two."""


class Product(Protocol):
    """Something that answers GraphQL."""

    async def ask(self, query: str, variables: Mapping[str, object]) -> Mapping[str, Any]:
        """The whole answer: `data` and `errors`."""

    def follow(
        self, query: str, variables: Mapping[str, object]
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """The answers of a subscription."""


class HttpProduct:
    """A running product."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{address}/graphql"
        self._session = session

    async def ask(self, query: str, variables: Mapping[str, object]) -> Mapping[str, Any]:
        """The whole answer: `data` and `errors`."""
        body = {"query": query, "variables": variables}
        try:
            async with self._session.post(self._url, json=body, allow_redirects=False) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise PackageProblem(f"What should answer at {self._url} does not.") from None
        if not isinstance(answer, dict):
            raise PackageProblem(f"What answers at {self._url} is no MCP API.")
        return answer

    async def follow(
        self, query: str, variables: Mapping[str, object]
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        """The answers of a subscription, as server-sent events."""
        body = {"query": query, "variables": variables}
        headers = {"Accept": "text/event-stream"}
        async with self._session.post(self._url, json=body, headers=headers) as response:
            async for line in response.content:
                if line.startswith(b"data:") and line[5:].strip():
                    yield orjson.loads(line[5:])


class PackageClient:
    """What the commands on packages ask of a product."""

    def __init__(self, product: Product) -> None:
        self._product = product

    async def change(self, mutation: str, **given: object) -> Mapping[str, Any]:
        """What a mutation did.

        Raises:
            PackageProblem: Why not.
        """
        done: Mapping[str, Any] = await self.read(mutation, input=given)
        if "message" in done:
            raise PackageProblem(" ".join(filter(None, (done["message"], done["hint"]))))
        return done

    async def read(self, query: str, **variables: object) -> Any:
        """The operation's only field.

        Raises:
            PackageProblem: It could not be executed.
        """
        answer = await self._product.ask(query, variables)
        if answer.get("errors"):
            error = answer["errors"][0]
            hint = (error.get("extensions") or {}).get("hint")
            raise PackageProblem(" ".join(filter(None, (error.get("message"), hint))))
        return answer["data"]["done"]

    async def packages(self, *, check: bool) -> list[Mapping[str, Any]]:
        """Every package, by server name."""
        found: list[Mapping[str, Any]] = []
        after = None
        while True:
            page = await self.read(PACKAGES, after=after, check=check)
            found += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]

    async def progress(self, server_name: str) -> AsyncGenerator[tuple[str, str], None]:
        """Phases and messages of the operations on that server's package."""
        variables = {"serverName": server_name}
        async with aclosing(self._product.follow(PROGRESS, variables)) as answers:
            async for answer in answers:
                event = (answer.get("data") or answer.get("payload", {}).get("data") or {}).get(
                    "event"
                )
                if event is not None:
                    yield event["phase"], event["message"]
