"""Quiet hours (R12)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.sms.quiet import leaves_at
from server.sms.terms import MessageTerms

ZONE = "Asia/Shanghai"


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return an instant by Shanghai's clock."""
    return datetime(2026, 1, day, hour, minute, second, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


@pytest.mark.parametrize(
    ("due", "now", "leaves"),
    [
        (at(13, 20, 59, 59), at(13, 20, 59, 59), at(13, 20, 59, 59)),
        (at(13, 21), at(13, 21), at(14, 8)),
        (at(13, 21), at(13, 15), at(13, 20, 59)),
        (at(13, 23, 30), at(13, 20, 59), at(13, 20, 59)),
        (at(13, 23, 30), at(13, 20, 59, 1), at(14, 8)),
        (at(14, 3), at(13, 15), at(13, 20, 59)),
        (at(14, 3), at(14, 3), at(14, 8)),
        (at(14, 7, 59, 59), at(14, 7, 59, 59), at(14, 8)),
        (at(14, 8), at(14, 8), at(14, 8)),
    ],
)
def test_a_message_due_at_night_leaves_before_it_or_else_after(due: datetime, now: datetime, leaves: datetime) -> None:
    assert leaves_at(due, now=now, zone=ZONE, terms=MessageTerms()) == leaves


def test_quiet_hours_within_one_day_end_that_day() -> None:
    terms = MessageTerms(quiet_from_hour=12, quiet_to_hour=14)

    assert leaves_at(at(13, 13), now=at(13, 13), zone=ZONE, terms=terms) == at(13, 14)
    assert leaves_at(at(13, 13), now=at(13, 9), zone=ZONE, terms=terms) == at(13, 11, 59)


def test_equal_hours_mean_that_there_are_no_quiet_ones() -> None:
    terms = MessageTerms(quiet_from_hour=0, quiet_to_hour=0)

    assert leaves_at(at(13, 3), now=at(13, 3), zone=ZONE, terms=terms) == at(13, 3)


def test_the_end_of_quiet_hours_is_by_the_clock_on_the_wall_when_clocks_change() -> None:
    due = datetime(2026, 3, 29, 2, 30, tzinfo=UTC)  # in the night in which Berlin's clocks go forward

    leaves = leaves_at(due, now=due, zone="Europe/Berlin", terms=MessageTerms())

    assert leaves == datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
