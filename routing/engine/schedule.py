"""When everything on one route happens: earliest times, breaks in their best places, least lateness.

The exact and slower way to time a sequence. The search uses the tables of `routes`; this writes the plan,
settles lateness, and answers "what if" questions with other windows or another end of the shift.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from routing.engine.model import Car

NEVER = 1 << 60
"""The due time of what is never late."""


class Timetable(Protocol):
    """What timing asks of a problem: places, ways, durations, windows, and what being late costs, by visit."""

    @property
    def travel(self) -> Sequence[Sequence[int]]:
        """Return the seconds from each location to each."""

    @property
    def location(self) -> Sequence[int]:
        """Return where each visit is."""

    @property
    def duration(self) -> Sequence[int]:
        """Return how long each visit takes."""

    @property
    def windows(self) -> Sequence[tuple[tuple[int, int], ...]]:
        """Return when the service of each visit may begin."""

    @property
    def due(self) -> Sequence[int]:
        """Return after which start each visit is late."""

    @property
    def late_rate(self) -> Sequence[int]:
        """Return what an hour of being late costs."""


class State(NamedTuple):
    """Reach the finish of a service at `time`, with `taken` breaks behind and `late` as cost so far."""

    late: int
    time: int
    taken: int
    start: int
    before: "State | None"


class Schedule(NamedTuple):
    """Hold the starts of the services, the breaks taken in the gap before each (and after the last), the cost."""

    starts: tuple[int, ...]
    pauses: tuple[int, ...]
    late: int
    ready: int


class WhatIf(NamedTuple):
    """Change what binds one question: the windows of one visit, the ends of the shift."""

    visit: int = -1
    windows: tuple[tuple[int, int], ...] = ()
    start: int | None = None
    end: int | None = None


NOTHING = WhatIf()


def schedule(net: Timetable, car: Car, seq: Sequence[int], *, what_if: WhatIf = NOTHING) -> Schedule | None:
    """Time a sequence of visits with the least lateness, then the earliest end; None where it cannot be kept."""
    begin = car.start if what_if.start is None else what_if.start
    states = [State(0, begin, 0, begin, None)]
    place = car.origin
    for v in seq:
        leg = net.travel[place][net.location[v]]
        windows = what_if.windows if v == what_if.visit else net.windows[v]
        states = _pareto([s for old in states for s in _serve(net, car, old, leg=leg, v=v, windows=windows)])
        if not states:
            return None
        place = net.location[v]
    leg, end = net.travel[place][car.goal], car.end if what_if.end is None else what_if.end
    best: tuple[int, int, State] | None = None
    for state in states:
        gap = car.gaps[state.taken][len(car.breaks)]
        if gap is None or state.time > gap.until:
            continue
        ready = max(state.time + leg + gap.lasts, gap.floor)
        if ready <= end and (best is None or (state.late, ready) < best[:2]):
            best = (state.late, ready, state)
    return None if best is None else _unroll(best[2], ready=best[1], breaks=len(car.breaks))


def _serve(
    net: Timetable, car: Car, old: State, *, leg: int, v: int, windows: Sequence[tuple[int, int]]
) -> list[State]:
    """Serve the next visit after each possible number of breaks."""
    found = []
    for taken in range(old.taken, len(car.breaks) + 1):
        gap = car.gaps[old.taken][taken]
        if gap is None or old.time > gap.until:
            break
        arrive = max(old.time + leg + gap.lasts, gap.floor)
        for opens, closes in windows:
            if arrive <= closes:
                start = max(arrive, opens)
                late = old.late + late_cost(net, v, start=start)
                found.append(State(late, start + net.duration[v], taken, start, old))
                break
    return found


def late_cost(net: Timetable, v: int, *, start: int) -> int:
    """Return what a start after the due time costs, rounded up."""
    over = start - net.due[v]
    return 0 if over <= 0 else -(-over * net.late_rate[v] // 3600)


def _pareto(states: list[State]) -> list[State]:
    """Keep the states no other beats in both time and lateness at the same number of breaks."""
    if len(states) < 2:
        return states
    kept: list[State] = []
    for state in sorted(states, key=lambda s: (s.taken, s.late, s.time)):
        if not kept or kept[-1].taken != state.taken or state.time < kept[-1].time:
            kept.append(state)
    return kept


def _unroll(last: State, *, ready: int, breaks: int) -> Schedule:
    starts, pauses = [], [breaks - last.taken]
    state = last
    while state.before is not None:
        starts.append(state.start)
        pauses.append(state.taken - state.before.taken)
        state = state.before
    return Schedule(tuple(reversed(starts)), tuple(reversed(pauses)), last.late, ready)
