"""GraphiQL in a real browser: a query and a subscription, and nothing from elsewhere."""

import asyncio
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.product import Product

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
TOKEN = "a-token-that-only-this-test-knows-0123456789"
INSTALL = {"name": "mcp-hello-world", "serverName": "hello"}


def chromium() -> str:
    """The browser; CI must have one, a developer may do without."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and "CI" not in os.environ:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    assert found is not None, "CI must install Chromium"
    return found


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("b")).start()
    yield product
    product.stop()


class Watched:
    """A page, and everything it asked for or complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.urls: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.urls.append(request.url))
        page.on("websocket", lambda socket: self.urls.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type == "error" else None
            ),
        )

    async def run(self, tab: str) -> None:
        """Press the tab, then play."""
        await self.page.locator(".graphiql-tab-button", has_text=tab).click()
        # GraphiQL reads the operation's name a moment after the text changed, and shows nowhere
        # when it has; no person is as fast as this test would be.
        await self.page.wait_for_timeout(1000)
        await self.page.locator(".graphiql-execute-button").click()


async def test_examples_are_at_hand_and_a_tab_keeps_its_own_text(product: Product) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        watched = await open_page(browser, product)
        page, editor = watched.page, watched.page.locator(".graphiql-query-editor")
        await page.get_by_role("button", name="Show Examples").click()
        for _ in range(2):
            await page.get_by_role("button", name="Give a user a secret").click()
            await expect(editor).to_contain_text("mutation SetSecret")
            await expect(page.locator(".graphiql-editor-tool")).to_contain_text("only alice has")
            await page.get_by_role("button", name="Servers, newest first").click()
            await expect(editor).to_contain_text("query Newest")
        await watched.run("Newest")
        await expect(page.locator(".result-window")).to_contain_text('"hasNextPage": false')
        await page.get_by_role("button", name="Headers").click()
        await browser.close()
    assert watched.complaints == []


async def test_the_typed_tools_have_the_same_page_with_their_own_examples(
    product: Product,
) -> None:
    product.add_fingerprint("own-server")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        watched = await open_page(browser, product, "/graphql/tools")
        await watched.run("Fields")
        result = watched.page.locator(".result-window")
        await expect(result).to_contain_text('"field": "own__server"')
        await browser.close()
    assert watched.complaints == []
    assert f"{product.address}/graphql/tools" in watched.urls


async def test_a_server_that_needs_a_token_says_how_to_get_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    product = Product(tmp_path_factory.mktemp("t"), ADMIN_TOKEN=TOKEN).start()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = await browser.new_page(color_scheme="dark")
        await page.goto(product.address)
        await expect(page.get_by_text("wants to know who you are")).to_be_visible()
        await expect(page.get_by_text("mcp-api tokens create")).to_be_visible()
        for wrong in ("wrong", "no header carries this: \u20ac"):
            await page.get_by_label("API token").fill(wrong)
            await expect(page.get_by_role("alert")).to_have_count(0)
            await page.get_by_role("button", name="Go on").click()
            await expect(page.get_by_role("alert")).to_contain_text("does not know that token")
        await page.get_by_label("API token").fill(TOKEN)
        await page.get_by_role("button", name="Go on").click()
        watched = Watched(page)
        await watched.run("Overview")
        await expect(page.locator(".result-window")).to_contain_text('"username"')
        await watched.run("Progress")
        await page.locator("button[aria-label^='Stop']").wait_for()
        await asyncio.sleep(1)  # a refusal would end the subscription
        await expect(page.locator("button[aria-label^='Stop']")).to_be_visible()
        stored = await page.evaluate("JSON.stringify([localStorage, sessionStorage])")
        await browser.close()
    product.stop()
    assert TOKEN not in stored
    assert TOKEN not in product.output()


async def open_page(browser: Browser, product: Product, path: str = "") -> Watched:
    """The product's address, as a person would open it."""
    page = await browser.new_page()
    watched = Watched(page)
    await page.goto(product.address + path)
    await page.locator(".graphiql-execute-button").wait_for()
    return watched


async def test_a_query_and_a_subscription_run_and_no_request_leaves_the_machine(
    product: Product,
) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        watched = await open_page(browser, product)
        result = watched.page.locator(".result-window")

        await watched.run("Overview")
        await expect(result).to_contain_text('"username": "default"')

        await watched.run("Progress")
        await watched.page.locator("button[aria-label^='Stop']").wait_for()
        await expect_install(product, watched)

        await watched.page.get_by_role("button", name="Show Documentation Explorer").click()
        await expect(watched.page.locator(".graphiql-doc-explorer")).to_contain_text("Root Types")
        stored = await watched.page.evaluate("JSON.stringify(localStorage)")
        await browser.close()
    assert "packageProgress" not in stored
    assert watched.complaints == []
    own = (product.address, product.address.replace("http", "ws"), "data:")
    assert [url for url in watched.urls if not url.startswith(own)] == []
    assert any(url.startswith("ws") for url in watched.urls)


async def expect_install(product: Product, watched: Watched) -> None:
    """An install begun elsewhere shows up in the page while it runs, and its end too."""
    install = asyncio.create_task(
        asyncio.to_thread(product.rest, "POST", "/packages/install", INSTALL)
    )
    result = watched.page.locator(".result-window")
    await expect(result).to_contain_text('"serverName": "hello"', timeout=60_000)
    assert (await install).status_code == 200
    await expect(result).to_contain_text('"phase": "DONE"')
