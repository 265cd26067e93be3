"""Everything that waits for a human at a desk, in one queue."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.core.numbers import ticket_number
from server.core.policies import in_force
from server.customers.models import Site
from server.dispatch.models import Escalation
from server.dispatch.terms import DispatchTerms
from server.orders.models import Ticket
from server.orders.status import OPEN_TICKET, TicketStatus
from server.organisation.access import Scope

MOST = 200

Found = Select[int, datetime, datetime | None]


class MatterKind(StrEnum):
    """Why a ticket needs a human."""

    ESCALATION = "escalation"
    NO_POSITION = "no_position"
    INCOMPLETE = "incomplete"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing that waits for somebody at a desk: what, about which ticket, since when.

    :param detail: the kind of an escalation; else empty.
    :param escalation_id: set for an escalation.
    """

    kind: MatterKind
    ticket_id: int
    number: str
    since: datetime
    detail: str = ""
    escalation_id: int | None = None


def needs_human(session: Session, *, scope: Scope, now: datetime, limit: int = MOST) -> list[Matter]:
    """Return what waits for a dispatcher or supervisor, the longest waiting first; at most 200.

    Open escalations; complete tickets whose position cannot be trusted; incomplete tickets older than the
    policy's day; open tickets whose due time has passed (R16). A station or a technician sees none.
    """
    if scope.station_id is not None or scope.technician_id is not None:
        return []
    terms, _ = in_force(session, DispatchTerms, at=now)
    most = min(limit, MOST)
    found = [*_escalated(session, scope, most), *_unplaced(session, scope, most)]
    incomplete = _tickets(scope, Ticket.opened_at).where(
        Ticket.status == TicketStatus.INCOMPLETE, Ticket.opened_at <= now - terms.incomplete_shown_after
    )
    overdue = _tickets(scope, Ticket.due_at).where(Ticket.status.in_(OPEN_TICKET), Ticket.due_at < now)
    for kind, query in ((MatterKind.INCOMPLETE, incomplete), (MatterKind.OVERDUE, overdue)):
        for ticket_id, opened_at, since in session.execute(query.limit(most)):
            found.append(Matter(kind, ticket_id, ticket_number(ticket_id, opened_at), since or opened_at))
    return sorted(found, key=lambda m: (m.since, m.ticket_id, m.kind))[:most]


def _tickets(scope: Scope, since: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]) -> Found:
    """Return a query for tickets of the scope with the instant they wait since, the longest waiting first."""
    found: Found = select(Ticket.id, Ticket.opened_at, since).order_by(since, Ticket.id)
    return found if scope.region_id is None else found.where(Ticket.region_id == scope.region_id)


def _unplaced(session: Session, scope: Scope, most: int) -> list[Matter]:
    """Return ready tickets that no plan can place, because nobody knows for sure where they are."""
    since = func.coalesce(Ticket.facts_complete_at, Ticket.opened_at)
    found = (
        select(Ticket.id, Ticket.opened_at, since)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .where(
            Ticket.status == TicketStatus.READY,
            or_(Site.id.is_(None), Site.lat.is_(None), Site.position_trusted.is_(False)),
        )
        .order_by(since, Ticket.id)
        .limit(most)
    )
    if scope.region_id is not None:
        found = found.where(Ticket.region_id == scope.region_id)
    return [
        Matter(MatterKind.NO_POSITION, ticket_id, ticket_number(ticket_id, opened_at), at)
        for ticket_id, opened_at, at in session.execute(found)
    ]


def _escalated(session: Session, scope: Scope, most: int) -> list[Matter]:
    found = (
        select(Escalation, Ticket.opened_at)
        .join(Ticket, Ticket.id == Escalation.ticket_id)
        .where(Escalation.settled_at.is_(None))
        .order_by(Escalation.raised_at, Escalation.id)
        .limit(most)
    )
    if scope.region_id is not None:
        found = found.where(Escalation.region_id == scope.region_id)
    return [
        Matter(
            MatterKind.ESCALATION,
            row.ticket_id,
            ticket_number(row.ticket_id, opened_at),
            row.raised_at,
            detail=row.kind,
            escalation_id=row.id,
        )
        for row, opened_at in session.execute(found)
    ]
