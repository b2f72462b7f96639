"""A running product that takes the tokens of an identity provider, at every door."""

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.auth.provider import AUDIENCE, Provider, running_provider
from tests.identity.callers import ADMIN_TOKEN
from tests.product import Product


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
async def product(
    provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    settings = {
        "OIDC_ISSUER": provider.issuer,
        "OIDC_AUDIENCE": AUDIENCE,
        "OIDC_ROLE_NAMES": "mcp-admins=admin, mcp-operators=operator",
        "ADMIN_TOKEN": ADMIN_TOKEN,
    }
    product = Product(tmp_path_factory.mktemp("p"), **settings)
    await asyncio.to_thread(product.start)
    yield product
    await asyncio.to_thread(product.stop)


async def viewer(product: Product, text: str) -> tuple[int, object]:
    async with httpx.AsyncClient(base_url=product.address, trust_env=False, timeout=30) as client:
        response = await client.post(
            "/graphql",
            json={"query": "{ viewer { username roles groups credential credentialName } }"},
            headers={"Authorization": f"Bearer {text}"},
        )
    answer = response.json()
    if "errors" in answer:
        return response.status_code, answer["errors"][0]["extensions"]["code"]
    return response.status_code, answer["data"]["viewer"]


async def test_a_token_of_the_provider_is_taken(product: Product, provider: Provider) -> None:
    text = provider.token("one", roles=["mcp-operators", "admin"], groups=["red"])
    assert await viewer(product, text) == (
        200,
        {
            "username": "ada",
            "roles": ["OPERATOR"],
            "groups": ["red"],
            "credential": "OIDC",
            "credentialName": provider.issuer,
        },
    )
    status, caller = await viewer(product, ADMIN_TOKEN)
    assert status == 200
    assert isinstance(caller, dict)
    assert caller["credential"] == "ADMIN_TOKEN"


async def test_a_forged_one_is_not_and_neither_is_repeated(
    product: Product, provider: Provider
) -> None:
    forger = Provider()
    forger.issuer = provider.issuer
    forger.add_key("one", "RS256")
    text = forger.token("one", roles=["mcp-admins"])
    assert await viewer(product, text) == (401, "UNAUTHENTICATED")
    assert text not in product.output()


async def test_the_user_of_the_first_days_is_not_the_providers(
    product: Product, provider: Provider
) -> None:
    """`default` has what was set before anybody had to say who they are, and is an admin's."""
    for name in ("default", "admin", "mcp-api"):
        text = provider.token("one", sub=name)
        assert await viewer(product, text) == (401, "UNAUTHENTICATED")
    day = provider.token("one", exp=int(time.time()) + 2 * 86_400)
    assert await viewer(product, day) == (401, "UNAUTHENTICATED")


async def test_an_mcp_client_learns_where_to_get_a_token(
    product: Product, provider: Provider
) -> None:
    async with httpx.AsyncClient(base_url=product.address, trust_env=False) as client:
        refused = await client.post("/mcp", json={})
        assert refused.status_code == 401
        place = f"{product.address}/.well-known/oauth-protected-resource/mcp"
        assert refused.headers["www-authenticate"] == (
            f'Bearer realm="mcp-api", resource_metadata="{place}"'
        )
        told = (await client.get(place)).json()
        assert told == {
            "resource": f"{product.address}/mcp",
            "authorization_servers": [provider.issuer],
            "bearer_methods_supported": ["header"],
        }
