"""A Python package index of our own (PEP 503), with a password, for what no real one is asked."""

import base64
import contextlib
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from aiohttp import web

PASSWORD = "planted-password"


@dataclass(frozen=True, slots=True)
class Release:
    """A version of the package; `name` is `tiny` throughout."""

    version: str
    python: str = ">=3.8"
    is_yanked: bool = False

    @property
    def file(self) -> str:
        return f"tiny-{self.version}-py3-none-any.whl"

    def wheel(self) -> bytes:
        """The smallest wheel with a module that can be run."""
        info = f"tiny-{self.version}.dist-info"
        contents = {
            "tiny/__main__.py": "print('tiny')\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {self.version}\n"
            f"Requires-Python: {self.python}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{path},,\n" for path in (*contents, f"{info}/RECORD"))
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for path, text in {**contents, f"{info}/RECORD": record}.items():
                archive.writestr(zipfile.ZipInfo(path), text)
        return file.getvalue()

    def link(self) -> str:
        digest = hashlib.sha256(self.wheel()).hexdigest()
        yanked = ' data-yanked="bad"' if self.is_yanked else ""
        python = self.python.replace(">", "&gt;").replace("<", "&lt;")
        return f'<a href="/files/{self.file}#sha256={digest}" data-requires-python="{python}"{yanked}>{self.file}</a>'


@contextlib.asynccontextmanager
async def index(releases: Sequence[Release]) -> AsyncIterator[str]:
    """The address of an index with these releases of `tiny`, credentials included."""
    wanted = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    files = {release.file: release.wheel() for release in releases}

    def check(request: web.Request) -> None:
        if request.headers.get("Authorization") != wanted:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Basic"})

    async def page(request: web.Request) -> web.Response:
        check(request)
        if request.match_info["name"] != "tiny":
            raise web.HTTPNotFound
        text = "<!DOCTYPE html>" + "".join(release.link() for release in releases)
        return web.Response(text=text, content_type="text/html")

    async def file(request: web.Request) -> web.Response:
        check(request)
        return web.Response(body=files[request.match_info["name"]])

    app = web.Application()
    app.router.add_get("/simple/{name}/", page)
    app.router.add_get("/files/{name}", file)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://me:{PASSWORD}@127.0.0.1:{port}/simple"
    finally:
        await runner.cleanup()
