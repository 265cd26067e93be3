"""What the routes of the work are about: for each region a ticket under way, and one that was finished last month."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.callbacks import sweeps as callback_sweeps
from server.callbacks.models import Complaint, CustomerCallback
from server.conversation.models import HumanReading
from server.core.events import Actor, ActorKind, Via
from server.core.money import Money
from server.core.places import Position
from server.customers.files import NewCustomer, NewSite, NewUnit
from server.customers.models import Zone
from server.dispatch import escalations, offers, plans
from server.dispatch.models import Offer
from server.orders import booking, desk, intake, visits
from server.orders.booking import Window
from server.orders.charging import CardClaim
from server.orders.models import Hindrance, Ticket
from server.orders.visit_models import CompletionCard, ExtraWork, Visit
from server.orders.words import Channel, ChargeCategory, HindranceReason, VisitResult, WorkType
from server.organisation.models import Region, Role, Station
from server.parts import catalogue
from server.settlement import audit, closing, prices, statements
from server.settlement.models import Appeal, Deduction, Statement, StatementLine
from server.settlement.prices import PriceKey
from server.settlement.status import DeductionKind, Reason, Verdict
from server.sms.models import InboundMessage
from server.technicians import equipment, people
from server.technicians.models import Technician
from server.technicians.people import WorkingTime
from tests.api.cast import NOW, Company, Ids

LAST_MONTH = datetime(2026, 4, 20, 2, 0, tzinfo=UTC)
"""A Monday, 10 o'clock in Shanghai."""
MONTH = date(2026, 4, 1)
TOMORROW = datetime(2026, 5, 5, 2, 0, tzinfo=UTC)
PLACE = Position(31.21, 121.41)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the company."""

    number: int
    region: Region
    station: Station
    technician: Technician


@dataclass(frozen=True, slots=True)
class Desk:
    """Who does everything here. The audit of last month was somebody's who is no auditor any more."""

    dispatcher: Actor
    supervisor: Actor
    auditor: Actor

    @classmethod
    def of(cls, company: Company) -> "Desk":
        """Return the first region's people."""
        return cls(*(_staff(company, role) for role in (Role.DISPATCHER, Role.SUPERVISOR, Role.TECHNICAL_SUPERVISOR)))


def _staff(company: Company, role: Role) -> Actor:
    return Actor(ActorKind.STAFF, company.staff[role].id, Via.API)


def parts_of(company: Company) -> tuple[Part, Part]:
    """Return both parts of the company, the callers' own first."""
    own, other = (Part(n, company.regions[n], company.stations[n], company.technicians[n]) for n in (0, 1))
    return own, other


def report(part: Part, *, at: datetime, name: str, **values: object) -> intake.NewReport:
    """Return a complete report of a patrol."""
    told = {
        "customer": NewCustomer(name=name, phones=(f"+1202555015{part.number}",)),
        "site": NewSite(
            address=f"{name}'s house",
            region_id=part.region.id,
            time_zone="Asia/Shanghai",
            zone=Zone.URBAN,
            position=PLACE,
            trusted=True,
        ),
        "equipment": NewUnit(category="pump", serial=f"SN-{name}-{part.number}"),
        "work_type": WorkType.PATROL,
        "product_category": "pump",
        "charge_category": ChargeCategory.B,
        "channel": Channel.PHONE,
        "description": "Look after the pump",
        "contact_name": name,
        "contact_phone": f"+1202555016{part.number}",
        "opened_at": at,
        **values,
    }
    return intake.NewReport(**told)  # type: ignore[arg-type]


def accepted_visit(
    session: Session, part: Part, ticket: Ticket, *, starts_at: datetime, by: Actor, now: datetime
) -> tuple[Visit, Offer]:
    """Plan a visit and let its technician accept it."""
    visit = booking.plan_visit(
        session,
        ticket_id=ticket.id,
        technician_id=part.technician.id,
        starts_at=starts_at,
        ends_at=starts_at + HOUR,
        window=Window(starts_at, starts_at + 2 * HOUR),
        travel_seconds=600,
        by_hand=True,
        by=by,
        now=now,
    )
    offer = offers.send(session, visit=visit, round=1, by=by, now=now)
    session.flush()
    offers.accept(session, offer_id=offer.id, technician_id=part.technician.id, by=by, now=now)
    return visit, offer


CARD = CardClaim(
    result=VisitResult.DONE_WITHOUT_PART,
    work_done="Looked after the pump",
    started_at=LAST_MONTH,
    ended_at=LAST_MONTH + timedelta(minutes=30),
)


def work(session: Session, company: Company) -> Mapping[str, Ids]:
    """Return the ids of a ticket under way with everything around it."""
    equipment.add_skill(session, code="cooling", name_en="Cooling", name_zh="制冷")
    part = catalogue.add(session, number="PUMP-1", name_en="Pump", name_zh="水泵")
    by = Desk.of(company)
    own, other = (_under_way(session, each, by) for each in parts_of(company))
    made = {name: Ids(own[name], other[name]) for name in own}
    return {**made, "part_id": Ids(part.id, part.id), "code": Ids("cooling", "cooling")}


def _under_way(session: Session, part: Part, by: Desk) -> dict[str, int]:
    ticket = intake.register(session, report(part, at=NOW - HOUR, name="Smith"), by=by.dispatcher, now=NOW).ticket
    visit, offer = accepted_visit(session, part, ticket, starts_at=TOMORROW, by=by.dispatcher, now=NOW)
    extra: ExtraWork = visits.ask_extra(
        session,
        visit_id=visit.id,
        technician_id=None,
        description="A new seal",
        price=Money(1000, "CNY"),
        by=by.dispatcher,
        now=NOW,
    )
    hindrance: Hindrance = desk.report_hindrance(
        session,
        ticket_id=ticket.id,
        technician_id=part.technician.id,
        reason=HindranceReason.PART_ON_ORDER,
        text="The seal is on order",
        until=date(2026, 5, 12),
        by=by.dispatcher,
        now=NOW,
    )
    escalation = escalations.raise_(session, ticket=ticket, kind="limit_passed", by=by.dispatcher, now=NOW)
    plan = plans.request(
        session,
        region_id=part.region.id,
        first_day=date(2026, 5, 5),
        last_day=date(2026, 5, 5),
        earliest=NOW,
        seed=1,
        seconds=1,
        iterations=10,
        by=by.dispatcher,
        now=NOW,
    )
    session.flush()
    assert ticket.site_id is not None
    return {
        "ticket_id": ticket.id,
        "customer_id": ticket.customer_id,
        "site_id": ticket.site_id,
        "visit_id": visit.id,
        "offer_id": offer.id,
        "extra_work_id": extra.id,
        "hindrance_id": hindrance.id,
        "escalation_id": escalation.id,
        "plan_id": plan.id,
        "reading_id": _unread(session, ticket, part).id,
        **_working(session, part, by),
    }


def _working(session: Session, part: Part, by: Desk) -> dict[str, int]:
    times = [WorkingTime(TOMORROW - 2 * HOUR, TOMORROW + 8 * HOUR)]
    (shift,) = people.add_shifts(session, technician_id=part.technician.id, times=times, by=by.dispatcher, now=NOW)
    absence = people.report_absence(
        session,
        technician_id=part.technician.id,
        starts_at=NOW + timedelta(days=20),
        ends_at=NOW + timedelta(days=21),
        kind="leave",
        by=by.dispatcher,
        now=NOW,
    )
    return {"technician_id": part.technician.id, "shift_id": shift.id, "absence_id": absence.id}


def _unread(session: Session, ticket: Ticket, part: Part) -> HumanReading:
    message = InboundMessage(
        provider="twilio",
        provider_id=f"SM-unread-{part.number}",
        phone=f"+1202555016{part.number}",
        body="My dog ate the pump",
        received_at=NOW,
        handled_at=NOW,
        outcome="human",
        ticket_id=ticket.id,
    )
    session.add(message)
    session.flush()
    reading = HumanReading(inbound_id=message.id, ticket_id=ticket.id, waits_since=NOW)
    session.add(reading)
    session.flush()
    return reading


def month(session: Session, company: Company) -> Mapping[str, Ids]:
    """Return the ids of a finished ticket, of its verification, and of the month that pays it."""
    by = Desk.of(company)
    key = PriceKey("pump", WorkType.PATROL, Zone.URBAN, ChargeCategory.B, VisitResult.DONE_WITHOUT_PART)
    prices.set_price(session, key, price=Money(8000, "CNY"), valid_from=date(2026, 1, 1))
    own, other = (_finished(session, each, by, company) for each in parts_of(company))
    # The chances to call of last month are over: the sweep has found the next one, and that is now.
    for sweep in callback_sweeps.SWEEPS:
        sweep.deal_with(session, NOW)
    statements.compute(session, month=MONTH, region_id=None, by=by.auditor, now=NOW)
    own |= _published(session, parts_of(company)[0], by)
    other |= _published(session, parts_of(company)[1], by)
    return {name: Ids(own[name], other[name]) for name in own}


def _finished(session: Session, part: Part, by: Desk, company: Company) -> dict[str, int]:
    told = report(part, at=LAST_MONTH - timedelta(days=2), name="Jones")
    ticket = intake.register(session, told, by=by.dispatcher, now=LAST_MONTH - timedelta(days=2)).ticket
    visit, _ = accepted_visit(
        session, part, ticket, starts_at=LAST_MONTH, by=by.dispatcher, now=LAST_MONTH - timedelta(days=1)
    )
    card: CompletionCard = visits.finish(
        session, visit_id=visit.id, technician_id=None, card=CARD, by=by.dispatcher, now=LAST_MONTH + HOUR
    )
    callback = session.scalars(select(CustomerCallback).where(CustomerCallback.visit_id == visit.id)).one()
    complaint = Complaint(
        ticket_id=ticket.id,
        callback_id=None,
        kind="rude",
        handler_id=company.staff[Role.SUPERVISOR].id,
        raised_at=NOW,
        answer_due_at=NOW + timedelta(days=1),
        decided_at=None,
        decision=None,
    )
    session.add(complaint)
    session.flush()
    return {"card_id": card.id, "callback_id": callback.id, "complaint_id": complaint.id}


def _published(session: Session, part: Part, by: Desk) -> dict[str, int]:
    statement = session.scalars(select(Statement).where(Statement.technician_id == part.technician.id)).one()
    line = session.scalars(select(StatementLine).where(StatementLine.statement_id == statement.id)).one()
    assert line.ticket_id is not None
    deduction = Deduction(
        line_id=line.id,
        ticket_id=line.ticket_id,
        kind=DeductionKind.FALSE_REPORT,
        amount=Money(5000, "CNY"),
        rule="R17",
        evidence_id=900_000 + part.number,
        computation={},
        policy_id=statement.policy_id,
    )
    session.add(deduction)
    audit.decide(
        session,
        line_id=line.id,
        verdict=Verdict.HOLD,
        reasons=(Reason.CARD_NOT_RECEIVED,),
        remark="The card is still to come",
        by=by.auditor,
        now=NOW,
    )
    audit.finish_audit(session, statement_id=statement.id, by=by.auditor, now=NOW)
    closing.publish(session, statement_id=statement.id, by=by.auditor, now=NOW)
    technician = Actor(ActorKind.TECHNICIAN, part.technician.id, Via.APP)
    appeal: Appeal = closing.appeal(
        session, statement_id=statement.id, line_id=line.id, text="The card is at the desk", by=technician, now=NOW
    )
    session.flush()
    return {
        "statement_id": statement.id,
        "line_id": line.id,
        "deduction_id": deduction.id,
        "appeal_id": appeal.id,
    }
