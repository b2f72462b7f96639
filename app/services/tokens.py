"""API tokens: made, listed, revoked."""

from uuid import uuid4

from app.domain.api_token import (
    ApiToken,
    NewToken,
    check_new_token,
    hash_token,
    make_token_text,
    unknown_token,
)
from app.domain.clock import utc_now
from app.domain.identity_ports import TokenStore
from app.domain.page import Page, PageRequest, check_page, cut_page
from app.domain.policy import Action
from app.domain.principal import Principal
from app.services.access import operation
from app.services.deps import Deps


async def create_token(deps: Deps, caller: Principal, wanted: NewToken) -> tuple[ApiToken, str]:
    """Make a token, and its text, which is told this once and stored nowhere.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    async with operation(deps, caller, Action.CREATE_TOKEN, target=wanted.name):
        return await make_token(deps.authentication.tokens, caller.subject, wanted)


async def make_token(store: TokenStore, maker: str, wanted: NewToken) -> tuple[ApiToken, str]:
    """The same for an operation that has been allowed.

    Raises:
        AppError: INVALID_INPUT.
    """
    now, text = utc_now(), make_token_text()
    check_new_token(wanted, now)
    token = ApiToken(id=uuid4().hex[:16], grant=wanted, created_at=now, created_by=maker)
    await store.insert(token, hash_token(text))
    return token, text


async def list_tokens(deps: Deps, caller: Principal, page: PageRequest) -> Page[ApiToken]:
    """Every token that was made, by id, without its text.

    Raises:
        AppError: FORBIDDEN or INVALID_INPUT.
    """
    async with operation(deps, caller, Action.READ_TOKENS):
        check_page(page)
        return cut_page(await deps.authentication.tokens.list_page(page), page.first)


async def find_token(deps: Deps, caller: Principal, token_id: str) -> ApiToken | None:
    """One token, without its text.

    Raises:
        AppError: FORBIDDEN.
    """
    async with operation(deps, caller, Action.READ_TOKENS):
        return await deps.authentication.tokens.find(token_id)


async def revoke_token(deps: Deps, caller: Principal, token_id: str) -> ApiToken:
    """Refuse a token from now on, on every replica. Can be repeated.

    Raises:
        AppError: FORBIDDEN or TOKEN_NOT_FOUND.
    """
    async with operation(deps, caller, Action.REVOKE_TOKEN, target=token_id):
        return await end_token(deps.authentication.tokens, token_id)


async def end_token(store: TokenStore, token_id: str) -> ApiToken:
    """The same for an operation that has been allowed.

    Raises:
        AppError: TOKEN_NOT_FOUND.
    """
    revoked = await store.revoke(token_id, utc_now())
    if revoked is None:
        raise unknown_token(token_id)
    return revoked
