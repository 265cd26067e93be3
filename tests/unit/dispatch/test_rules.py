"""Rules of planning and offering at their boundaries."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.dispatch.rules import QuietHours, Span, drop_cost, expiry, promised_window
from server.dispatch.terms import DispatchTerms

TERMS = DispatchTerms()


def at(hour: int, minute: int = 0, *, day: int = 10, second: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("priority", "waited", "agreed", "cost"),
    [
        ("normal", timedelta(0), False, 20_000),
        ("normal", timedelta(hours=23, minutes=59), False, 20_000),
        ("normal", timedelta(hours=24), False, 30_000),
        ("normal", timedelta(days=4), False, 60_000),
        ("normal", timedelta(days=-1), False, 20_000),
        ("urgent", timedelta(0), False, 80_000),
        ("high", timedelta(days=1), False, 60_000),
        ("low", timedelta(0), False, 10_000),
        ("normal", timedelta(0), True, 40_000),
        ("unheard of", timedelta(0), False, 20_000),
    ],
)
def test_leaving_out_is_dearer_for_the_urgent_the_agreed_and_the_long_waiting(
    priority: str, waited: timedelta, agreed: bool, cost: int
) -> None:
    now = at(12)

    found = drop_cost(priority=priority, waiting_since=now - waited, agreed=agreed, at=now, terms=TERMS)

    assert found == cost


def test_after_a_year_waiting_gets_no_dearer() -> None:
    costs = {
        drop_cost(priority="urgent", waiting_since=at(0) - timedelta(days=d), agreed=True, at=at(0), terms=TERMS)
        for d in (365, 366, 36_500)
    }

    assert len(costs) == 1


@pytest.mark.parametrize(
    ("start", "opens", "closes"),
    [
        (at(10), at(9), at(11)),
        (at(10, 14), at(9), at(11)),
        (at(10, 15), at(9, 15), at(11, 15)),
        (at(10, 7, second=30), at(9), at(11)),
    ],
)
def test_the_promised_window_lies_around_the_start_on_quarters_of_an_hour(
    start: datetime, opens: datetime, closes: datetime
) -> None:
    found = promised_window(start, width=TERMS.window, agreed=None, not_before=at(6))

    assert found == Span(opens, closes)


def test_a_window_stays_inside_what_was_agreed() -> None:
    agreed = Span(at(9, 40), at(10, 20))

    assert promised_window(at(10), width=TERMS.window, agreed=agreed, not_before=at(6)) == agreed


def test_a_window_does_not_begin_in_the_past() -> None:
    found = promised_window(at(10), width=TERMS.window, agreed=None, not_before=at(9, 50))

    assert found == Span(at(10), at(12))


@given(
    minute=st.integers(0, 3000),
    width=st.integers(10, 480),
    early=st.integers(0, 300),
    agreed=st.none() | st.tuples(st.integers(0, 200), st.integers(1, 200)),
)
def test_every_window_holds_its_start_and_keeps_what_was_agreed(
    minute: int, width: int, early: int, agreed: tuple[int, int] | None
) -> None:
    start = at(0) + timedelta(minutes=minute)
    given_ = None
    if agreed is not None:
        given_ = Span(start - timedelta(minutes=agreed[0]), start + timedelta(minutes=agreed[1]))

    found = promised_window(
        start, width=timedelta(minutes=width), agreed=given_, not_before=start - timedelta(minutes=early)
    )

    assert found.start < found.end
    assert found.covers(start)
    if given_ is not None:
        assert given_.covers(found.start)
        assert given_.covers(found.end)


NIGHT = QuietHours(21, 8, "Europe/Berlin")


@pytest.mark.parametrize(
    ("instant", "ends"),
    [
        (at(19, 59, second=59), at(19, 59, second=59)),
        (at(20), at(7, day=11)),
        (at(23), at(7, day=11)),
        (at(6, 59, second=59), at(7)),
        (at(7), at(7)),
        # On 29 March the clocks go forward: local 8:00 is 6:00 UTC.
        (at(22, day=28), at(6, day=29)),
    ],
)
def test_quiet_hours_end_at_the_local_morning(instant: datetime, ends: datetime) -> None:
    assert NIGHT.end_after(instant) == ends


@pytest.mark.parametrize(
    ("sent_at", "urgent", "starts_at", "expires_at"),
    [
        (at(10), False, at(14), at(10, 30)),
        (at(10), True, at(14), at(10, 10)),
        (at(22), False, at(14, day=11), at(7, 30, day=11)),
        (at(22), True, at(23), at(22, 10)),
    ],
)
def test_an_offer_is_open_from_when_it_may_be_read(
    sent_at: datetime, urgent: bool, starts_at: datetime, expires_at: datetime
) -> None:
    found = expiry(sent_at=sent_at, urgent=urgent, starts_at=starts_at, quiet=NIGHT, terms=TERMS)

    assert found == expires_at
