"""The day: who is where, and plans from request to publication."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console
from server.console.forms import whole
from server.console.frame import hour, page, word_of
from server.console.roles import DESK
from server.console.words import say
from server.core import clock
from server.core.clock import local_day, local_instant
from server.core.errors import NotFound
from server.core.events import Via
from server.core.numbers import ticket_number
from server.customers.models import Customer, Site
from server.dispatch import plans, queries
from server.dispatch.models import PlanOmission, PlanStop
from server.dispatch.proposal import SLOWER_SEARCH
from server.dispatch.status import PlanStatus
from server.orders.models import Ticket
from server.orders.visit_queries import visits_between
from server.organisation.access import Scope
from server.organisation.models import Region
from server.technicians import queries as people
from server.technicians.models import Shift, Technician
from server.travel.matrix import TRAVEL_FINDINGS
from server.web.auth import allowed
from server.web.context import current, database, settings
from server.web.locale import locale

_FIRST_HOUR, _LAST_HOUR = 7, 20


@dataclass(frozen=True, slots=True)
class Bar:
    """A visit or proposed visit on a technician's lane, in per cent of the shown hours."""

    left: float
    width: float
    travel: float
    look: str
    title: str
    sub: str
    place: str
    address: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A technician's day: when he does not work, in per cent, and his bars."""

    name: str
    off: tuple[tuple[float, float], ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class About:
    """The ticket that a plan is about, in words."""

    number: str
    customer: str
    address: str


@dataclass(frozen=True, slots=True)
class _Day:
    """The hours of a local day that are shown."""

    start: datetime
    end: datetime

    def at(self, instant: datetime) -> float:
        share = (instant - self.start) / (self.end - self.start)
        return round(100 * min(1.0, max(0.0, share)), 2)


_VISIT_LOOKS = {"done": "good", "not_finished": "wait", "customer_absent": "bad", "offered": "wait"}


@console.get("/console/plan")
@allowed(*DESK)
def plan() -> tuple[str, int]:
    """Show a region's day, its plans, and the form that asks for a new one."""
    with database().transaction() as session:
        regions = _regions(session, current().scope)
        region = next(
            (each for each in regions if each.id == whole(request.args.get("region", ""))),
            regions[0] if regions else None,
        )
        if region is None:
            return page("plan_none.html")
        day = _day(request.args.get("day", ""), region)
        shown = _hours(day, region)
        visits = visits_between(session, start=shown.start, end=shown.end, scope=Scope(region_id=region.id))
        staff = _staff(session, region)
        shifts = people.shifts(session, technician_ids=[each.id for each in staff], since=shown.start, until=shown.end)
        bars: dict[int, list[Bar]] = {}
        for visit in visits:
            address = url_for("console.ticket", ticket_id=visit.ticket_id)
            sub = f"{_hour(visit.starts_at, region)} {say(f'status.visit.{visit.status}', locale=locale())}"
            words = (_VISIT_LOOKS.get(visit.status, ""), visit.number, sub, visit.address or "", address)
            times = (visit.starts_at, visit.ends_at, visit.travel_seconds)
            bars.setdefault(visit.technician_id, []).append(_bar(shown, times, words))
        found = queries.plans(session, scope=current().scope, region_id=region.id, limit=8)
    return page(
        "plan.html",
        regions=regions,
        region=region,
        shown_day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        hours=_scale(),
        now_at=shown.at(clock.now()) if shown.start < clock.now() < shown.end else None,
        lanes=[_lane(shown, each, shifts, bars.get(each.id, [])) for each in staff],
        visits=len(visits),
        plans=found[:8],
        seconds=settings().solver_seconds,
    )


@console.post("/console/plans")
@allowed(*DESK)
def ask_for_plan() -> Response:
    """Ask for a plan of the day and the next ones; a job computes it."""
    region_id = whole(request.form.get("region", ""))
    days = whole(request.form.get("days", "1")) or 1

    def ask(session: Session) -> int:
        region = next((each for each in _regions(session, current().scope) if each.id == region_id), None)
        if region is None:
            raise NotFound
        first = _day(request.form.get("day", ""), region)
        made = plans.request(
            session,
            region_id=region.id,
            first_day=first,
            last_day=first + timedelta(days=min(days, plans.MOST_DAYS) - 1),
            earliest=clock.now(),
            seed=1,
            seconds=settings().solver_seconds,
            iterations=None,
            by=current().actor(Via.CONSOLE),
            now=clock.now(),
        )
        return made.id

    return redirect(url_for("console.proposal", plan_id=database().attempt(ask)), code=303)


@console.get("/console/plans/<id:plan_id>")
@allowed(*DESK)
def proposal(plan_id: int) -> tuple[str, int]:
    """Show a plan: how far it is, what it proposes, and each ticket it leaves out with the reason."""
    with database().transaction() as session:
        found = queries.sheet(session, plan_id, scope=current().scope)
        region = session.get_one(Region, found.plan.region_id)
        day = _day(request.args.get("day", "") or found.plan.first_day.isoformat(), region)
        shown = _hours(day, region)
        staff = _staff(session, region)
        shifts = people.shifts(session, technician_ids=[each.id for each in staff], since=shown.start, until=shown.end)
        about = _about(session, found.stops, found.omissions)
    bars: dict[int, list[Bar]] = {}
    for stop in found.stops:
        if shown.start <= stop.starts_at < shown.end:
            it = about[stop.ticket_id]
            address = url_for("console.ticket", ticket_id=stop.ticket_id)
            skipped = word_of("skipped", stop.skipped, language=locale()) if stop.skipped else ""
            sub = f"{_hour(stop.starts_at, region)} {skipped}".rstrip()
            words = ("bad" if stop.skipped else "", it.number, sub, it.address, address)
            bars.setdefault(stop.technician_id, []).append(
                _bar(shown, (stop.starts_at, stop.ends_at, stop.travel_seconds), words)
            )
    return page(
        "proposal.html",
        it=found,
        plan=found.plan,
        region=region,
        shown_day=day,
        days=[
            found.plan.first_day + timedelta(days=n)
            for n in range((found.plan.last_day - found.plan.first_day).days + 1)
        ],
        hours=_scale(),
        lanes=[_lane(shown, each, shifts, bars.get(each.id, [])) for each in staff],
        about=about,
        slower=any(each["code"] == SLOWER_SEARCH for each in found.plan.findings.get("items", [])),
        travel_findings=[each for each in found.plan.findings.get("items", []) if each["code"] in TRAVEL_FINDINGS],
        under_way=found.plan.status in (PlanStatus.QUEUED, PlanStatus.SOLVING),
    )


@console.post("/console/plans/<id:plan_id>/publication")
@allowed(*DESK)
def publish_plan(plan_id: int) -> Response:
    """Make visits of the proposal and offer them."""

    def do(session: Session) -> None:
        queries.plan_of(session, plan_id, scope=current().scope)
        plans.publish(session, plan_id=plan_id, by=current().actor(Via.CONSOLE), now=clock.now())

    database().attempt(do)
    return redirect(url_for("console.proposal", plan_id=plan_id, done="plan.published"), code=303)


@console.post("/console/plans/<id:plan_id>/cancellation")
@allowed(*DESK)
def cancel_plan(plan_id: int) -> Response:
    """Stop the computation, or throw the proposal away."""

    def do(session: Session) -> None:
        queries.plan_of(session, plan_id, scope=current().scope)
        plans.cancel(session, plan_id=plan_id, by=current().actor(Via.CONSOLE), now=clock.now())

    database().attempt(do)
    return redirect(url_for("console.proposal", plan_id=plan_id, done="plan.cancelled"), code=303)


def _regions(session: Session, scope: Scope) -> list[Region]:
    query = select(Region).order_by(Region.id)
    return list(session.scalars(query if scope.region_id is None else query.where(Region.id == scope.region_id)))


def _staff(session: Session, region: Region) -> list[Technician]:
    found = people.technicians(session, scope=Scope(region_id=region.id), limit=200)
    return list(found)[:200]


def _day(text: str, region: Region) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return local_day(clock.now(), region.time_zone)


def _hours(day: date, region: Region) -> _Day:
    zone = region.time_zone
    return _Day(local_instant(day, _FIRST_HOUR, 0, zone), local_instant(day, _LAST_HOUR, 0, zone))


def _scale() -> list[tuple[int, float]]:
    return [
        (hour, round(100 * (hour - _FIRST_HOUR) / (_LAST_HOUR - _FIRST_HOUR), 2))
        for hour in range(_FIRST_HOUR, _LAST_HOUR)
    ]


def _hour(instant: datetime, region: Region) -> str:
    return hour(instant, region.time_zone, language=locale())


def _bar(shown: _Day, times: tuple[datetime, datetime, int], words: tuple[str, str, str, str, str]) -> Bar:
    starts_at, ends_at, travel_seconds = times
    look, title, sub, place, address = words
    left = shown.at(starts_at)
    return Bar(
        left=left,
        width=round(max(1.0, shown.at(ends_at) - left), 2),
        travel=shown.at(starts_at - timedelta(seconds=travel_seconds)),
        look=look,
        title=title,
        sub=sub,
        place=place,
        address=address,
    )


def _lane(shown: _Day, technician: Technician, shifts: list[Shift], bars: list[Bar]) -> Lane:
    """Return a lane; what lies outside his shifts is off."""
    own = sorted((shown.at(s.starts_at), shown.at(s.ends_at)) for s in shifts if s.technician_id == technician.id)
    off, last = [], 0.0
    for start, end in own:
        if start > last:
            off.append((last, round(start - last, 2)))
        last = max(last, end)
    if last < 100:
        off.append((last, round(100 - last, 2)))
    return Lane(technician.name, tuple(off), tuple(bars))


def _about(session: Session, stops: tuple[PlanStop, ...], omissions: tuple[PlanOmission, ...]) -> dict[int, About]:
    ids = {each.ticket_id for each in stops} | {each.ticket_id for each in omissions}
    query = select(Ticket.id, Ticket.opened_at, Customer.name, Site.address).join(
        Customer, Customer.id == Ticket.customer_id
    )
    found = session.execute(query.outerjoin(Site, Site.id == Ticket.site_id).where(Ticket.id.in_(ids)))
    return {row.id: About(ticket_number(row.id, row.opened_at), row.name, row.address or "") for row in found}
