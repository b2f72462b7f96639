"""Which lives on one data folder are certainly over."""

import pytest

from app.domain.life import is_earlier_life, new_call_id, new_life, new_run


@pytest.mark.parametrize(
    ("theirs", "outcome"),
    [
        ("run.1.me", False),
        ("run.1.before", True),  # my number has one life at a time
        ("run.2.beside", False),
        ("other.2.beside", True),  # the folder is my run's alone
        ("from-before-there-were-workers", True),
    ],
)
def test_a_life_is_over_with_its_run_or_with_the_next_one_of_its_number(
    theirs: str,
    outcome: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert is_earlier_life(theirs, "run.1.me") is outcome


def test_ids_of_calls_differ_and_say_in_which_process_they_run() -> None:
    run = new_run()
    mine, other = new_life(run, 1), new_life(run, 2)
    ids = [new_call_id(mine), new_call_id(mine), new_call_id(other)]
    assert {len(i) for i in ids} == {32}
    assert len({*ids}) == 3
    assert ids[0][:8] == ids[1][:8] != ids[2][:8]
