"""What a plan rests on, read from the database at one instant: open tickets, who works when, what is fixed already."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.clock import local_instant
from server.core.db import Json
from server.core.places import Position
from server.customers.models import Site
from server.dispatch.days import Break, Fixed
from server.dispatch.rules import Span
from server.orders.models import Ticket
from server.orders.status import HELD_VISIT, LIVE_VISIT, TicketStatus
from server.orders.visit_models import Visit
from server.organisation.models import Region, Station
from server.technicians import queries
from server.technicians.models import Absence, Shift, Skill, Technician, TechnicianSkill
from server.technicians.status import TechnicianStatus
from server.travel.sources import CrowSource


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A ticket that waits for a visit. ``position`` is None unless it can be trusted."""

    id: int
    version: int
    position: Position | None
    length: timedelta
    priority: str
    waiting_since: datetime
    due_at: datetime | None
    agreed: Span | None
    skill: str | None
    skill_level: int


@dataclass(frozen=True, slots=True)
class Ability:
    """A skill with its level and the last day on which it counts."""

    code: str
    level: int
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A shift as it was written down."""

    span: Span
    pause: Break | None


@dataclass(frozen=True, slots=True)
class Worker:
    """A technician with everything about his days that a plan rests on.

    ``home`` is where his day starts and ends: his own place, else his station's, else unknown.
    ``ended`` names those of ``fixed`` that are over although their time is not: nobody can be sent there any more.
    """

    id: int
    home: Position | None
    abilities: tuple[Ability, ...]
    stretches: tuple[Stretch, ...]
    absences: tuple[Span, ...]
    fixed: tuple[Fixed, ...]
    ended: frozenset[int] = frozenset()

    def fingerprint(self) -> str:
        """Return a digest that changes whenever anything a plan rests on changes."""
        facts = (self.home, self.abilities, self.stretches, self.absences, self.fixed)
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]

    def can(self, skill: str | None, *, level: int, on: date) -> bool:
        """Return whether he has a skill at a level on a day; None is work that everybody can do."""
        return skill is None or any(
            a.code == skill and a.level >= level and (a.expires_on is None or a.expires_on >= on)
            for a in self.abilities
        )


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days that are planned: local midnight to local midnight, and the instant before which nothing begins."""

    zone: str
    first_day: date
    last_day: date
    earliest: datetime

    @property
    def origin(self) -> datetime:
        """Return second 0: local midnight of the first day."""
        return local_instant(self.first_day, 0, 0, self.zone)

    @property
    def end(self) -> datetime:
        """Return local midnight after the last day."""
        return local_instant(self.last_day + timedelta(days=1), 0, 0, self.zone)

    @property
    def not_before(self) -> datetime:
        """Return when the first service may begin."""
        return max(self.origin, self.earliest)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a plan of a region rests on."""

    region_id: int
    horizon: Horizon
    crow: CrowSource
    tickets: tuple[OpenTicket, ...]
    workers: tuple[Worker, ...]

    def watched(self) -> Json:
        """Return what is looked at again before publication: versions of tickets, digests of technicians' days."""
        return {
            "tickets": {str(t.id): t.version for t in self.tickets},
            "technicians": {str(w.id): w.fingerprint() for w in self.workers},
        }


def take(session: Session, *, region_id: int, first_day: date, last_day: date, earliest: datetime) -> Snapshot:
    """Read what a plan of a region and a span of its local days rests on."""
    region = session.get_one(Region, region_id)
    horizon = Horizon(region.time_zone, first_day, last_day, earliest)
    return Snapshot(
        region_id=region_id,
        horizon=horizon,
        crow=crow_of(region),
        tickets=tuple(_tickets(session, region_id)),
        workers=tuple(working(session, region_id=region_id, horizon=horizon)),
    )


def working(session: Session, *, region_id: int, horizon: Horizon) -> list[Worker]:
    """Return everybody who works in a region, with what the days of a plan hold for them, by id."""
    people = session.scalars(
        select(Technician.id)
        .join(Station, Station.id == Technician.station_id)
        .where(Station.region_id == region_id, Technician.status == TechnicianStatus.WORKING)
        .order_by(Technician.id)
    )
    return workers(session, technician_ids=list(people), since=horizon.origin, until=horizon.end)


def crow_of(region: Region) -> CrowSource:
    """Return a region's model of travel."""
    return CrowSource(region.detour, region.speed_kmh, float(region.leg_seconds))


def _tickets(session: Session, region_id: int) -> Iterable[OpenTicket]:
    rows = session.execute(
        select(Ticket, Site)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .where(Ticket.region_id == region_id, Ticket.status == TicketStatus.READY)
        .order_by(Ticket.id)
    )
    for ticket, site in rows:
        yield open_ticket(ticket, site)


def open_ticket(ticket: Ticket, site: Site | None) -> OpenTicket:
    """Return what planning needs to know of a ticket."""
    deadlines = [at for at in (ticket.due_at, ticket.partner_deadline_at) if at is not None]
    return OpenTicket(
        id=ticket.id,
        version=ticket.version,
        position=trusted_position(site),
        length=ticket.duration,
        priority=ticket.priority,
        waiting_since=ticket.facts_complete_at or ticket.opened_at,
        due_at=min(deadlines, default=None),
        agreed=agreed_span(ticket),
        skill=ticket.skill,
        skill_level=ticket.skill_level,
    )


def agreed_span(ticket: Ticket) -> Span | None:
    """Return the window that was agreed with the customer, if any."""
    if ticket.agreed_from is None or ticket.agreed_to is None:
        return None
    return Span(ticket.agreed_from, ticket.agreed_to)


def trusted_position(site: Site | None) -> Position | None:
    """Return where a site is, or None unless the position may be planned with."""
    return site.position if site is not None and site.position_trusted else None


def workers(session: Session, *, technician_ids: Sequence[int], since: datetime, until: datetime) -> list[Worker]:
    """Return those of some technicians who work here, with what a stretch of time holds for them, by id."""
    people = session.execute(
        select(Technician, Station)
        .join(Station, Station.id == Technician.station_id)
        .where(Technician.id.in_(technician_ids), Technician.status == TechnicianStatus.WORKING)
        .order_by(Technician.id)
    ).all()
    abilities = _abilities(session, technician_ids)
    shifts, absences = defaultdict[int, list[Shift]](list), defaultdict[int, list[Absence]](list)
    for shift in queries.shifts(session, technician_ids=technician_ids, since=since, until=until):
        shifts[shift.technician_id].append(shift)
    for absence in queries.absences(session, technician_ids=technician_ids, since=since, until=until):
        absences[absence.technician_id].append(absence)
    visits = _visits(session, technician_ids, since, until)
    return [
        Worker(
            id=person.id,
            home=person.position or station.position,
            abilities=tuple(abilities[person.id]),
            stretches=tuple(Stretch(Span(s.starts_at, s.ends_at), _pause(s)) for s in shifts[person.id]),
            absences=tuple(Span(a.starts_at, a.ends_at) for a in absences[person.id]),
            fixed=tuple(_fixed(visit, site) for visit, site in visits[person.id]),
            ended=frozenset(visit.id for visit, _ in visits[person.id] if visit.status not in LIVE_VISIT),
        )
        for person, station in people
    ]


def _abilities(session: Session, technician_ids: Sequence[int]) -> dict[int, list[Ability]]:
    found = defaultdict[int, list[Ability]](list)
    for technician_id, code, level, expires_on in session.execute(
        select(TechnicianSkill.technician_id, Skill.code, TechnicianSkill.level, TechnicianSkill.expires_on)
        .join(Skill, Skill.id == TechnicianSkill.skill_id)
        .where(TechnicianSkill.technician_id.in_(technician_ids))
        .order_by(TechnicianSkill.technician_id, Skill.code)
    ):
        found[technician_id].append(Ability(code, level, expires_on))
    return found


def _visits(
    session: Session, technician_ids: Sequence[int], since: datetime, until: datetime
) -> dict[int, list[tuple[Visit, Site | None]]]:
    found = defaultdict[int, list[tuple[Visit, Site | None]]](list)
    for visit, site in session.execute(
        select(Visit, Site)
        .join(Ticket, Ticket.id == Visit.ticket_id)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .where(
            Visit.technician_id.in_(technician_ids),
            Visit.status.in_(HELD_VISIT),
            Visit.starts_at < until,
            Visit.ends_at > since,
        )
        .order_by(Visit.technician_id, Visit.starts_at, Visit.id)
    ):
        found[visit.technician_id].append((visit, site))
    return found


def _fixed(visit: Visit, site: Site | None) -> Fixed:
    return Fixed(visit.id, visit.ticket_id, visit.starts_at, visit.ends_at, trusted_position(site))


def _pause(shift: Shift) -> Break | None:
    if shift.break_from is None or shift.break_to is None or shift.break_seconds is None:
        return None
    return Break(shift.break_from, shift.break_to, timedelta(seconds=shift.break_seconds))
