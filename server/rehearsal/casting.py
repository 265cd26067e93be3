"""Who will do what: parts given to the people around every report, from the seed.

Each behaviour goes to a share of the reports, and with a hundred or more to several at least, so that a rehearsal of
that size shows every one of them. What a technician answers to an offer is drawn when he reads it.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from server.orders.words import WorkType
from server.rehearsal.material import Report

ENOUGH = 100
"""From so many reports on every behaviour must occur."""


class Confirming(StrEnum):
    """What a customer does when he is asked whether the window suits him."""

    REPLIES = "replies"
    BY_LINK = "by_link"
    SILENT = "silent"
    MOVES = "moves"


class Course(StrEnum):
    """How the first visit goes."""

    DONE = "done"
    PART = "part"
    NO_FAULT = "no_fault"
    ABSENT = "absent"
    DECLINED = "declined"
    NOT_FINISHED = "not_finished"


class Extra(StrEnum):
    """What becomes of extra work found on site."""

    AGREED = "agreed"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class Calling(StrEnum):
    """What the callback agent hears."""

    WELL = "well"
    LATER = "later"
    """Not reached the first time, well the second time."""
    SURVEYED = "surveyed"
    """Never reached by telephone, answers the survey."""
    NEVER = "never"
    """Neither telephone nor survey."""
    STILL_BROKEN = "still_broken"
    NOBODY_CAME = "nobody_came"
    OVERCHARGED = "overcharged"
    RUDE = "rude"


class Card(StrEnum):
    """How the completion card reaches the station clerk."""

    IN_TIME = "in_time"
    LATE = "late"
    SENT_BACK = "sent_back"


class Before(StrEnum):
    """What the customer does before anybody has come."""

    NOTHING = "nothing"
    URGES = "urges"
    CANCELS = "cancels"
    STOPS = "stops"
    """Tells the carrier to stop our messages."""
    PROSE = "prose"
    """Writes something that no rule understands."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the people around one report will do.

    :param told_twice: after how long somebody else reports the same, None if nobody does.
    :param incomplete: whether the report lacks a fact that the desk asks for later.
    :param hidden: whether the desk does not find the place and must end the ticket.
    :param slips: whether the technician forgets to report a step.
    """

    confirming: Confirming = Confirming.REPLIES
    course: Course = Course.DONE
    extra: Extra | None = None
    calling: Calling = Calling.WELL
    card: Card = Card.IN_TIME
    before: Before = Before.NOTHING
    told_twice: timedelta | None = None
    incomplete: bool = False
    hidden: bool = False
    slips: bool = False


@dataclass(slots=True)
class _Draft:
    choices: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Share:
    """How many of those who can do it do it: a share in a thousand, and the least number in a large cast."""

    what: str
    value: object
    per_mille: int
    least: int = 2


_SHARES = (
    _Share("before", Before.CANCELS, 10, 1),
    _Share("before", Before.URGES, 30),
    _Share("before", Before.STOPS, 6, 1),
    _Share("before", Before.PROSE, 20),
    _Share("told_twice", None, 30),
    _Share("incomplete", True, 40),
    _Share("confirming", Confirming.MOVES, 12, 2),
    _Share("confirming", Confirming.BY_LINK, 80),
    _Share("confirming", Confirming.SILENT, 250),
    _Share("course", Course.DECLINED, 10, 2),
    _Share("course", Course.ABSENT, 35, 3),
    _Share("course", Course.NOT_FINISHED, 35, 3),
    _Share("course", Course.NO_FAULT, 40),
    _Share("course", Course.PART, 250),
    _Share("extra", Extra.AGREED, 50, 3),
    _Share("extra", Extra.REFUSED, 30, 3),
    _Share("extra", Extra.UNANSWERED, 12),
    _Share("calling", Calling.LATER, 120),
    _Share("calling", Calling.SURVEYED, 20),
    _Share("calling", Calling.NEVER, 20),
    _Share("calling", Calling.STILL_BROKEN, 20, 3),
    _Share("calling", Calling.NOBODY_CAME, 6, 1),
    _Share("calling", Calling.OVERCHARGED, 15),
    _Share("calling", Calling.RUDE, 10),
    _Share("card", Card.LATE, 60, 5),
    _Share("card", Card.SENT_BACK, 20),
    _Share("slips", True, 60),
)
"""Drawn in this order; what a report has got already stays with it."""

_ON_SITE = frozenset({"extra", "calling", "card", "slips"})
"""What needs a ticket that somebody finishes."""
_RARE = frozenset({Course.DECLINED, Before.CANCELS})


def cast(reports: tuple[Report, ...], *, seed: int) -> dict[str, Part]:
    """Return the part of every report by its key; the same reports and seed give the same parts.

    What a file says about a ticket's later life comes first: nobody at home, no fault found, a part replaced.
    """
    chance = random.Random(f"cast/{seed}")
    drafts = {report.key: _first(report) for report in reports}
    for share in _SHARES:
        able = [report for report in _once_a_place(reports) if _can(report, drafts[report.key].choices, share)]
        for report in chance.sample(able, _count(share, len(able), total=len(reports))):
            value = timedelta(minutes=chance.randint(15, 90)) if share.what == "told_twice" else share.value
            drafts[report.key].choices[share.what] = value
    unplaced = [report for report in reports if not report.trusted]
    for report in chance.sample(unplaced, len(unplaced) // 3):
        drafts[report.key].choices["hidden"] = True
    return {key: Part(**draft.choices) for key, draft in drafts.items()}  # type: ignore[arg-type]


def _first(report: Report) -> _Draft:
    draft = _Draft()
    if report.afterwards.absent:
        draft.choices["course"] = Course.ABSENT
    elif report.afterwards.no_fault:
        draft.choices["course"] = Course.NO_FAULT
    elif report.afterwards.part:
        draft.choices["course"] = Course.PART
    return draft


def _once_a_place(reports: Iterable[Report]) -> list[Report]:
    """Return the first report about each thing: what is told again becomes a fact of the same ticket."""
    seen: set[tuple[str, str, str]] = set()
    firsts = []
    for report in reports:
        thing = (report.place or report.key, report.work_type, report.category)
        if thing not in seen:
            seen.add(thing)
            firsts.append(report)
    return firsts


def _can(report: Report, choices: dict[str, object], share: _Share) -> bool:
    if share.what in choices or not report.trusted:
        return False
    spoiled = choices.get("course") is Course.DECLINED or choices.get("before") is Before.CANCELS
    if share.what in _ON_SITE and spoiled:
        return False
    if share.value in _RARE and any(name in choices for name in (*_ON_SITE, "before", "course")):
        return False
    silent = choices.get("before") is Before.STOPS
    if silent and (share.what in {"extra", "confirming"} or share.value is Calling.SURVEYED):
        return False  # somebody whom no message reaches answers none
    if share.what == "extra":
        return (
            report.work_type in (WorkType.REPAIR, WorkType.INSTALLATION)
            and choices.get("course") is not Course.NO_FAULT
        )
    return True


def _count(share: _Share, able: int, *, total: int) -> int:
    wanted = round(total * share.per_mille / 1000)
    return min(able, max(wanted, share.least) if total >= ENOUGH else wanted)
