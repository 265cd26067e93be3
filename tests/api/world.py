"""A small company for tests of the edges: two regions, two stations, somebody in every role, two technicians.

*Own* is what belongs to the first region and its station, *other* to the second. Staff of a desk and of a
station are confined to the first; everybody else sees the whole company.

An engineer who adds resources adds a maker to `MAKERS`: a function that is given the session and the company
and returns, for each name of an id in the new routes (`ticket_id`), the own one and the other's.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import astuple
from datetime import timedelta
from importlib.resources import files

from sqlalchemy.orm import Session

from server.core.places import Position
from server.orders import links
from server.orders.words import LinkPurpose
from server.organisation import logins
from server.organisation.models import Region, Role, Staff, Station
from server.organisation.passwords import hashed
from server.technicians import devices
from server.technicians.models import Technician
from tests.api import things
from tests.api.cast import ANONYMOUS, MISSING, NOW, Caller, Company, Ids

__all__ = ["ANONYMOUS", "MISSING", "NOW", "Caller", "Company", "Ids", "build"]

PASSWORD = "correct horse battery"
_PASSWORD_HASH = hashed(PASSWORD, login="nobody-has-this-login")

CONFINED = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.STATION, Role.STATION_CLERK})
"""Roles whose holders here see the first region (or its station) only."""


Maker = Callable[[Session, Company], Mapping[str, Ids]]


def organisation(session: Session, company: Company) -> Mapping[str, Ids]:
    """Return the ids of the organisation's own routes."""
    somebody = _member(Role.AUDITOR, company.regions[1], company.stations[1])
    somebody.login = "somebody-else"
    session.add(somebody)
    session.flush()
    token, _ = logins.issue(session, staff_id=somebody.id, label="somebody else's", now=NOW)
    return {
        "region_id": Ids(company.regions[0].id, company.regions[1].id),
        "station_id": Ids(company.stations[0].id, company.stations[1].id),
        "staff_id": Ids(company.staff[Role.AUDITOR].id, somebody.id),
        # Nobody owns another's token; of the caller's own the matrix makes one for each call.
        "token_id": Ids("own_token", token.id),
        "policy": Ids("intake", "messages"),
        "name": Ids("swagger-ui.css", "start.js"),
        "outbox_id": Ids(1, 2),
    }


def pages(session: Session, company: Company) -> Mapping[str, Ids]:
    """Return what the pages' routes name besides: built files, languages, a customer's link on each ticket."""
    built = json.loads((files("server.console") / "static" / "built" / "manifest.json").read_text(encoding="utf-8"))
    style = str(built["src/console.ts"]["css"][0])
    return {
        "filename": Ids(style, "nothing.css"),
        "built": Ids(style, "manifest.json"),
        "language": Ids("zh", "tlh"),
        "token": Ids(*(_link(session, int(ticket_id)) for ticket_id in astuple(company.things["ticket_id"]))),
    }


def _link(session: Session, ticket_id: int) -> str:
    purpose, until = LinkPurpose.REBOOK, NOW + timedelta(days=3)
    return links.create(
        session, ticket_id=ticket_id, visit_id=None, purpose=purpose, bound={}, expires_at=until, now=NOW
    )


MAKERS: tuple[Maker, ...] = (organisation, things.work, things.month, pages)
"""Who makes things for the routes, in the order in which they may rest on each other."""


def build(session: Session) -> Company:
    """Make the company."""
    company = _people(session)
    things: dict[str, Ids] = {}
    for make in MAKERS:
        company = _with(company, things)
        things |= make(session, company)
    session.flush()
    return _with(company, things)


def _with(company: Company, things: Mapping[str, Ids]) -> Company:
    return Company(company.regions, company.stations, company.staff, company.technicians, company.callers, dict(things))


def _people(session: Session) -> Company:
    here, there = Region(name="North", time_zone="Asia/Shanghai"), Region(name="South", time_zone="Asia/Shanghai")
    session.add_all([here, there])
    session.flush()
    stations = (_station("Station North", here, "+12025550101"), _station("Station South", there, "+12025550102"))
    session.add_all(stations)
    session.flush()
    technicians = (_technician("Ann", stations[0], "+12025550111"), _technician("Bob", stations[1], "+12025550112"))
    staff = {role: _member(role, here, stations[0]) for role in Role}
    session.add_all([*technicians, *staff.values()])
    session.flush()
    callers = {str(role): _staff_caller(session, role, person) for role, person in staff.items()}
    _, token = devices.connect(session, technician_id=technicians[0].id, now=NOW)
    callers["technician"] = Caller("technician", technician_id=technicians[0].id, bearer=token.text)
    callers["anonymous"] = ANONYMOUS
    return Company((here, there), stations, staff, technicians, callers)


def _station(name: str, region: Region, phone: str) -> Station:
    # Its technicians are payees of their own: then a statement is both a station's to see and a technician's.
    return Station(region_id=region.id, name=name, phone=phone, is_payee=False)


def _technician(name: str, station: Station, phone: str) -> Technician:
    person = Technician(station_id=station.id, name=name, phone=phone, left_at=None, fictional=True)
    person.position = Position(31.2, 121.4)
    return person


def _member(role: Role, region: Region, station: Station) -> Staff:
    of_station = role in {Role.STATION, Role.STATION_CLERK}
    return Staff(
        login=str(role),
        name=f"The {role}",
        password_hash=_PASSWORD_HASH,
        roles=[str(role)],
        region_id=region.id if role in CONFINED else None,
        station_id=station.id if of_station else None,
        disabled_at=None,
        created_at=NOW - timedelta(days=100),
    )


def _staff_caller(session: Session, role: Role, person: Staff) -> Caller:
    _, token = logins.issue(session, staff_id=person.id, label="tests", now=NOW)
    cookie = logins.open_console(session, staff_id=person.id, now=NOW)
    return Caller(str(role), staff_id=person.id, bearer=token.text, cookie=cookie.text)
