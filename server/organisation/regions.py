"""Regions: the parts of the country that supervisors own."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.core.db import violated
from server.core.errors import Conflict, NotFound
from server.organisation.access import Scope
from server.organisation.models import Region, Station


class UnknownRegion(NotFound):
    """There is no such region, or it is not the caller's."""

    code = "region.unknown"


class RegionNameTaken(Conflict):
    """Another region has this name."""

    code = "region.name_taken"


@dataclass(frozen=True, slots=True)
class RegionData:
    """What is told of a region.

    :param time_zone: an IANA name.
    :param detour: street distance over great-circle distance, at least 1.
    :param speed_kmh: of travel, in kilometres an hour.
    :param leg_seconds: what every leg costs whatever its length: leaving, parking.
    """

    name: str
    time_zone: str
    detour: float = 1.4
    speed_kmh: float = 30.0
    leg_seconds: int = 150


def listed(session: Session, *, scope: Scope, after: int | None = None, limit: int = 200) -> list[Region]:
    """Return the regions that the caller may see, by id, and one more than the limit if there are more."""
    rows = select(Region).where(Region.id > (after or 0)).order_by(Region.id).limit(limit + 1)
    if scope.region_id is not None:
        rows = rows.where(Region.id == scope.region_id)
    return list(session.scalars(rows))


def one(session: Session, *, region_id: int, scope: Scope) -> Region:
    """Return a region.

    :raises UnknownRegion: if there is none, or it is outside the caller's scope.
    """
    region = session.get(Region, region_id) if scope.region_id in {None, region_id} else None
    if region is None:
        raise UnknownRegion(region_id=region_id)
    return region


def common_zone(session: Session, *, scope: Scope, region_id: int | None = None) -> str | None:
    """Return the time zone in which somebody reads days: of the region asked for, else of those he may see.

    None if these lie in several zones, or there are none.
    """
    zones = select(Region.time_zone).distinct().limit(2)
    if region_id is not None:
        zones = zones.where(Region.id == region_id)
    if scope.region_id is not None:
        zones = zones.where(Region.id == scope.region_id)
    if scope.station_id is not None:
        zones = zones.where(
            Region.id == select(Station.region_id).where(Station.id == scope.station_id).scalar_subquery()
        )
    found = session.scalars(zones).all()
    return found[0] if len(found) == 1 else None


def locked(session: Session, *, region_id: int) -> Region:
    """Return a region that nobody else changes until this transaction ends.

    :raises UnknownRegion: if there is none.
    """
    region = session.get(Region, region_id, with_for_update=True, populate_existing=True)
    if region is None:
        raise UnknownRegion(region_id=region_id)
    return region


def add(session: Session, data: RegionData) -> Region:
    """Add a region.

    :raises RegionNameTaken: if another has this name.
    """
    region = Region(
        name=data.name,
        time_zone=data.time_zone,
        detour=data.detour,
        speed_kmh=data.speed_kmh,
        leg_seconds=data.leg_seconds,
    )
    session.add(region)
    _flush(session, data.name)
    return region


def change(session: Session, region: Region, data: RegionData) -> Region:
    """Replace what is told of a region.

    :raises RegionNameTaken: if another has this name.
    """
    region.name, region.time_zone = data.name, data.time_zone
    region.detour, region.speed_kmh, region.leg_seconds = data.detour, data.speed_kmh, data.leg_seconds
    _flush(session, data.name)
    return region


def _flush(session: Session, name: str) -> None:
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if violated(error) == "uq_region_name":
            raise RegionNameTaken(name=name) from error
        raise
