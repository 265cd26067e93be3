"""Who calls (R4): recognised by telephone or serial with places, units, open and ended tickets; what is open (R1a)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from server.customers import queries
from server.customers.models import Customer, Equipment, Site
from server.orders import past
from server.orders.models import Ticket
from server.orders.past import Ended
from server.orders.queries import visible
from server.orders.status import OPEN_TICKET
from server.orders.words import WorkType
from server.organisation.access import Scope

MOST_CALLERS = 5
"""Customers that are proposed at once."""
_MOST_THINGS = 200
"""Places, units and tickets of all of them together: a shop may own thousands of units."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer as the desk recognises him: his newest places and units, the open tickets oldest first.

    :param ended: his newest ended tickets, those about the unit in question before all others.
    """

    customer: Customer
    sites: tuple[Site, ...]
    units: tuple[Equipment, ...]
    tickets: tuple[Ticket, ...]
    ended: tuple[Ended, ...] = ()


def recognise(
    session: Session, *, scope: Scope, now: datetime, phone: str | None = None, serial: str | None = None
) -> tuple[Caller, ...]:
    """Return the customers in the scope who have a telephone or own a unit, at most `MOST_CALLERS` (R4).

    Whoever was erased is not recognised.

    :param phone: in international form.
    """
    found = queries.callers(session, scope=scope, phone=phone, serial=serial, limit=MOST_CALLERS)
    return _with_things(session, found, scope=scope, now=now, serial=serial)


def caller(
    session: Session,
    *,
    customer_id: int,
    scope: Scope,
    now: datetime,
    serial: str | None = None,
    unit_id: int | None = None,
) -> Caller:
    """Return one customer as the desk recognises him.

    :param serial: of a unit that is shown before his others.
    :param unit_id: of his unit that the report is about; without it the one with the serial number.
    :raises UnknownCustomer: if there is none in the scope.
    """
    customer = queries.customer_of(session, customer_id, scope=scope)
    return _with_things(session, [customer], scope=scope, now=now, serial=serial, unit_id=unit_id)[0]


def _with_things(
    session: Session,
    customers: Collection[Customer],
    *,
    scope: Scope,
    now: datetime,
    serial: str | None,
    unit_id: int | None = None,
) -> tuple[Caller, ...]:
    if not customers:
        return ()
    ids = [customer.id for customer in customers]
    sites = select(Site).where(Site.customer_id.in_(ids)).order_by(Site.id.desc())
    if scope.region_id is not None:
        sites = sites.where(Site.region_id == scope.region_id)
    named_first = (Equipment.serial == serial).desc().nulls_last() if serial is not None else Equipment.id.desc()
    units = select(Equipment).where(Equipment.customer_id.in_(ids)).order_by(named_first, Equipment.id.desc())
    tickets = (
        select(Ticket)
        .where(Ticket.customer_id.in_(ids), Ticket.status.in_(OPEN_TICKET), *visible(scope))
        .order_by(Ticket.opened_at, Ticket.id)
    )
    his_sites, his_units, his_tickets = (_by_customer(session, each) for each in (sites, units, tickets))
    ended = past.of_customers(session, ids, scope=scope, now=now)
    unit = _in_question([unit for mine in his_units.values() for unit in mine], serial=serial, unit_id=unit_id)
    if unit is not None:
        about_it = past.of_unit(session, unit.id, scope=scope, now=now)
        ended[unit.customer_id] = past.unit_first(about_it, ended.get(unit.customer_id, ()))
    return tuple(
        Caller(
            customer,
            tuple(his_sites.get(customer.id, ())),
            tuple(his_units.get(customer.id, ())),
            tuple(his_tickets.get(customer.id, ())),
            ended.get(customer.id, ()),
        )
        for customer in customers
    )


def _in_question(units: list[Equipment], *, serial: str | None, unit_id: int | None) -> Equipment | None:
    """Return the unit that was chosen, else the one with the serial number that was typed."""
    chosen = [unit for unit in units if unit.id == unit_id]
    named = [unit for unit in units if serial is not None and unit.serial == serial]
    return next(iter([*chosen, *named]), None)


def _by_customer(session: Session, query: Select[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in session.scalars(query.limit(_MOST_THINGS)):
        found.setdefault(row.customer_id, []).append(row)
    return found


def open_about(
    session: Session, *, site_id: int | None, equipment_id: int | None, work_type: WorkType, product_category: str
) -> Ticket | None:
    """Return the open ticket about the same unit, or the same work on the same kind of thing at the place (R1a).

    A report about them is added to it, unless it is a second ticket with a reason. None where nothing is open.
    """
    same = []
    if site_id is not None:
        here = and_(
            Ticket.site_id == site_id, Ticket.work_type == work_type, Ticket.product_category == product_category
        )
        same.append(here if equipment_id is None else and_(here, Ticket.equipment_id.is_(None)))
    if equipment_id is not None:
        same.append(Ticket.equipment_id == equipment_id)
    if not same:
        return None
    return session.scalar(
        select(Ticket).where(or_(*same), Ticket.status.in_(OPEN_TICKET)).order_by(Ticket.opened_at, Ticket.id).limit(1)
    )
