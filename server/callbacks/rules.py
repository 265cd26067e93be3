"""When customers are called, what they are asked, and where answer and record contradict each other. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from server.callbacks.status import FailReason
from server.callbacks.terms import CallbackTerms
from server.orders.words import FINISHED, VisitResult

THIRDS = 3
CANCELLED = "cancelled"
DECLINED = "declined"
"""Outcomes of a ticket that ended without a visit; every other outcome is a visit's result."""


@dataclass(frozen=True, slots=True)
class CallWindow:
    """A stretch in which a customer may be called: from an instant up to, not including, another."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """An unanswered attempt that counts: its local day and its third of the calling day."""

    day: date
    third: int


@dataclass(frozen=True, slots=True)
class _Segment:
    third: int
    from_minute: int
    to_minute: int


class NoCallingHours(ValueError):
    """The policy leaves no minute of the day in which a customer could be called."""


def _segments(terms: CallbackTerms) -> tuple[_Segment, ...]:
    """Return the calling day cut at its thirds, without the rest hours; minutes after local midnight."""
    opens, closes = terms.calling_from_hour * 60, terms.calling_to_hour * 60
    rest = range(terms.rest_from_hour * 60, terms.rest_to_hour * 60)
    cuts = [opens + (closes - opens) * third // THIRDS for third in range(THIRDS + 1)]
    if not rest:
        return tuple(_Segment(third, cuts[third], cuts[third + 1]) for third in range(THIRDS))
    found = [
        _Segment(third, low, high)
        for third in range(THIRDS)
        for low, high in (
            (cuts[third], min(cuts[third + 1], rest.start)),
            (max(cuts[third], rest.stop), cuts[third + 1]),
        )
        if low < high
    ]
    if not found:
        raise NoCallingHours
    return tuple(found)


def _instant(day: date, minute: int, zone: str) -> datetime:
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _windows(first: date, terms: CallbackTerms, zone: str) -> Iterator[tuple[date, int, CallWindow]]:
    """Yield calling windows in order, from a local day on, with day and third."""
    day = first
    while True:
        for part in _segments(terms):
            window = CallWindow(_instant(day, part.from_minute, zone), _instant(day, part.to_minute, zone))
            # A window that a clock change has swallowed is none.
            if window.opens < window.closes:
                yield day, part.third, window
        day += timedelta(days=1)


def next_window(after: datetime, *, tried: tuple[Tried, ...], terms: CallbackTerms, zone: str) -> CallWindow:
    """Return the next stretch in which an attempt counts (R33).

    That is within calling hours without the rest hours, on a local day after the last attempt, in a third
    of the day that was not tried. When every third was tried they all count again.

    :param after: the window does not open before; if it lies inside one, the rest of that one is returned.
    :param zone: IANA name of the site's time zone.
    """
    done = {attempt.third for attempt in tried}
    thirds = set(range(THIRDS)) - done or set(range(THIRDS))
    last = max((attempt.day for attempt in tried), default=date.min)
    for day, third, window in _windows(_day(after, zone), terms, zone):
        if third in thirds and day > last and window.closes > after:
            return CallWindow(max(window.opens, after), window.closes)
    raise AssertionError("unreachable: the windows never end")


def third_of(at: datetime, *, terms: CallbackTerms, zone: str) -> int | None:
    """Return the third of the calling day that an instant lies in, None outside calling hours and in rest hours."""
    today = _day(at, zone)
    for day, third, window in _windows(today, terms, zone):
        if day != today:
            return None
        if window.opens <= at < window.closes:
            return third
    raise AssertionError("unreachable: the windows never end")


def counted(at: datetime, *, tried: tuple[Tried, ...], terms: CallbackTerms, zone: str) -> Tried | None:
    """Return the unanswered attempt as one that counts, or None if it is kept but does not count (R33)."""
    third = third_of(at, terms=terms, zone=zone)
    today = _day(at, zone)
    fresh = {attempt.third for attempt in tried} != set(range(THIRDS))
    if third is None or any(attempt.day >= today or (fresh and attempt.third == third) for attempt in tried):
        return None
    return Tried(today, third)


def first_due(opened_at: datetime, *, terms: CallbackTerms, zone: str) -> datetime:
    """Return the latest instant of the first attempt (R32).

    Within 24 h where the day allows: the last moment at which somebody may be called before they are over.
    Where they hold no such moment, the end of the first stretch after them; in no case after 3 days.
    """
    limit = opened_at + terms.first_attempt_within
    best = None
    for _, _, window in _windows(_day(opened_at, zone), terms, zone):
        if window.opens > limit:
            return best or min(window.closes, opened_at + terms.latest_within)
        if window.closes > opened_at:
            best = min(window.closes, limit)
    raise AssertionError("unreachable: the windows never end")


# --- the interview ----------------------------------------------------------------------------------------------------

_WORK = ("came", "came_on", "done", "parts", "charged", "working", "satisfied")
_OTHER = ("came", "agrees", "charged", "satisfied")
_SCRIPTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **{str(result): _WORK for result in FINISHED},
        str(VisitResult.CUSTOMER_ABSENT): ("agrees", "satisfied"),
        DECLINED: ("agrees", "satisfied"),
        CANCELLED: ("agrees", "satisfied"),
    }
)
_ON_THE_CUSTOMER = frozenset({VisitResult.CUSTOMER_ABSENT, VisitResult.CUSTOMER_DECLINED, VisitResult.SITE_NOT_READY})


def script(outcome: str) -> tuple[str, ...]:
    """Return which answers the interview about an outcome asks for, in their order (R34); `words` is always free."""
    return _SCRIPTS.get(outcome, _OTHER)


def asks_first(outcome: str) -> bool:
    """Return whether the customer is asked yes or no by text message before anybody calls (R32).

    So it is where the report puts the reason on him: absent, declined, site not ready.
    """
    return outcome in _ON_THE_CUSTOMER


def reason_of_a_no(outcome: str) -> FailReason:
    """Return why a callback fails when the customer answers a text message about this outcome with no."""
    if outcome in FINISHED:
        return FailReason.STILL_BROKEN
    if outcome == VisitResult.CUSTOMER_ABSENT:
        return FailReason.NOBODY_CAME
    return FailReason.CONTRADICTION


@dataclass(frozen=True, slots=True)
class Answers:
    """What the customer said; None where he was not asked or did not know.

    :param came: whether somebody came.
    :param came_on: the local day on which.
    :param done: whether the work was done.
    :param working: whether the unit works.
    :param parts: whether parts were fitted.
    :param charged: what was taken from him, in minor units.
    :param agrees: whether an outcome without work was as reported: nobody at home, declined, cancelled …
    :param satisfied: 1 to 5.
    :raises ValueError: if a number is out of its range.
    """

    came: bool | None = None
    came_on: date | None = None
    done: bool | None = None
    working: bool | None = None
    parts: bool | None = None
    charged: int | None = None
    agrees: bool | None = None
    satisfied: int | None = None
    words: str = ""

    def __post_init__(self) -> None:
        if self.satisfied is not None and not 1 <= self.satisfied <= 5:
            raise ValueError("satisfaction is 1 to 5")
        if self.charged is not None and self.charged < 0:
            raise ValueError("nothing negative is charged")


@dataclass(frozen=True, slots=True)
class Claim:
    """What the record claims: the outcome, and from the card the day, the charges (minor units) and parts, if any."""

    outcome: str
    on: date | None = None
    charged: int | None = None
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One point in which the customer's answer and the record differ; grave ones forbid a pass."""

    code: str
    claimed: str
    said: str
    grave: bool


def contradictions(claim: Claim, answers: Answers) -> tuple[Contradiction, ...]:
    """Return where the customer's answers contradict the record, found by the system and not by memory (R34)."""
    found: list[Contradiction] = []

    def differs(code: str, claimed: object, said: object, *, grave: bool = True) -> None:
        found.append(Contradiction(code, str(claimed), str(said), grave))

    finished = claim.outcome in FINISHED
    made = claim.outcome not in (DECLINED, CANCELLED, VisitResult.CUSTOMER_ABSENT)
    if made and answers.came is False:
        differs("nobody_came", claim.outcome, "no")
    if finished and answers.done is False:
        differs("not_done", claim.outcome, "no")
    if finished and answers.working is False:
        differs("not_working", claim.outcome, "no")
    if not finished and answers.agrees is False:
        differs("outcome_denied", claim.outcome, "no")
    if claim.on is not None and answers.came_on not in (None, claim.on):
        differs("other_day", claim.on, answers.came_on, grave=False)
    if claim.charged is not None and answers.charged not in (None, claim.charged):
        more = (answers.charged or 0) > claim.charged
        differs("charged_more" if more else "charged_less", claim.charged, answers.charged, grave=more)
    if claim.parts is not None and answers.parts not in (None, claim.parts > 0):
        differs("parts_unseen" if claim.parts else "parts_not_on_card", claim.parts, answers.parts, grave=False)
    return tuple(found)
