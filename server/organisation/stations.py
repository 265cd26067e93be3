"""Service stations: branches and contractors that employ technicians."""

from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.core.db import violated
from server.core.errors import Conflict, NotFound
from server.core.places import Position
from server.organisation.access import Scope
from server.organisation.models import Station
from server.organisation.regions import UnknownRegion


class UnknownStation(NotFound):
    """There is no such station, or it is not the caller's."""

    code = "station.unknown"


class StationNameTaken(Conflict):
    """Another station has this name."""

    code = "station.name_taken"


@dataclass(frozen=True, slots=True)
class StationData:
    """What is told of a station.

    :param phone: in international form.
    :param is_payee: whether the station is paid for its technicians, or each of them himself.
    """

    region_id: int
    name: str
    phone: str
    is_payee: bool = True
    position: Position | None = None


def listed(session: Session, *, scope: Scope, after: int | None = None, limit: int = 200) -> list[Station]:
    """Return the stations that the caller may see, by id, and one more than the limit if there are more."""
    rows = select(Station).where(Station.id > (after or 0)).order_by(Station.id).limit(limit + 1)
    return list(session.scalars(_within(rows, scope)))


def one(session: Session, *, station_id: int, scope: Scope) -> Station:
    """Return a station.

    :raises UnknownStation: if there is none, or it is outside the caller's scope.
    """
    station = session.scalar(_within(select(Station).where(Station.id == station_id), scope))
    if station is None:
        raise UnknownStation(station_id=station_id)
    return station


def locked(session: Session, *, station_id: int) -> Station:
    """Return a station that nobody else changes until this transaction ends.

    :raises UnknownStation: if there is none.
    """
    station = session.get(Station, station_id, with_for_update=True, populate_existing=True)
    if station is None:
        raise UnknownStation(station_id=station_id)
    return station


def add(session: Session, data: StationData) -> Station:
    """Add a station.

    :raises StationNameTaken: if another has this name.
    :raises UnknownRegion: if there is no such region.
    """
    station = Station(region_id=data.region_id, name=data.name, phone=data.phone, is_payee=data.is_payee)
    station.position = data.position
    session.add(station)
    _flush(session, data)
    return station


def change(session: Session, station: Station, data: StationData) -> Station:
    """Replace what is told of a station.

    :raises StationNameTaken: if another has this name.
    :raises UnknownRegion: if there is no such region.
    """
    station.region_id, station.name, station.phone = data.region_id, data.name, data.phone
    station.is_payee, station.position = data.is_payee, data.position
    _flush(session, data)
    return station


def _within(rows: Select[Station], scope: Scope) -> Select[Station]:
    if scope.region_id is not None:
        rows = rows.where(Station.region_id == scope.region_id)
    if scope.station_id is not None:
        rows = rows.where(Station.id == scope.station_id)
    return rows


def _flush(session: Session, data: StationData) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if violated(error) == "uq_station_name":
            raise StationNameTaken(name=data.name) from error
        if violated(error) == "fk_station_region_id_region":
            raise UnknownRegion(region_id=data.region_id) from error
        raise
