"""A running MCP API as an import sees it: over its GraphQL door, like any other client."""

from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from app.domain.delivery import SecretBinding
from app.domain.imports.plan import Existing, WantedSecret
from app.domain.package import InstallRequest
from app.domain.secret import SecretRef
from app.domain.server import ServerSettings
from app.settings import is_loopback

# An install waits for npm and for the server's first start.
REQUEST_SECONDS = 900.0
CONNECT_SECONDS = 5.0
PAGE = 200
SERVERS = """query ($after: String, $first: Int!) {
  page: servers(first: $first, after: $after) {
    nodes {
      name transport command args env cwd url headers
      secretBindings { name delivery target template }
      package { name version requestedVersion installPath }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
SECRETS = """query ($after: String, $first: Int!, $username: String) {
  page: secrets(first: $first, after: $after, username: $username) {
    nodes { name serverName username }
    pageInfo { hasNextPage endCursor }
  }
}"""
INSTALL = """mutation ($input: InstallPackageInput!) {
  done: installPackage(input: $input) { __typename ... on Error { message hint } }
}"""
ADD = """mutation ($input: AddServerInput!) {
  done: addServer(input: $input) { __typename ... on Error { message hint } }
}"""
SET = """mutation ($input: SetSecretInput!) {
  done: setSecret(input: $input) { __typename ... on Error { message hint } }
}"""


class ClientProblem(Exception):
    """Why the product cannot be used, in one sentence."""


def check_product_url(url: str) -> str:
    """The address without a slash at its end.

    Raises:
        ClientProblem: Secrets would travel to another machine in the clear, or it is no address.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise ClientProblem("--url is not an address.") from None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise ClientProblem("--url must be an address such as http://127.0.0.1:8080.")
    if parts.scheme == "http" and not is_loopback(host):
        raise ClientProblem(
            f"Secrets are not sent to {host} in the clear. Use https, or run this on that machine."
        )
    return url.rstrip("/")


class ImportClient:
    """What an import asks of the product. Failures of single things come back as sentences."""

    def __init__(self, url: str) -> None:
        self._url = check_product_url(url)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS, sock_connect=CONNECT_SECONDS)
        self._session = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def servers(self) -> dict[str, Existing]:
        """Every server that is there, by name."""
        found = [_existing(node) async for node in self._pages(SERVERS)]
        return {server.name: server for server in found}

    async def secrets(self, username: str) -> set[SecretRef]:
        """Which secrets a user has."""
        nodes = self._pages(SECRETS, username=username)
        return {SecretRef(n["username"], n["serverName"], n["name"]) async for n in nodes}

    async def install(self, request: InstallRequest) -> str | None:
        """Install a package; why not, when it could not be."""
        source = request.source
        return await self._change(
            INSTALL,
            {
                "packageName": source.name,
                "version": source.version,
                "runtime": source.runtime.name,
                "serverName": request.server_name,
                "command": source.command,
                "args": [*source.args],
                "requirements": [*source.requirements],
                "pythonModule": source.python_module,
                "indexUrl": source.index_url,
                "extraIndexUrls": [*source.extra_index_urls],
                "env": dict(request.env),
                "secrets": [_binding(b) for b in request.secrets],
                "enabled": request.is_enabled,
                "displayName": request.display_name,
                "description": request.description,
                "startupTimeoutSeconds": request.startup_timeout_seconds,
            },
        )

    async def add(self, settings: ServerSettings) -> str | None:
        """Add a server; why not, when it could not be."""
        return await self._change(
            ADD,
            {
                "serverName": settings.name,
                "transport": settings.transport.name,
                "command": settings.command,
                "args": [*settings.args],
                "env": dict(settings.env),
                "cwd": settings.cwd,
                "url": settings.url,
                "headers": dict(settings.headers),
                "secrets": [_binding(b) for b in settings.secrets],
                "enabled": settings.is_enabled,
                "displayName": settings.display_name,
                "description": settings.description,
                "startupTimeoutSeconds": settings.startup_timeout_seconds,
            },
        )

    async def set_secret(self, secret: WantedSecret) -> str | None:
        """Store a secret; why not, when it could not be."""
        ref = secret.ref
        return await self._change(
            SET,
            {
                "username": ref.username,
                "serverName": ref.server_name,
                "name": ref.name,
                "value": secret.value,
            },
        )

    async def _change(self, mutation: str, given: Mapping[str, object]) -> str | None:
        done = (await self._ask(mutation, input=given))["done"]
        if "message" not in done:
            return None
        return " ".join(filter(None, (done["message"], done["hint"])))

    async def _pages(self, query: str, **variables: object) -> AsyncIterator[dict[str, Any]]:
        after = None
        while True:
            page = (await self._ask(query, first=PAGE, after=after, **variables))["page"]
            for node in page["nodes"]:
                yield node
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    async def _ask(self, query: str, **variables: object) -> dict[str, Any]:
        answer = await self._post({"query": query, "variables": variables})
        errors = answer.get("errors")
        if errors:
            raise ClientProblem(f"{self._url} refused: {errors[0].get('message', 'no reason')}")
        data = answer.get("data")
        if not isinstance(data, dict):
            raise ClientProblem(f"What answers at {self._url} is no MCP API.")
        return data

    async def _post(self, body: object) -> dict[str, Any]:
        if self._session is None:
            raise ClientProblem("The client is not open.")
        try:
            # Not elsewhere: a redirect would take the secrets along.
            async with self._session.post(
                f"{self._url}/graphql", json=body, allow_redirects=False
            ) as response:
                answer = await response.json(content_type=None)
        except (TimeoutError, aiohttp.ClientConnectionError):
            raise ClientProblem(
                f"No MCP API answers at {self._url}. Start it with: mcp-api serve"
            ) from None
        except (aiohttp.ClientError, ValueError):
            raise ClientProblem(f"What answers at {self._url} is no MCP API.") from None
        if not isinstance(answer, dict):
            raise ClientProblem(f"What answers at {self._url} is no MCP API.")
        return answer


def _binding(binding: SecretBinding) -> dict[str, object]:
    return {
        "name": binding.name,
        "delivery": binding.delivery.name,
        "target": binding.target,
        "template": binding.template,
        "required": binding.is_required,
        "description": binding.description,
    }


def _existing(node: Mapping[str, Any]) -> Existing:
    package = node["package"] or {}
    ways = (
        (s["name"], s["delivery"].lower(), s["target"], s["template"])
        for s in node["secretBindings"]
    )
    return Existing(
        name=node["name"],
        transport=node["transport"].lower(),
        command=node["command"],
        args=tuple(node["args"]),
        env=node["env"],
        cwd=node["cwd"],
        url=node["url"],
        headers=node["headers"],
        secrets=frozenset(ways),
        package=package.get("name"),
        version=package.get("version"),
        requested_version=package.get("requestedVersion"),
        install_path=package.get("installPath", ""),
    )
