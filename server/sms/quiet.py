"""Quiet hours: when a message that is due in them leaves instead (R12)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from server.core.clock import local_instant
from server.sms.terms import MessageTerms


def is_quiet(instant: datetime, *, zone: str, terms: MessageTerms) -> bool:
    """Return whether an instant lies in the quiet hours of a time zone; the first minute after them does not."""
    hour = instant.astimezone(ZoneInfo(zone)).hour
    start, end = terms.quiet_from_hour, terms.quiet_to_hour
    if start == end:
        return False
    return start <= hour < end if start < end else hour >= start or hour < end


def leaves_at(due_at: datetime, *, now: datetime, zone: str, terms: MessageTerms) -> datetime:
    """Return when a message due at an instant leaves (R12).

    Outside the quiet hours at once. In them at the last allowed minute before they began if that still lies ahead,
    else at the minute they end.
    """
    if not is_quiet(due_at, zone=zone, terms=terms):
        return due_at
    local = due_at.astimezone(ZoneInfo(zone))
    start, end = terms.quiet_from_hour, terms.quiet_to_hour
    # Of a quiet span over midnight the small hours belong to the evening before.
    began_on = local.date() if local.hour >= start else local.date() - timedelta(days=1)
    last_minute = local_instant(began_on, start, 0, zone) - timedelta(minutes=1)
    if last_minute >= now:
        return last_minute
    return local_instant(began_on if start < end else began_on + timedelta(days=1), end, 0, zone)
