"""What follows from the verdict of a customer callback: the ticket closes, a return visit opens, a complaint opens."""

from datetime import datetime

from sqlalchemy import any_, literal, or_, select
from sqlalchemy.orm import Session

from server.callbacks.models import Complaint, CustomerCallback
from server.callbacks.scope import visible
from server.callbacks.status import COMPLAINT, RETURN_VISIT, CallbackEvent, FailReason
from server.callbacks.terms import CallbackTerms
from server.core.errors import Conflict, NotFound
from server.core.events import Actor, note, record
from server.core.policies import in_force
from server.orders import closing
from server.orders.models import Ticket
from server.orders.status import TICKET, TicketEvent, VisitStatus
from server.orders.visit_models import Visit
from server.organisation.access import Scope
from server.organisation.models import Role, Staff


class UnknownCallback(NotFound):
    """There is no such customer callback in the caller's part of the company."""

    code = "callback.unknown"


def lock(session: Session, *, callback_id: int, scope: Scope) -> tuple[Ticket, CustomerCallback]:
    """Return a callback with its ticket locked: what two people decide at once, the second sees decided.

    :raises UnknownCallback: if it does not exist for this scope.
    """
    ticket = session.scalar(
        select(Ticket)
        .join(CustomerCallback, CustomerCallback.ticket_id == Ticket.id)
        .where(CustomerCallback.id == callback_id, visible(scope))
        .with_for_update(of=Ticket)
        .execution_options(populate_existing=True)
    )
    if ticket is None:
        raise UnknownCallback(callback_id=callback_id)
    # The row itself too, below its root: an agent who is just being handed this call holds only the row.
    callback = session.get_one(CustomerCallback, callback_id, populate_existing=True, with_for_update=True)
    return ticket, callback


def passed(session: Session, ticket: Ticket, callback: CustomerCallback, *, by: Actor, now: datetime) -> None:
    """Close the ticket whose outcome was verified, if it is this outcome that ended its work."""
    if TICKET.allows(ticket.status, TicketEvent.VERIFY) and _speaks_for_the_ticket(session, callback):
        closing.close_verified(session, ticket_id=ticket.id, by=by, now=now, reason=str(callback.status))


def ended_unverified(session: Session, ticket: Ticket, callback: CustomerCallback, *, by: Actor, now: datetime) -> None:
    """Close the ticket whose outcome nobody could verify, if it is this outcome that ended its work."""
    if TICKET.allows(ticket.status, TicketEvent.END_UNVERIFIED) and _speaks_for_the_ticket(session, callback):
        closing.close_unverified(session, ticket_id=ticket.id, by=by, now=now, reason=str(callback.status))


def fail(
    session: Session,
    ticket: Ticket,
    callback: CustomerCallback,
    *,
    reason: FailReason,
    handler_id: int | None,
    by: Actor,
    now: datetime,
) -> None:
    """Fail a callback and, in the same step, open the return visit or the complaint that its reason asks for (R35).

    :raises NoHandler: if a complaint is due and nobody can be named for it.
    """
    callback.fail_reason, callback.decided_at = reason, now
    record(session, callback, CallbackEvent.FAIL, by=by, now=now, reason=str(reason))
    if reason in RETURN_VISIT:
        _open_return_visit(session, ticket, callback, reason=reason, by=by, now=now)
    if reason in COMPLAINT:
        _open_complaint(session, ticket, callback, kind=str(reason), handler_id=handler_id, by=by, now=now)


def _open_return_visit(
    session: Session, ticket: Ticket, callback: CustomerCallback, *, reason: FailReason, by: Actor, now: datetime
) -> None:
    """Bring the ticket back to the dispatcher; one whose work is still owed is there already."""
    if not TICKET.allows(ticket.status, TicketEvent.REOPEN) or not _speaks_for_the_ticket(session, callback):
        return
    closing.reopen(session, ticket_id=ticket.id, reason=str(reason), by=by, now=now)
    if callback.visit_id is None and ticket.missing:
        record(session, ticket, TicketEvent.LOSE_FACTS, by=by, now=now, reason=str(reason))


def _speaks_for_the_ticket(session: Session, callback: CustomerCallback) -> bool:
    """Return whether nothing was done on the ticket after the outcome that this callback verifies."""
    last = session.scalar(
        select(Visit.id)
        .where(Visit.ticket_id == callback.ticket_id, Visit.status != VisitStatus.WITHDRAWN)
        .order_by(Visit.ordinal.desc())
        .limit(1)
    )
    return callback.visit_id in (None, last)


class NoHandler(Conflict):
    """A complaint needs a named handler, and nobody of the region can be one."""

    code = "complaint.no_handler"


def _open_complaint(
    session: Session,
    ticket: Ticket,
    callback: CustomerCallback,
    *,
    kind: str,
    handler_id: int | None,
    by: Actor,
    now: datetime,
) -> Complaint:
    terms, _ = in_force(session, CallbackTerms, at=now)
    complaint = Complaint(
        ticket_id=ticket.id,
        callback_id=callback.id,
        kind=kind,
        handler_id=_handler(session, region_id=ticket.region_id, wished=handler_id),
        raised_at=now,
        answer_due_at=now + terms.complaint_answer_within,
    )
    session.add(complaint)
    session.flush()
    note(session, ticket, "complain", by=by, now=now, reason=kind, details={"complaint_id": complaint.id})
    return complaint


def _handler(session: Session, *, region_id: int, wished: int | None) -> int:
    """Return who handles a complaint: who was named, else the region's supervisor."""
    able = select(Staff.id).where(
        Staff.disabled_at.is_(None), or_(Staff.region_id == region_id, Staff.region_id.is_(None))
    )
    named = Staff.id == wished if wished is not None else literal(str(Role.SUPERVISOR)) == any_(Staff.roles)
    # A supervisor of this region before one of the whole company.
    found = session.scalar(able.where(named).order_by(Staff.region_id.is_(None), Staff.id).limit(1))
    if found is None:
        raise NoHandler(handler_id=wished)
    return found
