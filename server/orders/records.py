"""The whole record of one ticket, confined to what the caller may see."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload
from sqlalchemy.sql.elements import ColumnElement

from server.core.events import DomainEvent
from server.customers.models import Customer, CustomerPhone, Equipment, Site
from server.orders.locks import UnknownTicket
from server.orders.models import Correction, Hindrance, Ticket, TicketReport, Urge, WarrantyJudgement
from server.orders.queries import his_visits, visible
from server.orders.visit_models import Visit
from server.organisation.access import Scope
from server.technicians.models import Technician


@dataclass(frozen=True, slots=True)
class TicketDetail:
    """Everything about one ticket: the person asked to decide sees it on one page."""

    ticket: Ticket
    customer: Customer
    phones: tuple[CustomerPhone, ...]
    site: Site | None
    unit: Equipment | None
    reports: tuple[TicketReport, ...]
    visits: tuple[Visit, ...]
    corrections: tuple[Correction, ...]
    judgements: tuple[WarrantyJudgement, ...]
    hindrances: tuple[Hindrance, ...]
    urges: tuple[Urge, ...]
    history: tuple[DomainEvent, ...]


def ticket_detail(session: Session, *, ticket_id: int, scope: Scope) -> TicketDetail:
    """Return a ticket with its whole record, oldest first; visits have their technician loaded.

    A station or technician sees only its own visits, what was reported about them, and what happened to them
    and to the ticket itself.

    :raises UnknownTicket: if there is none in the scope.
    """
    ticket = session.scalar(
        select(Ticket)
        .where(Ticket.id == ticket_id, *visible(scope))
        .options(joinedload(Ticket.customer), joinedload(Ticket.site), joinedload(Ticket.equipment))
    )
    if ticket is None:
        raise UnknownTicket
    visits = _visits(session, ticket.id, scope)
    return TicketDetail(
        ticket=ticket,
        customer=ticket.customer,
        phones=_phones(session, ticket),
        site=ticket.site,
        unit=ticket.equipment,
        reports=_of(session, TicketReport, ticket.id),
        visits=visits,
        corrections=_of(session, Correction, ticket.id),
        judgements=_of(session, WarrantyJudgement, ticket.id),
        hindrances=_of(session, Hindrance, ticket.id, *_told_to(visits, scope, Hindrance.technician_id)),
        urges=_of(session, Urge, ticket.id, *_told_to(visits, scope, Urge.technician_id)),
        history=_of(session, DomainEvent, ticket.id, *_history_of(visits, scope)),
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """What was written when a ticket was opened, with its customer, place and unit loaded.

    :param phones: the customer's telephones, None where they have to be asked for.
    """

    ticket: Ticket
    phones: tuple[CustomerPhone, ...] | None
    reports: tuple[TicketReport, ...]
    judgements: tuple[WarrantyJudgement, ...]
    history: tuple[DomainEvent, ...]


def opened_detail(session: Session, opened: Opened) -> TicketDetail:
    """Return the whole record of a ticket that this transaction has opened: nobody else can have done anything yet."""
    ticket = opened.ticket
    return TicketDetail(
        ticket=ticket,
        customer=ticket.customer,
        phones=opened.phones if opened.phones is not None else _phones(session, ticket),
        site=ticket.site,
        unit=ticket.equipment,
        reports=opened.reports,
        visits=(),
        corrections=(),
        judgements=opened.judgements,
        hindrances=(),
        urges=(),
        history=opened.history,
    )


def _phones(session: Session, ticket: Ticket) -> tuple[CustomerPhone, ...]:
    phones = select(CustomerPhone).where(CustomerPhone.customer_id == ticket.customer_id).order_by(CustomerPhone.id)
    return tuple(session.scalars(phones))


def _of(session: Session, kind: Any, ticket_id: int, *conditions: ColumnElement[bool]) -> tuple[Any, ...]:
    return tuple(session.scalars(select(kind).where(kind.ticket_id == ticket_id, *conditions).order_by(kind.id)))


def _is_confined(scope: Scope) -> bool:
    return scope.station_id is not None or scope.technician_id is not None


def _told_to(
    visits: tuple[Visit, ...], scope: Scope, technician: InstrumentedAttribute[int | None]
) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for what concerns the technicians of these visits, or nobody in particular."""
    if not _is_confined(scope):
        return ()
    return (or_(technician.is_(None), technician.in_({visit.technician_id for visit in visits})),)


def _history_of(visits: tuple[Visit, ...], scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for the events of these visits and of the ticket itself."""
    if not _is_confined(scope):
        return ()
    own = and_(DomainEvent.subject == Visit.machine.name, DomainEvent.subject_id.in_([visit.id for visit in visits]))
    return (or_(DomainEvent.subject == Ticket.machine.name, own),)


def _visits(session: Session, ticket_id: int, scope: Scope) -> tuple[Visit, ...]:
    query = select(Visit).where(Visit.ticket_id == ticket_id).options(joinedload(Visit.technician))
    if scope.technician_id is not None:
        query = query.where(*his_visits(scope.technician_id))
    if scope.station_id is not None:
        query = query.join(Technician).where(Technician.station_id == scope.station_id)
    return tuple(session.scalars(query.order_by(Visit.ordinal)))
