"""The customer file as the desk sees it (R4)."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from server.core.numbers import BadPhone, e164
from server.core.places import Position
from server.customers.files import UnknownCustomer, UnknownSite, UnknownUnit
from server.customers.models import Customer, CustomerPhone, Equipment, Site, SpecialSale
from server.organisation.access import Scope

MOST_ROWS = 200
"""Rows of one page at most."""


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """A customer with his telephones, places and units."""

    customer: Customer
    phones: tuple[CustomerPhone, ...]
    sites: tuple[Site, ...]
    units: tuple[Equipment, ...]


def customer_file(session: Session, *, customer_id: int, scope: Scope) -> CustomerFile:
    """Return a customer's file.

    :raises UnknownCustomer: if there is none in the scope.
    """
    customer = customer_of(session, customer_id, scope=scope)
    sites = select(Site).where(Site.customer_id == customer.id).order_by(Site.id)
    if scope.region_id is not None:
        sites = sites.where(Site.region_id == scope.region_id)
    return CustomerFile(
        customer=customer,
        phones=_all(
            session, select(CustomerPhone).where(CustomerPhone.customer_id == customer.id).order_by(CustomerPhone.id)
        ),
        sites=_all(session, sites),
        units=_all(session, select(Equipment).where(Equipment.customer_id == customer.id).order_by(Equipment.id)),
    )


def customer_of(session: Session, customer_id: int, *, scope: Scope) -> Customer:
    """Return a customer.

    :raises UnknownCustomer: if there is none in the scope.
    """
    customer = session.scalar(select(Customer).where(Customer.id == customer_id, *_visible(scope)))
    if customer is None:
        raise UnknownCustomer
    return customer


def callers(
    session: Session, *, scope: Scope, phone: str | None = None, serial: str | None = None, limit: int = 5
) -> list[Customer]:
    """Return the customers who have a telephone (international form) or own a unit, the newest file first (R4).

    Whoever was erased is not among them; without either nobody is.
    """
    ways = []
    if phone is not None:
        ways.append(Customer.id.in_(select(CustomerPhone.customer_id).where(CustomerPhone.number == phone)))
    if serial is not None:
        ways.append(Customer.id.in_(select(Equipment.customer_id).where(Equipment.serial == serial)))
    if not ways:
        return []
    query = select(Customer).where(or_(*ways), Customer.erased_at.is_(None), *_visible(scope))
    return list(session.scalars(query.order_by(Customer.id.desc()).limit(limit)))


def middle_of(session: Session, region_id: int) -> Position | None:
    """Return the middle of a region's newest located places, None where none is located."""
    newest = (
        select(Site.lat, Site.lon)
        .where(Site.region_id == region_id, Site.position_trusted, Site.lat.is_not(None))
        .order_by(Site.id.desc())
        .limit(MOST_ROWS)
        .subquery()
    )
    lat, lon = session.execute(select(func.avg(newest.c.lat), func.avg(newest.c.lon))).one()
    return Position(float(lat), float(lon)) if lat is not None else None


def _all(session: Session, query: Select[Any]) -> tuple[Any, ...]:
    return tuple(session.scalars(query))


def _visible(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions that confine customers to a scope: to a region by their places.

    Whether a station or a technician may look at a customer follows from its tickets, of which this package
    knows nothing: such a scope sees no file here.
    """
    conditions: list[ColumnElement[bool]] = []
    if scope.station_id is not None or scope.technician_id is not None:
        conditions.append(Customer.id.is_(None))
    if scope.region_id is not None:
        # Told outright, because a query about places has both tables outside too.
        his = exists().where(Site.customer_id == Customer.id).correlate(Customer)
        here, nowhere = his.where(Site.region_id == scope.region_id), ~his
        conditions.append(or_(here, nowhere))
    return conditions


def customers(session: Session, *, scope: Scope, text: str = "", after: int = 0, limit: int = 50) -> list[Customer]:
    """Return customers in the order of their files, from behind an id on.

    :param text: a telephone, a serial number, an external id, or the beginning of the name.
    """
    query = select(Customer).where(Customer.id > after, *_visible(scope))
    if text.strip():
        query = query.where(_matches(text.strip()))
    return list(session.scalars(query.order_by(Customer.id).limit(max(1, min(limit, MOST_ROWS + 1)))))


def _matches(text: str) -> ColumnElement[bool]:
    ways = [
        func.lower(Customer.name).startswith(text.lower(), autoescape=True),
        Customer.external_id == text,
        Customer.id.in_(select(Equipment.customer_id).where(Equipment.serial == text)),
    ]
    try:
        number = e164(text)
    except BadPhone:
        return or_(*ways)
    return or_(*ways, Customer.id.in_(select(CustomerPhone.customer_id).where(CustomerPhone.number == number)))


def site_of(session: Session, site_id: int, *, scope: Scope) -> Site:
    """Return a place.

    :raises UnknownSite: if there is none in the scope.
    """
    site = session.scalar(
        select(Site).join(Customer, Customer.id == Site.customer_id).where(Site.id == site_id, *_visible(scope))
    )
    if site is None or scope.region_id not in {None, site.region_id}:
        raise UnknownSite
    return site


def unit_of(session: Session, equipment_id: int, *, scope: Scope) -> Equipment:
    """Return a unit.

    :raises UnknownUnit: if there is none of a customer in the scope.
    """
    unit = session.scalar(
        select(Equipment)
        .join(Customer, Customer.id == Equipment.customer_id)
        .where(Equipment.id == equipment_id, *_visible(scope))
    )
    if unit is None:
        raise UnknownUnit
    return unit


def special_sales(session: Session, *, text: str = "", after: int | None = None, limit: int = 50) -> list[SpecialSale]:
    """Return units sold without warranty by id, and one more than the limit if there are more.

    :param text: the beginning of a serial number.
    """
    found = select(SpecialSale).where(SpecialSale.id > (after or 0)).order_by(SpecialSale.id).limit(limit + 1)
    if text.strip():
        found = found.where(SpecialSale.serial.startswith(text.strip(), autoescape=True))
    return list(session.scalars(found))
