"""What dispatch does when something happens elsewhere, in the same transaction. Named in the composition root."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import SYSTEM, DomainEvent
from server.dispatch import escalations, offers
from server.orders import booking
from server.orders.locks import lock_ticket
from server.orders.models import Ticket
from server.orders.status import LIVE_VISIT, VisitStatus
from server.orders.visit_models import Visit
from server.technicians.models import Absence

_CAN_BE_LET_OFF = frozenset({VisitStatus.PLANNED, VisitStatus.OFFERED, VisitStatus.ACCEPTED, VisitStatus.ON_THE_WAY})
"""Whoever is with the customer already decides himself what he can still do."""


def on_ticket_left(session: Session, event: DomainEvent) -> None:
    """Withdraw the live visit and the open offer of a ticket that was cancelled, declined or waits.

    For `ticket.cancel`, `ticket.decline`, `ticket.wait`; whoever raised the event holds the ticket. A visit on
    site is left alone: the technician declined for the customer, or finds out there.
    """
    visit = session.scalar(
        select(Visit).where(
            Visit.ticket_id == event.subject_id,
            Visit.status.in_(LIVE_VISIT - {VisitStatus.ON_SITE}),
        )
    )
    if visit is not None:
        offers.withdraw_for_visit(session, visit_id=visit.id, reason=event.kind, by=SYSTEM, now=event.at)
        booking.withdraw(session, visit_id=visit.id, reason=event.kind, by=SYSTEM, now=event.at)
    if event.kind == "ticket.wait":
        escalations.settle_by_planning(session, ticket_id=event.subject_id, by=SYSTEM, now=event.at)
    else:
        escalations.settle_for_gone(session, event, by=SYSTEM)


def on_visit_given_up(session: Session, event: DomainEvent) -> None:
    """Close the offer of a visit that is withdrawn or taken from its technician, whoever did it.

    For `visit.withdraw`, `visit.release`, `visit.hand_back`.
    """
    offers.withdraw_for_visit(session, visit_id=event.subject_id, reason=event.kind, by=SYSTEM, now=event.at)


def on_visit_accepted(session: Session, event: DomainEvent) -> None:
    """Settle what was open because nobody could go. For `visit.accept`."""
    if event.ticket_id is not None:
        escalations.settle_by_planning(session, ticket_id=event.ticket_id, by=SYSTEM, now=event.at)


def on_absence(session: Session, event: DomainEvent) -> None:
    """Find somebody else for every visit that falls into an absence. For `absence.report`."""
    absence = session.get_one(Absence, event.subject_id)
    _let_off(session, absence.technician_id, since=absence.starts_at, until=absence.ends_at, event=event)


def on_technician_left(session: Session, event: DomainEvent) -> None:
    """Find somebody else for every visit of a technician who no longer works here. For `technician.leave`."""
    _let_off(session, event.subject_id, since=event.at, until=None, event=event)


def _let_off(
    session: Session, technician_id: int, *, since: datetime, until: datetime | None, event: DomainEvent
) -> None:
    """Pass on the visits of a technician that lie in a stretch of time, the earliest ticket first.

    Tickets are locked one after the other by their ids, as everybody does who locks several.
    """
    found = select(Visit.id, Visit.ticket_id).where(
        Visit.technician_id == technician_id, Visit.status.in_(_CAN_BE_LET_OFF), Visit.ends_at > since
    )
    if until is not None:
        found = found.where(Visit.starts_at < until)
    rows = session.execute(found.order_by(Visit.ticket_id)).all()
    held: dict[int, Ticket] = {row.ticket_id: lock_ticket(session, row.ticket_id) for row in rows}
    for row in rows:
        visit = session.get_one(Visit, row.id, populate_existing=True)
        if visit.technician_id != technician_id or visit.status not in _CAN_BE_LET_OFF:
            continue  # somebody was faster while we waited for the ticket
        if visit.status is VisitStatus.ON_THE_WAY:
            _give_up(session, visit, held[row.ticket_id], event)
        else:
            offers.reoffer(session, visit=visit, reason=event.kind, by=SYSTEM, now=event.at)


def _give_up(session: Session, visit: Visit, ticket: Ticket, event: DomainEvent) -> None:
    """Put a visit whose technician fell ill on the way before a human: the customer waits and must be phoned."""
    details = {"visit_id": visit.id, "asked": [visit.technician_id], "starts_at": visit.starts_at.isoformat()}
    offers.withdraw_for_visit(session, visit_id=visit.id, reason=event.kind, by=SYSTEM, now=event.at)
    booking.withdraw(session, visit_id=visit.id, reason=event.kind, by=SYSTEM, now=event.at)
    escalations.raise_(
        session,
        ticket=ticket,
        kind=escalations.Kind.NO_TECHNICIAN,
        by=SYSTEM,
        now=event.at,
        details=details,
    )
