"""Reports that the limit cannot be kept (R17): kept, accepted by the desk, or found false on evidence."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import policies
from server.core.clock import local_instant
from server.core.errors import Conflict, Forbidden, Invalid, NotFound
from server.core.events import Actor, ActorKind, note
from server.orders import judging, rules
from server.orders.locks import UnknownTicket, lock_ticket
from server.orders.models import Hindrance, Ticket
from server.orders.status import LIVE_VISIT, OPEN_TICKET
from server.orders.terms import ClockTerms
from server.orders.visit_models import Visit
from server.orders.words import HindranceReason


class UnknownHindrance(NotFound):
    """No such report for the caller."""

    code = "hindrance.unknown"


class TicketEnded(Conflict):
    """The ticket has ended: its clocks have stopped for good."""

    code = "hindrance.ticket_ended"


class DoesNotCount(Conflict):
    """The report came too early or too late: it is kept, and stops no clock (R17)."""

    code = "hindrance.does_not_count"


class AlreadyDecided(Conflict):
    """Somebody has accepted the report, or found it false, before."""

    code = "hindrance.decided"


class EvidenceMissing(Invalid):
    """A report is false only on evidence: the customer's answer or another record (R17)."""

    code = "hindrance.evidence_missing"


class StaffOnly(Forbidden):
    """Only a member of staff decides about a report."""

    code = "hindrance.staff_only"


def report_hindrance(
    session: Session,
    *,
    ticket_id: int,
    technician_id: int | None,
    reason: HindranceReason,
    text: str,
    until: date | None,
    by: Actor,
    now: datetime,
) -> Hindrance:
    """Keep why a ticket cannot be finished within the limit, and until when (R17). Event: `ticket.hindrance`.

    :param technician_id: whose live visit it must be about; None for the desk.
    :param until: the local day from which work can go on.
    :raises UnknownTicket: if there is none, or it is not the technician's.
    :raises TicketEnded: if it has ended.
    """
    ticket = lock_ticket(session, ticket_id)
    visit = live_visit(session, ticket.id)
    if technician_id is not None and (visit is None or visit.technician_id != technician_id):
        raise UnknownTicket
    if ticket.status not in OPEN_TICKET:
        raise TicketEnded(number=ticket.number)
    return keep(session, ticket, visit, reason=reason, text=text, until=until, by=by, now=now)


def live_visit(session: Session, ticket_id: int) -> Visit | None:
    """Return the ticket's visit that takes somebody's time, None if there is none; the caller holds the ticket."""
    return session.scalar(
        select(Visit)
        .where(Visit.ticket_id == ticket_id, Visit.status.in_(LIVE_VISIT))
        .execution_options(populate_existing=True)
    )


def keep(
    session: Session,
    ticket: Ticket,
    visit: Visit | None,
    *,
    reason: HindranceReason,
    text: str,
    until: date | None,
    by: Actor,
    now: datetime,
) -> Hindrance:
    """Keep a report about a ticket that the caller holds, and whether it came in time (R17)."""
    terms, _ = policies.in_force(session, ClockTerms, at=now)
    dispatched_at, limit_at = (visit.sent_at, visit.limit_at) if visit is not None else (None, None)
    row = Hindrance(
        ticket_id=ticket.id,
        technician_id=visit.technician_id if visit is not None else None,
        reason=reason,
        text=text,
        until=until,
        reported_at=now,
        counts=rules.hindrance_counts(
            reported_at=now, dispatched_at=dispatched_at, limit_at=limit_at or ticket.due_at, terms=terms
        ),
    )
    session.add(row)
    session.flush()
    details = {"hindrance_id": row.id, "reason": str(reason), "counts": row.counts}
    note(session, ticket, "hindrance", by=by, now=now, reason=text, details=details)
    return row


def accept_hindrance(session: Session, *, hindrance_id: int, by: Actor, now: datetime) -> Hindrance:
    """Accept a report for the desk: both clocks stand still from the report until the date it names (R17).

    Event: `ticket.hindrance_accepted`.

    :param by: the member of staff who accepts.
    :raises UnknownHindrance: if there is none.
    :raises StaffOnly: if it is not a member of staff.
    :raises AlreadyDecided: if it was accepted or found false before.
    :raises DoesNotCount: if it came too early or too late.
    :raises TicketEnded: if the ticket has ended.
    """
    ticket, row = _undecided(session, hindrance_id, by)
    if not row.counts:
        raise DoesNotCount(hindrance_id=row.id)
    if ticket.status not in OPEN_TICKET:
        raise TicketEnded(number=ticket.number)
    row.accepted_at, row.accepted_by = now, by.id
    if rules.stops_clocks(row.reason, counts=row.counts) and row.until is not None:
        zone = judging.time_zone(session, judging.known_about(session, ticket))
        until = local_instant(row.until, 0, 0, zone)
        _stop_clocks(session, ticket, stopped_at=row.reported_at, until=until)
    note(session, ticket, "hindrance_accepted", by=by, now=now, details={"hindrance_id": row.id})
    return row


def _undecided(session: Session, hindrance_id: int, by: Actor) -> tuple[Ticket, Hindrance]:
    """Return a report nobody has decided about, with its ticket, which is held."""
    if by.kind is not ActorKind.STAFF or by.id is None:
        raise StaffOnly
    ticket_id = session.scalar(select(Hindrance.ticket_id).where(Hindrance.id == hindrance_id))
    if ticket_id is None:
        raise UnknownHindrance
    ticket = lock_ticket(session, ticket_id)
    row = session.get_one(Hindrance, hindrance_id, populate_existing=True)
    if row.accepted_at is not None or row.false_at is not None:
        raise AlreadyDecided(hindrance_id=row.id)
    return ticket, row


def _stop_clocks(session: Session, ticket: Ticket, *, stopped_at: datetime, until: datetime) -> None:
    if ticket.due_at is not None:
        ticket.due_at = rules.due_after_stop(ticket.due_at, stopped_at=stopped_at, until=until)
    visit = live_visit(session, ticket.id)
    if visit is not None and visit.limit_at is not None:
        visit.limit_at = rules.due_after_stop(visit.limit_at, stopped_at=stopped_at, until=until)


def decide_false(session: Session, *, hindrance_id: int, evidence: str, by: Actor, now: datetime) -> Hindrance:
    """Find a report false, on the customer's answer or another record (R17): a supervisor's decision.

    A report that was accepted before can still turn out false; clocks that it stopped stay as they are.
    Event: `ticket.hindrance_false`.

    :param evidence: what contradicts the report.
    :raises UnknownHindrance: if there is none.
    :raises StaffOnly: if it is not a member of staff.
    :raises EvidenceMissing: if none is given.
    :raises AlreadyDecided: if it was found false before.
    """
    if not evidence.strip():
        raise EvidenceMissing
    if by.kind is not ActorKind.STAFF or by.id is None:
        raise StaffOnly
    ticket_id = session.scalar(select(Hindrance.ticket_id).where(Hindrance.id == hindrance_id))
    if ticket_id is None:
        raise UnknownHindrance
    ticket = lock_ticket(session, ticket_id)
    row = session.get_one(Hindrance, hindrance_id, populate_existing=True)
    if row.false_at is not None:
        raise AlreadyDecided(hindrance_id=row.id)
    row.false_at, row.false_by, row.false_evidence = now, by.id, evidence
    note(session, ticket, "hindrance_false", by=by, now=now, reason=evidence, details={"hindrance_id": row.id})
    return row
