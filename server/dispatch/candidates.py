"""Who could make a visit instead: of those a plan has named, and of everybody in the region; and when."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.clock import local_day, local_instant
from server.core.places import Position
from server.customers.models import Site
from server.dispatch import days, snapshot
from server.dispatch.days import Piece, Slot, Travel, Wanted
from server.dispatch.models import Offer, PlanStop
from server.dispatch.rules import Span
from server.dispatch.snapshot import Worker
from server.orders.models import Ticket
from server.orders.slots import Onward
from server.orders.visit_models import Visit
from server.organisation.models import Region, Station
from server.technicians.models import Technician
from server.technicians.status import TechnicianStatus
from server.travel.sources import CrowSource


@dataclass(frozen=True, slots=True)
class Place:
    """A technician and a start that he can keep."""

    technician_id: int
    starts_at: datetime
    travel_seconds: int


@dataclass(frozen=True, slots=True)
class Work:
    """What has to be done: where (if anybody knows for sure), how long, with which skill."""

    ticket_id: int
    position: Position | None
    length: timedelta
    skill: str | None
    skill_level: int
    region_id: int
    zone: str
    crow: CrowSource


def work_of(session: Session, ticket: Ticket) -> Work:
    """Return what a ticket asks of whoever goes."""
    region = session.get_one(Region, ticket.region_id)
    site = None if ticket.site_id is None else session.get_one(Site, ticket.site_id)
    return Work(
        ticket_id=ticket.id,
        position=snapshot.trusted_position(site),
        length=ticket.duration,
        skill=ticket.skill,
        skill_level=ticket.skill_level,
        region_id=ticket.region_id,
        zone=region.time_zone,
        crow=snapshot.crow_of(region),
    )


def named(session: Session, *, visit: Visit, work: Work) -> list[int]:
    """Return who else could go, best first: those the plan names, then the others of the region, the nearest first."""
    planned = session.scalar(
        select(PlanStop.candidates).where(PlanStop.visit_id == visit.id).order_by(PlanStop.id.desc()).limit(1)
    )
    people = session.execute(
        select(Technician, Station)
        .join(Station, Station.id == Technician.station_id)
        .where(Station.region_id == work.region_id, Technician.status == TechnicianStatus.WORKING)
        .order_by(Technician.id)
    ).all()
    travel = travel_of(work.crow)

    def way(person: Technician, station: Station) -> timedelta:
        home = person.position or station.position
        return timedelta.max if home is None or work.position is None else travel(home, work.position)

    nearest = sorted((way(person, station), person.id) for person, station in people)
    return list(dict.fromkeys([*(planned or []), *(technician_id for _, technician_id in nearest)]))


def asked(session: Session, *, visit_id: int) -> set[int]:
    """Return who was already asked to make a visit."""
    return set(session.scalars(select(Offer.technician_id).where(Offer.visit_id == visit_id)))


def first_free(
    session: Session, *, work: Work, technician_ids: Sequence[int], wanted: datetime, bounds: Span, now: datetime
) -> Place | None:
    """Return the first of some technicians who can go, at the wished start or the nearest to it that day.

    He must be there with the skill on that day, in a shift, not absent; the ways and his other visits count
    (R9). Only starts within the bounds and not in the past are tried.
    """
    day = local_day(wanted, work.zone)
    since = local_instant(day, 0, 0, work.zone)
    until = local_instant(day + timedelta(days=1), 0, 0, work.zone)
    limits = Span(max(bounds.start, since, now), min(bounds.end, until))
    if work.position is None or limits.start > limits.end:
        return None
    people = {w.id: w for w in snapshot.workers(session, technician_ids=technician_ids, since=since, until=until)}
    wish = Wanted(work.position, work.length, wanted, limits)
    travel = travel_of(work.crow)
    for technician_id in technician_ids:
        worker = people.get(technician_id)
        if worker is None or not worker.can(work.skill, level=work.skill_level, on=day):
            continue
        slot = slot_of(worker, work=work, wanted=wish, travel=travel, now=now)
        if slot is not None:
            return Place(technician_id, slot.start, round(slot.travel.total_seconds()))
    return None


def slot_of(worker: Worker, *, work: Work, wanted: Wanted, travel: Travel, now: datetime) -> Slot | None:
    """Return the start nearest to a wished one that a technician can keep; the ticket's visit ahead does not count."""
    return days.nearest_slot(
        _pieces(worker, without=work.ticket_id, travel=travel, now=now), wanted=wanted, travel=travel
    )


def _pieces(worker: Worker, *, without: int, travel: Travel, now: datetime) -> Iterator[Piece]:
    if worker.home is None:
        return
    # An earlier visit of the ticket that has ended was made, and the way begins there.
    fixed = [f for f in worker.fixed if f.ticket_id != without or f.visit_id in worker.ended]
    for stretch in worker.stretches:
        pause = stretch.pause
        for span in days.minus(stretch.span, worker.absences):
            found: Iterable[Piece] = days.pieces(
                span, home=worker.home, pause=pause, fixed=fixed, travel=travel, not_before=now
            )
            for piece in found:
                pause = None if piece.pause is not None else pause
                yield piece


def travel_of(crow: CrowSource) -> Travel:
    """Return the region's model as a function of two places; staying costs nothing."""

    def between(origin: Position, to: Position) -> timedelta:
        if origin == to:
            return timedelta(0)
        return timedelta(seconds=int(crow.seconds([origin], to=[to])[0, 0]))

    return between


def onward(session: Session, *, ticket: Ticket, starts_at: datetime) -> Onward:
    """Return how long it takes from the place of a ticket, served at an instant, to a visit that comes after.

    None if one of the two places is not known for sure, or if he is at home in between: after a shift, or before
    an absence.
    """

    def way(visit: Visit) -> timedelta | None:
        work = work_of(session, ticket)
        there = work_of(session, session.get_one(Ticket, visit.ticket_id)).position
        if work.position is None or there is None or _is_home_between(session, work, starts_at, visit):
            return None
        return travel_of(work.crow)(work.position, there)

    return way


def _is_home_between(session: Session, work: Work, starts_at: datetime, visit: Visit) -> bool:
    """Return whether a technician begins anew at home between some work and a visit of his that comes after."""
    day = local_day(starts_at, work.zone)
    if local_day(visit.starts_at, work.zone) != day:
        return True
    since = local_instant(day, 0, 0, work.zone)
    until = local_instant(day + timedelta(days=1), 0, 0, work.zone)
    found = snapshot.workers(session, technician_ids=[visit.technician_id], since=since, until=until)
    spans = [
        span for worker in found for stretch in worker.stretches for span in days.minus(stretch.span, worker.absences)
    ]
    here, there = ([s for s in spans if s.start <= at < s.end] for at in (starts_at, visit.starts_at))
    # Who is sent outside his working time, with a reason, goes on to it or comes from it directly.
    return bool(here and there) and not any(span in there for span in here)
