"""What is wrong with a problem before anybody solves it: named findings, as data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from routing.plan import Details

if TYPE_CHECKING:
    from routing.problem import Problem, Shift, Technician, TimeWindow, Visit

MAX_SECONDS = 10 * 366 * 86_400
"""No time of a problem may be later or longer: ten years keep every sum far inside 64 bits."""

MAX_COST = 1_000_000_000_000
"""No single cost may be higher, for the same reason."""


class Severity(StrEnum):
    """Say whether a plan can still be right (`warning`: some work will be left out) or not (`error`)."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Name one thing that is wrong: a code, the place as a path, the facts."""

    code: str
    place: str
    severity: Severity
    details: Details = ()


class InvalidProblem(ValueError):
    """The problem contradicts itself; the findings say where."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Keep the findings."""
        super().__init__(", ".join(f"{f.place}: {f.code}" for f in findings[:5]))
        self.findings = tuple(findings)


def findings_of(problem: Problem) -> tuple[Finding, ...]:
    """Return everything that is wrong with a problem, errors first, in a fixed order."""
    found = [*_whole(problem), *_locations(problem), *_technicians(problem)]
    numbers_are_sound = not any(f.severity is Severity.ERROR for f in found)
    for i, visit in enumerate(problem.visits):
        place = f"visits[{i}]"
        of_visit = list(_visit_numbers(problem, visit, place=place))
        found += of_visit
        if numbers_are_sound and not any(f.severity is Severity.ERROR for f in of_visit):
            found += _visit_chances(problem, visit, place=place)
    return tuple(sorted(found, key=lambda f: f.severity is not Severity.ERROR))


def _error(code: str, place: str, *details: tuple[str, str | int]) -> Finding:
    return Finding(code, place, Severity.ERROR, details)


def _warning(code: str, place: str, *details: tuple[str, str | int]) -> Finding:
    return Finding(code, place, Severity.WARNING, details)


def _whole(problem: Problem) -> Iterator[Finding]:
    """Yield what concerns the problem as one: empty lists, doubled ids, origin, horizon, matrix."""
    if not problem.technicians:
        yield _warning("no_technician", "technicians")
    for kind, ids in (
        ("locations", [x.id for x in problem.locations]),
        ("technicians", [x.id for x in problem.technicians]),
        ("visits", [x.id for x in problem.visits]),
    ):
        for name, times in Counter(ids).items():
            if times > 1:
                yield _error("duplicate_id", kind, ("id", name), ("times", times))
    if problem.origin is not None and problem.origin.utcoffset() is None:
        yield _error("naive_origin", "origin")
    if not 0 <= problem.horizon <= MAX_SECONDS:
        yield _error("negative_time" if problem.horizon < 0 else "too_large", "horizon", ("value", problem.horizon))
    for name in ("travel", "preferred_rank", "not_preferred"):
        value = getattr(problem.weights, name)
        if not 0 <= value <= MAX_COST:
            yield _error("negative_cost" if value < 0 else "too_large", f"weights.{name}", ("value", value))
    travel = problem.travel
    if not travel.is_square() or travel.size != len(problem.locations):
        rows, columns = (*travel.matrix.shape, 0, 0)[:2]
        details = (("rows", int(rows)), ("columns", int(columns)), ("locations", len(problem.locations)))
        yield _error("matrix_shape", "travel", *details)
    elif travel.size and int(travel.matrix.min()) < 0:
        row, column = (int(x[0]) for x in (travel.matrix < 0).nonzero())
        yield _error("negative_time", "travel", ("row", row), ("column", column))


def _locations(problem: Problem) -> Iterator[Finding]:
    """Yield places whose coordinates cannot be; without any only a given matrix makes sense."""
    for i, place in enumerate(problem.locations):
        if place.lat is None or place.lon is None:
            if problem.travel.model is not None or (place.lat is None) != (place.lon is None):
                yield _error("bad_coordinates", f"locations[{i}]", ("id", place.id))
        elif not (
            math.isfinite(place.lat) and math.isfinite(place.lon) and abs(place.lat) <= 90 and abs(place.lon) <= 180
        ):
            yield _error("bad_coordinates", f"locations[{i}]", ("id", place.id))


def _technicians(problem: Problem) -> Iterator[Finding]:
    for i, technician in enumerate(problem.technicians):
        place = f"technicians[{i}]"
        yield from _known(problem, technician.start, f"{place}.start")
        yield from _known(problem, technician.end, f"{place}.end")
        for skill in technician.skills:
            if skill.level < 0:
                yield _error("negative_level", f"{place}.skills.{skill.name}", ("value", skill.level))
        if not technician.shifts:
            yield _warning("no_shift", place, ("technician", technician.id))
        for k, shift in enumerate(technician.shifts):
            yield from _shift(problem, technician, shift, place=f"{place}.shifts[{k}]")


def _shift(problem: Problem, technician: Technician, shift: Shift, *, place: str) -> Iterator[Finding]:
    yield from _seconds(shift.start, f"{place}.start")
    yield from _seconds(shift.end, f"{place}.end")
    if shift.end < shift.start:
        yield _error("ends_before_start", place, ("technician", technician.id))
    if shift.max_visits is not None and shift.max_visits < 0:
        yield _error("negative_count", f"{place}.max_visits", ("value", shift.max_visits))
    for name, location in (("start_location", shift.start_location), ("end_location", shift.end_location)):
        if location is not None:
            yield from _known(problem, location, f"{place}.{name}")
    for b, pause in enumerate(shift.breaks):
        where = f"{place}.breaks[{b}]"
        for name, value in (("earliest", pause.earliest), ("latest", pause.latest), ("duration", pause.duration)):
            yield from _seconds(value, f"{where}.{name}")
        if pause.latest < pause.earliest:
            yield _error("ends_before_start", where)
        if max(pause.earliest, shift.start) + pause.duration > shift.end or pause.latest < shift.start:
            yield _warning("break_outside_shift", where, ("technician", technician.id))


def _known(problem: Problem, location: int, place: str) -> Iterator[Finding]:
    if not 0 <= location < len(problem.locations):
        yield _error("unknown_location", place, ("location", location))


def _seconds(value: int, place: str) -> Iterator[Finding]:
    if value < 0:
        yield _error("negative_time", place, ("value", value))
    elif value > MAX_SECONDS:
        yield _error("too_large", place, ("value", value))


def _visit_numbers(problem: Problem, visit: Visit, *, place: str) -> Iterator[Finding]:
    """Yield numbers of a visit that contradict each other or point nowhere."""
    yield from _known(problem, visit.location, f"{place}.location")
    yield from _seconds(visit.duration, f"{place}.duration")
    if visit.duration == 0:
        yield _warning("zero_duration", f"{place}.duration", ("visit", visit.id))
    for name, cost in (("drop_cost", visit.drop_cost), ("late_cost_per_hour", visit.late_cost_per_hour)):
        if not 0 <= cost <= MAX_COST:
            yield _error("negative_cost" if cost < 0 else "too_large", f"{place}.{name}", ("value", cost))
    for name, value in (("release", visit.release), ("due", visit.due), ("pinned_start", visit.pinned_start)):
        if value is not None:
            yield from _seconds(value, f"{place}.{name}")
    for need in visit.skills:
        if need.level < 0:
            yield _error("negative_level", f"{place}.skills.{need.name}", ("value", need.level))
    for i, window in enumerate(visit.windows):
        yield from _window(window, visit.windows[i - 1] if i else None, f"{place}.windows[{i}]")
    yield from _people(problem, visit, place=place)


def _people(problem: Problem, visit: Visit, *, place: str) -> Iterator[Finding]:
    """Yield names of technicians that nobody bears."""
    known = {t.id for t in problem.technicians}
    for name, ids in (("only", visit.only), ("excluded", visit.excluded), ("preferred", visit.preferred)):
        for who in ids:
            if who not in known:
                yield _warning("unknown_technician", f"{place}.{name}", ("technician", who))
    if visit.pinned_technician is not None and visit.pinned_technician not in known:
        yield _warning("unknown_technician", f"{place}.pinned_technician", ("technician", visit.pinned_technician))


def _window(window: TimeWindow, before: TimeWindow | None, place: str) -> Iterator[Finding]:
    yield from _seconds(window.start, f"{place}.start")
    yield from _seconds(window.end, f"{place}.end")
    if window.end < window.start:
        yield _error("ends_before_start", place)
    if before is not None and before.end >= window.start:
        yield _error("windows_not_sorted", place)


def _visit_chances(problem: Problem, visit: Visit, *, place: str) -> Iterator[Finding]:
    """Yield why nobody will ever be able to serve the visit, as far as it can be told without travel."""
    windows = visit.start_windows()
    if not windows:
        yield _warning("no_window", place, ("visit", visit.id))
        return
    pinned = visit.pinned_start
    if pinned is not None and not any(w.start <= pinned <= w.end for w in visit.windows):
        yield _warning("pin_outside_windows", place, ("visit", visit.id), ("pinned_start", pinned))
    shifts = [(t, s) for t in problem.technicians for s in t.shifts]
    if not shifts:
        return
    for need in visit.skills:
        if not any(t.level(need.name, shift=s) >= need.level for t, s in shifts):
            details = (("visit", visit.id), ("skill", need.name), ("level", need.level))
            yield _warning("skill_nobody_has", place, *details)
    if not any(w.start <= s.end - visit.duration and w.end >= s.start for w in windows for _, s in shifts):
        yield _warning("window_outside_every_shift", place, ("visit", visit.id))
