"""The hours in which customers are phoned."""

from datetime import UTC, datetime, timedelta

import pytest

from server.orders.hours import next_opening, working_deadline
from server.orders.terms import ClockTerms

TERMS = ClockTerms()


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a local time of November 2026 in Shanghai, eight hours ahead of UTC all year."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("now", "opening"),
    [
        (shanghai(23, 7, 59), shanghai(23, 8)),
        (shanghai(23, 8), shanghai(23, 8)),
        (shanghai(23, 11, 59), shanghai(23, 11, 59)),
        (shanghai(23, 12), shanghai(23, 14)),
        (shanghai(23, 13, 59), shanghai(23, 14)),
        (shanghai(23, 19, 59), shanghai(23, 19, 59)),
        (shanghai(23, 20), shanghai(24, 8)),
        (shanghai(23, 0, 30), shanghai(23, 8)),
    ],
)
def test_customers_are_phoned_from_8_to_20_but_not_from_12_to_14_on_their_clock(
    now: datetime, opening: datetime
) -> None:
    assert next_opening(now, zone="Asia/Shanghai", terms=TERMS) == opening


def test_the_hour_for_answering_an_urge_begins_at_the_opening_and_runs_on() -> None:
    due = working_deadline(shanghai(23, 22), within=timedelta(hours=1), zone="Asia/Shanghai", terms=TERMS)

    assert due == shanghai(24, 9)


def test_without_rest_hours_there_is_one_stretch() -> None:
    terms = ClockTerms(rest_from_hour=13, rest_to_hour=13)

    assert next_opening(shanghai(23, 13), zone="Asia/Shanghai", terms=terms) == shanghai(23, 13)


def test_a_day_of_23_hours_opens_at_8_on_the_wall() -> None:
    before_the_gap = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)

    assert next_opening(before_the_gap, zone="America/New_York", terms=TERMS) == datetime(2026, 3, 8, 12, tzinfo=UTC)
