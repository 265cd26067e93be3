"""Lists of tickets, and everything about one: what the edges show, confined to what the caller may see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from server.core.numbers import BadPhone, e164, ticket_id_of, ticket_number
from server.customers.models import Customer, CustomerPhone, Site, Zone
from server.orders.models import Ticket
from server.orders.status import LIVE_VISIT, TicketStatus, VisitStatus
from server.orders.visit_models import Visit
from server.orders.words import ChargeCategory, Priority, WarrantyVerdict, WorkType
from server.organisation.access import Scope
from server.technicians.models import Technician

MOST_ROWS = 200
"""Rows of one page at most."""


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets a list shows; None and empty show all.

    :param technician_id: whose live visit the ticket has.
    :param opened_from: with ``opened_before``, the instants between which it was reported.
    :param text: a ticket number, an external id, a telephone, or the beginning of the customer's name.
    """

    statuses: frozenset[TicketStatus] = frozenset()
    region_id: int | None = None
    work_type: WorkType | None = None
    technician_id: int | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends in a list sorted by the report's time: the next page begins behind it."""

    opened_at: datetime
    ticket_id: int


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket as lists show it, with the visit that is ahead of it."""

    id: int
    number: str
    status: TicketStatus
    priority: Priority
    work_type: WorkType
    product_category: str
    charge_category: ChargeCategory
    warranty: WarrantyVerdict
    description: str
    customer_id: int
    customer_name: str
    address: str | None
    zone: Zone | None
    located: bool
    region_id: int
    opened_at: datetime
    due_at: datetime | None
    waits_until: datetime | None
    agreed_from: datetime | None
    agreed_to: datetime | None
    missing: tuple[str, ...]
    visit_id: int | None
    visit_status: VisitStatus | None
    starts_at: datetime | None
    technician_id: int | None
    technician_name: str | None
    version: int


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A page of tickets, and where the next one begins, if there is one."""

    items: tuple[TicketRow, ...]
    next: Place | None


def visible(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions that confine tickets to a scope.

    A station sees the tickets that one of its technicians has a visit for; a technician those whose visit
    was offered to him or is his.
    """
    conditions: list[ColumnElement[bool]] = []
    # Names of their own: a list that shows visits must not be mistaken for the one that is looked through here.
    made, by = aliased(Visit), aliased(Technician)
    if scope.region_id is not None:
        conditions.append(Ticket.region_id == scope.region_id)
    if scope.station_id is not None:
        conditions.append(
            exists().where(
                made.ticket_id == Ticket.id,
                made.status != VisitStatus.WITHDRAWN,
                made.technician_id == by.id,
                by.station_id == scope.station_id,
            )
        )
    if scope.technician_id is not None:
        conditions.append(exists().where(made.ticket_id == Ticket.id, *his_visits(scope.technician_id, of=made)))
    return conditions


def his_visits(technician_id: int, *, of: type[Visit] = Visit) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for the visits that a technician may see: not a plan of which he was not told.

    :param of: the visits that are looked through, where a query gives them another name.
    """
    return (
        of.technician_id == technician_id,
        of.status.not_in({VisitStatus.PLANNED, VisitStatus.WITHDRAWN}),
    )


def tickets(
    session: Session,
    *,
    scope: Scope,
    wanted: TicketFilter | None = None,
    after: Place | None = None,
    limit: int = 50,
    oldest_first: bool = False,
) -> TicketPage:
    """Return a page of tickets, by the time of their report (keyset: every page costs the same).

    :param limit: rows of the page, at most `MOST_ROWS`.
    :param oldest_first: as the dispatcher's queue is sorted (R16a).
    """
    wanted = wanted or TicketFilter()
    size = max(1, min(limit, MOST_ROWS))
    query = _rows().where(*visible(scope), *_conditions(session, wanted))
    key = tuple_(Ticket.opened_at, Ticket.id)
    if after is not None:
        here = tuple_(after.opened_at, after.ticket_id)
        query = query.where(key > here if oldest_first else key < here)
    order = (Ticket.opened_at, Ticket.id) if oldest_first else (Ticket.opened_at.desc(), Ticket.id.desc())
    found = [_row(row) for row in session.execute(query.order_by(*order).limit(size + 1))]
    page = tuple(found[:size])
    more = len(found) > size
    return TicketPage(page, Place(page[-1].opened_at, page[-1].id) if more else None)


def counts(session: Session, *, scope: Scope) -> dict[TicketStatus, int]:
    """Return how many tickets of the scope there are in each status."""
    query = select(Ticket.status, func.count()).where(*visible(scope)).group_by(Ticket.status)
    found = {status: number for status, number in session.execute(query)}  # noqa: C416 - a row is no pair to mypy
    return {status: found.get(status, 0) for status in TicketStatus}


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(Ticket, Customer.name, Site, Visit, Technician.name)
        .join(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .outerjoin(Visit, and_(Visit.ticket_id == Ticket.id, Visit.status.in_(LIVE_VISIT)))
        .outerjoin(Technician, Technician.id == Visit.technician_id)
    )


def _conditions(session: Session, wanted: TicketFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.statuses:
        conditions.append(Ticket.status.in_(wanted.statuses))
    if wanted.region_id is not None:
        conditions.append(Ticket.region_id == wanted.region_id)
    if wanted.work_type is not None:
        conditions.append(Ticket.work_type == wanted.work_type)
    if wanted.technician_id is not None:
        conditions.append(Visit.technician_id == wanted.technician_id)
    if wanted.opened_from is not None:
        conditions.append(Ticket.opened_at >= wanted.opened_from)
    if wanted.opened_before is not None:
        conditions.append(Ticket.opened_at < wanted.opened_before)
    if wanted.text.strip():
        conditions.append(_matches(session, wanted.text.strip()))
    return conditions


def _matches(session: Session, text: str) -> ColumnElement[bool]:
    """Return the condition for what somebody typed into the search box; every way has an index.

    The customers are looked up first: a condition across two tables would be tried on every ticket.
    """
    if (ticket_id := ticket_id_of(text)) is not None:
        return Ticket.id == ticket_id
    named = select(Customer.id).where(func.lower(Customer.name).startswith(text.lower(), autoescape=True))
    customer_ids = list(session.scalars(named.order_by(Customer.id).limit(MOST_ROWS)))
    try:
        number = e164(text)
    except BadPhone:
        pass
    else:
        calling = select(CustomerPhone.customer_id).where(CustomerPhone.number == number)
        customer_ids += session.scalars(calling.limit(MOST_ROWS))
    return or_(Ticket.external_id == text, Ticket.customer_id.in_(customer_ids))


def _row(row: Any) -> TicketRow:
    ticket, customer_name, site, visit, technician_name = row
    return TicketRow(
        id=ticket.id,
        number=ticket_number(ticket.id, ticket.opened_at),
        status=ticket.status,
        priority=ticket.priority,
        work_type=ticket.work_type,
        product_category=ticket.product_category,
        charge_category=ticket.charge_category,
        warranty=ticket.warranty,
        description=ticket.description,
        customer_id=ticket.customer_id,
        customer_name=customer_name,
        address=site.address if site else None,
        zone=site.zone if site else None,
        located=bool(site and site.position_trusted),
        region_id=ticket.region_id,
        opened_at=ticket.opened_at,
        due_at=ticket.due_at,
        waits_until=ticket.waits_until,
        agreed_from=ticket.agreed_from,
        agreed_to=ticket.agreed_to,
        missing=tuple(ticket.missing),
        visit_id=visit.id if visit else None,
        visit_status=visit.status if visit else None,
        starts_at=visit.starts_at if visit else None,
        technician_id=visit.technician_id if visit else None,
        technician_name=technician_name,
        version=ticket.version,
    )
