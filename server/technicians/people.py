"""Technicians: who they are, what they can do, when they work, when they cannot."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.core.db import violated
from server.core.errors import Conflict, Invalid, NotFound
from server.core.events import Actor, note, record
from server.core.numbers import BadPhone, e164
from server.core.places import Position
from server.organisation.models import Station
from server.technicians.models import Absence, Shift, Skill, Technician, TechnicianSkill
from server.technicians.status import AbsenceEvent, AbsenceStatus, TechnicianEvent, TechnicianStatus
from server.technicians.working_time import (
    LONGEST_ABSENCE,
    BreakOutsideShift,
    Pause,
    UnrealInterval,
    WorkingTime,
    shift_of,
)

__all__ = [
    "BreakOutsideShift",
    "ChangedMeanwhile",
    "HasLeft",
    "Pause",
    "Person",
    "PhoneTaken",
    "ShiftOverlaps",
    "UnknownAbsence",
    "UnknownShift",
    "UnknownSkill",
    "UnknownStation",
    "UnknownTechnician",
    "UnrealInterval",
    "UnusablePhone",
    "WorkingTime",
    "add_shifts",
    "cancel_absence",
    "change",
    "come_back",
    "create",
    "give_skill",
    "leave",
    "locked",
    "remove_shift",
    "report_absence",
    "take_skill",
]


class UnknownTechnician(NotFound):
    """There is no such technician, or he is not the caller's."""

    code = "technician.unknown"


class UnknownStation(NotFound):
    """There is no such station."""

    code = "technician.unknown_station"


class UnknownSkill(NotFound):
    """There is no skill of this code."""

    code = "technician.unknown_skill"


class UnusablePhone(Invalid):
    """The text is not a telephone number."""

    code = "technician.unusable_phone"


class PhoneTaken(Conflict):
    """Another technician has this telephone: an answer could not be told from his."""

    code = "technician.phone_taken"


class ChangedMeanwhile(Conflict):
    """Somebody else has changed the technician since the caller read him."""

    code = "technician.changed_meanwhile"
    status = 412


class HasLeft(Conflict):
    """The technician no longer works here."""

    code = "technician.has_left"


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a technician. The position is where his day starts and ends; None: at his station."""

    station_id: int
    name: str
    phone: str
    locale: str = "en"
    position: Position | None = None


def create(
    session: Session, *, person: Person, fictional: bool = False, country: str = "CN", by: Actor, now: datetime
) -> Technician:
    """Add a technician, with the event `technician.create`.

    :param country: whose prefix a number without one has.
    :raises UnknownStation: if there is no such station.
    :raises UnusablePhone: if the telephone number cannot exist.
    :raises PhoneTaken: if another technician has it.
    """
    technician = Technician(fictional=fictional)
    with _phone_of_his_own(session):
        _describe(session, technician, person, country=country)
        session.add(technician)
    note(session, technician, "create", by=by, now=now)
    return technician


def change(
    session: Session, *, technician_id: int, version: int, person: Person, country: str = "CN", by: Actor, now: datetime
) -> Technician:
    """Replace what is known of a technician, with the event `technician.change`.

    :raises UnknownTechnician: if there is none.
    :raises ChangedMeanwhile: if the version is not the present one.
    :raises UnknownStation: if there is no such station.
    :raises UnusablePhone: if the telephone number cannot exist.
    :raises PhoneTaken: if another technician has it.
    """
    technician = locked(session, technician_id=technician_id)
    if technician.version != version:
        raise ChangedMeanwhile(technician_id=technician_id, version=technician.version)
    with _phone_of_his_own(session):
        _describe(session, technician, person, country=country)
    note(session, technician, "change", by=by, now=now)
    return technician


def locked(session: Session, *, technician_id: int) -> Technician:
    """Return a technician and hold the row: of two changes to one person the second sees the first.

    :raises UnknownTechnician: if there is none.
    """
    technician = session.get(Technician, technician_id, with_for_update=True, populate_existing=True)
    if technician is None:
        raise UnknownTechnician(technician_id=technician_id)
    return technician


def _describe(session: Session, technician: Technician, person: Person, *, country: str) -> None:
    if session.get(Station, person.station_id) is None:
        raise UnknownStation(station_id=person.station_id)
    try:
        technician.phone = e164(person.phone, country=country)
    except BadPhone as wrong:
        raise UnusablePhone from wrong
    technician.station_id = person.station_id
    technician.name = person.name
    technician.locale = person.locale
    technician.position = person.position


@contextmanager
def _phone_of_his_own(session: Session) -> Iterator[None]:
    """Write a technician inside a savepoint, and say so if the database knows his number as another's."""
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as clash:
        if violated(clash) == "uq_technician_phone":
            raise PhoneTaken from clash
        raise


def leave(session: Session, *, technician_id: int, by: Actor, now: datetime) -> Technician:
    """Note that somebody no longer works here; his visits go to others (`technician.leave`).

    :raises UnknownTechnician: if there is none.
    :raises IllegalTransition: if he has left already.
    """
    technician = locked(session, technician_id=technician_id)
    technician.left_at = now
    record(session, technician, TechnicianEvent.LEAVE, by=by, now=now)
    return technician


def come_back(session: Session, *, technician_id: int, by: Actor, now: datetime) -> Technician:
    """Note that somebody who had left works here again.

    :raises UnknownTechnician: if there is none.
    :raises IllegalTransition: if he never left.
    """
    technician = locked(session, technician_id=technician_id)
    technician.left_at = None
    record(session, technician, TechnicianEvent.RETURN, by=by, now=now)
    return technician


def give_skill(
    session: Session, *, technician_id: int, code: str, level: int, expires_on: date | None, by: Actor, now: datetime
) -> None:
    """Note what somebody can do and how well; ``expires_on`` is the last day on which a certificate is valid.

    :raises UnknownTechnician: if there is none.
    :raises UnknownSkill: if there is no skill of this code.
    """
    technician = locked(session, technician_id=technician_id)
    skill_id = _skill_id(session, code)
    values = {"technician_id": technician_id, "skill_id": skill_id, "level": level, "expires_on": expires_on}
    session.execute(
        insert(TechnicianSkill)
        .values(values)
        .on_conflict_do_update(
            index_elements=["technician_id", "skill_id"], set_={"level": level, "expires_on": expires_on}
        )
    )
    until = expires_on.isoformat() if expires_on else None
    note(session, technician, "skill", by=by, now=now, details={"skill": code, "level": level, "until": until})


def take_skill(session: Session, *, technician_id: int, code: str, by: Actor, now: datetime) -> None:
    """Note that somebody does not do a kind of work any more; nothing happens if he never did.

    :raises UnknownTechnician: if there is none.
    :raises UnknownSkill: if there is no skill of this code.
    """
    technician = locked(session, technician_id=technician_id)
    owned = session.scalar(
        select(TechnicianSkill).where(
            TechnicianSkill.technician_id == technician_id, TechnicianSkill.skill_id == _skill_id(session, code)
        )
    )
    if owned is not None:
        session.delete(owned)
        note(session, technician, "skill", by=by, now=now, details={"skill": code, "level": 0, "until": None})


def _skill_id(session: Session, code: str) -> int:
    found = session.scalar(select(Skill.id).where(Skill.code == code))
    if found is None:
        raise UnknownSkill(skill=code)
    return found


class ShiftOverlaps(Conflict):
    """The technician already works in a part of that time."""

    code = "technician.shift_overlaps"


def add_shifts(
    session: Session, *, technician_id: int, times: Sequence[WorkingTime], by: Actor, now: datetime
) -> list[Shift]:
    """Add stretches of work, all or none, with the event `technician.shifts`.

    :raises UnknownTechnician: if there is none.
    :raises HasLeft: if he no longer works here.
    :raises UnrealInterval: if a stretch does not last, or lasts more than 24 hours.
    :raises BreakOutsideShift: if a break cannot be taken within its shift.
    :raises ShiftOverlaps: if he already works in a part of the time.
    """
    technician = locked(session, technician_id=technician_id)
    if technician.status is TechnicianStatus.LEFT:
        raise HasLeft(technician_id=technician_id)
    shifts = [shift_of(technician_id, time) for time in times]
    try:
        with session.begin_nested():
            session.add_all(shifts)
            session.flush()
    except IntegrityError as clash:
        if violated(clash) == "ex_shift_one_at_a_time":
            raise ShiftOverlaps(technician_id=technician_id) from clash
        raise
    note(session, technician, "shifts", by=by, now=now, details={"added": len(shifts), "removed": 0})
    return shifts


class UnknownShift(NotFound):
    """There is no such shift of this technician."""

    code = "technician.unknown_shift"


def remove_shift(session: Session, *, technician_id: int, shift_id: int, by: Actor, now: datetime) -> None:
    """Take a stretch of work away, with the event `technician.shifts`; visits in it are not touched: report an absence.

    :raises UnknownTechnician: if there is none.
    :raises UnknownShift: if the shift is not his.
    """
    technician = locked(session, technician_id=technician_id)
    shift = session.get(Shift, shift_id)
    if shift is None or shift.technician_id != technician_id:
        raise UnknownShift(shift_id=shift_id)
    session.delete(shift)
    note(session, technician, "shifts", by=by, now=now, details={"added": 0, "removed": 1})


def report_absence(
    session: Session, *, technician_id: int, starts_at: datetime, ends_at: datetime, kind: str, by: Actor, now: datetime
) -> Absence:
    """Keep that somebody cannot work; who plans visits is told (`absence.report`) and finds somebody else.

    :param kind: such as `ill`, `leave`, `training`.
    :raises UnknownTechnician: if there is none.
    :raises UnrealInterval: if it does not last, or lasts more than a year.
    """
    technician = locked(session, technician_id=technician_id)
    if not starts_at < ends_at <= starts_at + LONGEST_ABSENCE:
        raise UnrealInterval(starts_at=starts_at.isoformat(), ends_at=ends_at.isoformat())
    absence = Absence(technician_id=technician.id, starts_at=starts_at, ends_at=ends_at, kind=kind, reported_at=now)
    session.add(absence)
    note(session, absence, AbsenceEvent.REPORT, by=by, now=now, details={"technician_id": technician.id, "kind": kind})
    return absence


class UnknownAbsence(NotFound):
    """There is no such absence of this technician."""

    code = "technician.unknown_absence"


def cancel_absence(session: Session, *, technician_id: int, absence_id: int, by: Actor, now: datetime) -> Absence:
    """Take an absence back: he can work after all. Visits that went to others stay with them.

    :raises UnknownTechnician: if there is none.
    :raises UnknownAbsence: if the absence is not his.
    :raises IllegalTransition: if it was taken back before.
    """
    locked(session, technician_id=technician_id)
    absence = session.get(Absence, absence_id, populate_existing=True)
    if absence is None or absence.technician_id != technician_id:
        raise UnknownAbsence(absence_id=absence_id)
    if absence.status is AbsenceStatus.REPORTED:
        absence.cancelled_at = now
    record(session, absence, AbsenceEvent.CANCEL, by=by, now=now, details={"technician_id": technician_id})
    return absence
