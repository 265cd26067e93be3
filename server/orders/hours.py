"""The hours in which customers are phoned, on the site's clock."""

from datetime import datetime, timedelta

from server.core.clock import local_day, local_instant
from server.orders.terms import ClockTerms


def next_opening(instant: datetime, *, zone: str, terms: ClockTerms) -> datetime:
    """Return the instant itself if customers may be phoned then, else when that is next allowed (R15)."""
    today = local_day(instant, zone)
    for offset in range(2):
        day = today + timedelta(days=offset)
        for opens, closes in _open_spans(terms):
            if instant < local_instant(day, closes, 0, zone):
                return max(instant, local_instant(day, opens, 0, zone))
    return local_instant(today + timedelta(days=1), terms.calling_from_hour, 0, zone)


def _open_spans(terms: ClockTerms) -> tuple[tuple[int, int], ...]:
    """Return the hours of a day in which customers are phoned, from and to."""
    if terms.rest_from_hour >= terms.rest_to_hour:
        return ((terms.calling_from_hour, terms.calling_to_hour),)
    return (
        (terms.calling_from_hour, terms.rest_from_hour),
        (terms.rest_to_hour, terms.calling_to_hour),
    )


def working_deadline(instant: datetime, *, within: timedelta, zone: str, terms: ClockTerms) -> datetime:
    """Return the end of a time that begins at the next opening; once begun it runs on (R15, R9a)."""
    return next_opening(instant, zone=zone, terms=terms) + within
