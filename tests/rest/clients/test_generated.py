"""Clients that others' generators make of openapi.json: they compile, and call a running server."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.product import ROOT, Product

DOCUMENT = ROOT / "openapi.json"
TYPESCRIPT = Path(__file__).parent / "typescript"
BERN = json.dumps({"city": sha256(b"Bern").hexdigest()})
TOOLS = ["fingerprint", "pid", "environment", "leak", "slow", "crash"]
# What its user writes against the generated package `client`.
PROGRAM = """
import json, sys
from client import Client
from client.api.packages import get_package_by_server
from client.api.servers import get_server
from client.api.tools import call_tool
from client.models import ErrorCode, Failure, ServerAnswer, ToolCallBody, ToolResultAnswer
from client.models.tool_call_body_args_type_0 import ToolCallBodyArgsType0 as Args

here = Client(base_url=sys.argv[1], raise_on_unexpected_status=True)
body = ToolCallBody(server_name="fp", method_name="fingerprint", args=Args.from_dict({"city": "Bern"}))
called = call_tool.sync(client=here, body=body, idempotency_key="from-python")
assert isinstance(called, ToolResultAnswer), called
listed = get_server.sync("fp", client=here)
assert isinstance(listed, ServerAnswer), listed
missing = get_package_by_server.sync_detailed("nothing", client=here)
assert isinstance(missing.parsed, Failure), missing
assert missing.parsed.code is ErrorCode.PACKAGE_NOT_FOUND
print(json.dumps({
    "text": called.data.to_dict()["content"][0]["text"],
    "tools": [tool.name for tool in listed.server.tools_list],
    "status": missing.status_code.value,
    "code": missing.parsed.code.value,
}))
"""
EXPECTED = {"text": BERN, "tools": TOOLS, "status": 404, "code": "PACKAGE_NOT_FOUND"}


def run(command: list[str], folder: Path) -> str:
    """What the program prints; it must end well."""
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": tools}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_a_python_client_compiles_and_calls(product: Product, tmp_path: Path) -> None:
    generate = ["openapi-python-client", "generate", "--meta", "none"]
    run([*generate, "--path", str(DOCUMENT), "--output-path", str(tmp_path / "client")], tmp_path)
    run([sys.executable, "-W", "error", "-m", "compileall", "-q", "client"], tmp_path)
    (tmp_path / "use.py").write_text(PROGRAM, encoding="utf-8")
    answer = run([sys.executable, "use.py", product.address], tmp_path)
    assert json.loads(answer) == EXPECTED


def test_a_typescript_client_compiles_and_calls(product: Product, tmp_path: Path) -> None:
    shutil.copytree(TYPESCRIPT, tmp_path, dirs_exist_ok=True)
    run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], tmp_path)
    run(["npx", "--no-install", "openapi-typescript", str(DOCUMENT), "-o", "api.d.ts"], tmp_path)
    run(["npx", "--no-install", "tsc"], tmp_path)
    answer = run(["node", "use.js", product.address], tmp_path)
    assert json.loads(answer) == EXPECTED
