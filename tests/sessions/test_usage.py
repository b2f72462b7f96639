"""Who uses a session, and when it was used last."""

from app.sessions.usage import Usage


async def test_of_two_that_are_used_in_the_same_moment_the_earlier_one_is_known() -> None:
    sessions = [Usage(lambda: None) for _ in range(3)]
    for one in (sessions[1], sessions[0], sessions[2], sessions[1]):
        one.hold()
        one.let_go()
    order = sorted(sessions, key=lambda one: one.last_used)
    assert order == [sessions[0], sessions[2], sessions[1]]
