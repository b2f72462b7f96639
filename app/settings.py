"""Every setting, read once from the environment and `.env`."""

import ipaddress
import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote_plus, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

# What every MongoDB accepts on every platform, and a little less.
DATABASE_NAME = r"^[A-Za-z0-9_-]{1,63}$"
SHORTEST_ADMIN_TOKEN = 32
# Each is a whole gateway, and starts every server that users share.
MOST_WORKERS = 64
# RFC 6454, section 6.2: no path, no slash at the end.
ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")
# What a Host header names, without a port: an IPv6 address has its brackets there.
HOST_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]")
_UNITS = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2}


RoleName = Literal["admin", "operator", "user", "service"]
# Never an HMAC: RFC 8725, section 2.1.
ASYMMETRIC = re.compile(r"(?:RS|PS|ES)(?:256|384|512)|EdDSA")


class AuthMode(StrEnum):
    """Whether callers must prove who they are; AUTO: as soon as there is something to prove it."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


class Settings(BaseSettings):
    """The settings of one process. Names are those of the environment variables, in lower case."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True,
        env_ignore_empty=True, hide_input_in_errors=True,
    )  # fmt: skip

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=MOST_WORKERS)
    data_dir: Path = Path("data")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    allow_unauthenticated_network: bool = False
    auth: AuthMode = AuthMode.AUTO
    admin_token: SecretStr | None = None
    admin_token_file: Path | None = None
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None
    request_body_seconds: float = Field(default=60.0, gt=0, le=3600)
    payload_limit: Annotated[int, NoDecode] = Field(default=6 * 1024**2, ge=1024)

    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    oidc_algorithms: Annotated[tuple[str, ...], NoDecode] = ("RS256", "ES256", "EdDSA")
    oidc_username_claim: str = "sub"
    oidc_username_prefix: Annotated[str, Field(pattern=r"^[!-~]{0,100}$")] = ""
    oidc_roles_claim: str = "roles"
    oidc_groups_claim: str = "groups"
    oidc_act_for_claim: str | None = None
    oidc_role_names: Annotated[Mapping[str, RoleName], NoDecode] = Field(default_factory=dict)
    oidc_default_role: RoleName | Literal["none"] = "user"
    oidc_leeway_seconds: float = Field(default=30.0, ge=0, le=300)
    oidc_longest_token_seconds: float = Field(default=86_400.0, ge=0)

    mongodb_uri: SecretStr | None = None
    mongo_user: str | None = None
    mongo_pass: SecretStr | None = None
    mongo_host: str | None = None
    mongo_dbname: str = Field(default="mcp", pattern=DATABASE_NAME)
    mongo_replicaset: str | None = None
    mongod_binary: Path | None = None

    secrets_key: SecretStr | None = None
    secrets_key_file: Path | None = None
    secrets_keys_old: SecretStr | None = None
    secrets_dbname: str | None = Field(default=None, pattern=DATABASE_NAME)

    max_sessions: int = Field(default=256, ge=1)
    max_sessions_per_server: int = Field(default=64, ge=1)
    max_sessions_per_user: int = Field(default=32, ge=1)
    max_session_starts: int = Field(default=8, ge=1)
    session_wait_seconds: float = Field(default=10.0, gt=0)

    graphql_max_tokens: int = Field(default=500, ge=100)
    graphql_max_depth: int = Field(default=15, ge=1)
    graphql_max_aliases: int = Field(default=30, ge=0)
    graphql_max_cost: int = Field(default=100_000, ge=100)
    graphql_max_batch: int = Field(default=1, ge=1, le=50)
    graphql_query_seconds: float = Field(default=60.0, gt=0)
    graphql_mutation_seconds: float = Field(default=3700.0, gt=0)
    graphql_introspection: bool = True
    graphql_suggestions: bool = True
    graphql_trusted_documents: Path | None = None

    install_timeout_seconds: float = Field(default=600.0, gt=0)
    install_free_space: Annotated[int, NoDecode] = Field(default=500 * 1024**2, ge=0)
    python_bin: str | None = None
    pip_index_url: SecretStr | None = None
    pip_extra_index_url: SecretStr | None = None
    install_on_start: str = ""

    calls_per_second: int = Field(default=0, ge=0, le=1_000_000)
    max_calls_per_user: int = Field(default=256, ge=1, le=100_000)
    installs_per_hour: int = Field(default=120, ge=0, le=1_000_000)

    audit_retention_days: int = Field(default=90, ge=0, le=36_500)
    log_level: str = "INFO"

    @field_validator(
        "allowed_hosts", "cors_origins", "trusted_proxies", "oidc_algorithms", mode="before"
    )
    @classmethod
    def _split_list(cls, value: object) -> object:
        return (
            tuple(h.strip() for h in value.split(",") if h.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("oidc_role_names", mode="before")
    @classmethod
    def _split_map(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [entry.strip().rpartition("=") for entry in value.split(",") if entry.strip()]
        return {name.strip(): role.strip() for name, _, role in pairs}

    @field_validator("oidc_algorithms")
    @classmethod
    def _asymmetric(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(ASYMMETRIC.fullmatch(name) for name in value):
            raise ValueError("must be some of RS256, ES256, EdDSA and their like, never HS256")
        return value

    @field_validator("oidc_issuer", "oidc_jwks_url")
    @classmethod
    def _https(cls, value: str | None) -> str | None:
        host = "" if value is None else urlsplit(value).hostname or ""
        is_near = value is not None and value.startswith("http://") and is_loopback(host)
        if value is not None and not value.startswith("https://") and not is_near:
            raise ValueError("must begin with https://")
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(HOST_NAME.fullmatch(name) for name in value):
            raise ValueError(
                "must be host names such as mcp.example.com, without http:// or a port, and never *"
            )
        return value

    @field_validator("cors_origins")
    @classmethod
    def _whole_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(ORIGIN.fullmatch(origin) for origin in value):
            raise ValueError("must be origins such as https://app.example.com, and never *")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            networks = [ipaddress.ip_network(entry) for entry in value]
        except ValueError:
            raise ValueError("must be IP addresses or networks such as 10.0.0.0/8") from None
        if any(network.prefixlen == 0 for network in networks):
            raise ValueError("must not be every address there is")
        return value

    @field_validator("payload_limit", "install_free_space", mode="before")
    @classmethod
    def _read_size(cls, value: object) -> object:
        match = re.fullmatch(r"\s*(\d+)\s*(b|kb|mb)?\s*", str(value).lower())
        if match is None:
            raise ValueError("must be a number of bytes, or a size such as 500kb or 6mb")
        return int(match[1]) * _UNITS[match[2] or ""]

    @field_validator("mongodb_uri")
    @classmethod
    def _mongodb_scheme(cls, value: SecretStr | None) -> SecretStr | None:
        schemes = ("mongodb://", "mongodb+srv://")
        if value is not None and not value.get_secret_value().startswith(schemes):
            raise ValueError("must begin with mongodb:// or mongodb+srv://")
        return value

    @field_validator("pip_index_url", "pip_extra_index_url")
    @classmethod
    def _are_addresses(cls, value: SecretStr | None) -> SecretStr | None:
        addresses = [] if value is None else value.get_secret_value().split()
        if not all(a.startswith(("https://", "http://", "file://")) for a in addresses):
            raise ValueError("must begin with https://, http:// or file://")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @model_validator(mode="after")
    def _both_of_tls(self) -> Self:
        if (self.tls_cert_file is None) is not (self.tls_key_file is None):
            raise ValueError("Set TLS_CERT_FILE and TLS_KEY_FILE, or neither.")
        return self

    @model_validator(mode="after")
    def _one_sealing_key(self) -> Self:
        if self.secrets_key is not None and self.secrets_key_file is not None:
            raise ValueError("Set SECRETS_KEY or SECRETS_KEY_FILE, not both.")
        return self

    @model_validator(mode="after")
    def _authentication_makes_sense(self) -> Self:
        token = self.admin_token
        if token is not None and len(token.get_secret_value()) < SHORTEST_ADMIN_TOKEN:
            raise ValueError(
                f"ADMIN_TOKEN must have at least {SHORTEST_ADMIN_TOKEN} characters, so that nobody "
                "guesses it: openssl rand -hex 32"
            )
        if self.admin_token is not None and self.admin_token_file is not None:
            raise ValueError("Set ADMIN_TOKEN or ADMIN_TOKEN_FILE, not both.")
        if (self.oidc_issuer is None) is not (self.oidc_audience is None):
            raise ValueError("OIDC_ISSUER and OIDC_AUDIENCE belong together: set both or neither.")
        if self.auth is AuthMode.OFF and self._has_authentication:
            raise ValueError(
                "AUTH=off, and yet ADMIN_TOKEN or OIDC_ISSUER is set. Leave one of them out."
            )
        return self

    @model_validator(mode="after")
    def _loopback_only(self) -> Self:
        is_open = self.auth_mode is not AuthMode.ON and not self.allow_unauthenticated_network
        if not is_loopback(self.host) and is_open:
            raise ValueError(
                f"HOST={self.host} would let the network in, and no authentication is configured. "
                "Set AUTH=on and make a token with `mcp-api tokens create`, or ADMIN_TOKEN, or "
                "OIDC_ISSUER; or use HOST=127.0.0.1; or set ALLOW_UNAUTHENTICATED_NETWORK=true if "
                "something in front of this server decides who may reach it."
            )
        return self

    @property
    def auth_mode(self) -> AuthMode:
        """ON as soon as a setting says how callers prove who they are."""
        return AuthMode.ON if self._has_authentication else self.auth

    @property
    def _has_authentication(self) -> bool:
        given = (self.admin_token, self.admin_token_file, self.oidc_issuer)
        return any(value is not None for value in given)

    @property
    def pip_index(self) -> str | None:
        """The Python package index to use instead of uv's own."""
        return None if self.pip_index_url is None else self.pip_index_url.get_secret_value()

    @property
    def pip_extra_indexes(self) -> tuple[str, ...]:
        """Further ones, separated by blanks as pip wants them."""
        extra = self.pip_extra_index_url
        return () if extra is None else tuple(extra.get_secret_value().split())

    @property
    def database_uri(self) -> str | None:
        """The MongoDB to use; None means the embedded one."""
        if self.mongodb_uri is not None:
            return self.mongodb_uri.get_secret_value()
        if self.mongo_host is None:
            return None
        user = ""
        if self.mongo_user is not None and self.mongo_pass is not None:
            user = (
                f"{quote_plus(self.mongo_user)}:{quote_plus(self.mongo_pass.get_secret_value())}@"
            )
        query = f"?replicaSet={quote_plus(self.mongo_replicaset)}" if self.mongo_replicaset else ""
        return f"mongodb://{user}{self.mongo_host}/{query}"


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
