"""What the policy holds, whatever it is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.policy import GRANTS, Action, Refusal, Target, decide, is_granted
from app.domain.principal import ANYONE, NOBODY, Principal, Role, local_principal
from app.domain.secret import SHARED
from app.domain.server_access import ServerAccess, admits

NAMES = ("ada", "bob", "eve", ANYONE)
names = st.sampled_from(NAMES[:3])
some_names = st.frozensets(st.sampled_from(NAMES), max_size=4)
groups = st.frozensets(st.sampled_from(("red", "blue")))
maybe_list = st.none() | st.lists(names, max_size=3).map(tuple)
principals = st.builds(
    Principal,
    subject=names,
    roles=st.frozensets(st.sampled_from(Role)),
    groups=groups,
    act_for=some_names,
)
rules = st.builds(
    ServerAccess,
    users=maybe_list,
    groups=st.none() | st.lists(st.sampled_from(("red", "blue")), max_size=2).map(tuple),
)
actions = st.sampled_from(Action)
targets = st.builds(Target, username=st.none() | names | st.just(SHARED), access=st.none() | rules)


@given(actions, targets)
def test_whoever_has_no_role_may_nothing(action: Action, target: Target) -> None:
    assert decide(NOBODY, action, target) is Refusal.ROLE


@given(actions, targets)
def test_an_admin_may_everything(action: Action, target: Target) -> None:
    assert decide(local_principal(), action, target) is None


@given(principals, actions, targets)
def test_what_is_allowed_is_granted_by_a_role(
    principal: Principal, action: Action, target: Target
) -> None:
    if decide(principal, action, target) is None:
        assert any(action in GRANTS[role] for role in principal.roles)


@given(principals, actions, targets)
def test_nobody_but_an_admin_reaches_what_all_share(
    principal: Principal, action: Action, target: Target
) -> None:
    if target.username == SHARED and decide(principal, action, target) is None:
        assert Role.ADMIN in principal.roles


@given(principals, actions, names)
def test_another_users_things_need_an_admin_or_a_service_that_names_them(
    principal: Principal, action: Action, username: str
) -> None:
    if (
        username != principal.subject
        and decide(principal, action, Target(username=username)) is None
    ):
        is_service = Role.SERVICE in principal.roles and bool(
            {ANYONE, username} & principal.act_for
        )
        assert Role.ADMIN in principal.roles or is_service


@given(principals, actions, targets, st.sampled_from(Role))
def test_a_role_more_never_takes_anything_away(
    principal: Principal, action: Action, target: Target, role: Role
) -> None:
    more = Principal(
        subject=principal.subject,
        roles=principal.roles | {role},
        groups=principal.groups,
        act_for=principal.act_for,
    )
    assert decide(principal, action, target) is not None or decide(more, action, target) is None


@given(principals, targets)
def test_a_call_reaches_only_a_server_that_admits_its_user(
    principal: Principal, target: Target
) -> None:
    is_allowed = decide(principal, Action.CALL_TOOL, target) is None
    if is_allowed and target.access is not None and Role.ADMIN not in principal.roles:
        user = principal.subject if target.username is None else target.username
        assert admits(target.access, user, principal.groups)


@given(st.sampled_from(Role), names)
def test_no_role_but_admin_manages_keys_tokens_or_users(role: Role, name: str) -> None:
    principal = Principal(subject=name, roles=frozenset({role}), act_for=frozenset({ANYONE}))
    for action in (
        Action.ROTATE_KEYS, Action.READ_KEYS, Action.WATCH_ROTATION, Action.REMOVE_USER,
        Action.CREATE_TOKEN, Action.REVOKE_TOKEN, Action.READ_TOKENS,
    ):  # fmt: skip
        assert is_granted(principal, action) is (role is Role.ADMIN)


@given(rules.filter(lambda r: r.users is not None or r.groups is not None))
def test_rules_that_name_nobody_keep_everybody_out(access: ServerAccess) -> None:
    assert not admits(access, "stranger", ("green",))


@pytest.mark.parametrize("role", [Role.USER, Role.OPERATOR, Role.SERVICE])
def test_audit_records_are_read_by_whom_they_concern(role: Role) -> None:
    ada = Principal(subject="ada", roles=frozenset({role}))
    assert decide(ada, Action.READ_AUDIT, Target(username="ada")) is None
    assert decide(ada, Action.READ_AUDIT, Target(username="bob")) is Refusal.USER
