"""Rules of tickets and visits: facts, warranty, clocks, proof of presence. Pure functions over plain values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.core.places import Position, geodesic_metres
from server.orders.terms import ClockTerms, IntakeTerms, VisitTerms
from server.orders.words import (
    STOPPING,
    Channel,
    ChargeCategory,
    CheckInOutcome,
    HindranceReason,
    WarrantyVerdict,
    WorkType,
)

PUBLIC_WORK = "public_work"
"""The profile of imported public work (R2)."""

ANSWERED = "phone_answered"
"""The fact that a customer reported by a payee has answered his telephone once (R1)."""

ANSWER_FIRST = frozenset({Channel.STATION})
"""Channels by which somebody reports who is paid for the work: the customer's number must answer first (R1)."""

_SOLD_PRODUCT = frozenset({WorkType.INSTALLATION, WorkType.REPAIR, WorkType.UPGRADE})
SHORTEST_VISIT = timedelta(seconds=1)
"""What an ended visit keeps of its time at least: an empty range would not be an interval."""


def required_facts(
    terms: IntakeTerms, *, work_type: WorkType, charge_category: ChargeCategory, profile: str = ""
) -> tuple[str, ...]:
    """Return the names of the facts without which a ticket is incomplete (R2).

    A profile (`public_work`) decides alone; then `work_type/charge_category`, then `work_type`. A work
    type that the table does not name needs nothing.
    """
    for key in (profile, f"{work_type}/{charge_category}", str(work_type)):
        if key and key in terms.required:
            return terms.required[key]
    return ()


def missing_facts(
    required: tuple[str, ...], *, given: Mapping[str, object], read_on_site: frozenset[str] | tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return which required facts are absent, in the order of the table (R2).

    Blank text is absent. A fact that can only be read on site is not missing.
    """
    return tuple(name for name in required if name not in read_on_site and not _is_given(given.get(name)))


def _is_given(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None and value is not False


@dataclass(frozen=True, slots=True)
class Unit:
    """What warranty is judged from. Days are inclusive: a unit is covered on the last day of its warranty."""

    serial: str | None = None
    purchased_on: date | None = None
    labour_until: date | None = None
    parts_until: date | None = None
    expenses_until: date | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """A judgement of the warranty: the verdict, what is covered, and which test decided."""

    verdict: WarrantyVerdict
    labour: bool = False
    parts: bool = False
    expenses: bool = False
    grounds: str = ""


def judge_warranty(
    unit: Unit | None,
    *,
    on: date,
    special_sale: bool,
    guarantee_until: date | None,
    read_on_site: tuple[str, ...],
    terms: IntakeTerms,
) -> Coverage:
    """Return whether the warranty of a sold product covers the work on a day (R6, R6a).

    A repair's own guarantee covers labour and the fitted part whatever the product's warranty says, even a
    special sale's. Then the special-sale list is looked at first, then the days: labour, parts and expenses
    may end on different ones, any of them still running makes the verdict *covered*. It is *undetermined*
    where no day is known, or where serial or purchase date can only be read on site.

    :param guarantee_until: the last day of an earlier repair's guarantee for the same fault, if there is one.
    """
    if guarantee_until is not None and on <= guarantee_until:
        return Coverage(WarrantyVerdict.COVERED, labour=True, parts=True, grounds="repair_guarantee")
    if special_sale:
        return Coverage(WarrantyVerdict.NOT_COVERED, grounds="special_sale")
    if {"serial", "purchased_on"} & set(read_on_site):
        return Coverage(WarrantyVerdict.UNDETERMINED, grounds="read_on_site")
    ends = _ends(unit, terms) if unit else (None, None, None)
    if not any(ends):
        return Coverage(WarrantyVerdict.UNDETERMINED, grounds="no_date")
    labour, parts, expenses = (end is not None and on <= end for end in ends)
    covered = labour or parts or expenses
    verdict = WarrantyVerdict.COVERED if covered else WarrantyVerdict.NOT_COVERED
    return Coverage(verdict, labour, parts, expenses, grounds="dates")


def _ends(unit: Unit, terms: IntakeTerms) -> tuple[date | None, date | None, date | None]:
    """Return the last days of labour, parts and expenses: the unit's own, else the policy's from the purchase on."""
    bought = unit.purchased_on
    return (
        unit.labour_until or (bought and bought + terms.labour_warranty),
        unit.parts_until or (bought and bought + terms.parts_warranty),
        unit.expenses_until or (bought and bought + terms.expenses_warranty),
    )


def repair_guarantee_ends(finished_on: date, *, terms: IntakeTerms) -> date:
    """Return the last day of the guarantee that a repair of that day carries on labour and fitted part (R6a)."""
    return finished_on + terms.repair_guarantee


NOT_APPLICABLE = Coverage(WarrantyVerdict.NOT_APPLICABLE, grounds="no_product")
"""The judgement of work that concerns no sold product."""


def concerns_warranty(*, work_type: WorkType, profile: str) -> bool:
    """Return whether the work is on a sold product, so that its warranty matters (R6)."""
    return work_type in _SOLD_PRODUCT and profile != PUBLIC_WORK


def charge_category(coverage: Coverage, *, stated: ChargeCategory | None, profile: str = "") -> ChargeCategory:
    """Return who pays (R5, R6, R6a).

    A contract (B) or internal work (D) stands as stated. A repair's own guarantee makes it free. Otherwise
    what was stated, then the verdict: covered is free; not covered, or not yet determined, is told to the
    customer as charged, which is the worst that can come of it. Public work is done under a contract.
    """
    if stated in {ChargeCategory.B, ChargeCategory.D}:
        return stated
    if coverage.grounds == "repair_guarantee":
        return ChargeCategory.C
    if stated is not None:
        return stated
    if coverage.verdict is WarrantyVerdict.NOT_APPLICABLE and profile == PUBLIC_WORK:
        return ChargeCategory.B
    return ChargeCategory.C if coverage.verdict is WarrantyVerdict.COVERED else ChargeCategory.A


def rejudged_category(
    present: ChargeCategory, *, before: WarrantyVerdict, coverage: Coverage, work_began: bool
) -> ChargeCategory:
    """Return who pays after the warranty was judged again (R2a, R6).

    Only a changed and determined verdict moves a ticket between charged and free. Once somebody stands at
    the customer's it moves no more by itself: the customer has been told something, and a change needs proof
    or his authorisation; the difference of verdict and category is what supervisor and auditor look at.
    """
    movable = present in {ChargeCategory.A, ChargeCategory.C} and not work_began
    if not movable or coverage.verdict is before:
        return present
    if coverage.verdict is WarrantyVerdict.COVERED:
        return ChargeCategory.C
    return ChargeCategory.A if coverage.verdict is WarrantyVerdict.NOT_COVERED else present


def time_limit(terms: ClockTerms, *, work_type: WorkType, zone: str | None) -> timedelta:
    """Return within which time the work must be done (R16); elapsed time, a day is 24 hours.

    :param zone: `urban` or `out_of_town`; an unknown place is taken as out of town.
    """
    return terms.limits.get(f"{work_type}/{zone or 'out_of_town'}", terms.other_limit)


def due_time(*, complete_at: datetime, limit: timedelta, partner_deadline: datetime | None = None) -> datetime:
    """Return when the customer's clock runs out (R16), or the partner's deadline where that comes first (R1)."""
    due = complete_at + limit
    return due if partner_deadline is None else min(due, partner_deadline)


def due_after_new_limit(
    due: datetime, *, before: timedelta, after: timedelta, partner_deadline: datetime | None
) -> datetime:
    """Return the due time after zone or work type was corrected (R2a): the clock is moved, not restarted (R16).

    A partner's deadline that was kept before goes on being kept.
    """
    moved = due + (after - before)
    return moved if partner_deadline is None or due > partner_deadline else min(moved, partner_deadline)


def due_after_stop(due: datetime, *, stopped_at: datetime, until: datetime) -> datetime:
    """Return a due time after its clock stood still from one instant to another (R17).

    A clock that had run out before it was stopped stays as it is; an end before the beginning stops nothing.
    """
    if due < stopped_at or until <= stopped_at:
        return due
    return due + (until - stopped_at)


def due_after_customer_date(due: datetime, *, date_begins: datetime, limit: timedelta) -> datetime:
    """Return the due time after the customer asked for a later date: the clock runs from that date (R18).

    It never becomes earlier than it was.
    """
    return max(due, date_begins + limit)


def technician_limit(*, sent_at: datetime, agreed_from: datetime | None, limit: timedelta) -> datetime:
    """Return when the technician's clock runs out (R16): from his offer, or from the customer's own date (R18)."""
    return max(sent_at, agreed_from or sent_at) + limit


def hindrance_counts(
    *, reported_at: datetime, dispatched_at: datetime | None, limit_at: datetime | None, terms: ClockTerms
) -> bool:
    """Return whether a report that the limit cannot be kept came in time (R17).

    Not earlier than 6 h after the dispatch order was sent, not later than the limit, both instants included.
    Without a dispatch order there is nothing to be too early for; without a limit nothing to be too late for.
    """
    early = dispatched_at is not None and reported_at < dispatched_at + terms.hindrance_not_before
    late = limit_at is not None and reported_at > limit_at
    return not early and not late


def stops_clocks(reason: HindranceReason, *, counts: bool) -> bool:
    """Return whether a report stops the clocks once the desk has accepted it (R17)."""
    return counts and reason in STOPPING


@dataclass(frozen=True, slots=True)
class PositionClaim:
    """Where a telephone says it is, with the radius of its uncertainty in metres (None if it does not say).

    :raises ValueError: if the radius is negative or not finite.
    """

    position: Position
    accuracy_metres: float | None = None
    mocked: bool = False

    def __post_init__(self) -> None:
        if self.accuracy_metres is not None and not (math.isfinite(self.accuracy_metres) and self.accuracy_metres >= 0):
            raise ValueError("an accuracy is a finite number of metres, not negative")


@dataclass(frozen=True, slots=True)
class Presence:
    """What a check-in proves, the distance from the site and the radius it was decided with, in metres."""

    outcome: CheckInOutcome
    distance_metres: float | None = None
    fence_metres: float | None = None


def judge_presence(
    claim: PositionClaim | None, *, site: Position | None, code_proof: bool, terms: VisitTerms
) -> Presence:
    """Return what a check-in proves (R20): distance over the ellipsoid against 300 m plus the reported accuracy.

    A position that is less exact than the terms trust, or that the telephone itself calls made up, proves
    nothing when it lies inside; outside even so it lies outside. The customer's code proves presence
    whatever the position says; the distance is kept all the same.
    """
    presence = _by_position(claim, site, terms)
    if code_proof and presence.outcome is not CheckInOutcome.INSIDE:
        return Presence(CheckInOutcome.CODE, presence.distance_metres, presence.fence_metres)
    return presence


def _by_position(claim: PositionClaim | None, site: Position | None, terms: VisitTerms) -> Presence:
    if claim is None:
        return Presence(CheckInOutcome.NO_POSITION)
    if site is None:
        return Presence(CheckInOutcome.NO_SITE_POSITION)
    accuracy = claim.accuracy_metres or 0.0
    distance, fence = geodesic_metres(claim.position, site), terms.fence_metres + accuracy
    if distance > fence:
        return Presence(CheckInOutcome.OUTSIDE, distance, fence)
    exact = accuracy <= terms.trusted_accuracy_metres and not claim.mocked
    return Presence(CheckInOutcome.INSIDE if exact else CheckInOutcome.NO_POSITION, distance, fence)


def end_of_interval(*, starts_at: datetime, ends_at: datetime, ended_at: datetime) -> datetime:
    """Return until when an ended visit takes its technician's time: a visit that ends early frees the rest.

    One that ends late shifts nothing; one that ends before it was to begin keeps a second.
    """
    return max(starts_at + SHORTEST_VISIT, min(ends_at, ended_at))


def card_due(*, work_type: WorkType, finished_at: datetime, terms: VisitTerms) -> datetime | None:
    """Return when the completion card must have been handed in (R19), None for work types without that duty."""
    return finished_at + terms.card_grace if work_type in terms.card_work_types else None
