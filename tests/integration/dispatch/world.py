"""A small company on real PostgreSQL; a test states only what matters to it.

The region lies in UTC, so that the hours in a test are the hours people see. The day is a Tuesday.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import SYSTEM, Actor, ActorKind, DomainEvent, Handlers, Via, record
from server.core.places import Position
from server.core.policies import Policy
from server.customers.models import Customer, Site, Zone
from server.dispatch import handlers
from server.dispatch.models import Escalation, Offer, Plan
from server.orders.models import Ticket
from server.orders.status import TicketEvent, TicketStatus
from server.orders.visit_models import Visit
from server.orders.words import Channel, ChargeCategory, Priority, WarrantyVerdict, WorkType
from server.organisation.models import Region, Role, Staff, Station
from server.technicians.models import Absence, Shift, Skill, Technician, TechnicianSkill

DAY = date(2026, 3, 10)
TOWN = Position(42.36, -71.06)

HANDLERS = Handlers(
    at_once={
        "ticket.cancel": (handlers.on_ticket_left,),
        "ticket.decline": (handlers.on_ticket_left,),
        "ticket.wait": (handlers.on_ticket_left,),
        "visit.withdraw": (handlers.on_visit_given_up,),
        "visit.release": (handlers.on_visit_given_up,),
        "visit.hand_back": (handlers.on_visit_given_up,),
        "visit.accept": (handlers.on_visit_accepted,),
        "absence.report": (handlers.on_absence,),
        "technician.leave": (handlers.on_technician_left,),
    }
)


def at(hour: int, minute: int = 0, *, day: int = 0, second: int = 0) -> datetime:
    """An instant of the day, or of a later one."""
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, second, tzinfo=UTC) + timedelta(days=day)


SHIFT = (at(8), at(17))


def east(km: float) -> Position:
    """A place so many kilometres east of the middle of the town."""
    return Position(TOWN.lat, TOWN.lon + km / 82.2)


@dataclass
class World:
    """Makes valid rows; everything is flushed, nothing committed."""

    session: Session
    zone: str = "UTC"
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.region = self._add(Region(name="Harbour", time_zone=self.zone))
        self.station = self._add(self._station(self.region))
        customer = Customer(name="Mrs Gray", created_at=at(0))
        self.customer = self._add(customer)

    def _add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    def _station(self, region: Region) -> Station:
        number = next(self.numbers)
        station = Station(region_id=region.id, name=f"Station {number}", phone=f"+1617555{100 + number:04d}")
        station.position = TOWN
        return station

    def skill(self, code: str) -> Skill:
        found = self.session.scalar(select(Skill).where(Skill.code == code))
        return found or self._add(Skill(code=code, name_en=code, name_zh=code))

    def technician(
        self,
        *,
        home: Position | None = TOWN,
        skills: dict[str, int] | None = None,
        shift: tuple[datetime, datetime] | None = SHIFT,
        **more: Any,
    ) -> Technician:
        number = next(self.numbers)
        technician = Technician(
            station_id=self.station.id, name=f"Technician {number}", phone=f"+16175550{number:03d}", **more
        )
        technician.position = home
        self._add(technician)
        for code, level in (skills or {}).items():
            self._add(TechnicianSkill(technician_id=technician.id, skill_id=self.skill(code).id, level=level))
        if shift is not None:
            self.shift(technician, *shift)
        return technician

    def shift(self, technician: Technician, starts_at: datetime, ends_at: datetime, **more: Any) -> Shift:
        return self._add(Shift(technician_id=technician.id, starts_at=starts_at, ends_at=ends_at, **more))

    def absence(self, technician: Technician, starts_at: datetime, ends_at: datetime) -> Absence:
        return self._add(
            Absence(technician_id=technician.id, starts_at=starts_at, ends_at=ends_at, kind="ill", reported_at=at(0))
        )

    def site(self, position: Position | None = TOWN, *, trusted: bool = True) -> Site:
        site = Site(
            customer_id=self.customer.id,
            region_id=self.region.id,
            address="1 Pier",
            position_trusted=trusted and position is not None,
            time_zone=self.zone,
            zone=Zone.URBAN,
        )
        site.position = position
        return self._add(site)

    def ticket(self, position: Position | None = TOWN, *, trusted: bool = True, **more: Any) -> Ticket:
        policy_id = self.session.scalar(select(Policy.id).where(Policy.name == "clocks"))
        values: dict[str, Any] = {
            "status": TicketStatus.READY,
            "channel": Channel.PHONE,
            "work_type": WorkType.REPAIR,
            "product_category": "boiler",
            "charge_category": ChargeCategory.C,
            "priority": Priority.NORMAL,
            "customer_id": self.customer.id,
            "site_id": self.site(position, trusted=trusted).id,
            "region_id": self.region.id,
            "description": "cold",
            "duration": timedelta(hours=1),
            "warranty": WarrantyVerdict.COVERED,
            "opened_at": at(0),
            "facts_complete_at": at(0),
            "policy_id": policy_id,
        }
        return self._add(Ticket(**(values | more)))

    def cancel(self, ticket: Ticket, *, now: datetime) -> None:
        record(self.session, ticket, TicketEvent.CANCEL, by=SYSTEM, now=now)

    def dispatcher(self) -> Actor:
        number = next(self.numbers)
        staff = Staff(login=f"desk{number}", name="Desk", password_hash="-", roles=[Role.DISPATCHER], created_at=at(0))
        return Actor(ActorKind.STAFF, self._add(staff).id, Via.API)

    def answering(self, technician: Technician | int) -> Actor:
        who = technician if isinstance(technician, int) else technician.id
        return Actor(ActorKind.TECHNICIAN, who, Via.SMS)

    def offers(self, visit: Visit | None = None) -> Sequence[Offer]:
        found = select(Offer).order_by(Offer.id)
        return self.session.scalars(found if visit is None else found.where(Offer.visit_id == visit.id)).all()

    def escalations(self) -> Sequence[Escalation]:
        return self.session.scalars(select(Escalation).order_by(Escalation.id)).all()

    def events(self, kind: str) -> Sequence[DomainEvent]:
        return self.session.scalars(select(DomainEvent).where(DomainEvent.kind == kind).order_by(DomainEvent.id)).all()


def a_plan_request(world: World, **more: Any) -> dict[str, Any]:
    """The arguments of a request for a plan of the day."""
    values = {
        "region_id": world.region.id,
        "first_day": DAY,
        "last_day": DAY,
        "earliest": at(6),
        "seed": 1,
        "seconds": 20,
        "iterations": 30,
        "by": SYSTEM,
        "now": at(6),
    }
    return values | more


__all__ = ["DAY", "HANDLERS", "TOWN", "Plan", "World", "a_plan_request", "at", "east"]
