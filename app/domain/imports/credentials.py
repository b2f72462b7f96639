"""Telling a credential from a plain value, by its name and by its shape.

In doubt it is one: a plain value in the vault works as well, a credential outside leaks.
"""

import math
import re
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

# The last word of a name; `apikey` and `PGPASSWORD` are one word each.
_SECRET_WORD = re.compile(
    r".*(?:keys?|token|secrets?|passw(?:or)?d|passphrase|pwd|cookie|dsn)|pat|pass|credentials?"
    r"|auth|authorization|bearer|jwt|pin|otp"
)
_PASSWORD = re.compile(r"pass|pwd|pin$|otp$", re.IGNORECASE)
_PLAIN_LAST_WORD = frozenset(
    ("file", "path", "dir", "folder", "mode", "type", "method", "url", "uri", "endpoint", "host",
     "port", "prefix", "header", "timeout", "ttl", "limit", "name", "enabled", "scheme")
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PREFIXES = re.compile(
    r"sk-|[srp]k_(?:live|test)_|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|xapp-|AIza|ya29\.|npm_"
    r"|pypi-|hf_|SG\.|dop_v1_|lin_api_|ntn_|secret_|figd_|ATATT|shp(?:at|ss)_|tvly-|gsk_|pplx-"
    r"|xai-|r8_|whsec_|-----BEGIN "
)
_AWS_KEY = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}")
_JWT = re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")
_SCHEMED = re.compile(r"(Bearer|Basic|Token|Bot|ApiKey) +(\S.*)", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PATH = re.compile(r"(?:[A-Za-z]:[\\/]|\.{0,2}/|~).*")
_FLAGLIKE = re.compile(r"(?:true|false|yes|no|on|off|none|null|auto|[0-9]{1,4})", re.IGNORECASE)
_RUN = re.compile(r"[0-9A-Za-z]{16,}")
_TO_FILL_IN = re.compile(
    r"<[^<>]*>|\[[^\[\]]*\]|x{3,}|\*{3,}|\.{3}|(?:your|insert|enter|replace)[-_ ][a-z_ -]*"
    r"|changeme|todo",
    re.IGNORECASE,
)
SHORTEST_PREFIXED = 12
LEAST_ENTROPY_BITS = 3.0


def is_credential(name: str, value: str) -> bool:
    """Whether a value of that name is to be kept like a password."""
    if looks_like_credential(value):
        return True
    if not is_credential_name(name):
        return False
    return _PASSWORD.search(name) is not None or not _FLAGLIKE.fullmatch(value.strip())


def is_credential_name(name: str) -> bool:
    """Whether what goes by that name is usually secret: `API_KEY`, `X-Auth-Token`, `apiKey`."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _PLAIN_LAST_WORD:
        return False
    return any(_SECRET_WORD.fullmatch(word) for word in words)


def looks_like_credential(value: str) -> bool:
    """Whether a value is secret by its looks, whatever it is called."""
    value = value.strip()
    if _PREFIXES.match(value) and len(value) >= SHORTEST_PREFIXED:
        return True
    if _JWT.fullmatch(value) or _AWS_KEY.fullmatch(value) or _is_secret_address(value):
        return True
    schemed = _SCHEMED.fullmatch(value)
    if schemed is not None and " " not in schemed[2]:
        return True
    return _is_random(value)


def split_scheme(value: str) -> tuple[str, str]:
    """A header's value as the template around its credential, and the credential."""
    match = _SCHEMED.fullmatch(value)
    return ("{value}", value) if match is None else (f"{match[1]} {{value}}", match[2])


def has_url_password(value: str) -> bool:
    """Whether it is an address with credentials in it, such as a database's."""
    try:
        parts = urlsplit(value)
        return bool(parts.scheme and parts.hostname and "@" in parts.netloc and parts.password)
    except ValueError:
        return False


def _is_secret_address(value: str) -> bool:
    """Whether an address in the text has credentials: before its host, in its path or query."""
    address = _ADDRESS.search(value)
    if address is None:
        return False
    try:
        parts = urlsplit(address[0])
        pairs = parse_qsl(parts.query)
    except ValueError:
        return False
    pieces = filter(None, (parts.username or "", *parts.path.split("/")))
    return (
        has_url_password(address[0])
        or any(looks_like_credential(piece) for piece in pieces)
        or any(is_credential(name, item) for name, item in pairs)
    )


def is_to_be_filled_in(value: str) -> bool:
    """Whether it stands for a value that nobody has filled in: empty, `<key>`, `YOUR_KEY`."""
    value = value.strip()
    return not value or _TO_FILL_IN.fullmatch(value) is not None


def _is_random(value: str) -> bool:
    """Whether it holds a long run of letters and digits that no person would write."""
    is_text = any(c.isspace() for c in value) or "://" in value
    if is_text or _PATH.fullmatch(value) or _UUID.fullmatch(value) or "@sha256:" in value:
        return False
    return any(_is_random_run(run) for run in _RUN.findall(value))


def _is_random_run(run: str) -> bool:
    digits = sum(c.isdigit() for c in run)
    has_both = digits >= 2 and len(run) - digits >= 2
    is_mixed = not run.islower() and not run.isupper() and len(run) >= 24
    counts = Counter(run).values()
    bits = -sum(n / len(run) * math.log2(n / len(run)) for n in counts)
    return (has_both or is_mixed) and bits >= LEAST_ENTROPY_BITS
