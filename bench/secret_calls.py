"""What secrets add to a call: the whole way over HTTP, with a server that does next to nothing.

Fair because all users call the same program through the same product in one run, taking turns, and
every answer is read and compared. A server that works for its answer makes every share smaller.

`no secrets` is the baseline. `10 secrets` finds, opens, merges, sends and masks; `10 secrets, not
masked` does all that but the masking of results: the difference of the two is what masking costs.
CPU is that of the product's process, without its children and without the client.
"""

from functools import partial
from secrets import token_urlsafe

import psutil

from bench.echoing import Echoing, echoing
from bench.harness import Call, Report, Sample, Sizes, interleave, measure_calls

BASELINE = "no secrets"
SECRETS = 10
RESULTS = (("100 B", 100), ("100 KB", 100_000))
WORDS = "the quick brown fox jumps over the lazy dog, and "


async def run(sizes: Sizes) -> Report:
    """CPU of the product for each call of one caller."""
    report = Report("secret_calls", sizes, "CPU µs/call", BASELINE)
    async with echoing() as product:
        for server in ("echo", "unmasked"):
            for number in range(SECRETS):
                await product.set_secret(server, f"key{number}", token_urlsafe(32), "ada")
        for label, size in RESULTS:
            text = (WORDS * (size // len(WORDS) + 1))[:size]
            ways = {
                BASELINE: product.call("echo", text, "bob"),
                "10 secrets, not masked": product.call("unmasked", text, "ada"),
                "10 secrets": product.call("echo", text, "ada"),
            }
            contestants = {
                name: partial(_sample, product, way, sizes.calls) for name, way in ways.items()
            }
            report.add(await interleave(contestants, sizes.repetitions), result=label)
    return report


async def _sample(product: Echoing, call: Call, calls: int) -> Sample:
    process = psutil.Process(product.product.process.pid)
    before = process.cpu_times()
    sample = await measure_calls(call, calls=calls, callers=1)
    after = process.cpu_times()
    cpu = after.user + after.system - before.user - before.system
    return {"CPU µs/call": max(cpu, 0.001) / calls * 1e6, "calls/s": sample["calls/s"]}
