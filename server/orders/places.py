"""Whose, where and on what reported work is: found in the files, or added to them (R4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, String, bindparam, exists, func, select
from sqlalchemy.orm import Session

from server.core import bulk
from server.core.db import Base
from server.customers import files, served
from server.customers.files import NewCustomer, NewSite, NewUnit
from server.customers.models import Customer, CustomerPhone, Equipment, Site, SpecialSale
from server.orders.judging import FirstLook
from server.orders.models import Ticket, TicketReport
from server.organisation.models import Region


@dataclass(frozen=True, slots=True)
class Described:
    """What a report says of customer, place and unit: an id each, or what is known of them.

    :param source: with ``external_id``, how another system knows the report.
    """

    customer: int | NewCustomer
    site: int | NewSite | None
    unit: int | NewUnit | None
    source: str | None
    external_id: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Whose, where and on what the work is.

    :param is_new: whether neither place nor unit was in any file before: no ticket can be about them.
    :param phones: the customer's telephones, None where they were not looked up.
    :param first_look: what is known of a unit that nobody had in a file, None where it has to be asked.
    :param ticket_id: reserved for the ticket about it, None where none is.
    """

    customer: Customer
    site: Site | None
    unit: Equipment | None
    is_new: bool
    phones: tuple[CustomerPhone, ...] | None = None
    first_look: FirstLook | None = None
    ticket_id: int | None = None


def in_files(session: Session, about: Described, *, now: datetime) -> Place:
    """Find customer, place and unit in the files, or add what is not there.

    :raises UnknownCustomer, UnknownSite, UnknownUnit: if an id is nobody's.
    :raises CustomerErased: if the customer was erased.
    :raises BadTelephone: if a telephone cannot be dialled.
    """
    customer = (
        files.open_file(session, about.customer, now=now)
        if isinstance(about.customer, NewCustomer)
        else served.held(session, about.customer)
    )
    site, knew_site = _site(session, about.site, customer)
    unit, knew_unit = _unit(session, about.unit, customer, site)
    return Place(customer, site, unit, is_new=not (knew_site or knew_unit))


def _site(session: Session, about: int | NewSite | None, customer: Customer) -> tuple[Site | None, bool]:
    """Return the place, and whether it was there before."""
    if about is None:
        return None, False
    if not isinstance(about, NewSite):
        return files.site_of(session, about, customer_id=customer.id), True
    known = files.known_site(session, about, customer_id=customer.id)
    return known or files.make_site(session, about, customer=customer), known is not None


def _unit(
    session: Session, about: int | NewUnit | None, customer: Customer, site: Site | None
) -> tuple[Equipment | None, bool]:
    """Return the unit, and whether it was there before."""
    if about is None:
        return None, False
    if not isinstance(about, NewUnit):
        return files.unit_of(session, about), True
    site_id = site.id if site is not None else None
    known = files.known_unit(session, about, customer_id=customer.id, site_id=site_id)
    return known or files.make_unit(session, about, customer=customer, site=site), known is not None


def of_stranger(session: Session, about: Described, *, now: datetime) -> Place | None:
    """Add customer, place and unit of a report about which nothing is known; None if anything might be.

    Most reports of a busy hour are of this kind (a storm, a recall). What `in_files` asks one after the other is
    asked in one statement, and the rows get their identities beforehand: they are written with the ticket, in one
    flush. Somebody who writes the same a moment earlier is met at the unique constraints, as ever.

    :raises BadTelephone: if a telephone cannot be dialled.
    """
    customer, site, unit = about.customer, about.site, about.unit
    if not isinstance(customer, NewCustomer) or isinstance(site, int) or isinstance(unit, int):
        return None
    if _is_sourceless(customer) or _is_sourceless(site):
        return None
    phones = files.numbers_of(customer)
    found = session.execute(_ANYTHING_KNOWN, _asked(about, customer, site, unit, phones)).one()
    if found.known:
        return None
    kinds: list[type[Base]] = [Ticket, Customer]
    kinds += [kind for kind, is_described in ((Site, site), (Equipment, unit)) if is_described is not None]
    ids = dict(zip(kinds, bulk.reserve_each(session, *kinds), strict=True))
    made, telephones = files.make_file(session, customer, phones, now=now, row_id=ids[Customer])
    where = on_what = None
    if site is not None:
        where = files.make_site(session, site, customer=made, row_id=ids[Site], region_zone=found.region_zone)
    if unit is not None:
        on_what = files.make_unit(session, unit, customer=made, site=where, row_id=ids[Equipment])
    look = FirstLook(special_sale=found.special_sale)
    return Place(made, where, on_what, is_new=True, phones=telephones, first_look=look, ticket_id=ids[Ticket])


def _is_sourceless(about: NewCustomer | NewSite | None) -> bool:
    """Return whether an external id stands alone: no index answers for those, and hardly anybody has them."""
    return about is not None and about.external_id is not None and about.source is None


def _asked(
    about: Described, customer: NewCustomer, site: NewSite | None, unit: NewUnit | None, phones: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "report_source": about.source,
        "report_id": about.external_id,
        "customer_source": customer.source,
        "customer_id": customer.external_id,
        "name": customer.name.strip().lower(),
        # Somebody who has an external id is known by that alone.
        "phones": list(phones) if customer.external_id is None else [],
        "site_source": site.source if site else None,
        "site_id": site.external_id if site else None,
        "region_id": site.region_id if site else None,
        "serial": unit.serial if unit else None,
    }


_REPORTED = exists().where(
    TicketReport.source == bindparam("report_source", type_=String),
    TicketReport.external_id == bindparam("report_id", type_=String),
)
_NAMED = exists().where(
    Customer.source == bindparam("customer_source", type_=String),
    Customer.external_id == bindparam("customer_id", type_=String),
)
_CALLED = exists().where(
    CustomerPhone.number == func.any(bindparam("phones", type_=ARRAY(String))),
    CustomerPhone.customer_id == Customer.id,
    func.lower(func.btrim(Customer.name)) == bindparam("name", type_=String),
    Customer.erased_at.is_(None),
)
_PLACED = exists().where(
    Site.source == bindparam("site_source", type_=String), Site.external_id == bindparam("site_id", type_=String)
)
_OWNED = exists().where(Equipment.serial == bindparam("serial", type_=String))
_ANYTHING_KNOWN = select(
    (_REPORTED | _NAMED | _CALLED | _PLACED | _OWNED).label("known"),
    exists().where(SpecialSale.serial == bindparam("serial", type_=String)).label("special_sale"),
    select(Region.time_zone).where(Region.id == bindparam("region_id")).scalar_subquery().label("region_zone"),
)
