"""The demo's company with a month behind it: finished visits, called-back customers, and today's reports."""

import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.callbacks import calls, queue
from server.callbacks.calls import CallVerdict
from server.callbacks.models import CustomerCallback
from server.callbacks.rules import Answers
from server.core.clock import local_day, local_instant
from server.core.events import HANDLERS_KEY, Actor, ActorKind, Handlers, Via
from server.customers.files import NewCustomer, NewSite, NewUnit
from server.example.company import Login, Shape, found, is_founded
from server.example.reports import ExampleReport, reports
from server.orders import booking, cards, completion, intake, on_site
from server.orders.booking import Window
from server.orders.charging import CardClaim
from server.orders.intake import NewReport
from server.orders.models import Ticket
from server.orders.rules import PositionClaim
from server.orders.words import Channel, VisitResult, WorkType
from server.organisation import passwords
from server.organisation.models import Region, Role, Staff
from server.technicians.models import Skill, Technician, TechnicianSkill

_TECHNICIANS, _SHIFT_DAYS = 12, 14
_SEED = 1
_DAYS_BEHIND = 40
_HOURS = (9, 14)
_TODAY = 26
_NOT_YET_CALLED = timedelta(days=2)
"""Customers of these last days have not been called back: the agent's queue is not empty."""

_NOT_YET_HANDED_IN = timedelta(days=5)
"""Completion cards of these last days have not been handed in: the clerk's queue is not empty either."""

_QUIET = Handlers(at_once={"visit.finish": (queue.open_for_visit,)})
"""The past is made without telling anybody: no text message leaves for what happened weeks ago."""

_TEN = 10 * 60
_ZONES = (
    "Asia/Shanghai",
    "Pacific/Auckland",
    "Australia/Sydney",
    "Asia/Tokyo",
    "Asia/Dhaka",
    "Asia/Dubai",
    "Europe/Athens",
    "Europe/London",
    "Atlantic/Azores",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Denver",
    "America/Anchorage",
    "Pacific/Honolulu",
    "Pacific/Midway",
)

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class _Crew:
    """Who does the past's work."""

    region: Region
    dispatcher: Actor
    clerk: Actor
    agent: Actor
    technicians: list[tuple[Technician, frozenset[str]]]


def found_demo(session: Session, *, now: datetime) -> list[Login]:
    """Make the company, a month of its past and today's reports; return its log-ins, none if it exists already."""
    if is_founded(session):
        return []
    password = partial(_password, 14)
    shape = Shape(technicians=_TECHNICIANS, days=_SHIFT_DAYS, time_zone=morning_zone(now))
    logins = found(session, shape=shape, seed=_SEED, now=now, hash_password=passwords.renewed, password=password)
    crew = _crew(session)
    handlers = session.info.get(HANDLERS_KEY)
    session.info[HANDLERS_KEY] = _QUIET
    try:
        _past(session, crew, now)
        _today(session, crew, now)
    finally:
        session.info[HANDLERS_KEY] = handlers
    return logins


def morning_zone(now: datetime) -> str:
    """Return the time zone of those below in which it is nearest to ten in the morning.

    The company is invented, so it may live where the day has just begun: whoever starts the demo can answer offers
    at once, at whatever hour it is where he sits.
    """
    return min(_ZONES, key=lambda zone: abs(_minutes(now, zone) - _TEN))


def _minutes(now: datetime, zone: str) -> int:
    local = now.astimezone(ZoneInfo(zone))
    return local.hour * 60 + local.minute


def _password(length: int) -> str:
    """Return a random password without letters that are mistaken for others."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(length // 2)) for _ in range(2))


def _crew(session: Session) -> _Crew:
    def actor(role: Role) -> Actor:
        staff = session.scalars(select(Staff.id).where(Staff.roles.contains([role.value])).order_by(Staff.id)).first()
        return Actor(ActorKind.STAFF, staff, Via.API)

    technicians = [
        (
            technician,
            frozenset(
                session.scalars(
                    select(Skill.code)
                    .join(TechnicianSkill, TechnicianSkill.skill_id == Skill.id)
                    .where(TechnicianSkill.technician_id == technician.id)
                )
            ),
        )
        for technician in session.scalars(select(Technician).order_by(Technician.id))
    ]
    return _Crew(
        session.scalars(select(Region)).one(),
        actor(Role.DISPATCHER),
        actor(Role.STATION_CLERK),
        actor(Role.CALLBACK_AGENT),
        technicians,
    )


def _past(session: Session, crew: _Crew, now: datetime) -> None:
    today = local_day(now, crew.region.time_zone)
    for back in range(_DAYS_BEHIND, 0, -1):
        day = today - timedelta(days=back)
        made = reports(seed=_SEED, day=day, count=len(_HOURS), first_phone=5_000 + back * len(_HOURS))
        busy: set[int] = set()
        for report, hour in zip(made, _HOURS, strict=True):
            able = [t for t, skills in crew.technicians if report.product.skill in skills and t.id not in busy]
            if able:
                chance = random.Random(report.serial)
                technician = chance.choice(able)
                busy.add(technician.id)
                _worked(session, crew, report, technician, local_instant(day, hour, 0, crew.region.time_zone), now)


def _today(session: Session, crew: _Crew, now: datetime) -> None:
    """Take in what was reported since this morning; one caller has left out the model, one place is not found yet."""
    day = local_day(now, crew.region.time_zone)
    for index, report in enumerate(reports(seed=_SEED, day=day, count=_TODAY)):
        opened = local_instant(day, 0, 0, crew.region.time_zone) + report.after_midnight
        at = min(opened, now - timedelta(minutes=_TODAY - index))
        new = _new_report(crew, report, at, complete=index % 13 != 5)
        intake.register(session, new, by=crew.dispatcher, now=at)


def _new_report(crew: _Crew, report: ExampleReport, at: datetime, *, complete: bool = True) -> NewReport:
    unit = NewUnit(
        report.product.category,
        brand=report.product.brand,
        model=report.model if complete else None,
        serial=report.serial,
        purchased_on=report.purchased_on,
    )
    return NewReport(
        customer=NewCustomer(
            report.name, phones=(report.phone,), locale="zh" if report.chinese else "en", fictional=True
        ),
        site=NewSite(
            report.address,
            crew.region.id,
            crew.region.time_zone,
            position=report.position,
            trusted=report.located,
        ),
        equipment=unit,
        work_type=WorkType.INSTALLATION if report.installation else WorkType.REPAIR,
        product_category=report.product.category,
        channel=Channel.PHONE,
        description=report.text,
        wish="As soon as possible 尽快",
        contact_name=report.name,
        contact_phone=report.phone,
        skill=report.product.skill,
        skill_level=report.product.level,
        duration=report.takes,
        opened_at=at,
    )


def _worked(
    session: Session, crew: _Crew, report: ExampleReport, technician: Technician, at: datetime, now: datetime
) -> None:
    """Let a visit of the past happen as it should: reported the day before, done, card handed in, customer called."""
    ticket = intake.register(
        session, _new_report(crew, report, at - timedelta(hours=20)), by=crew.dispatcher, now=at - timedelta(hours=20)
    ).ticket
    doer = Actor(ActorKind.TECHNICIAN, technician.id, Via.SMS)
    done = at + report.takes
    visit = booking.plan_visit(
        session,
        ticket_id=ticket.id,
        technician_id=technician.id,
        starts_at=at,
        ends_at=done,
        window=Window(at - timedelta(hours=1), at + timedelta(hours=1)),
        travel_seconds=1_200,
        by_hand=True,
        by=crew.dispatcher,
        now=at - timedelta(hours=18),
    )
    booking.offered(session, visit=visit, by=crew.dispatcher, now=at - timedelta(hours=18))
    booking.accepted(session, visit=visit, sent_at=at - timedelta(hours=18), by=doer, now=at - timedelta(hours=17))
    on_site.leave(session, visit_id=visit.id, technician_id=technician.id, by=doer, now=at - timedelta(minutes=25))
    claim = PositionClaim(report.position, accuracy_metres=20.0)
    on_site.check_in(
        session,
        visit_id=visit.id,
        technician_id=technician.id,
        claim=claim,
        code_proof=False,
        by=doer,
        now=at - timedelta(minutes=5),
    )
    card = CardClaim(
        VisitResult.DONE_WITHOUT_PART,
        f"Mended and tried with the customer 已修好并试机: {report.text}",
        at,
        done,
        diagnosis=report.text,
        signed_by=report.name,
    )
    row = completion.finish(session, visit_id=visit.id, technician_id=technician.id, card=card, by=doer, now=done)
    if done < now - _NOT_YET_HANDED_IN:
        cards.receive(session, card_id=row.id, by=crew.clerk, now=done + timedelta(hours=5))
    called = local_instant(local_day(at, crew.region.time_zone) + timedelta(days=1), 10, 30, crew.region.time_zone)
    if called < now - _NOT_YET_CALLED:
        _called(session, crew, ticket, called)


def _called(session: Session, crew: _Crew, ticket: Ticket, now: datetime) -> None:
    callback = session.scalars(select(CustomerCallback).where(CustomerCallback.ticket_id == ticket.id)).one()
    agent = crew.agent.id
    if agent is None:
        raise LookupError("the company has no callback agent")
    calls.attempt(
        session,
        callback_id=callback.id,
        agent=agent,
        reached=True,
        answers=Answers(came=True, done=True, working=True, charged=0, satisfied=5),
        verdict=CallVerdict.PASS,
        fail_reason=None,
        promised_at=None,
        by=crew.agent,
        now=now,
    )
