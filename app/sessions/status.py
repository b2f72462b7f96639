"""How a server is doing, as its sessions show it."""

from collections.abc import Iterable, Mapping

from app.domain.server import ServerStatus
from app.domain.session import SessionState

STATUS: Mapping[SessionState, ServerStatus] = {
    SessionState.READY: ServerStatus.CONNECTED,
    SessionState.DRAINING: ServerStatus.CONNECTED,
    SessionState.STARTING: ServerStatus.CONNECTING,
    SessionState.WAITING: ServerStatus.CONNECTING,
    SessionState.BACKING_OFF: ServerStatus.ERROR,
    SessionState.FAILED: ServerStatus.ERROR,
    SessionState.ENDED: ServerStatus.DISCONNECTED,
}
# The better word wins where a server has several sessions.
BEST_FIRST = (ServerStatus.CONNECTED, ServerStatus.CONNECTING, ServerStatus.ERROR)


def best_status(states: Iterable[SessionState]) -> ServerStatus:
    """The status of a server whose sessions are in these states."""
    found = {STATUS[state] for state in states}
    return next((status for status in BEST_FIRST if status in found), ServerStatus.DISCONNECTED)
