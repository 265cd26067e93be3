"""Rules of planning and offering, over plain values: costs of leaving out, windows, how long an offer is open."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.dispatch.terms import DispatchTerms

STEP = timedelta(minutes=15)
"""Windows that customers are told begin at a quarter of an hour."""

MOST_DAYS_WAITED = 365
"""Beyond a year waiting gets no dearer: the sum of all costs stays far inside what the optimiser can add up."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, from an instant to a later one."""

    start: datetime
    end: datetime

    def covers(self, instant: datetime) -> bool:
        """Return whether an instant lies in it, both ends included."""
        return self.start <= instant <= self.end

    def touches(self, other: "Span") -> bool:
        """Return whether the two share more than an end."""
        return self.start < other.end and other.start < self.end


def drop_cost(*, priority: str, waiting_since: datetime, agreed: bool, at: datetime, terms: DispatchTerms) -> int:
    """Return what leaving a ticket out of a plan costs, in seconds of travel (R9).

    It grows with every whole day of 24 hours that the ticket has waited, and is higher for an agreed date. A
    priority that the policy does not name counts as normal.
    """
    days = min(max(0, (at - waiting_since) // timedelta(days=1)), MOST_DAYS_WAITED)
    percent = terms.drop_percent_by_priority.get(priority, 100) * (100 + terms.drop_factor_percent_per_day * days)
    if agreed:
        percent = percent * terms.drop_percent_agreed // 100
    return terms.drop_cost_seconds * percent // 10_000


def promised_window(starts_at: datetime, *, width: timedelta, agreed: Span | None, not_before: datetime) -> Span:
    """Return the window that a customer is promised around a planned start.

    It begins at a quarter of an hour, holds the start, stays inside what was agreed, and does not begin in the
    past. The ends of an agreed window are kept as they are.
    """
    opens = _floor(starts_at - width / 2)
    if opens < not_before:
        opens = min(_ceiling(not_before), _floor(starts_at))
    closes = max(opens + width, _ceiling(starts_at))
    if agreed is not None:
        opens, closes = max(opens, agreed.start), min(closes, agreed.end)
        if not opens < closes:
            return agreed
    return Span(opens, closes)


def _floor(instant: datetime) -> datetime:
    return instant - (instant - datetime.min.replace(tzinfo=UTC)) % STEP


def _ceiling(instant: datetime) -> datetime:
    floor = _floor(instant)
    return floor if floor == instant else floor + STEP


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The local hours in which nobody is written to, in a time zone; ``start`` may be later than ``end``."""

    start: int
    end: int
    zone: str

    def end_after(self, instant: datetime) -> datetime:
        """Return when somebody may be written to: the instant itself, or the end of the quiet hours it falls into."""
        local = instant.astimezone(ZoneInfo(self.zone))
        over_night = self.start > self.end
        quiet = local.hour >= self.start or local.hour < self.end if over_night else self.start <= local.hour < self.end
        if not quiet:
            return instant
        day = local.date() + timedelta(days=1 if over_night and local.hour >= self.start else 0)
        return datetime.combine(day, time(self.end), tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


def expiry(
    *, sent_at: datetime, urgent: bool, starts_at: datetime, quiet: QuietHours, terms: DispatchTerms
) -> datetime:
    """Return until when an offer can be answered (R11): 30 minutes, urgent 10, from when it may be read.

    An offer sent in quiet hours is read when they end, unless the visit itself begins before: then at once.
    """
    reads_at = quiet.end_after(sent_at)
    if reads_at >= starts_at:
        reads_at = sent_at
    return reads_at + (terms.offer_open_urgent if urgent else terms.offer_open)
