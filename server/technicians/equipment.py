"""What technicians work with: the skills there are, and the vans."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.core.db import violated
from server.core.errors import Conflict
from server.technicians.models import Skill, Van
from server.technicians.people import UnknownStation, UnknownTechnician


class SkillKnown(Conflict):
    """There is a skill of this code."""

    code = "skill.known"


class PlateTaken(Conflict):
    """Another van has this plate."""

    code = "van.plate_taken"


class DriverTaken(Conflict):
    """The technician drives another van."""

    code = "van.driver_taken"


def add_skill(session: Session, *, code: str, name_en: str, name_zh: str) -> Skill:
    """Add something that a visit can need.

    :raises SkillKnown: if its code is taken.
    """
    skill = Skill(code=code, name_en=name_en, name_zh=name_zh)
    try:
        with session.begin_nested():
            session.add(skill)
    except IntegrityError as error:
        if violated(error) == "uq_skill_code":
            raise SkillKnown(skill=code) from error
        raise
    return skill


def add_van(session: Session, *, plate: str, station_id: int, technician_id: int | None = None) -> Van:
    """Add a van of a station, driven by one of its technicians, or by nobody yet.

    :raises PlateTaken: if another has this plate.
    :raises DriverTaken: if the technician has another van.
    :raises UnknownStation: if there is no such station.
    :raises UnknownTechnician: if there is no such technician.
    """
    van = Van(plate=plate, station_id=station_id, technician_id=technician_id)
    try:
        with session.begin_nested():
            session.add(van)
    except IntegrityError as error:
        match violated(error):
            case "uq_van_plate":
                raise PlateTaken(plate=plate) from error
            case "uq_van_technician_id":
                raise DriverTaken(technician_id=technician_id) from error
            case "fk_van_station_id_station":
                raise UnknownStation(station_id=station_id) from error
            case "fk_van_technician_id_technician":
                raise UnknownTechnician(technician_id=technician_id) from error
        raise
    return van
