"""The clock: bound once, local days and wall times in the site's zone."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core import clock


class _Fixed:
    def read(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


def test_asking_the_time_outside_an_entry_point_is_a_bug() -> None:
    with pytest.raises(LookupError):
        clock.now()


def test_an_entry_point_reads_once_and_everything_below_sees_the_same_instant() -> None:
    with clock.reading(_Fixed()) as instant:
        assert clock.now() == instant == datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(LookupError):
        clock.now()


def test_the_day_is_that_of_the_site() -> None:
    instant = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)

    assert clock.local_day(instant, "Asia/Shanghai") == date(2026, 3, 2)
    assert clock.local_day(instant, "America/New_York") == date(2026, 3, 1)


def test_a_wall_time_inside_the_gap_of_a_clock_change_is_the_first_instant_after_it() -> None:
    instant = clock.local_instant(date(2026, 3, 8), 2, 30, "America/New_York")

    assert instant == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    assert instant.astimezone(ZoneInfo("America/New_York")).hour == 3


def test_of_a_wall_time_that_occurs_twice_the_first_is_taken() -> None:
    assert clock.local_instant(date(2026, 11, 1), 1, 30, "America/New_York") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@given(
    st.sampled_from(sorted(available_timezones())),
    st.dates(date(1960, 1, 1), date(2037, 12, 31)),
    st.integers(0, 23),
    st.integers(0, 59),
)
def test_every_wall_time_of_every_zone_is_found_or_lies_in_a_gap(zone: str, day: date, hour: int, minute: int) -> None:
    instant = clock.local_instant(day, hour, minute, zone)
    there = instant.astimezone(ZoneInfo(zone))
    written = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a wall time
    shown = there.replace(tzinfo=None)

    assert shown >= written
    if shown != written:
        # A gap: the instant before it shows a wall time before the one that was written.
        before = (instant - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert before < written
