"""Complaints with a named handler (R36)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from server.callbacks.models import Complaint
from server.core.errors import Conflict, NotFound
from server.core.events import Actor, note
from server.orders.models import Ticket
from server.organisation.access import EVERYTHING, Scope


class UnknownComplaint(NotFound):
    """There is no such complaint in the caller's part of the company."""

    code = "complaint.unknown"


class ComplaintDecided(Conflict):
    """This complaint has its decision."""

    code = "complaint.decided"


class DecisionMissing(Conflict):
    """A complaint ends with a decision that the customer can be told."""

    code = "complaint.decision_missing"


def decide(
    session: Session, *, complaint_id: int, decision: str, by: Actor, now: datetime, scope: Scope = EVERYTHING
) -> Complaint:
    """Decide a complaint; the decision is told to the customer the same day (R36).

    :raises UnknownComplaint: if it does not exist for this scope.
    :raises ComplaintDecided: if it was decided before.
    :raises DecisionMissing: if no decision is given.
    """
    if not decision.strip():
        raise DecisionMissing
    ticket = session.scalar(
        select(Ticket)
        .join(Complaint, Complaint.ticket_id == Ticket.id)
        .where(Complaint.id == complaint_id, _within(scope))
        # Of two who decide at once, the second finds it decided.
        .with_for_update(of=Ticket)
    )
    if ticket is None:
        raise UnknownComplaint(complaint_id=complaint_id)
    complaint = session.get_one(Complaint, complaint_id, populate_existing=True)
    if complaint.decided_at is not None:
        raise ComplaintDecided(complaint_id=complaint_id)
    complaint.decided_at, complaint.decision = now, decision
    note(session, ticket, "answer_complaint", by=by, now=now, reason=decision, details={"complaint_id": complaint_id})
    return complaint


def listed(
    session: Session, *, scope: Scope, is_open: bool | None = None, limit: int = 50, after: int | None = None
) -> Sequence[Complaint]:
    """Return complaints, oldest first.

    :param is_open: undecided ones only, decided ones only, or None for all.
    :param after: id of the last one of the page before.
    """
    query = select(Complaint).join(Ticket, Ticket.id == Complaint.ticket_id).where(_within(scope))
    if is_open is not None:
        query = query.where(Complaint.decided_at.is_(None) if is_open else Complaint.decided_at.is_not(None))
    if after is not None:
        query = query.where(Complaint.id > after)
    return session.scalars(query.order_by(Complaint.id).limit(limit)).all()


def _within(scope: Scope) -> ColumnElement[bool]:
    return Ticket.region_id == scope.region_id if scope.region_id is not None else true()
