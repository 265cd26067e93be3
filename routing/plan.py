"""What is planned: routes with their stops and breaks, and the visits left out with the reason."""

from dataclasses import dataclass
from enum import StrEnum

from routing.certificate import Certificate

Details = tuple[tuple[str, str | int], ...]
"""Named facts behind a code, in a fixed order; data for the edge to put into words."""


class Reason(StrEnum):
    """Say why a visit is not served; the first rule that nobody can pass."""

    NO_TECHNICIAN = "no_technician"
    NO_WINDOW = "no_window"
    NOT_ALLOWED = "not_allowed"
    EXCLUDED = "excluded"
    NO_SKILL = "no_skill"
    NO_SHIFT_IN_WINDOW = "no_shift_in_window"
    UNREACHABLE = "unreachable"
    TOO_LONG = "too_long"
    FULL = "full"
    CAPACITY = "capacity"
    NOT_WORTH_IT = "not_worth_it"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Stop:
    """Serve a visit: arrive, start the service, finish it (seconds)."""

    visit: str
    arrive: int
    start: int
    finish: int


@dataclass(frozen=True, slots=True)
class BreakTaken:
    """Pause from `start` for `duration` seconds."""

    start: int
    duration: int


@dataclass(frozen=True, slots=True)
class Route:
    """Fill one shift of one technician: leave, serve the stops in order, be back."""

    technician: str
    shift: int
    leave: int
    back: int
    stops: tuple[Stop, ...]
    breaks: tuple[BreakTaken, ...] = ()


@dataclass(frozen=True, slots=True)
class Unassigned:
    """Leave a visit out, with the code of the reason and the facts behind it."""

    visit: str
    reason: str
    details: Details = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Answer a problem. `bound`: no plan can cost less; None where nothing was proven. `certificate` proves it."""

    problem: str
    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...]
    bound: int | None = None
    certificate: Certificate | None = None
