"""The small environments that children get; never the gateway's own."""

import os
from collections.abc import Iterable, Mapping

# What a program needs to find its way around; nothing that could be a credential.
BASE = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR")
# What an installer needs to reach its registry from this network.
NETWORK = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
    "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
)  # fmt: skip


def base_environment() -> dict[str, str]:
    """What every child gets."""
    return _pick(BASE)


def installer_environment(prefix: str, *names: str) -> dict[str, str]:
    """What an installer gets: the base, the network's settings, and its own (`npm_config_…`)."""
    own = [name for name in os.environ if name.lower().startswith(prefix)]
    return _pick((*BASE, *NETWORK, *own, *names))


def _pick(names: Iterable[str], source: Mapping[str, str] = os.environ) -> dict[str, str]:
    return {name: source[name] for name in names if name in source}
