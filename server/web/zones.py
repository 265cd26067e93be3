"""The time zone in which a caller names days and reads times."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from server.core.clock import local_instant
from server.organisation import regions
from server.web.context import current, settings


def callers_zone(session: Session, *, region_id: int | None = None) -> str:
    """Return the zone of the region asked for, else of the regions the caller may see, else the company's.

    The company's is for who sees regions of several zones and names none.
    """
    return regions.common_zone(session, scope=current().scope, region_id=region_id) or settings().zone


@dataclass(frozen=True, slots=True)
class Bounds:
    """From one instant, before another; None where there is no bound."""

    start: datetime | None = None
    end: datetime | None = None


def bounds_of(session: Session, day: date | None, *, region_id: int | None = None) -> Bounds:
    """Return the midnights around a local day of the caller; no bounds where no day is asked for."""
    if day is None:
        return Bounds()
    zone = callers_zone(session, region_id=region_id)
    return Bounds(local_instant(day, 0, 0, zone), local_instant(day + timedelta(days=1), 0, 0, zone))
