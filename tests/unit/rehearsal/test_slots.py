"""Urgent work placed by hand lies between a technician's other visits, with time to drive."""

from datetime import UTC, datetime, timedelta

import pytest

from server.rehearsal.people.dispatcher import _gap

HOUR = timedelta(hours=1)
EIGHT = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
EVENING = EIGHT + 10 * HOUR


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 10, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("taken", "start"),
    [
        ([], EIGHT),
        ([(at(9, 15), at(10))], EIGHT),
        ([(at(9, 14), at(10))], at(10, 15)),
        ([(at(8), at(9)), (at(9, 30), at(11))], at(11, 15)),
        ([(at(8), at(16, 46))], None),
        ([(at(8), at(16, 45))], at(17)),
    ],
)
def test_work_of_an_hour_is_placed_at_the_first_gap(taken, start):
    assert _gap(EIGHT, EVENING, HOUR, taken) == start


def test_a_start_is_a_multiple_of_five_minutes():
    assert _gap(at(8, 1), EVENING, HOUR, []) == at(8, 5)
