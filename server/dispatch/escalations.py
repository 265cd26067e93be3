"""Escalations: what the product cannot decide by itself and puts before a human (R9, R11, R17)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.db import Json
from server.core.errors import Conflict, NotFound
from server.core.events import Actor, ActorKind, DomainEvent, note
from server.dispatch.models import Escalation
from server.orders.models import Ticket
from server.organisation.access import EVERYTHING, Scope


class Kind(StrEnum):
    """What dispatch itself escalates. Other packages name kinds of their own."""

    NO_TECHNICIAN = "no_technician"
    LIMIT_PASSED = "limit_passed"
    AGREED_LEFT_OUT = "agreed_left_out"


SETTLED_BY_PLANNING = frozenset({Kind.NO_TECHNICIAN, Kind.AGREED_LEFT_OUT})
"""What is settled by itself as soon as the ticket has a visit that somebody has accepted."""


def raise_(
    session: Session, *, ticket: Ticket, kind: str, by: Actor, now: datetime, details: Json | None = None
) -> Escalation:
    """Put a ticket before a human (`ticket.escalate`); one that is open already gets the new details.

    The caller holds the ticket.
    """
    found = _open(session, ticket_id=ticket.id, kind=kind)
    if found is None:
        found = Escalation(kind=kind, ticket_id=ticket.id, region_id=ticket.region_id, raised_at=now)
        session.add(found)
    found.details = details or {}
    note(session, ticket, "escalate", by=by, now=now, reason=kind, details=details)
    return found


def is_open(session: Session, *, ticket_id: int, kind: str) -> bool:
    """Return whether something of this kind about a ticket waits for a human."""
    return _open(session, ticket_id=ticket_id, kind=kind) is not None


def _open(session: Session, *, ticket_id: int, kind: str) -> Escalation | None:
    return session.scalar(
        select(Escalation).where(
            Escalation.ticket_id == ticket_id, Escalation.kind == kind, Escalation.settled_at.is_(None)
        )
    )


class UnknownEscalation(NotFound):
    """There is no such escalation for the caller."""

    code = "escalation.unknown"


class AlreadySettled(Conflict):
    """Somebody was faster."""

    code = "escalation.already_settled"


def settle(
    session: Session, *, escalation_id: int, remark: str, by: Actor, now: datetime, scope: Scope = EVERYTHING
) -> Escalation:
    """Note how a human has decided (`ticket.settle_escalation`).

    :raises UnknownEscalation: if there is none in the scope.
    :raises AlreadySettled: if it was settled before.
    """
    found = session.get(Escalation, escalation_id, with_for_update=True, populate_existing=True)
    if found is None or scope.region_id not in {None, found.region_id}:
        raise UnknownEscalation(escalation_id=escalation_id)
    if found.settled_at is not None:
        raise AlreadySettled(escalation_id=escalation_id)
    _settle(session, found, remark=remark, by=by, now=now)
    return found


def settle_by_planning(session: Session, *, ticket_id: int, by: Actor, now: datetime) -> None:
    """Settle what was open because nobody could go: now somebody goes."""
    for found in session.scalars(
        select(Escalation).where(
            Escalation.ticket_id == ticket_id,
            Escalation.kind.in_(SETTLED_BY_PLANNING),
            Escalation.settled_at.is_(None),
        )
    ):
        _settle(session, found, remark=None, by=by, now=now)


def settle_for_gone(session: Session, event: DomainEvent, *, by: Actor) -> None:
    """Settle everything that is open about a ticket that has left: nobody needs to decide any more."""
    for found in session.scalars(
        select(Escalation).where(Escalation.ticket_id == event.ticket_id, Escalation.settled_at.is_(None))
    ):
        _settle(session, found, remark=event.kind, by=by, now=event.at)


def _settle(session: Session, found: Escalation, *, remark: str | None, by: Actor, now: datetime) -> None:
    found.settled_at = now
    found.settled_by = by.id if by.kind is ActorKind.STAFF else None
    found.remark = remark
    ticket = session.get_one(Ticket, found.ticket_id)
    note(session, ticket, "settle_escalation", by=by, now=now, reason=found.kind)
