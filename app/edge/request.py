"""A request whose body nearly always is one message."""

from starlette.requests import ClientDisconnect, Request


class WholeRequest(Request):
    """Starlette's, which reads its body without a generator for each."""

    async def body(self) -> bytes:
        """The whole body, as often as it is asked for.

        Raises:
            ClientDisconnect: The client left before it had come.
        """
        if not hasattr(self, "_body"):
            parts: list[bytes] = []
            has_more = True
            while has_more:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                parts.append(message.get("body", b""))
                has_more = message.get("more_body", False)
            self._body = parts[0] if len(parts) == 1 else b"".join(parts)
        return self._body
