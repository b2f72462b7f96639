"""Where a serving product can be reached, told to commands on the same data folder."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from app.settings import Settings


def address_file(folder: Path) -> Path:
    """Where a serving product keeps its address."""
    return folder / "address"


def base_address(listener: socket.socket, settings: Settings) -> str:
    """The address that the product listens on, without a path."""
    scheme = "http" if settings.tls_cert_file is None else "https"
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@contextlib.contextmanager
def told_address(folder: Path, listener: socket.socket, settings: Settings) -> Iterator[None]:
    """Commands on the same data folder find the product meanwhile; an old address is replaced."""
    path, base = address_file(folder), base_address(listener, settings)
    base = base.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    path.write_text(base, encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
