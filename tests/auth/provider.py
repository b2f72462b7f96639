"""An identity provider on this machine: discovery, keys that can be rotated, and tokens."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

AUDIENCE = "https://mcp-api.example"
NEW_KEYS = {
    "RS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "PS256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class Provider:
    """What it serves can be changed while it runs; it counts how often its keys are read."""

    def __init__(self) -> None:
        self.issuer = ""
        self.keys: dict[str, tuple[str, Any]] = {}
        self.reads = 0
        self.is_broken = False
        self.discovery: dict[str, object] = {}

    def add_key(self, kid: str, algorithm: str) -> None:
        self.keys[kid] = (algorithm, NEW_KEYS[algorithm]())

    def jwk(self, kid: str) -> dict[str, object]:
        algorithm, key = self.keys[kid]
        public = json.loads(get_default_algorithms()[algorithm].to_jwk(key.public_key()))
        return {**public, "kid": kid, "alg": algorithm, "use": "sig"}

    def claims(self, **changes: object) -> dict[str, object]:
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self.issuer, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 600,
        }  # fmt: skip
        claims.update(changes)
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, kid: str, *, header: dict[str, object] | None = None, **claims: object) -> str:
        algorithm, key = self.keys[kid]
        return jwt.encode(
            self.claims(**claims), key, algorithm, headers={"kid": kid, **(header or {})}
        )

    async def serve_keys(self, _request: web.Request) -> web.Response:
        self.reads += 1
        if self.is_broken:
            return web.Response(status=500)
        return web.json_response({"keys": [self.jwk(kid) for kid in self.keys]})

    async def serve_discovery(self, _request: web.Request) -> web.Response:
        return web.json_response(self.discovery)


@asynccontextmanager
async def running_provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.router.add_get("/keys", provider.serve_keys)
    app.router.add_get("/.well-known/openid-configuration", provider.serve_discovery)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    provider.issuer = f"http://127.0.0.1:{port}"
    provider.discovery = {"issuer": provider.issuer, "jwks_uri": f"{provider.issuer}/keys"}
    provider.add_key("one", "RS256")
    yield provider
    await runner.cleanup()
