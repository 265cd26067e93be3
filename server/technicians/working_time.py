"""Stretches of a technician's time: shifts with their breaks, absences; which of them can be."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.core.errors import Invalid
from server.technicians.models import Shift

LONGEST_SHIFT = timedelta(hours=24)
LONGEST_ABSENCE = timedelta(days=366)


class UnrealInterval(Invalid):
    """The end is not after the start, or the stretch is longer than makes sense."""

    code = "technician.unreal_interval"


class BreakOutsideShift(Invalid):
    """A break begins within its shift and ends before it."""

    code = "technician.break_outside_shift"


@dataclass(frozen=True, slots=True)
class Pause:
    """A break of ``length`` that begins between ``earliest`` and ``latest``, both included."""

    earliest: datetime
    latest: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """One stretch of work."""

    starts_at: datetime
    ends_at: datetime
    pause: Pause | None = None


def shift_of(technician_id: int, time: WorkingTime) -> Shift:
    """Return the shift of a stretch of work.

    :raises UnrealInterval: if it does not last, or lasts more than 24 hours.
    :raises BreakOutsideShift: if its break cannot be taken within it.
    """
    if not time.starts_at < time.ends_at <= time.starts_at + LONGEST_SHIFT:
        raise UnrealInterval(starts_at=time.starts_at.isoformat(), ends_at=time.ends_at.isoformat())
    shift = Shift(technician_id=technician_id, starts_at=time.starts_at, ends_at=time.ends_at)
    pause = time.pause
    if pause is not None:
        fits = time.starts_at <= pause.earliest <= pause.latest and pause.latest + pause.length <= time.ends_at
        if not fits or pause.length <= timedelta(0):
            raise BreakOutsideShift(starts_at=time.starts_at.isoformat())
        shift.break_from, shift.break_to = pause.earliest, pause.latest
        shift.break_seconds = round(pause.length.total_seconds())
    return shift
