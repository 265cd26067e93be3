"""A company with telephones: texts go in as a provider hands them over, answers are read off the outbox.

The region lies in Shanghai; `at()` takes its wall clock. The day is a Tuesday.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.callbacks import queue as callback_queue
from server.callbacks.models import CustomerCallback
from server.callbacks.status import CallbackEvent
from server.conversation import messages, reading
from server.conversation.models import HumanReading, OpenQuestion, QuestionKind
from server.core.events import SYSTEM, Actor, ActorKind, DomainEvent, Handler, Handlers, Via, record
from server.core.places import Position
from server.core.policies import Policy
from server.customers.models import Customer, CustomerPhone, Site, Zone
from server.dispatch import handlers as dispatch_handlers
from server.dispatch import offers
from server.dispatch.models import Escalation, Offer
from server.orders import closing, visits
from server.orders.models import Ticket
from server.orders.status import TicketStatus
from server.orders.visit_models import Visit
from server.orders.words import Channel, ChargeCategory, Priority, WarrantyVerdict, WorkType
from server.organisation.models import Region, Station
from server.sms import inbound, templates
from server.sms.models import InboundMessage, OutboxMessage
from server.technicians.models import Shift, Technician

DAY = date(2026, 3, 10)
ZONE = "Asia/Shanghai"
TOWN = Position(31.23, 121.47)
COMPANY = "Harbour Service"
DESK = Actor(ActorKind.STAFF, None, Via.CONSOLE)


def _together(*parts: Mapping[str, tuple[Handler, ...]]) -> dict[str, tuple[Handler, ...]]:
    kinds = {kind for part in parts for kind in part}
    return {kind: tuple(handler for part in parts for handler in part.get(kind, ())) for kind in kinds}


HANDLERS = Handlers(
    at_once=_together(
        {
            "ticket.cancel": (dispatch_handlers.on_ticket_left, callback_queue.open_for_ticket),
            "ticket.decline": (dispatch_handlers.on_ticket_left, callback_queue.open_for_ticket),
            "ticket.wait": (dispatch_handlers.on_ticket_left,),
            "visit.withdraw": (dispatch_handlers.on_visit_given_up,),
            "visit.release": (dispatch_handlers.on_visit_given_up,),
            "visit.hand_back": (dispatch_handlers.on_visit_given_up,),
            "visit.accept": (dispatch_handlers.on_visit_accepted,),
            "visit.finish": (callback_queue.open_for_visit,),
            "visit.not_finish": (callback_queue.open_for_visit,),
            "visit.find_nobody": (callback_queue.open_for_visit,),
            "visit.be_declined": (callback_queue.open_for_visit,),
            "absence.report": (dispatch_handlers.on_absence,),
        },
        messages.HANDLERS,
    )
)


def at(hour: int, minute: int = 0, *, day: int = 0, second: int = 0) -> datetime:
    """An instant by the region's wall clock."""
    local = datetime(DAY.year, DAY.month, DAY.day, hour, minute, second, tzinfo=ZoneInfo(ZONE))
    return local.astimezone(UTC) + timedelta(days=day)


EIGHT = at(8)
A_MOMENT_LATER = at(8, 5)


@dataclass(frozen=True)
class Job:
    """An offered visit: whom it was offered to, under which code."""

    ticket: Ticket
    visit: Visit
    offer: Offer
    technician: Technician
    code: str


class World:
    """Makes valid rows; everything is flushed, nothing committed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.numbers = count(1)
        self.region = self.add(Region(name="Harbour", time_zone=ZONE))
        self.station = self.add(Station(region_id=self.region.id, name="Station", phone="+16175550100", is_payee=False))

    def add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    def technician(self, locale: str = "en", *, shift: bool = True) -> Technician:
        number = next(self.numbers)
        row = Technician(
            station_id=self.station.id, name=f"Technician {number}", phone=f"+1617555011{number}", locale=locale
        )
        row.position = TOWN
        self.add(row)
        if shift:
            self.add(Shift(technician_id=row.id, starts_at=at(6), ends_at=at(22)))
        return row

    def customer(self, locale: str = "en") -> Customer:
        number = next(self.numbers)
        customer = self.add(Customer(name=f"Customer {number}", locale=locale, created_at=at(0)))
        self.add(CustomerPhone(customer_id=customer.id, number=f"+1617555012{number}", added_at=at(0)))
        return customer

    def phone_of(self, customer: Customer) -> str:
        return self.session.scalars(select(CustomerPhone.number).where(CustomerPhone.customer_id == customer.id)).one()

    def ticket(self, customer: Customer | None = None, **more: Any) -> Ticket:
        customer = customer or self.customer()
        site = Site(
            customer_id=customer.id,
            region_id=self.region.id,
            address="1 Pier",
            position_trusted=True,
            time_zone=ZONE,
            zone=Zone.URBAN,
        )
        site.position = TOWN
        self.add(site)
        values: dict[str, Any] = {
            "status": TicketStatus.READY,
            "channel": Channel.PHONE,
            "work_type": WorkType.REPAIR,
            "product_category": "boiler",
            "charge_category": ChargeCategory.A,
            "priority": Priority.NORMAL,
            "customer_id": customer.id,
            "site_id": site.id,
            "region_id": self.region.id,
            "description": "cold",
            "duration": timedelta(hours=1),
            "warranty": WarrantyVerdict.NOT_COVERED,
            "opened_at": at(0),
            "facts_complete_at": at(0),
            "policy_id": self.session.scalar(select(Policy.id).where(Policy.name == "clocks")),
        }
        return self.add(Ticket(**(values | more)))

    def job(
        self,
        technician: Technician,
        *,
        hour: int = 10,
        now: datetime = EIGHT,
        customer: Customer | None = None,
        day: int = 0,
        **ticket: Any,
    ) -> Job:
        """A visit offered to a technician, its window two hours from the hour."""
        row = self.ticket(customer, **ticket)
        visit = visits.plan_visit(
            self.session,
            ticket_id=row.id,
            technician_id=technician.id,
            starts_at=at(hour, 15, day=day),
            ends_at=at(hour, 15, day=day) + timedelta(hours=1),
            window=visits.Window(at(hour, day=day), at(hour + 2, day=day)),
            travel_seconds=1200,
            by_hand=False,
            by=SYSTEM,
            now=now,
        )
        offer = offers.send(self.session, visit=visit, round=1, by=SYSTEM, now=now)
        return Job(row, visit, offer, technician, self.code(technician.phone, QuestionKind.JOB, visit.id))

    def accepted(self, technician: Technician, **more: Any) -> Job:
        """A visit that the technician has accepted, with the messages about it sent."""
        job = self.job(technician, **more)
        offers.accept(
            self.session,
            offer_id=job.offer.id,
            technician_id=technician.id,
            by=Actor(ActorKind.TECHNICIAN, technician.id, Via.APP),
            now=more.get("now", EIGHT),
        )
        return job

    def expire(self, job: Job, *, now: datetime) -> None:
        """Let the clock strike for an offer."""
        while offers.SWEEP.deal_with(self.session, now):
            pass
        self.session.refresh(job.offer)
        assert job.offer.status == "expired"

    def cancel(self, job: Job, *, now: datetime) -> None:
        """Cancel a job's ticket at the desk."""
        closing.cancel(self.session, ticket_id=job.ticket.id, reason="bought a new one", by=DESK, now=now)

    def callback(self, job: Job) -> CustomerCallback:
        """Return the verification of a job's outcome."""
        return self.session.scalars(select(CustomerCallback).where(CustomerCallback.visit_id == job.visit.id)).one()

    def survey(self, job: Job, *, now: datetime) -> None:
        """Send the survey that follows when no call has reached the customer."""
        callback = self.callback(job)
        callback.survey_ends_at = now + timedelta(days=3)
        record(self.session, callback, CallbackEvent.SURVEY, by=SYSTEM, now=now)

    def code(self, phone: str, kind: QuestionKind, subject_id: int) -> str:
        return self.session.scalars(
            select(OpenQuestion.code).where(
                OpenQuestion.phone == phone,
                OpenQuestion.kind == kind,
                OpenQuestion.subject_id == subject_id,
                OpenQuestion.closed_at.is_(None),
            )
        ).one()

    def take_in(self, phone: str, body: str, *, now: datetime) -> InboundMessage:
        """Hand a text over as a provider does."""
        message = inbound.take_in(
            self.session, provider="recording", provider_id=f"in-{next(self.numbers)}", phone=phone, body=body, now=now
        )
        assert message is not None
        return message

    def text(self, phone: str, body: str, *, now: datetime = A_MOMENT_LATER) -> str:
        """Send us a text, have it read, and return what became of it."""
        message = self.take_in(phone, body, now=now)
        reading.read(self.session, inbound_id=message.id, now=now)
        assert message.outcome is not None
        return message.outcome

    def sent(self, phone: str) -> list[str]:
        """Return every text queued to a telephone, as it would leave."""
        rows = self.session.scalars(
            select(OutboxMessage).where(OutboxMessage.phone == phone).order_by(OutboxMessage.id)
        )
        return [templates.render(row.template, row.parameters, locale=row.locale, company=COMPANY) for row in rows]

    def templates_to(self, phone: str) -> list[str]:
        rows = self.session.scalars(
            select(OutboxMessage).where(OutboxMessage.phone == phone).order_by(OutboxMessage.id)
        )
        return [row.template for row in rows]

    def readings(self) -> list[HumanReading]:
        return list(self.session.scalars(select(HumanReading).order_by(HumanReading.id)))

    def events(self, kind: str) -> list[DomainEvent]:
        return list(self.session.scalars(select(DomainEvent).where(DomainEvent.kind == kind).order_by(DomainEvent.id)))

    def offers(self) -> list[Offer]:
        return list(self.session.scalars(select(Offer).order_by(Offer.id).execution_options(populate_existing=True)))

    def open_questions(self) -> list[OpenQuestion]:
        return list(self.session.scalars(select(OpenQuestion).where(OpenQuestion.closed_at.is_(None))))

    def tokens(self, phone: str) -> list[str]:
        """Return the tokens of the links that a telephone was sent."""
        return re.findall(r"https://service\.example/c/([\w-]+)", "\n".join(self.sent(phone)))

    def escalations(self, kind: str) -> list[Escalation]:
        return list(self.session.scalars(select(Escalation).where(Escalation.kind == kind)))

    def fresh(self, row: Any) -> Any:
        self.session.refresh(row)
        return row
