"""Staff: who works at a desk, in which roles, and how far he sees."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.core.db import violated
from server.core.errors import Conflict, Invalid, NotFound
from server.organisation import logins
from server.organisation.models import Role, Staff
from server.organisation.regions import UnknownRegion
from server.organisation.stations import UnknownStation

OF_A_STATION = frozenset({Role.STATION, Role.STATION_CLERK})
"""Roles that see one station's work only."""
_ADMINISTRATORS = 7_205_759_403_792_799
"""Key of the advisory lock under which the number of administrators is looked at and changed."""


class UnknownStaff(NotFound):
    """There is no such member of staff."""

    code = "staff.unknown"


class LoginTaken(Conflict):
    """Somebody has this login, whatever the case of its letters."""

    code = "staff.login_taken"


class StationNeeded(Invalid):
    """A role of a station needs to know which one."""

    code = "staff.station_needed"


class RolesClash(Invalid):
    """Who audits never pays, and who pays never audits (handbook, section 1)."""

    code = "staff.roles_clash"


class LastAdministrator(Conflict):
    """Nobody could administer the product any more."""

    code = "staff.last_administrator"


@dataclass(frozen=True, slots=True)
class StaffData:
    """What is told of a member of staff.

    :param region_id: the only region he sees; None sees all.
    :param station_id: the only station he sees; needed for the roles of a station.
    """

    name: str
    roles: tuple[Role, ...]
    region_id: int | None = None
    station_id: int | None = None
    locale: str = "en"


def listed(session: Session, *, after: int | None = None, limit: int = 200) -> list[Staff]:
    """Return the staff by id, and one more than the limit if there are more."""
    return list(session.scalars(select(Staff).where(Staff.id > (after or 0)).order_by(Staff.id).limit(limit + 1)))


def one(session: Session, *, staff_id: int) -> Staff:
    """Return a member of staff.

    :raises UnknownStaff: if there is none.
    """
    person = session.get(Staff, staff_id)
    if person is None:
        raise UnknownStaff(staff_id=staff_id)
    return person


def locked(session: Session, *, staff_id: int) -> Staff:
    """Return a member of staff whom nobody else changes until this transaction ends.

    :raises UnknownStaff: if there is none.
    """
    person = session.get(Staff, staff_id, with_for_update=True, populate_existing=True)
    if person is None:
        raise UnknownStaff(staff_id=staff_id)
    return person


def add(session: Session, data: StaffData, *, login: str, password_hash: str, now: datetime) -> Staff:
    """Give somebody an account.

    :param password_hash: of `server.organisation.passwords.hashed`.
    :raises LoginTaken: if somebody has this login.
    :raises StationNeeded: if a role of a station comes without one.
    :raises RolesClash: if one person would both audit and pay.
    """
    _check(data)
    person = Staff(
        login=login,
        name=data.name,
        password_hash=password_hash,
        roles=_stored(data.roles),
        region_id=data.region_id,
        station_id=data.station_id,
        locale=data.locale,
        disabled_at=None,
        created_at=now,
    )
    session.add(person)
    _flush(session, data)
    return person


def change(session: Session, person: Staff, data: StaffData) -> Staff:
    """Replace what is told of somebody; other rights hold from his next request on.

    :raises LastAdministrator: if nobody would be left who administers.
    :raises StationNeeded: if a role of a station comes without one.
    :raises RolesClash: if one person would both audit and pay.
    """
    _check(data)
    if Role.ADMINISTRATOR in person.roles and Role.ADMINISTRATOR not in data.roles:
        _keep_one_administrator(session, leaving=person)
    person.name, person.roles, person.locale = data.name, _stored(data.roles), data.locale
    person.region_id, person.station_id = data.region_id, data.station_id
    _flush(session, data)
    return person


def close(session: Session, *, staff_id: int, now: datetime) -> Staff:
    """Close an account: its sessions and tokens open nothing from the next request on. Twice is no error.

    :raises UnknownStaff: if there is none.
    :raises LastAdministrator: if nobody would be left who administers.
    """
    person = locked(session, staff_id=staff_id)
    if person.disabled_at is None:
        if Role.ADMINISTRATOR in person.roles:
            _keep_one_administrator(session, leaving=person)
        person.disabled_at = now
        logins.revoke_everything(session, staff_id=staff_id, now=now)
    return person


def reopen(session: Session, *, staff_id: int) -> Staff:
    """Open an account again; he logs in anew.

    :raises UnknownStaff: if there is none.
    """
    person = locked(session, staff_id=staff_id)
    person.disabled_at = None
    return person


def set_password(session: Session, *, staff_id: int, password_hash: str, now: datetime) -> Staff:
    """Replace a password; every session and token of the account ends.

    :raises UnknownStaff: if there is none.
    """
    person = locked(session, staff_id=staff_id)
    person.password_hash = password_hash
    logins.revoke_everything(session, staff_id=staff_id, now=now)
    return person


def _check(data: StaffData) -> None:
    if OF_A_STATION.intersection(data.roles) and data.station_id is None:
        raise StationNeeded
    if {Role.AUDITOR, Role.FINANCE} <= set(data.roles):
        raise RolesClash


def _stored(roles: tuple[Role, ...]) -> list[str]:
    return sorted({str(role) for role in roles})


def _keep_one_administrator(session: Session, *, leaving: Staff) -> None:
    # The lock prevents that two administrators dismiss each other at the same moment.
    session.execute(select(func.pg_advisory_xact_lock(_ADMINISTRATORS)))
    others = select(func.count()).where(
        Staff.roles.contains([str(Role.ADMINISTRATOR)]), Staff.disabled_at.is_(None), Staff.id != leaving.id
    )
    if not session.scalar(others):
        raise LastAdministrator(staff_id=leaving.id)


def _flush(session: Session, data: StaffData) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        name = violated(error)
        if name == "uq_staff_login":
            raise LoginTaken from error
        if name == "fk_staff_region_id_region":
            raise UnknownRegion(region_id=data.region_id) from error
        if name == "fk_staff_station_id_station":
            raise UnknownStation(station_id=data.station_id) from error
        raise
