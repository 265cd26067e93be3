"""Lists of visits and of what waits at the desk: the day, cards to receive, hindrances to decide, urges unanswered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.elements import ColumnElement

from server.core.numbers import ticket_number
from server.core.places import Position
from server.customers.models import Customer, Equipment, Site
from server.orders.locks import UnknownVisit
from server.orders.models import Ticket
from server.orders.queries import his_visits
from server.orders.status import CardStatus, VisitStatus
from server.orders.visit_models import CardCharge, CardPart, CheckIn, CompletionCard, ExtraWork, Visit
from server.orders.words import Priority, VisitResult, WorkType
from server.organisation.access import Scope
from server.technicians.models import Technician

MOST_ROWS = 2_000
"""Visits of one day that a list returns at most."""


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit as the day's list and the board show it."""

    id: int
    ticket_id: int
    number: str
    status: VisitStatus
    result: VisitResult | None
    technician_id: int
    technician_name: str
    starts_at: datetime
    ends_at: datetime
    window_from: datetime
    window_to: datetime
    travel_seconds: int
    by_hand: bool
    confirmed: bool
    customer_name: str
    address: str | None
    position: Position | None
    work_type: WorkType
    product_category: str
    priority: Priority
    version: int


def of_technicians(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions that confine visits (with their ticket and technician joined) to a scope."""
    conditions: list[ColumnElement[bool]] = []
    if scope.region_id is not None:
        conditions.append(Ticket.region_id == scope.region_id)
    if scope.station_id is not None:
        conditions.append(Technician.station_id == scope.station_id)
    if scope.technician_id is not None:
        conditions.extend(his_visits(scope.technician_id))
    return conditions


def visits_between(session: Session, *, start: datetime, end: datetime, scope: Scope) -> list[VisitRow]:
    """Return the visits that are not withdrawn and touch a stretch of time, by technician and start."""
    query = (
        select(Visit, Ticket, Technician.name, Customer.name, Site)
        .join(Ticket, Ticket.id == Visit.ticket_id)
        .join(Technician, Technician.id == Visit.technician_id)
        .join(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .where(Visit.status != VisitStatus.WITHDRAWN, Visit.starts_at < end, Visit.ends_at > start)
        .where(*of_technicians(scope))
        .order_by(Visit.technician_id, Visit.starts_at)
        .limit(MOST_ROWS)
    )
    return [_row(row) for row in session.execute(query)]


def _row(row: Any) -> VisitRow:
    visit, ticket, technician_name, customer_name, site = row
    return VisitRow(
        id=visit.id,
        ticket_id=ticket.id,
        number=ticket_number(ticket.id, ticket.opened_at),
        status=visit.status,
        result=visit.result,
        technician_id=visit.technician_id,
        technician_name=technician_name,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        window_from=visit.window_from,
        window_to=visit.window_to,
        travel_seconds=visit.travel_seconds,
        by_hand=visit.by_hand,
        confirmed=visit.confirmed_at is not None,
        customer_name=customer_name,
        address=site.address if site else None,
        position=site.position if site else None,
        work_type=ticket.work_type,
        product_category=ticket.product_category,
        priority=ticket.priority,
        version=visit.version,
    )


@dataclass(frozen=True, slots=True)
class VisitDetail:
    """One visit with its dispatch order and its evidence."""

    visit: Visit
    ticket: Ticket
    technician: Technician
    customer: Customer
    site: Site | None
    unit: Equipment | None
    check_ins: tuple[CheckIn, ...]
    extra_work: tuple[ExtraWork, ...]
    card: CompletionCard | None
    parts: tuple[CardPart, ...]
    charges: tuple[CardCharge, ...]


def visit_detail(session: Session, *, visit_id: int, scope: Scope) -> VisitDetail:
    """Return a visit with everything about it.

    :raises UnknownVisit: if there is none in the scope.
    """
    visit = session.scalar(
        select(Visit)
        .join(Ticket, Ticket.id == Visit.ticket_id)
        .join(Technician, Technician.id == Visit.technician_id)
        .where(Visit.id == visit_id, *of_technicians(scope))
        .options(
            joinedload(Visit.technician),
            joinedload(Visit.ticket).joinedload(Ticket.customer),
            joinedload(Visit.ticket).joinedload(Ticket.site),
            joinedload(Visit.ticket).joinedload(Ticket.equipment),
        )
    )
    if visit is None:
        raise UnknownVisit
    card = session.scalar(select(CompletionCard).where(CompletionCard.visit_id == visit.id))
    return VisitDetail(
        visit=visit,
        ticket=visit.ticket,
        technician=visit.technician,
        customer=visit.ticket.customer,
        site=visit.ticket.site,
        unit=visit.ticket.equipment,
        check_ins=_all(session, select(CheckIn).where(CheckIn.visit_id == visit.id).order_by(CheckIn.id)),
        extra_work=_all(session, select(ExtraWork).where(ExtraWork.visit_id == visit.id).order_by(ExtraWork.id)),
        card=card,
        parts=_all(session, select(CardPart).where(CardPart.card_id == card.id).order_by(CardPart.id)) if card else (),
        charges=_all(session, select(CardCharge).where(CardCharge.card_id == card.id).order_by(CardCharge.id))
        if card
        else (),
    )


def _all(session: Session, query: Select[Any]) -> tuple[Any, ...]:
    return tuple(session.scalars(query))


@dataclass(frozen=True, slots=True)
class CardRow:
    """A completion card that is not at the desk yet, or was sent back."""

    card: CompletionCard
    number: str
    technician_id: int
    technician_name: str


def cards_waiting(session: Session, *, scope: Scope, after: int = 0, limit: int = 50) -> list[CardRow]:
    """Return the cards that the station clerk waits for, in the order they were reported (R19).

    :param after: the id of the last card of the page before.
    """
    query = (
        select(CompletionCard, Ticket, Technician)
        .join(Visit, Visit.id == CompletionCard.visit_id)
        .join(Ticket, Ticket.id == CompletionCard.ticket_id)
        .join(Technician, Technician.id == Visit.technician_id)
        .where(CompletionCard.status.in_({CardStatus.REPORTED, CardStatus.SENT_BACK}), CompletionCard.id > after)
        .where(*of_technicians(scope))
        .order_by(CompletionCard.id)
        .limit(limit)
    )
    return [
        CardRow(card, ticket.number, technician.id, technician.name)
        for card, ticket, technician in session.execute(query)
    ]
