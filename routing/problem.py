"""What is to be planned: visits, technicians with their shifts, places and travel times, as frozen values.

All times are whole seconds from the start of the horizon; second 0 is an aware UTC instant kept beside
them as `Problem.origin`. Seconds are elapsed seconds: a day of a clock change has 23 or 25 hours.
"""

from dataclasses import dataclass
from datetime import datetime

from routing.findings import Finding, findings_of
from routing.travel import TravelTimes
from routing.weights import Weights


@dataclass(frozen=True, slots=True)
class Location:
    """Name a place; its index in `Problem.locations` is its row of the travel matrix. Degrees, WGS-84."""

    id: str
    lat: float | None = None
    lon: float | None = None


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """Hold the seconds in which a service may start, both ends included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Skill:
    """Say what a technician can do, how well, and until which second the certificate holds.

    A skill with `until` counts for shifts that end at or before that second.
    """

    name: str
    level: int = 1
    until: int | None = None


@dataclass(frozen=True, slots=True)
class SkillRequirement:
    """Name a skill and the lowest level that will do."""

    name: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Break:
    """Demand a pause of `duration` seconds that starts within `[earliest, latest]`."""

    earliest: int
    latest: int
    duration: int


@dataclass(frozen=True, slots=True)
class Shift:
    """Describe one stretch of work of a technician; each shift becomes at most one route.

    `start_location` and `end_location` replace the technician's own for this shift. `max_visits` None: no limit.
    """

    start: int
    end: int
    breaks: tuple[Break, ...] = ()
    max_visits: int | None = None
    start_location: int | None = None
    end_location: int | None = None


@dataclass(frozen=True, slots=True)
class Technician:
    """Describe who can work: where the way starts and ends, what they can do, when they work."""

    id: str
    start: int
    end: int
    skills: tuple[Skill, ...] = ()
    shifts: tuple[Shift, ...] = ()

    def places(self, shift: Shift) -> tuple[int, int]:
        """Return the locations where the shift starts and ends."""
        first = self.start if shift.start_location is None else shift.start_location
        last = self.end if shift.end_location is None else shift.end_location
        return first, last

    def level(self, name: str, *, shift: Shift) -> int:
        """Return the level of a skill that counts in the shift; 0 where there is none."""
        levels = (s.level for s in self.skills if s.name == name and (s.until is None or shift.end <= s.until))
        return max(levels, default=0)


@dataclass(frozen=True, slots=True)
class Visit:
    """Describe one piece of work at one place.

    `windows`: when service may start (sorted, disjoint; none: it can never be served). `only` empty: anybody.
    `preferred`: ranked wishes, a cost and no rule. `release`: earliest start, cuts the windows. `due`: a start
    after it costs `late_cost_per_hour` for each hour, rounded up to whole seconds of cost. `pinned_technician`
    and `pinned_start` bind who and when if the visit is served; a pinned start replaces windows and release,
    for it was promised. Whether the visit may be left out is said by `drop_cost` alone.
    """

    id: str
    location: int
    duration: int
    windows: tuple[TimeWindow, ...]
    drop_cost: int
    skills: tuple[SkillRequirement, ...] = ()
    only: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()
    release: int | None = None
    due: int | None = None
    late_cost_per_hour: int = 0
    pinned_technician: str | None = None
    pinned_start: int | None = None

    def start_windows(self) -> tuple[TimeWindow, ...]:
        """Return the windows that really bind, after pin and release; empty if none is left."""
        if self.pinned_start is not None:
            return (TimeWindow(self.pinned_start, self.pinned_start),)
        if self.release is None:
            return self.windows
        return tuple(TimeWindow(max(w.start, self.release), w.end) for w in self.windows if w.end >= self.release)


@dataclass(frozen=True, slots=True)
class Problem:
    """Hold everything the optimiser may know.

    `horizon`: seconds that are planned, from second 0. `origin`: the aware UTC instant of second 0.
    """

    name: str
    locations: tuple[Location, ...]
    technicians: tuple[Technician, ...]
    visits: tuple[Visit, ...]
    travel: TravelTimes
    horizon: int
    origin: datetime | None = None
    weights: Weights = Weights()

    def findings(self) -> tuple[Finding, ...]:
        """Return everything that is wrong with the problem as named findings, errors first.

        With an error no plan can be right and `solve` refuses; with a warning the plan is right, but some
        of the work will be left out. Empty: nothing found.
        """
        return findings_of(self)
