"""The stretch of time that a visit takes: the drive there and the work; and whose it is if it is taken.

A drive begins at the visit before. Where a visit is put before another, the next drive begins there, and is set anew
(`Ways`). Where one goes away, by withdrawal or to another day or technician, the next visit keeps the time that it
has, which was free and remains so; its drive is set anew when somebody is put before it again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from server.core.db import violated
from server.core.errors import Conflict
from server.orders.status import VisitStatus
from server.orders.visit_models import Visit

_ONE_AT_A_TIME = "ex_visit_one_at_a_time"
_NEAR = timedelta(days=1)
"""The drive to a visit that begins later than this after another does not begin at that one."""

BEFORE_DEPARTURE = frozenset({VisitStatus.PLANNED, VisitStatus.OFFERED, VisitStatus.ACCEPTED})
"""Nobody has left for such a visit yet."""

Onward = Callable[[Visit], timedelta | None]
"""How long it takes to drive on to another visit; None if nobody knows, or if the drive there begins elsewhere."""


class SlotTaken(Conflict):
    """The technician has another visit at that time, or is on the way to it, or could not be there in time."""

    code = "visit.slot_taken"


class SlotContended(SlotTaken):
    """Somebody is changing the technician's day at this moment; it may be free in the next."""

    code = "visit.slot_contended"


@dataclass(frozen=True, slots=True)
class Ways:
    """What becomes of the drives around a visit.

    :param onward: how long it takes to drive on; the drive to the next visit is set to that. Without it that drive
        stays as it is.
    :param drives_yield: both drives are cut short as far as other visits are in their way: somebody answers for it.
        Otherwise the whole drive there must be free, and the next visit be reached in time.
    """

    onward: Onward | None = None
    drives_yield: bool = False


AS_THEY_ARE = Ways()
"""The whole drive there must be free, and the next drive is not touched."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The time of a technician that a visit is to take, with the drive there before it.

    :param but: the id of the visit that is being moved: it is not in its own way.
    """

    technician_id: int
    starts_at: datetime
    ends_at: datetime
    travel_seconds: int
    ways: Ways = AS_THEY_ARE
    but: int | None = None


@contextmanager
def taking(session: Session, slot: Slot) -> Iterator[datetime]:
    """Write a visit inside a savepoint; yield its `busy_from`, and set the drive to the next visit.

    The caller holds the technician's day.

    :raises SlotTaken: if the database refuses the overlap, or the next visit could not be reached; it names the
        visit that is in the way.
    """
    busy_from = _busy_from(session, slot)
    try:
        with session.begin_nested():
            drive = _next_drive(session, slot)
            # It makes room before the visit is written, and takes more only once the visit has left its old place.
            if drive is not None and not drive.grows:
                drive.write(session)
            yield busy_from
            session.flush()
            if drive is not None and drive.grows:
                drive.write(session)
    except IntegrityError as error:
        if violated(error) != _ONE_AT_A_TIME:
            raise
        raise _taken(session, slot, busy_from) from error


def _busy_from(session: Session, slot: Slot) -> datetime:
    whole = slot.starts_at - timedelta(seconds=slot.travel_seconds)
    if not slot.ways.drives_yield:
        return whole
    before = session.scalar(
        select(func.max(Visit.ends_at)).where(
            *_others(slot), Visit.starts_at < slot.starts_at, Visit.ends_at > whole, Visit.ends_at <= slot.starts_at
        )
    )
    return before or whole


def _others(slot: Slot) -> tuple[ColumnElement[bool], ...]:
    return (
        Visit.technician_id == slot.technician_id,
        Visit.status != VisitStatus.WITHDRAWN,
        Visit.id != (slot.but or 0),
    )


@dataclass(frozen=True, slots=True)
class _Drive:
    """The drive to the next visit, as it is to be; ``grows`` if it begins earlier than before."""

    visit_id: int
    busy_from: datetime
    travel_seconds: int
    grows: bool

    def write(self, session: Session) -> None:
        """Write it past the visit's version: whoever answers the offer of that visit has not changed the same thing."""
        session.execute(
            update(Visit)
            .where(Visit.id == self.visit_id)
            .values(busy_from=self.busy_from, travel_seconds=self.travel_seconds)
        )


def _next_drive(session: Session, slot: Slot) -> _Drive | None:
    """Return the drive from a visit's place to the next visit, None if there is nothing to set.

    :raises SlotTaken: if the next visit could not be reached in time and drives do not yield.
    """
    ways = slot.ways
    follower = _follower(session, slot) if ways.onward is not None or ways.drives_yield else None
    if follower is None:
        return None
    way = ways.onward(follower) if ways.onward is not None else None
    if way is not None and slot.ends_at + way > follower.starts_at and not ways.drives_yield:
        raise _taken_by(follower, slot, busy_from=follower.starts_at - way)
    if way is None or follower.status not in BEFORE_DEPARTURE:
        since, seconds = max(follower.busy_from, slot.ends_at), follower.travel_seconds
    else:
        since, seconds = max(follower.starts_at - way, slot.ends_at), round(way.total_seconds())
    if (since, seconds) == (follower.busy_from, follower.travel_seconds):
        return None
    return _Drive(follower.id, since, seconds, grows=since < follower.busy_from)


def _follower(session: Session, slot: Slot) -> Visit | None:
    """Return the technician's next visit and hold its row.

    Its ticket is not held, for tickets are locked before days; so the row is not waited for either. Whoever has it
    may be waiting for the day that we hold.

    :raises SlotContended: if somebody is changing it at this moment.
    """
    try:
        return session.scalar(
            select(Visit)
            .where(
                *_others(slot),
                Visit.starts_at >= slot.ends_at,
                Visit.starts_at < slot.ends_at + _NEAR,
            )
            .order_by(Visit.starts_at)
            .limit(1)
            .with_for_update(nowait=True, key_share=True)
            .execution_options(populate_existing=True)
        )
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise SlotContended(technician_id=slot.technician_id) from error
        raise


def _taken(session: Session, slot: Slot, busy_from: datetime) -> SlotTaken:
    """Say whose the slot is."""
    other = session.scalar(
        select(Visit)
        .where(*_others(slot), Visit.busy_from < slot.ends_at, Visit.ends_at > busy_from)
        .order_by(Visit.starts_at)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    # Without one, whoever had the slot gave it up between the refusal and the look.
    if other is None:
        return SlotContended(technician_id=slot.technician_id)
    return _taken_by(other, slot, busy_from=other.busy_from)


def _taken_by(other: Visit, slot: Slot, *, busy_from: datetime) -> SlotTaken:
    """Name both stretches with their drives: it may be a drive alone that is in the way.

    :param busy_from: when the technician would have to leave for the other visit.
    """
    drive = timedelta(0) if slot.ways.drives_yield else timedelta(seconds=slot.travel_seconds)
    return SlotTaken(
        technician_id=other.technician_id,
        visit_id=other.id,
        ticket_id=other.ticket_id,
        busy_from=busy_from.isoformat(),
        starts_at=other.starts_at.isoformat(),
        ends_at=other.ends_at.isoformat(),
        wanted_from=(slot.starts_at - drive).isoformat(),
        wanted_to=slot.ends_at.isoformat(),
    )
