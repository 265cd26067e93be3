"""Tiny valid problems; a test states only what matters to it."""

from collections.abc import Sequence
from typing import Any

from routing.plan import BreakTaken, Plan, Route, Stop, Unassigned
from routing.problem import Break, Location, Problem, Shift, Skill, SkillRequirement, Technician, TimeWindow, Visit
from routing.travel import TravelTimes, from_matrix
from routing.weights import Weights

HOUR = 3_600
DAY = (8 * HOUR, 17 * HOUR)


def line(places: int, *, minutes: int = 10) -> TravelTimes:
    """Place i lies i times `minutes` from place 0, all on one road."""
    return from_matrix([[abs(i - j) * minutes * 60 for j in range(places)] for i in range(places)])


def a_shift(start: int = DAY[0], end: int = DAY[1], **more: Any) -> Shift:
    return Shift(start, end, **more)


def lunch(earliest: int = 11 * HOUR, latest: int = 13 * HOUR, duration: int = HOUR) -> Break:
    return Break(earliest, latest, duration)


def a_technician(name: str = "ann", *, home: int = 0, skills: dict[str, int] | None = None, **more: Any) -> Technician:
    shifts = more.pop("shifts", (a_shift(),))
    owned = tuple(Skill(k, v) for k, v in (skills or {}).items())
    return Technician(name, home, more.pop("end", home), owned, shifts)


def a_visit(name: str = "v1", *, at: int = 1, windows: Sequence[tuple[int, int]] = (DAY,), **more: Any) -> Visit:
    skills = tuple(SkillRequirement(k, v) for k, v in more.pop("skills", {}).items())
    return Visit(
        name,
        at,
        more.pop("duration", HOUR),
        tuple(TimeWindow(*w) for w in windows),
        more.pop("drop_cost", 20_000),
        skills=skills,
        **more,
    )


def a_problem(
    *visits: Visit,
    technicians: Sequence[Technician] | None = None,
    travel: TravelTimes | None = None,
    weights: Weights | None = None,
) -> Problem:
    people = (a_technician(),) if technicians is None else tuple(technicians)
    times = travel or line(6)
    places = tuple(Location(f"L{i}") for i in range(times.size))
    return Problem("test", places, people, tuple(visits), times, 24 * HOUR, weights=weights or Weights())


def a_plan(*routes: Route, out: Sequence[str] = (), problem: str = "test", bound: int | None = None) -> Plan:
    return Plan(problem, routes, tuple(Unassigned(v, "capacity") for v in out), bound)


def a_route(*stops: Stop, technician: str = "ann", leave: int = DAY[0], back: int = DAY[1], **more: Any) -> Route:
    return Route(technician, more.pop("shift", 0), leave, back, stops, more.pop("breaks", ()))


def a_stop(visit: str = "v1", *, start: int = 9 * HOUR, arrive: int | None = None, duration: int = HOUR) -> Stop:
    return Stop(visit, start if arrive is None else arrive, start, start + duration)


def pause(start: int, duration: int = HOUR) -> BreakTaken:
    return BreakTaken(start, duration)
