"""The page of the REST routes in a real browser: it shows, it calls, and nothing is from elsewhere."""

from collections.abc import Iterator
from hashlib import sha256

import pytest
from playwright.async_api import async_playwright, expect

from tests.browser.test_graphiql import FLAGS, Watched, chromium
from tests.product import Product

CALL = '{"serverName": "fp", "methodName": "fingerprint", "args": %s}'
TOKEN = "the-admin-token-of-this-test-run-0123456789"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("d"), ADMIN_TOKEN=TOKEN).start()
    product.http.headers["Authorization"] = f"Bearer {TOKEN}"
    product.add_fingerprint("fp")
    assert product.call("fp", "pid")
    yield product
    product.stop()


async def test_the_page_shows_every_route_and_calls_one_and_no_request_leaves_the_machine(
    product: Product,
) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        watched = Watched(page := await browser.new_page())
        await page.goto(f"{product.address}/docs")
        operation = page.locator("#operations-tools-listTools")
        await expect(operation).to_contain_text("The tools of enabled servers", timeout=30_000)
        await expect(page.locator(".opblock")).to_have_count(28)

        await page.locator(".btn.authorize").click()
        await page.locator("#auth-bearer-value").fill(TOKEN)
        await page.locator(".auth-btn-wrapper .authorize").click()
        await page.locator(".auth-btn-wrapper .btn-done").click()

        await operation.click()
        await operation.locator("button.execute").click()
        await expect(operation.locator(".live-responses-table")).to_contain_text("fingerprint")

        call = page.locator("#operations-tools-callTool")
        await call.click()
        key = call.get_by_placeholder("Idempotency-Key")
        await expect(key).to_have_value("")  # else the page would ask for the same answer each time
        for sent in ('{"city": "Bern"}', '{"city": "Basel"}'):
            await call.locator("textarea").fill(CALL % sent)
            await call.locator("button.execute").click()
            answer = call.locator(".live-responses-table")
            await expect(answer).to_contain_text(sha256(sent[10:-2].encode()).hexdigest())

        await page.locator("#select").select_option(label="Your tools")
        await expect(page.locator("#operations-fp-fp__pid")).to_contain_text("/fp/pid")
        await browser.close()
    assert watched.complaints == []
    own = (product.address, "data:")
    assert [url for url in watched.urls if not url.startswith(own)] == []
