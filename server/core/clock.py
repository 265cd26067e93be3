"""The only source of the time.

An entry point (a request, a job, a command) reads a clock once and binds the instant; everything below
it is given ``now`` as a parameter. Real, monotonic time for time-outs and solver limits is not asked here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

_bound: ContextVar[datetime] = ContextVar("now")


class Clock(Protocol):
    """Something that can be asked for the present instant."""

    def read(self) -> datetime:
        """Return the present instant, aware and in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def read(self) -> datetime:
        """Return the machine's time, aware and in UTC."""
        return datetime.now(UTC)


@contextmanager
def reading(clock: Clock) -> Iterator[datetime]:
    """Read a clock once and hold its answer as *now* for everything done inside."""
    with holding(clock.read()) as instant:
        yield instant


@contextmanager
def holding(instant: datetime) -> Iterator[datetime]:
    """Hold an instant as *now* for everything done inside."""
    token = _bound.set(instant)
    try:
        yield instant
    finally:
        _bound.reset(token)


def now() -> datetime:
    """Return the instant that the entry point has read.

    :raises LookupError: if no entry point has bound one: a bug of the caller, never hidden by asking the machine.
    """
    return _bound.get()


def local_day(instant: datetime, zone: str) -> date:
    """Return the calendar day of an instant in a site's time zone (an IANA name)."""
    return instant.astimezone(ZoneInfo(zone)).date()


def local_instant(day: date, hour: int, minute: int, zone: str) -> datetime:
    """Return the instant of a local wall-clock time, in UTC.

    A time inside the gap of a clock change is read as the first instant after the gap; of a time that
    occurs twice the first is taken.
    """
    written = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))
    before, after = written.astimezone(UTC), written.replace(fold=1).astimezone(UTC)
    if before <= after:
        return before
    # Inside a gap the two readings cross: the change itself lies between them, where the offset jumps.
    low, high = after, before
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(ZoneInfo(zone)).utcoffset() == low.astimezone(ZoneInfo(zone)).utcoffset():
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
