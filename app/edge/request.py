"""A request whose body nearly always is here at once, or one message."""

from starlette.requests import ClientDisconnect, Request

from app.edge.at_once import at_once_of


class WholeRequest(Request):
    """Starlette's, which reads its body without a generator for each."""

    async def body(self) -> bytes:
        """The whole body, as often as it is asked for.

        Raises:
            ClientDisconnect: The client left before it had come.
        """
        if not hasattr(self, "_body"):
            at_once = at_once_of(self.scope)
            body = None if at_once is None else at_once.take_body()
            self._body = await self._receive_all() if body is None else body
        return self._body

    async def _receive_all(self) -> bytes:
        parts: list[bytes] = []
        has_more = True
        while has_more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            has_more = message.get("more_body", False)
        return parts[0] if len(parts) == 1 else b"".join(parts)
