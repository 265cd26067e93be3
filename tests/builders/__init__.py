"""Builders: each puts one valid thing into the database; a test states only what matters to it.

Every builder takes the session and flushes. What a thing rests on is made as well where it is not given:
`a_visit(session)` has a ticket, a customer, a place, a technician. Telephones lie in a range for fiction.
Who is careful about time gives `now`; otherwise everything happens around `NOON`.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from server.core.events import SYSTEM, Actor, ActorKind, Via
from server.core.money import Money
from server.core.places import Position
from server.customers.models import Customer, CustomerPhone, Equipment, Site, Zone
from server.orders import intake, visits
from server.orders.charging import CardClaim
from server.orders.models import Ticket
from server.orders.visit_models import CompletionCard, Visit
from server.orders.words import Channel, Priority, VisitResult, WorkType
from server.organisation.models import Region, Role, Staff, Station
from server.parts.models import Part
from server.technicians.models import Absence, Shift, Skill, Technician, TechnicianSkill

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""A Monday, 12 o'clock in Shanghai."""
ZONE = "Asia/Shanghai"
TOWN = Position(30.2741, 120.1551)

T = TypeVar("T")

_numbers = count(1)


def some_number() -> int:
    """Return a number that no other thing of this run has."""
    return next(_numbers)


def _add(session: Session, thing: T) -> T:
    session.add(thing)
    session.flush()
    return thing


def some_phone() -> str:
    """Return a telephone from the range that North America keeps for fiction; 72,000 differ."""
    number = some_number()
    return f"+1{200 + number // 90 % 800}55501{10 + number % 90}"


def by_staff(staff: Staff | int) -> Actor:
    """Return a member of staff as the doer of something."""
    return Actor(ActorKind.STAFF, staff if isinstance(staff, int) else staff.id, Via.API)


def by_technician(technician: Technician | int) -> Actor:
    """Return a technician as the doer of something."""
    return Actor(ActorKind.TECHNICIAN, technician if isinstance(technician, int) else technician.id, Via.SMS)


BY_CUSTOMER = Actor(ActorKind.CUSTOMER, None, Via.LINK)
BY_SYSTEM = SYSTEM


def a_region(session: Session, **values: Any) -> Region:
    """Add a region in Shanghai's time."""
    return _add(session, Region(**{"name": f"Region {some_number()}", "time_zone": ZONE} | values))


def a_station(session: Session, *, region: Region | None = None, **values: Any) -> Station:
    """Add a station that is a payee."""
    region = region or a_region(session)
    station = Station(**{"name": f"Station {some_number()}", "phone": some_phone(), "region_id": region.id} | values)
    if station.position is None:
        station.position = TOWN
    return _add(session, station)


def a_member_of_staff(session: Session, *roles: Role, now: datetime = NOON, **values: Any) -> Staff:
    """Add a member of staff who sees everything; a dispatcher if no role is given. Nobody can log in as him."""
    number = some_number()
    known: dict[str, Any] = {
        "login": f"staff{number}",
        "name": f"Staff {number}",
        "password_hash": "no password",
        "roles": [role.value for role in roles or (Role.DISPATCHER,)],
        "created_at": now,
    }
    return _add(session, Staff(**known | values))


def a_skill(session: Session, code: str | None = None) -> Skill:
    """Add a skill."""
    code = code or f"skill{some_number()}"
    return _add(session, Skill(code=code, name_en=code, name_zh=code))


def a_technician(
    session: Session, *, station: Station | None = None, skills: tuple[Skill, ...] = (), **values: Any
) -> Technician:
    """Add a technician who starts from the middle of the town."""
    station = station or a_station(session)
    number = some_number()
    technician = Technician(
        **{"name": f"Technician {number}", "phone": some_phone(), "station_id": station.id, "fictional": True} | values
    )
    if technician.position is None:
        technician.position = TOWN
    _add(session, technician)
    session.add_all(TechnicianSkill(technician_id=technician.id, skill_id=skill.id, level=1) for skill in skills)
    session.flush()
    return technician


def a_shift(session: Session, technician: Technician, *, starts_at: datetime, ends_at: datetime) -> Shift:
    """Add a shift without a break."""
    return _add(session, Shift(technician_id=technician.id, starts_at=starts_at, ends_at=ends_at))


def an_absence(
    session: Session, technician: Technician, *, starts_at: datetime, ends_at: datetime, **values: Any
) -> Absence:
    """Add an absence that was reported when it began; nobody is told."""
    known: dict[str, Any] = {"kind": "ill", "reported_at": starts_at}
    return _add(session, Absence(technician_id=technician.id, starts_at=starts_at, ends_at=ends_at, **(known | values)))


def a_customer(session: Session, *, phone: str | None = None, now: datetime = NOON, **values: Any) -> Customer:
    """Add a customer with one telephone."""
    known = {"name": f"Customer {some_number()}", "fictional": True, "created_at": now}
    customer = _add(session, Customer(**known | values))
    _add(session, CustomerPhone(customer_id=customer.id, number=phone or some_phone(), added_at=now))
    return customer


def a_site(
    session: Session,
    *,
    customer: Customer | None = None,
    region: Region | None = None,
    position: Position | None = TOWN,
    **values: Any,
) -> Site:
    """Add a place in town whose position is trusted; `position=None` for one that nobody has found yet."""
    customer = customer or a_customer(session)
    region = region or a_region(session)
    known: dict[str, Any] = {
        "customer_id": customer.id,
        "region_id": region.id,
        "address": f"{some_number()} Plum Garden Road",
        "position_trusted": position is not None,
        "time_zone": region.time_zone,
        "zone": Zone.URBAN,
    }
    site = Site(**known | values)
    site.position = position
    return _add(session, site)


def a_unit(session: Session, *, customer: Customer | None = None, site: Site | None = None, **values: Any) -> Equipment:
    """Add a unit bought half a year ago."""
    customer = customer or a_customer(session)
    known: dict[str, Any] = {
        "customer_id": customer.id,
        "site_id": site.id if site else None,
        "category": "air_conditioner",
        "brand": "Polar",
        "model": "PX-35",
        "serial": f"PX-{some_number():08d}",
        "purchased_on": date(2026, 5, 20),
    }
    return _add(session, Equipment(**known | values))


def a_part(session: Session, **values: Any) -> Part:
    """Add a part to the catalogue."""
    known = {"number": f"P-{some_number():05d}", "name_en": "Capacitor", "name_zh": "电容", "category": None}
    return _add(session, Part(**known | values))


def a_report(session: Session, **values: Any) -> intake.NewReport:
    """Return a complete report of a repair under warranty; customer, place and unit are added where not given."""
    region = values.pop("region", None)
    site_given = "site" in values
    if "customer" not in values:
        values["customer"] = a_customer(session).id
    customer_id = values["customer"]
    if not site_given and isinstance(customer_id, int):
        customer = session.get_one(Customer, customer_id)
        values["site"] = a_site(session, customer=customer, region=region).id
    if "equipment" not in values and isinstance(customer_id, int):
        site = session.get(Site, values["site"]) if isinstance(values.get("site"), int) else None
        values["equipment"] = a_unit(session, customer=session.get_one(Customer, customer_id), site=site).id
    known: dict[str, Any] = {
        "work_type": WorkType.REPAIR,
        "product_category": "air_conditioner",
        "channel": Channel.PHONE,
        "description": "It does not cool any more.",
        "wish": "Come in the afternoon",
        "contact_name": "Lin",
        "contact_phone": some_phone(),
        "opened_at": NOON,
        "priority": Priority.NORMAL,
    }
    return intake.NewReport(**known | values)


def a_ticket(session: Session, *, by: Actor = SYSTEM, now: datetime = NOON, **values: Any) -> Ticket:
    """Take in a report and return its ticket, which is ready unless `values` leave something out.

    :param values: fields of `NewReport`, or ``region`` for the region of the place.
    """
    values.setdefault("opened_at", now)
    return intake.register(session, a_report(session, **values), by=by, now=now).ticket


def a_visit(
    session: Session,
    *,
    ticket: Ticket | None = None,
    technician: Technician | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    now: datetime = NOON,
    by_hand: bool = False,
) -> Visit:
    """Plan a visit for a ready ticket: two hours from now, for one hour, promised for two."""
    ticket = ticket or a_ticket(session, now=now)
    technician = technician or a_technician(session, station=a_station(session, region=_region_of(session, ticket)))
    starts_at = starts_at or now + timedelta(hours=2)
    return visits.plan_visit(
        session,
        ticket_id=ticket.id,
        technician_id=technician.id,
        starts_at=starts_at,
        ends_at=ends_at or starts_at + timedelta(hours=1),
        window=visits.Window(starts_at - timedelta(hours=1), starts_at + timedelta(hours=1)),
        travel_seconds=900,
        by_hand=by_hand,
        by=SYSTEM,
        now=now,
    )


def _region_of(session: Session, ticket: Ticket) -> Region:
    return session.get_one(Region, ticket.region_id)


def an_accepted_visit(
    session: Session, *, sent_at: datetime | None = None, now: datetime = NOON, **values: Any
) -> Visit:
    """Plan a visit, offer it and let its technician accept it, without an offer's row."""
    visit = a_visit(session, now=now, **values)
    visits.offered(session, visit=visit, by=SYSTEM, now=now)
    visits.accepted(session, visit=visit, sent_at=sent_at or now, by=by_technician(visit.technician_id), now=now)
    return visit


def a_card_claim(*, now: datetime = NOON, **values: Any) -> CardClaim:
    """Return what a technician claims who repaired it without a part."""
    known: dict[str, Any] = {
        "result": VisitResult.DONE_WITHOUT_PART,
        "diagnosis": "Loose plug",
        "work_done": "Plugged in again, trial run",
        "started_at": now - timedelta(minutes=30),
        "ended_at": now,
        "signed_by": "Lin",
    }
    return CardClaim(**known | values)


def a_finished_visit(
    session: Session,
    *,
    finished_at: datetime | None = None,
    now: datetime = NOON,
    card: CardClaim | None = None,
    **values: Any,
) -> tuple[Visit, CompletionCard]:
    """Take a visit to its end, accepted, checked in and finished with a card three hours from now."""
    visit = an_accepted_visit(session, now=now, **values)
    done = finished_at or visit.starts_at + timedelta(minutes=45)
    actor = by_technician(visit.technician_id)
    visits.check_in(
        session,
        visit_id=visit.id,
        technician_id=visit.technician_id,
        claim=visits.PositionClaim(TOWN, 20.0),
        code_proof=False,
        by=actor,
        now=min(visit.starts_at, done),
    )
    made = visits.finish(
        session,
        visit_id=visit.id,
        technician_id=visit.technician_id,
        card=card or a_card_claim(now=done),
        by=actor,
        now=done,
    )
    return visit, made


def yuan(amount: int) -> Money:
    """Return an amount of whole yuan."""
    return Money(amount * 100, "CNY")
