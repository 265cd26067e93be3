"""The lock of a ticket and everything below it, and the lock of a technician's day."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.clock import local_day
from server.core.errors import Conflict, NotFound
from server.orders.models import Ticket
from server.orders.visit_models import Visit
from server.organisation.models import Region, Station
from server.technicians.models import Technician
from server.technicians.people import UnknownTechnician


class UnknownTicket(NotFound):
    """No such ticket for the caller."""

    code = "ticket.unknown"


class UnknownVisit(NotFound):
    """No such visit for the caller."""

    code = "visit.unknown"


class TechnicianLeft(Conflict):
    """The technician does not work for us any more."""

    code = "technician.left"


def lock_ticket(session: Session, ticket_id: int) -> Ticket:
    """Return a ticket as it is now and hold it until the transaction ends.

    Of two who change a ticket, its visits, offers or card at the same moment, the second waits here and then
    sees what the first has done.

    :raises UnknownTicket: if there is none.
    """
    ticket = session.scalar(
        select(Ticket).where(Ticket.id == ticket_id).with_for_update().execution_options(populate_existing=True)
    )
    if ticket is None:
        raise UnknownTicket
    return ticket


def lock_visit(session: Session, visit_id: int, *, technician_id: int | None) -> tuple[Ticket, Visit]:
    """Return a visit with its ticket, as they are now, and hold the ticket until the transaction ends.

    :param technician_id: whose visit it must be; None for the desk.
    :raises UnknownVisit: if there is none, or it is somebody else's.
    """
    ticket = session.scalar(
        select(Ticket)
        .join(Visit, Visit.ticket_id == Ticket.id)
        .where(Visit.id == visit_id)
        .with_for_update(of=Ticket)
        .execution_options(populate_existing=True)
    )
    if ticket is None:
        raise UnknownVisit
    visit = session.get_one(Visit, visit_id, populate_existing=True)
    if technician_id is not None and visit.technician_id != technician_id:
        raise UnknownVisit
    return ticket, visit


def hold_day(session: Session, *, technician_id: int, starts_at: datetime, ends_at: datetime) -> None:
    """Hold a technician's days, in the time zone of his region, until the transaction ends.

    Without it a dozen who book one slot at the same moment run into deadlocks behind the exclusion
    constraint; with it the second waits and is told. Who books several visits in one transaction locks all
    tickets first, ascending, and then all days with `hold_days`.

    :raises UnknownTechnician: if there is none.
    :raises TechnicianLeft: if he has left.
    """
    row = session.execute(
        select(Technician.left_at, Region.time_zone)
        .join(Station, Station.id == Technician.station_id)
        .join(Region, Region.id == Station.region_id)
        .where(Technician.id == technician_id)
    ).one_or_none()
    if row is None:
        raise UnknownTechnician
    left_at, zone = row
    if left_at is not None and left_at <= starts_at:
        raise TechnicianLeft(technician_id=technician_id)
    first, last = local_day(starts_at, zone), local_day(ends_at, zone)
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    hold_days(session, ((technician_id, day) for day in days))


def hold_days(session: Session, days: Iterable[tuple[int, date]]) -> None:
    """Hold technicians' local days until the transaction ends, in ascending order so that nobody waits in a circle."""
    for technician_id, day in sorted(set(days)):
        key = f"day/{technician_id}/{day.isoformat()}"
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
