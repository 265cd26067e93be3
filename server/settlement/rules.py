"""What a month's visits are worth: prices, deductions and proposed verdicts, from facts alone. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.callbacks.status import PAYABLE, CallbackStatus
from server.core.money import Money
from server.orders.status import CardStatus
from server.orders.words import FINISHED, VisitResult
from server.settlement.status import PAID_VERDICTS, UNDECIDED, DeductionKind, LineKind, Reason, Verdict
from server.settlement.terms import SettlementTerms

# --- time -------------------------------------------------------------------------------------------------------------


def local_day_of(at: datetime, zone: str) -> date:
    """Return the local calendar day of an instant."""
    return at.astimezone(ZoneInfo(zone)).date()


def month_of(finished_at: datetime, zone: str) -> date:
    """Return the first day of the month a visit belongs to: of its completion, in the site's zone (R37)."""
    return local_day_of(finished_at, zone).replace(day=1)


def month_after(month: date) -> date:
    """Return the first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)


def desk_time(start: datetime, end: datetime, *, from_hour: int, to_hour: int, zone: str) -> timedelta:
    """Return how long the desk was open between two instants; it opens every day at the same local hours."""
    if end <= start or from_hour >= to_hour:
        return timedelta(0)
    open_for, day, last = timedelta(0), local_day_of(start, zone), local_day_of(end, zone)
    while day <= last:
        opens, closes = _wall(day, from_hour, zone), _wall(day, to_hour, zone)
        open_for += max(timedelta(0), min(end, closes) - max(start, opens))
        day += timedelta(days=1)
    return open_for


def _wall(day: date, hour: int, zone: str) -> datetime:
    local = datetime.combine(day, time()) + timedelta(hours=hour)
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# --- deductions -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LateCard:
    """A card handed in late: how much desk time after its due time, how many periods of it count, what that costs."""

    overdue: timedelta
    periods: int
    amount: Money


def late_card_deduction(
    *, due_at: datetime, received_at: datetime, terms: SettlementTerms, zone: str
) -> LateCard | None:
    """Return what to deduct for a completion card handed in late, or None if it was in time (R19).

    Only time in which the desk is open counts. Every period of 3 hours counts in full as soon as it has begun or, if
    the policy says so, when it is over. A card that arrives on the very instant it is due is in time.

    :param zone: the desk's time zone.
    """
    overdue = desk_time(due_at, received_at, from_hour=terms.desk_from_hour, to_hour=terms.desk_to_hour, zone=zone)
    whole, begun = divmod(overdue, terms.late_card_period)
    periods = whole + (1 if begun and terms.late_card_counts_begun else 0)
    if not periods:
        return None
    amount = terms.late_card_per_period * periods
    amount = min(amount, terms.late_card_at_most)
    return LateCard(overdue, periods, amount)


def may_waive(kind: DeductionKind, *, excused_at: datetime | None, due_at: datetime | None, published: bool) -> bool:
    """Return whether a deduction may be waived with a reason (R19, R40).

    That of a late card only if the excuse was recorded before the card was due, or after the payee has seen the
    statement and appealed; the others at any time.
    """
    if kind is not DeductionKind.LATE_CARD or published:
        return True
    return excused_at is not None and due_at is not None and excused_at <= due_at


@dataclass(frozen=True, slots=True)
class Settled:
    """What a line comes to: what is paid for it, and what its deductions take beyond its price."""

    net: Money
    rest: Money


def settle(*, price: Money, deducted: Money, verdict: Verdict) -> Settled:
    """Return what a line with a verdict comes to (handbook, exact readings).

    Deductions never take a line below 0; the rest is a line of its own. They stand on their own evidence: a refused
    line is worth nothing and its deductions are owed all the same. A line that is open or held takes and gives nothing.
    """
    if verdict in UNDECIDED:
        return Settled(price.zero(), price.zero())
    worth = price if verdict in PAID_VERDICTS else price.zero()
    if deducted <= worth:
        return Settled(worth - deducted, price.zero())
    return Settled(price.zero(), deducted - worth)


# --- verdicts ---------------------------------------------------------------------------------------------------------


def kind_of(result: VisitResult) -> LineKind:
    """Return what a visit's line is for: labour where it finished the work, else the trip (R37)."""
    return LineKind.LABOUR if result in FINISHED else LineKind.VISIT


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What the record says about a line.

    :param price: from the table of prices valid on the day; None where there is none.
    :param other_currency: that the table's price is in another currency than the statement.
    :param callback: status of the verification of this visit's own outcome; None where there is none.
    :param card: status of its completion card; None where there is none.
    :param card_awaited: that the card must be handed in (R19) and has not been.
    :param paid_before: that the ticket's labour (or this visit) stands on another paid line.
    :param finished_later: that a later visit finished the ticket's work again.
    :param serial_paid: that an installation of the same serial number was paid on another ticket.
    :param hold_expired: that it was held for longer than 60 days.
    """

    kind: LineKind
    price: Money | None
    callback: CallbackStatus | None
    card: CardStatus | None = None
    card_awaited: bool = False
    other_currency: bool = False
    paid_before: bool = False
    finished_later: bool = False
    serial_paid: bool = False
    hold_expired: bool = False
    deductions: tuple[DeductionKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the rules say about a line, before a person has looked."""

    verdict: Verdict
    reasons: tuple[Reason, ...]


_CALLBACK = {
    None: (Verdict.OPEN, Reason.CALLBACK_MISSING),
    CallbackStatus.WAITING: (Verdict.OPEN, Reason.CALLBACK_WAITING),
    CallbackStatus.SURVEYED: (Verdict.OPEN, Reason.CALLBACK_WAITING),
    CallbackStatus.FAILED: (Verdict.HOLD, Reason.CALLBACK_FAILED),
    CallbackStatus.UNREACHABLE: (Verdict.HOLD, Reason.CALLBACK_UNREACHABLE),
    CallbackStatus.NOT_CONFIRMED: (Verdict.REFUSE, Reason.CALLBACK_NOT_CONFIRMED),
    CallbackStatus.LAPSED: (Verdict.REFUSE, Reason.CALLBACK_UNDECIDED),
}
_SOFT = frozenset({Reason.SERIAL_PAID_BEFORE, Reason.FINISHED_BY_LATER_VISIT, Reason.HOLD_EXPIRED})
"""An auditor may see it otherwise, with a remark; nothing else that stands against payment is his to overrule."""


def objections(facts: LineFacts) -> tuple[tuple[Verdict, Reason], ...]:
    """Return all that stands against paying a line, each with the verdict it leads to (R35, R37-R39)."""
    found: list[tuple[Verdict, Reason]] = []
    if facts.kind is LineKind.VISIT and not facts.price and not facts.other_currency:
        # Nothing is owed, so nothing needs proof.
        return ((Verdict.REFUSE, Reason.OTHER_VISIT_PRICE_ZERO),)
    if facts.paid_before:
        found.append((Verdict.REFUSE, Reason.PAID_BEFORE))
    if facts.finished_later:
        found.append((Verdict.REFUSE, Reason.FINISHED_BY_LATER_VISIT))
    if facts.serial_paid:
        found.append((Verdict.REFUSE, Reason.SERIAL_PAID_BEFORE))
    if facts.callback not in PAYABLE:
        found.append(_CALLBACK[facts.callback])
    if facts.other_currency:
        found.append((Verdict.HOLD, Reason.OTHER_CURRENCY))
    elif facts.price is None:
        found.append((Verdict.HOLD, Reason.NO_PRICE))
    found += _about_the_card(facts)
    if facts.hold_expired and any(verdict in UNDECIDED for verdict, _ in found):
        found.append((Verdict.REFUSE, Reason.HOLD_EXPIRED))
    return tuple(found)


def _about_the_card(facts: LineFacts) -> list[tuple[Verdict, Reason]]:
    if facts.kind is not LineKind.LABOUR:
        return []
    if facts.card is None:
        return [(Verdict.HOLD, Reason.CARD_MISSING)]
    if facts.card is CardStatus.SENT_BACK:
        return [(Verdict.HOLD, Reason.CARD_SENT_BACK)]
    return [(Verdict.HOLD, Reason.CARD_NOT_RECEIVED)] if facts.card_awaited else []


def propose(facts: LineFacts) -> Proposal:
    """Return the verdict that follows from the record, with its reasons.

    Of several objections the gravest decides: refuse before hold before open. Without any the line is paid, reduced by
    its deductions.
    """
    if facts.kind is LineKind.LATER:
        return Proposal(Verdict.REDUCED, (Reason.FOUND_LATER, *_taken(facts)))
    against = objections(facts)
    for verdict in (Verdict.REFUSE, Verdict.HOLD, Verdict.OPEN):
        if any(one == verdict for one, _ in against):
            return Proposal(verdict, tuple(reason for _, reason in against))
    return Proposal(Verdict.REDUCED if facts.deductions else Verdict.PAY, _taken(facts))


def _taken(facts: LineFacts) -> tuple[Reason, ...]:
    return tuple(Reason(str(kind)) for kind in dict.fromkeys(facts.deductions))


def forbids_payment(facts: LineFacts) -> tuple[Reason, ...]:
    """Return why a line cannot be paid whoever decides: nothing unverified, nothing twice, no card, no price (R39)."""
    if facts.kind not in (LineKind.LABOUR, LineKind.VISIT):
        return ()
    return tuple(reason for _, reason in objections(facts) if reason not in _SOFT)
