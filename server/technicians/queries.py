"""What the edges show of technicians: lists and one person with skills, shifts and absences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from server.organisation.access import Scope
from server.organisation.models import Region, Station
from server.technicians.models import Absence, Shift, Skill, Technician, TechnicianSkill, Van
from server.technicians.people import UnknownAbsence, UnknownTechnician
from server.technicians.status import AbsenceStatus, TechnicianStatus

MOST = 200


@dataclass(frozen=True, slots=True)
class SkillOwned:
    """A skill with its level and the last day of its certificate."""

    code: str
    name_en: str
    name_zh: str
    level: int
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class TechnicianDetail:
    """A technician with what he can do and what lies ahead of him."""

    technician: Technician
    station: Station
    skills: tuple[SkillOwned, ...]
    shifts: tuple[Shift, ...]
    absences: tuple[Absence, ...]


def technicians(
    session: Session,
    *,
    scope: Scope,
    text: str | None = None,
    with_left: bool = False,
    after: tuple[str, int] | None = None,
    limit: int = 50,
) -> list[Technician]:
    """Return technicians by name and id, after the one whose (name, id) is given; at most 201: a page and one more.

    :param text: a part of the name.
    :param with_left: also those who no longer work here.
    """
    found = _in_scope(select(Technician), scope).order_by(Technician.name, Technician.id).limit(min(limit, MOST + 1))
    if text:
        found = found.where(Technician.name.icontains(text, autoescape=True))
    if not with_left:
        found = found.where(Technician.status == TechnicianStatus.WORKING)
    if after is not None:
        name, technician_id = after
        found = found.where((Technician.name > name) | ((Technician.name == name) & (Technician.id > technician_id)))
    return list(session.scalars(found))


def technician(
    session: Session, *, scope: Scope, technician_id: int, since: datetime, until: datetime
) -> TechnicianDetail:
    """Return a technician with skills, and with shifts and absences that touch a stretch of time.

    :raises UnknownTechnician: if there is none in the scope.
    """
    person = session.scalar(_in_scope(select(Technician), scope).where(Technician.id == technician_id))
    if person is None:
        raise UnknownTechnician(technician_id=technician_id)
    ids = (technician_id,)
    return TechnicianDetail(
        technician=person,
        station=session.get_one(Station, person.station_id),
        skills=tuple(_skills(session, technician_id)),
        shifts=tuple(shifts(session, technician_ids=ids, since=since, until=until)),
        absences=tuple(absences(session, technician_ids=ids, since=since, until=until)),
    )


def zone_of(session: Session, technician_id: int) -> str:
    """Return the time zone in which a technician's days are counted (an IANA name).

    :raises UnknownTechnician: if there is none.
    """
    zone = session.scalar(
        select(Region.time_zone)
        .join(Station, Station.region_id == Region.id)
        .join(Technician, Technician.station_id == Station.id)
        .where(Technician.id == technician_id)
    )
    if zone is None:
        raise UnknownTechnician(technician_id=technician_id)
    return zone


@dataclass(frozen=True, slots=True)
class Listed:
    """A technician as lists show him, with what he can do."""

    technician: Technician
    skills: tuple[SkillOwned, ...]


def with_skills(session: Session, people: Sequence[Technician]) -> list[Listed]:
    """Return technicians with their skills, in the given order, in one query."""
    owned: dict[int, list[SkillOwned]] = {person.id: [] for person in people}
    rows = session.execute(
        select(
            TechnicianSkill.technician_id,
            Skill.code,
            Skill.name_en,
            Skill.name_zh,
            TechnicianSkill.level,
            TechnicianSkill.expires_on,
        )
        .join(Skill, Skill.id == TechnicianSkill.skill_id)
        .where(TechnicianSkill.technician_id.in_(owned))
        .order_by(Skill.code)
    )
    for technician_id, code, name_en, name_zh, level, expires_on in rows:
        owned[technician_id].append(SkillOwned(code, name_en, name_zh, level, expires_on))
    return [Listed(person, tuple(owned[person.id])) for person in people]


def technician_of(session: Session, technician_id: int, *, scope: Scope) -> Technician:
    """Return a technician of the caller's.

    :raises UnknownTechnician: if there is none for him.
    """
    person = session.scalar(_in_scope(select(Technician), scope).where(Technician.id == technician_id))
    if person is None:
        raise UnknownTechnician(technician_id=technician_id)
    return person


def absence_of(session: Session, absence_id: int, *, scope: Scope) -> Absence:
    """Return an absence of one of the caller's technicians.

    :raises UnknownAbsence: if there is none for him.
    """
    absence = session.scalar(
        select(Absence).where(
            Absence.id == absence_id,
            Absence.technician_id.in_(_in_scope(select(Technician), scope).with_only_columns(Technician.id)),
        )
    )
    if absence is None:
        raise UnknownAbsence(absence_id=absence_id)
    return absence


def shifts_between(
    session: Session,
    *,
    scope: Scope,
    since: datetime,
    until: datetime,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[Shift]:
    """Return the shifts of the caller's technicians that touch a stretch of time, and one more than the limit.

    :param after: (starts_at, id) of the last one of the page before.
    """
    own = _in_scope(select(Technician), scope).with_only_columns(Technician.id)
    found = (
        select(Shift)
        .where(Shift.technician_id.in_(own), Shift.starts_at < until, Shift.ends_at > since)
        .order_by(Shift.starts_at, Shift.id)
        .limit(limit + 1)
    )
    if after is not None:
        found = found.where(tuple_(Shift.starts_at, Shift.id) > after)
    return list(session.scalars(found))


def vans(session: Session, *, scope: Scope, after: int | None = None, limit: int = 50) -> list[Van]:
    """Return the vans of the caller's stations, by id, and one more than the limit if there are more."""
    found = select(Van).join(Station, Station.id == Van.station_id).order_by(Van.id).limit(limit + 1)
    if scope.region_id is not None:
        found = found.where(Station.region_id == scope.region_id)
    if scope.station_id is not None:
        found = found.where(Van.station_id == scope.station_id)
    if after is not None:
        found = found.where(Van.id > after)
    return list(session.scalars(found))


def shifts(session: Session, *, technician_ids: Sequence[int], since: datetime, until: datetime) -> list[Shift]:
    """Return the shifts of technicians that touch a stretch of time, by technician and start."""
    return list(
        session.scalars(
            select(Shift)
            .where(Shift.technician_id.in_(technician_ids), Shift.starts_at < until, Shift.ends_at > since)
            .order_by(Shift.technician_id, Shift.starts_at)
        )
    )


def absences(session: Session, *, technician_ids: Sequence[int], since: datetime, until: datetime) -> list[Absence]:
    """Return the absences of technicians that hold and touch a stretch of time, by technician and start."""
    return list(
        session.scalars(
            select(Absence)
            .where(
                Absence.technician_id.in_(technician_ids),
                Absence.status == AbsenceStatus.REPORTED,
                Absence.starts_at < until,
                Absence.ends_at > since,
            )
            .order_by(Absence.technician_id, Absence.starts_at, Absence.id)
        )
    )


def skills(session: Session) -> list[Skill]:
    """Return every skill there is, by code."""
    return list(session.scalars(select(Skill).order_by(Skill.code)))


def _skills(session: Session, technician_id: int) -> list[SkillOwned]:
    rows = session.execute(
        select(Skill.code, Skill.name_en, Skill.name_zh, TechnicianSkill.level, TechnicianSkill.expires_on)
        .join(TechnicianSkill, TechnicianSkill.skill_id == Skill.id)
        .where(TechnicianSkill.technician_id == technician_id)
        .order_by(Skill.code)
    )
    return [SkillOwned(*row) for row in rows]


def _in_scope(found: Select[Technician], scope: Scope) -> Select[Technician]:
    if scope.region_id is not None:
        found = found.join(Station, Station.id == Technician.station_id).where(Station.region_id == scope.region_id)
    if scope.station_id is not None:
        found = found.where(Technician.station_id == scope.station_id)
    if scope.technician_id is not None:
        found = found.where(Technician.id == scope.technician_id)
    return found
