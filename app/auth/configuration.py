"""From the settings to what checks an identity provider's tokens."""

from app.auth.oidc import OidcRules, OidcVerifier
from app.domain.principal import Role
from app.settings import Settings


def verifier_of(settings: Settings) -> OidcVerifier | None:
    """The verifier; None where no identity provider is configured."""
    if settings.oidc_issuer is None or settings.oidc_audience is None:
        return None
    default = settings.oidc_default_role
    return OidcVerifier(
        OidcRules(
            issuer=settings.oidc_issuer,
            audience=settings.oidc_audience,
            jwks_url=settings.oidc_jwks_url,
            algorithms=settings.oidc_algorithms,
            username_claim=settings.oidc_username_claim,
            username_prefix=settings.oidc_username_prefix,
            roles_claim=settings.oidc_roles_claim,
            groups_claim=settings.oidc_groups_claim,
            act_for_claim=settings.oidc_act_for_claim,
            role_names={name: Role(role) for name, role in settings.oidc_role_names.items()},
            default_role=None if default == "none" else Role(default),
            leeway_seconds=settings.oidc_leeway_seconds,
            longest_seconds=settings.oidc_longest_token_seconds,
        )
    )
