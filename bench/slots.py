"""Appointment windows: how long somebody waits for them while seven others ask as well."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np

from bench.generate import DAY, HOUR, SKILLS, make
from bench.load import Load
from bench.speed import Figure
from routing.engine.solve import solve
from routing.openings import Openings
from routing.problem import SkillRequirement, TimeWindow, Visit
from routing.slots import Day, SlotTerms, Ways, offer
from routing.stop import IterationLimit

_TECHNICIANS = 70
_VISITS = 400
"""Of one day: what so many technicians can do, and a little more."""
_DAYS = 10
_PROCESSES, _THREADS = 2, 4
_ASKS = 40
"""Of each thread."""
_WINDOWS = ((8, 10), (10, 12), (13, 15), (15, 17))
_TERMS = SlotTerms(reserve=0.1)


def slots() -> Iterator[Figure]:
    """Ask for the windows of new places over ten planned days, from two processes of four threads each."""
    with ProcessPoolExecutor(_PROCESSES, mp_context=get_context("spawn")) as pool:
        answers = list(pool.map(_process, range(_PROCESSES)))
    load = Load(0.0, tuple(sorted(each for asked, _, _ in answers for each in asked)), 0)
    laid_out = max(took for _, took, _ in answers)
    found = sum(count for _, _, count in answers) / len(load.seconds)
    yield Figure(
        f"windows for one more visit, {_TECHNICIANS} technicians x {_DAYS} planned days, 8 asking at once",
        "p95 < 200 ms",
        f"p50 {load.at(50):.0f} ms, p95 {load.at(95):.0f} ms, p99 {load.at(99):.0f} ms;"
        f" {found:.1f} of {_DAYS * len(_WINDOWS)} windows possible; laying out a day {1_000 * laid_out / _DAYS:.0f} ms",
        load.at(95) < 200,
    )


def _process(number: int) -> tuple[list[float], float, int]:
    """Lay the days out, then ask from several threads; return the seconds of each answer, and of laying out."""
    problems = [make(visits=_VISITS, technicians=_TECHNICIANS, seed=day + 1, rich=True, days=1) for day in range(_DAYS)]
    plans = [solve(problem, seed=1, stop=IterationLimit(3_000)) for problem in problems]
    began = time.perf_counter()
    laid_out = [Openings(problem, plan=plan) for problem, plan in zip(problems, plans, strict=True)]
    took = time.perf_counter() - began
    with ThreadPoolExecutor(_THREADS) as threads:
        asked = list(threads.map(partial(_ask, laid_out), range(_THREADS * number, _THREADS * (number + 1))))
    return [each for seconds, _ in asked for each in seconds], took, sum(count for _, count in asked)


def _ask(days: list[Openings], seed: int) -> tuple[list[float], int]:
    draw = np.random.default_rng(seed)
    windows = tuple(TimeWindow(opens * HOUR, closes * HOUR) for opens, closes in _WINDOWS)
    seconds, possible = [], 0
    for number in range(_ASKS):
        sizes = [day.net.problem.travel.size for day in days]
        far = [draw.integers(120, 2_400, size) for size in sizes]
        asked = [Day(day, windows, Ways(ways, ways)) for day, ways in zip(days, far, strict=True)]
        skill = SkillRequirement(SKILLS[int(draw.integers(len(SKILLS)))], 1)
        visit = Visit(f"new {number}", 0, 2_700, (), DAY, skills=(skill,))
        began = time.perf_counter()
        slots = offer(visit, days=asked, terms=_TERMS)
        seconds.append(time.perf_counter() - began)
        possible += sum(slot.reason is None for slot in slots)
    return seconds, possible
