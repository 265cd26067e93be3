"""The balance says what became of everything, and whether it adds up."""

import pytest

from server.rehearsal.balance import Balance
from server.rehearsal.invariants import Violations
from server.rehearsal.rehearsing import enough_of

HOLDS = Violations("no_text_is_left_unread", 0, ())
BROKEN = Violations("no_text_is_left_unread", 1, ("text 7 was not handled",))


def balance(*, violations=(HOLDS,), absent=(), wanted=0) -> Balance:
    return Balance(
        reported=25,
        ended={"closed": 24, "cancelled": 1},
        added_facts=0,
        located=24,
        located_completed=24,
        visits_completed=24,
        messages={"delivered": 250},
        lines={"paid": 20, "reduced": 2, "held": 1, "refused": 1},
        branches={"decline": 0, "absent": 2},
        violations=violations,
        absent_branches=absent,
        located_wanted=wanted,
    )


@pytest.mark.parametrize(
    ("made", "adds_up"),
    [
        (balance(), True),
        (balance(violations=(HOLDS, BROKEN)), False),
        (balance(absent=("decline",)), False),
        (balance(wanted=24), True),
        (balance(wanted=25), False),
    ],
)
def test_a_violation_or_a_behaviour_that_never_occurred_is_a_failure(made, adds_up):
    assert made.adds_up is adds_up


def test_the_report_has_the_keys_that_others_read():
    report = balance(violations=(BROKEN,)).report()

    assert report["tickets"]["reported"] == 25
    assert report["tickets"]["ended"] == {"closed": 24, "cancelled": 1}
    assert report["visits"]["completed"] == 24
    assert report["messages"] == {"delivered": 250}
    assert report["lines"] == {"paid": 20, "reduced": 2, "held": 1, "refused": 1}
    assert report["branches"]["absent"] == 2
    assert report["invariants"]["no_text_is_left_unread"]["violations"] == ["text 7 was not handled"]


def test_people_read_it_in_columns():
    lines = balance(violations=(BROKEN,), absent=("decline",)).lines_for_people()

    columns = {len(line) for line in lines if line.startswith(("reports", "  tickets", "  delivered"))}
    assert len(columns) == 1
    assert any("VIOLATIONS" in line for line in lines)
    assert any("never occurred: decline" in line for line in lines)
    assert balance(wanted=25).lines_for_people()[-1] == "    only 24 completed, 25 wanted"


@pytest.mark.parametrize(("located", "wanted"), [(0, 0), (49, 0), (50, 48), (89, 85), (100, 95), (168, 160)])
def test_nineteen_of_twenty_located_tickets_are_completed_once_there_are_enough_of_them(located, wanted):
    assert enough_of(located) == wanted
