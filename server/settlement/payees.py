"""Who is paid: a station for its technicians, or each technician himself."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.organisation.models import Region, Station
from server.settlement.facts import Versions
from server.settlement.models import Statement
from server.technicians.models import Technician


@dataclass(frozen=True, slots=True)
class Payee:
    """A station that is a payee, or a technician of one that is not."""

    station_id: int | None
    technician_id: int | None
    region_id: int
    zone: str
    """Time zone of the region."""

    @property
    def owns(self) -> ColumnElement[bool]:
        """Return the condition for a statement to be his."""
        if self.station_id is not None:
            return Statement.station_id == self.station_id
        return Statement.technician_id == self.technician_id

    @property
    def employs(self) -> ColumnElement[bool]:
        """Return the condition for a technician's visits to be paid to him."""
        if self.station_id is not None:
            return Technician.station_id == self.station_id
        return Technician.id == self.technician_id


def payees(session: Session, *, region_id: int | None) -> list[Payee]:
    """Return every payee of a region, or of the whole company, in the order in which they are locked."""
    stations = select(Station.id, Region.id, Region.time_zone).join(Region, Region.id == Station.region_id)
    alone = (
        select(Technician.id, Region.id, Region.time_zone)
        .join(Station, Station.id == Technician.station_id)
        .join(Region, Region.id == Station.region_id)
        .where(Station.is_payee.is_(False))
    )
    if region_id is not None:
        stations, alone = stations.where(Region.id == region_id), alone.where(Region.id == region_id)
    found = [
        Payee(station, None, region, zone)
        for station, region, zone in session.execute(stations.where(Station.is_payee).order_by(Station.id))
    ]
    found += [
        Payee(None, technician, region, zone)
        for technician, region, zone in session.execute(alone.order_by(Technician.id))
    ]
    return found


def statement_of(session: Session, payee: Payee, *, month: date) -> Statement | None:
    """Return a payee's statement of a month as it is now, locked: nobody decides on it while it is computed."""
    return session.scalar(
        select(Statement)
        .where(payee.owns, Statement.month == month)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def new_statement(session: Session, payee: Payee, *, month: date, versions: Versions, now: datetime) -> Statement:
    """Begin a payee's statement of a month, frozen with the terms in force when it is begun."""
    force = versions.at(now)
    statement = Statement(
        station_id=payee.station_id,
        technician_id=payee.technician_id,
        region_id=payee.region_id,
        month=month,
        currency=force.terms.late_card_per_period.currency,
        policy_id=force.policy_id,
        created_at=now,
    )
    session.add(statement)
    session.flush()
    return statement
