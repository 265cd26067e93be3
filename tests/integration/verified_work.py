"""A company with finished work in it, made row by row: what callbacks and statements are about."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.callbacks.models import CustomerCallback
from server.callbacks.status import CallbackStatus, FailReason, Respondent
from server.core.events import SYSTEM, Actor, ActorKind, DomainEvent, Via
from server.core.money import Money
from server.core.policies import Policy
from server.customers.models import Customer, Site, Zone
from server.orders.models import Hindrance, Ticket
from server.orders.status import CardStatus, TicketStatus, VisitStatus
from server.orders.visit_models import CompletionCard, Visit
from server.orders.words import (
    FINISHED,
    Channel,
    ChargeCategory,
    HindranceReason,
    VisitResult,
    WarrantyVerdict,
    WorkType,
)
from server.organisation.models import Region, Role, Staff, Station
from server.settlement.models import LabourPrice
from server.settlement.prices import PriceKey, set_price
from server.technicians.models import Technician

ZONE = "Asia/Shanghai"
CATEGORY = "air_conditioner"
_STATUS = {
    VisitResult.CUSTOMER_ABSENT: VisitStatus.CUSTOMER_ABSENT,
    VisitResult.CUSTOMER_DECLINED: VisitStatus.CUSTOMER_DECLINED,
    **dict.fromkeys(FINISHED, VisitStatus.DONE),
}
_SLOTS = datetime(2026, 1, 1, tzinfo=UTC)


def local(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    """Return an instant of 2026 on the clocks of the company's sites."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def yuan(amount: int) -> Money:
    return Money(amount * 100, "CNY")


@dataclass
class Work:
    """One region with a station that is paid and one whose technicians are paid themselves."""

    session: Session
    numbers: Any = field(default_factory=count)
    region: Region = field(init=False)
    station: Station = field(init=False)
    technician: Technician = field(init=False)
    customer: Customer = field(init=False)
    site: Site = field(init=False)
    policy_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.region = self.add(Region(name="East", time_zone=ZONE))
        self.station = self.add_station(is_payee=True)
        self.technician = self.add_technician(self.station)
        self.customer = self.add(Customer(name="Lu Wei", created_at=_SLOTS))
        self.site = self.add(
            Site(
                customer_id=self.customer.id,
                region_id=self.region.id,
                address="1 Lake Road",
                time_zone=ZONE,
                zone=Zone.URBAN,
            )
        )
        policy_id = self.session.scalar(select(Policy.id).where(Policy.name == "clocks"))
        assert policy_id is not None
        self.policy_id = policy_id

    def add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    def add_station(self, *, is_payee: bool) -> Station:
        number = next(self.numbers)
        found: Station = self.add(
            Station(region_id=self.region.id, name=f"Station {number}", phone="+12025550100", is_payee=is_payee)
        )
        return found

    def add_technician(self, station: Station) -> Technician:
        number = next(self.numbers)
        found: Technician = self.add(
            Technician(station_id=station.id, name=f"Technician {number}", phone=f"+1{200 + number}5550111")
        )
        return found

    def staff(self, *roles: Role, region: bool = True) -> Actor:
        """Add a member of staff and return him as a doer."""
        row = self.add(
            Staff(
                login=f"staff{next(self.numbers)}",
                name="Staff",
                password_hash="-",
                roles=[str(role) for role in roles],
                region_id=self.region.id if region else None,
                created_at=_SLOTS,
            )
        )
        return Actor(ActorKind.STAFF, row.id, Via.CONSOLE)

    def ticket(self, **values: Any) -> Ticket:
        defaults: dict[str, Any] = {
            "status": TicketStatus.DONE,
            "channel": Channel.PHONE,
            "work_type": WorkType.REPAIR,
            "product_category": CATEGORY,
            "charge_category": ChargeCategory.C,
            "customer_id": self.customer.id,
            "site_id": self.site.id,
            "region_id": self.region.id,
            "contact_phone": "+12025550123",
            "description": "does not cool",
            "duration": timedelta(hours=1),
            "warranty": WarrantyVerdict.COVERED,
            "opened_at": _SLOTS,
            "policy_id": self.policy_id,
        }
        found: Ticket = self.add(Ticket(**(defaults | values)))
        return found

    def visit(
        self,
        ticket: Ticket,
        result: VisitResult = VisitResult.DONE_WITHOUT_PART,
        *,
        finished_at: datetime | None = None,
        technician: Technician | None = None,
        ordinal: int = 1,
    ) -> Visit:
        """Add an ended visit; its slot is one that no other visit has."""
        starts_at = _SLOTS + timedelta(hours=2 * next(self.numbers))
        found: Visit = self.add(
            Visit(
                ticket_id=ticket.id,
                ordinal=ordinal,
                technician_id=(technician or self.technician).id,
                status=_STATUS.get(result, VisitStatus.NOT_FINISHED),
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=1),
                window_from=starts_at,
                window_to=starts_at + timedelta(hours=1),
                result=result,
                finished_at=finished_at or local(10, 10),
                created_at=starts_at,
            )
        )
        return found

    def card(
        self, visit: Visit, *, due_at: datetime | None = None, received_at: datetime | None = None
    ) -> CompletionCard:
        at = visit.finished_at
        assert at is not None
        found: CompletionCard = self.add(
            CompletionCard(
                visit_id=visit.id,
                ticket_id=visit.ticket_id,
                status=CardStatus.RECEIVED if received_at else CardStatus.REPORTED,
                diagnosis="leak",
                work_done="sealed",
                started_at=at - timedelta(hours=1),
                ended_at=at,
                reported_at=at,
                card_due_at=due_at,
                received_at=received_at,
            )
        )
        return found

    def callback(
        self, visit: Visit, status: CallbackStatus = CallbackStatus.PASSED, *, by: int | None = None, **values: Any
    ) -> CustomerCallback:
        at = visit.finished_at
        assert at is not None
        confirmed = status in (CallbackStatus.RECONFIRMED, CallbackStatus.NOT_CONFIRMED)
        fails = status in (CallbackStatus.FAILED, CallbackStatus.NOT_CONFIRMED)
        found: CustomerCallback = self.add(
            CustomerCallback(
                ticket_id=visit.ticket_id,
                visit_id=visit.id,
                outcome=str(visit.result),
                respondent=Respondent.CUSTOMER,
                phone="+12025550123",
                status=status,
                due_at=at + timedelta(days=1),
                call_after=at,
                call_before=at + timedelta(hours=2),
                survey_ends_at=at + timedelta(days=3),
                lapses_at=at + timedelta(days=30),
                fail_reason=FailReason.CONTRADICTION if fails else None,
                reconfirmed_by=by if confirmed else None,
                created_at=at,
                **values,
            )
        )
        return found

    def verified(
        self,
        result: VisitResult = VisitResult.DONE_WITHOUT_PART,
        status: CallbackStatus = CallbackStatus.PASSED,
        *,
        finished_at: datetime | None = None,
        technician: Technician | None = None,
        **values: Any,
    ) -> Visit:
        """Add a ticket with one ended visit, its card where it is finished, and its callback."""
        visit = self.visit(self.ticket(**values), result, finished_at=finished_at, technician=technician)
        if result in FINISHED:
            self.card(visit)
        self.callback(visit, status)
        return visit

    def price(
        self,
        result: VisitResult = VisitResult.DONE_WITHOUT_PART,
        amount: int = 80,
        *,
        work_type: WorkType = WorkType.REPAIR,
        valid_from: date = date(2026, 1, 1),
    ) -> LabourPrice:
        key = PriceKey(CATEGORY, work_type, Zone.URBAN, ChargeCategory.C, result)
        return set_price(self.session, key, price=yuan(amount), valid_from=valid_from)

    def false_report(self, visit: Visit, *, by: Actor, false_at: datetime | None = None) -> Hindrance:
        found: Hindrance = self.add(
            Hindrance(
                ticket_id=visit.ticket_id,
                technician_id=visit.technician_id,
                reason=HindranceReason.CUSTOMER_DATE,
                text="customer away",
                reported_at=visit.finished_at,
                counts=True,
                false_at=false_at or visit.finished_at,
                false_by=by.id,
                false_evidence="the customer was at home",
            )
        )
        return found

    def happened(
        self, kind: str, subject_id: int, *, at: datetime, ticket_id: int | None = None, by: Actor = SYSTEM
    ) -> DomainEvent:
        """Add a row of history, as the package that it belongs to would."""
        found: DomainEvent = self.add(
            DomainEvent(
                kind=kind,
                subject=kind.split(".", maxsplit=1)[0],
                subject_id=subject_id,
                ticket_id=ticket_id,
                at=at,
                actor_kind=by.kind,
                actor_id=by.id,
                via=by.via,
            )
        )
        return found
