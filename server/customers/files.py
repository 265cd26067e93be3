"""The customer file (R4): who he is, his telephones, places and units."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from server.core.errors import Invalid, NotFound
from server.core.numbers import BadPhone, e164
from server.core.places import Position
from server.customers.models import Customer, CustomerPhone, Equipment, Site, Zone
from server.organisation.models import Region


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer as somebody describes him. Telephones are as they were typed; the first is the preferred one.

    :param source: with ``external_id``, how another system knows him: the same again is the same customer.
    :param country: ISO 3166 letters for telephones without prefix.
    """

    name: str
    phones: tuple[str, ...] = ()
    organisation: str | None = None
    locale: str = "en"
    source: str | None = None
    external_id: str | None = None
    fictional: bool = False
    country: str = "CN"


@dataclass(frozen=True, slots=True)
class NewSite:
    """A place as somebody describes it.

    :param trusted: whether the position may be planned with.
    :param time_zone: an IANA name; None for that of the region.
    """

    address: str
    region_id: int
    time_zone: str | None = None
    zone: Zone = Zone.URBAN
    position: Position | None = None
    trusted: bool = False
    access: str | None = None
    source: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit as somebody describes it; a known serial number is that unit."""

    category: str
    brand: str | None = None
    model: str | None = None
    serial: str | None = None
    purchased_on: date | None = None
    installed_on: date | None = None
    labour_warranty_until: date | None = None
    parts_warranty_until: date | None = None
    expenses_warranty_until: date | None = None
    pre_sale: bool = False


class BadTelephone(Invalid):
    """A telephone number that nobody could dial."""

    code = "customer.bad_phone"


def telephone(text: str, *, country: str = "CN") -> str:
    """Return a number in international form.

    :raises BadTelephone: if no such number can exist; the refusal does not repeat it.
    """
    try:
        return e164(text, country=country)
    except BadPhone:
        raise BadTelephone from None


def open_file(session: Session, new: NewCustomer, *, now: datetime) -> Customer:
    """Return the customer's file, made if he has none (R4).

    He is known by his external id, else by one of his telephones together with his name (letter case and
    outer blanks aside). Telephones not yet in the file are added.

    :raises BadTelephone: if one cannot be dialled.
    """
    phones = numbers_of(new)
    known = _known(session, new, phones)
    if known is not None:
        add_phones(session, known, phones, now=now)
        return known
    customer, _ = make_file(session, new, phones, now=now)
    session.flush()
    return customer


def make_file(
    session: Session, new: NewCustomer, phones: tuple[str, ...], *, now: datetime, row_id: int | None = None
) -> tuple[Customer, tuple[CustomerPhone, ...]]:
    """Add a file for somebody who has none, with his telephones (international form).

    :param row_id: reserved for it; without one it has none before the session is flushed.
    """
    customer = Customer(
        id=row_id,
        name=new.name.strip(),
        organisation=new.organisation,
        locale=new.locale,
        source=new.source,
        external_id=new.external_id,
        fictional=new.fictional,
        created_at=now,
    )
    telephones = tuple(CustomerPhone(customer=customer, number=number, added_at=now) for number in phones)
    session.add_all((customer, *telephones))
    return customer, telephones


def numbers_of(named: NewCustomer | int) -> tuple[str, ...]:
    """Return the telephones by which somebody is described, in international form, each once; none for an id.

    :raises BadTelephone: if one cannot be dialled.
    """
    texts, country = (named.phones, named.country) if isinstance(named, NewCustomer) else ((), "")
    return tuple(dict.fromkeys(telephone(text, country=country) for text in texts))


def _known(session: Session, new: NewCustomer, phones: tuple[str, ...]) -> Customer | None:
    if new.external_id is None and not phones:
        return None
    # Held, so that nobody erases him meanwhile; somebody who was just erased is not found any more.
    found = select(Customer).order_by(Customer.id).limit(1)
    found = found.where(Customer.erased_at.is_(None)).with_for_update(read=True, key_share=True, of=Customer)
    if new.external_id is not None:
        return session.scalar(found.where(_is_externally(Customer, new.source, new.external_id)))
    same_name = func.lower(func.btrim(Customer.name)) == new.name.strip().lower()
    return session.scalar(
        found.join(CustomerPhone, CustomerPhone.customer_id == Customer.id).where(
            CustomerPhone.number.in_(phones), same_name
        )
    )


def _is_externally(kind: type[Customer] | type[Site], source: str | None, external_id: str) -> ColumnElement[bool]:
    same_source = kind.source == source if source is not None else kind.source.is_(None)
    return and_(kind.external_id == external_id, same_source)


def add_phones(session: Session, customer: Customer, phones: tuple[str, ...], *, now: datetime) -> None:
    """Add the telephones (international form) that the file does not have yet."""
    if not phones:
        return
    present = set(session.scalars(select(CustomerPhone.number).where(CustomerPhone.customer_id == customer.id)))
    session.add_all(
        CustomerPhone(customer_id=customer.id, number=number, added_at=now)
        for number in phones
        if number not in present
    )


def known_site(session: Session, new: NewSite, *, customer_id: int) -> Site | None:
    """Return the place if the file has it; a better position is taken over."""
    if new.external_id is not None:
        known = session.scalar(select(Site).where(_is_externally(Site, new.source, new.external_id)))
    else:
        known = session.scalar(
            select(Site)
            .where(Site.customer_id == customer_id, Site.address == new.address.strip())
            .order_by(Site.id)
            .limit(1)
        )
    if known is not None:
        _learn_position(known, new)
    return known


def make_site(
    session: Session, new: NewSite, *, customer: Customer, row_id: int | None = None, region_zone: str | None = None
) -> Site:
    """Add a place that the file does not have.

    :param row_id: reserved for it; without one the session is flushed, so that it has one.
    :param region_zone: time zone of its region, where that is known already.
    """
    site = Site(
        id=row_id,
        customer=customer,
        customer_id=customer.id,
        region_id=new.region_id,
        address=new.address.strip(),
        position_trusted=new.trusted and new.position is not None,
        time_zone=new.time_zone or region_zone or _zone_of_region(session, new.region_id),
        zone=new.zone,
        access=new.access,
        source=new.source,
        external_id=new.external_id,
    )
    site.position = new.position
    session.add(site)
    if row_id is None:
        session.flush()
    return site


def _zone_of_region(session: Session, region_id: int) -> str:
    # Of a region that there is not, the database refuses the place, whatever its time.
    return session.scalar(select(Region.time_zone).where(Region.id == region_id)) or "UTC"


def _learn_position(site: Site, new: NewSite) -> None:
    """Take over a position that is better than what the file has: any for none, a trusted for an untrusted one."""
    if new.position is None or site.position_trusted or not (site.position is None or new.trusted):
        return
    site.position = new.position
    site.position_trusted = new.trusted


def known_unit(session: Session, new: NewUnit, *, customer_id: int, site_id: int | None) -> Equipment | None:
    """Return the unit if the file has it; what the file did not know of it is filled in.

    It is known by its serial number; without one by being of the same category, and of no other model, at the
    same place of the same customer.
    """
    known = _unit_like(session, new, customer_id, site_id)
    if known is not None:
        _fill_in(known, new, site_id=site_id)
    return known


def make_unit(
    session: Session, new: NewUnit, *, customer: Customer, site: Site | None, row_id: int | None = None
) -> Equipment:
    """Add a unit that the file does not have.

    :param row_id: reserved for it; without one the session is flushed, so that it has one.
    """
    unit = Equipment(
        id=row_id,
        customer=customer,
        customer_id=customer.id,
        site=site,
        site_id=site.id if site is not None else None,
        category=new.category,
        brand=new.brand,
        model=new.model,
        serial=new.serial,
        purchased_on=new.purchased_on,
        installed_on=new.installed_on,
        labour_warranty_until=new.labour_warranty_until,
        parts_warranty_until=new.parts_warranty_until,
        expenses_warranty_until=new.expenses_warranty_until,
        pre_sale=new.pre_sale,
    )
    session.add(unit)
    if row_id is None:
        session.flush()
    return unit


def _unit_like(session: Session, new: NewUnit, customer_id: int, site_id: int | None) -> Equipment | None:
    if new.serial is not None:
        return session.scalar(select(Equipment).where(Equipment.serial == new.serial))
    if site_id is None:
        return None
    alike = [Equipment.customer_id == customer_id, Equipment.site_id == site_id, Equipment.category == new.category]
    if new.model is not None:
        alike.append(or_(Equipment.model == new.model, Equipment.model.is_(None)))
    return session.scalar(select(Equipment).where(*alike).order_by(Equipment.id).limit(1))


def _fill_in(unit: Equipment, new: NewUnit, *, site_id: int | None) -> None:
    for name in ("brand", "model", "purchased_on", "installed_on", *_WARRANTY_ENDS):
        value: Any = getattr(new, name)
        if value is not None and getattr(unit, name) is None:
            setattr(unit, name, value)
    if unit.site_id is None:
        unit.site_id = site_id


_WARRANTY_ENDS = ("labour_warranty_until", "parts_warranty_until", "expenses_warranty_until")


class UnknownCustomer(NotFound):
    """No such customer for the caller."""

    code = "customer.unknown"


class UnknownSite(NotFound):
    """No such place for the caller."""

    code = "site.unknown"


class UnknownUnit(NotFound):
    """No such unit for the caller."""

    code = "unit.unknown"


class NotHisSite(Invalid):
    """The place belongs to another customer."""

    code = "site.of_another_customer"


def site_of(session: Session, site_id: int, *, customer_id: int) -> Site:
    """Return a place of a customer.

    :raises UnknownSite: if there is none.
    :raises NotHisSite: if it is another customer's.
    """
    if (site := session.get(Site, site_id)) is None:
        raise UnknownSite
    if site.customer_id != customer_id:
        raise NotHisSite(site_id=site_id)
    return site


def unit_of(session: Session, equipment_id: int) -> Equipment:
    """Return a unit.

    :raises UnknownUnit: if there is none.
    """
    if (unit := session.get(Equipment, equipment_id)) is None:
        raise UnknownUnit
    return unit
