"""Requests to one server: stamped for its revision, answered raw, failing in words."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from mcp.client.context import ClientRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import INTERNAL_ERROR, ElicitRequestParams, ElicitResult

from app.domain.errors import AppError, ErrorCode, NotSent, invalid
from app.domain.ports import CallListener
from app.sessions.calls import log_message_of, progress_of
from app.sessions.era import Stamp
from app.sessions.wire import (
    ConnectionClosed,
    NotDelivered,
    RequestOptions,
    UnsendableMessage,
    Wire,
)

# How many times a server may ask for input during one request before we give up on it.
MAX_ROUNDS = 10


class Conversation:
    """What is said to a server over one wire."""

    def __init__(self, wire: Wire, server_name: str) -> None:
        self._wire = wire
        self._name = server_name
        self.stamp = Stamp("", None)
        # Set when a request could not be delivered: new calls need a new session.
        self.is_spent = False
        # Set when a caller gave up on a request: the server may be past answering.
        self.is_doubted = False
        self.end_reason: str | None = None

    async def send(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        listener: CallListener | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The raw result of a request; `schema` is the called tool's.

        Raises:
            MCPError, UnsendableMessage: See `Wire.send_raw_request`, and `in_words`.
        """
        options: RequestOptions = {}
        if listener is not None:
            options["on_progress"] = partial(_report, listener)
        if self._wire.has_headers:
            options["headers"] = self.stamp.headers(method, params, schema)
            if listener is not None:
                options["on_log"] = partial(_hand_on, listener)
        try:
            for _ in range(MAX_ROUNDS):
                raw = await self._wire.send_raw_request(method, self.stamp.params(params), options)
                if raw.get("resultType") != "input_required":
                    return raw
                params = _declined(params, raw)
        except asyncio.CancelledError:
            self.is_doubted = True
            raise
        raise MCPError(INTERNAL_ERROR, f"it asked for input more than {MAX_ROUNDS} times")

    async def is_answered(self) -> bool:
        """True when the server has answered a ping, be it with an error."""
        method = "server/discover" if self.stamp.is_modern else "ping"
        options: RequestOptions = {"headers": self.stamp.headers(method, None, None)}
        try:
            await self._wire.send_raw_request(method, self.stamp.params(None), options)
        except MCPError:
            return True  # a closed wire is noticed elsewhere
        return True

    async def how_it_ended(self) -> str:
        """Why the session ended, in words."""
        return self.end_reason or await self._wire.how_it_ended()

    async def in_words(self, error: MCPError | UnsendableMessage) -> AppError:
        """What went wrong with a request, as callers are told."""
        if isinstance(error, UnsendableMessage):
            return invalid(f"The arguments cannot be sent as JSON: {error}.", "arguments")
        if isinstance(error, NotDelivered):
            self.is_spent = True
            reason = error.reason or await self.how_it_ended()
            told = f"Server {self._name!r} could not be reached: {reason}."
            return NotSent(ErrorCode.SERVER_FAILED, told)
        if isinstance(error, ConnectionClosed):
            return AppError(
                ErrorCode.SERVER_FAILED,
                f"Server {self._name!r} ended during the call: {await self.how_it_ended()}.",
                hint="The next call starts it again. Whether this one had an effect is not known.",
            )
        told = f"answered with an error: {error.error.message} ({error.error.code})"
        return AppError(ErrorCode.SERVER_FAILED, f"Server {self._name!r} {told}.")


async def _report(
    listener: CallListener, progress: float, total: float | None, message: str | None
) -> None:
    listener.on_progress(progress_of(progress, total, message))


def _hand_on(listener: CallListener, told: Mapping[str, Any]) -> None:
    listener.on_log(log_message_of(told))


def _declined(params: Mapping[str, Any], raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request again, with every question declined (MCP spec 2026-07-28, Multi Round-Trip)."""
    asked = raw.get("inputRequests")
    again: dict[str, Any] = {k: v for k, v in params.items() if k != "inputResponses"}
    if isinstance(asked, dict) and asked:
        for question in asked.values():
            if not isinstance(question, dict) or question.get("method") != "elicitation/create":
                raise MCPError(INTERNAL_ERROR, "it asked for what is not offered here")
        again["inputResponses"] = {name: {"action": "decline"} for name in asked}
    if "requestState" in raw:
        again["requestState"] = raw["requestState"]
    return again


async def decline(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    """Nobody is there to be asked."""
    return ElicitResult(action="decline")
