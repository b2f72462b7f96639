"""An MCP server over stdio with one tool, which returns as much text as it is asked for.

The answer for each length is worked out once: a call costs next to nothing but the writing of it.
"""

import functools
import json
import sys

from stdio_echo import answer_to  # type: ignore[import-not-found]

TOOL = {
    "name": "text",
    "inputSchema": {"type": "object", "properties": {"kilobytes": {"type": "integer"}}},
}
# Line ends and quotes, as files and JSON have them: the client has to look at every byte.
LINE = 'the quick brown fox "jumps" over the lazy dog\n'


@functools.cache
def result_of(kilobytes: int) -> str:
    """The result, as JSON."""
    length = kilobytes * 1000
    text = (LINE * (length // len(LINE) + 1))[:length]
    return json.dumps({"content": [{"type": "text", "text": text}], "isError": False})


def main() -> None:
    """Answer until stdin ends."""
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if message["method"] == "tools/call":
            result = result_of(message["params"]["arguments"]["kilobytes"])
        elif message["method"] == "tools/list":
            result = json.dumps({"tools": [TOOL]})
        elif (answer := answer_to(message)) is not None:
            result = json.dumps(answer["result"])
        else:
            continue
        told = f'{{"jsonrpc": "2.0", "id": {json.dumps(message["id"])}, "result": {result}}}\n'
        sys.stdout.buffer.write(told.encode())
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
