"""What makes a visit look like a fake job, computed from the record; each point shows its reason (handbook, section 4).

A suspicion decides nothing: it tells the auditor where to look.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.callbacks.models import CallbackAttempt, CustomerCallback
from server.orders.models import Correction, Ticket
from server.orders.visit_models import CardCharge, CheckIn, CompletionCard, ExtraWork, Visit
from server.orders.words import CheckInOutcome, VisitResult, WarrantyVerdict

_REPEAT_WITHIN = timedelta(days=30)
_PROVES_PRESENCE = frozenset({CheckInOutcome.INSIDE, CheckInOutcome.CODE})


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One point to look at: its code, and what was found."""

    code: str
    found: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything kept about one visit.

    :param others: when visits of other tickets to the same site or unit ended.
    :param warranty: verdicts of the ticket's warranty judgements, in order.
    """

    ticket: Ticket
    visit: Visit
    check_ins: Sequence[CheckIn]
    card: CompletionCard | None
    charges: Sequence[CardCharge]
    extra_works: Sequence[ExtraWork]
    callback: CustomerCallback | None
    attempts: Sequence[CallbackAttempt]
    corrections: Sequence[Correction]
    warranty: Sequence[WarrantyVerdict]
    others: Sequence[datetime]


def suspicions(of: Evidence) -> tuple[Suspicion, ...]:
    """Return what an auditor should look at on one visit, the presence first, then the customer, then the facts."""
    return (*_presence(of), *_customer(of), *_facts(of))


def _presence(of: Evidence) -> list[Suspicion]:
    found = []
    if of.visit.result is not VisitResult.NOT_POSSIBLE and not of.check_ins:
        found.append(Suspicion("no_check_in", ""))
    odd = sorted({str(row.outcome) for row in of.check_ins if row.outcome not in _PROVES_PRESENCE})
    if odd and not any(row.outcome in _PROVES_PRESENCE for row in of.check_ins):
        found.append(Suspicion("odd_check_in", ", ".join(odd)))
    if any(row.mocked for row in of.check_ins):
        found.append(Suspicion("mocked_position", ""))
    if of.card is not None and of.visit.arrived_at is not None and of.card.started_at < of.visit.arrived_at:
        found.append(Suspicion("work_before_arrival", of.card.started_at.isoformat()))
    return found


def _customer(of: Evidence) -> list[Suspicion]:
    found = [
        Suspicion(f"contradiction.{item['code']}", f"{item['claimed']} / {item['said']}")
        for attempt in of.attempts
        for item in attempt.contradictions.get("items", ())
    ]
    if of.callback is None:
        return found
    if of.callback.without_customer:
        found.append(Suspicion("without_customer", of.callback.evidence or ""))
    if of.ticket.contact_phone not in (None, of.callback.phone):
        found.append(Suspicion("phone_changed", ""))
    return found


def _facts(of: Evidence) -> list[Suspicion]:
    sent = of.visit.sent_at
    found = [
        Suspicion("corrected_after_dispatch", row.field)
        for row in of.corrections
        if sent is not None and row.at > sent and row.field in ("purchased_on", "serial", "model")
    ]
    if WarrantyVerdict.NOT_COVERED in of.warranty and of.warranty[-1] is WarrantyVerdict.COVERED:
        found.append(Suspicion("became_covered", ""))
    refused = {work.id for work in of.extra_works if not work.authorised}
    if any(charge.extra_work_id in refused for charge in of.charges):
        found.append(Suspicion("extra_not_authorised", ""))
    ended = of.visit.finished_at
    near = sorted(at for at in of.others if ended is not None and abs(at - ended) <= _REPEAT_WITHIN)
    if near:
        found.append(Suspicion("repeat_visit", near[0].isoformat()))
    return found
