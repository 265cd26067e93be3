#!/usr/bin/env python3
"""Make problem files in the bench format: the same arguments give the same bytes."""

import argparse
import math
from pathlib import Path
from random import Random

from routing.files import write_problem
from routing.problem import Break, Location, Problem, Shift, Skill, SkillRequirement, Technician, TimeWindow, Visit
from routing.travel import CrowModel, crow

HOUR = 3_600
DAY = 24 * HOUR
SKILLS = ("ac", "boiler", "fridge", "gas", "network", "tv", "washer")
SLOTS = ((8, 12), (9, 11), (11, 13), (13, 17), (8, 17), (15, 18))
DURATIONS = (1_200, 1_800, 2_700, 3_600, 5_400)
MODEL = CrowModel(1.35, 26.0, 120.0)


def a_place(rng: Random, centres: list[tuple[float, float]], number: int) -> Location:
    """Draw a place near one of the centres of the town, about five kilometres around it."""
    lat, lon = rng.choice(centres)
    far, angle = abs(rng.gauss(0, 0.045)), rng.uniform(0, 2 * math.pi)
    return Location(f"L{number}", round(lat + far * math.sin(angle), 6), round(lon + far * math.cos(angle), 6))


def a_technician(rng: Random, number: int, *, days: int, rich: bool) -> Technician:
    """Draw somebody with two to four skills and a shift on most days."""
    skills = tuple(Skill(s, rng.randint(1, 3) if rich else 1) for s in sorted(rng.sample(SKILLS, rng.randint(2, 4))))
    shifts = []
    for day in range(days):
        if day == 0 or rng.random() < 0.85:
            start = day * DAY + rng.choice((7, 8, 9)) * HOUR
            lunch = Break(day * DAY + 11 * HOUR + 1_800, day * DAY + 13 * HOUR, 2_700)
            shifts.append(Shift(start, start + rng.choice((8, 9, 10)) * HOUR, (lunch,) if rich else ()))
    return Technician(f"T{number + 1:03}", number, number, skills, tuple(shifts))


def a_visit(rng: Random, number: int, *, location: int, days: int, people: tuple[Technician, ...], rich: bool) -> Visit:
    """Draw a visit with one window, or where `rich` with up to two on different days."""
    chosen = sorted(rng.sample(range(days), min(days, 1 + (rich and rng.random() < 0.3))))
    windows = []
    for day in chosen:
        opens, closes = rng.choice(SLOTS)
        windows.append(TimeWindow(day * DAY + opens * HOUR, day * DAY + closes * HOUR))
    owned = rng.choice(rng.choice(people).skills)
    skill = SkillRequirement(owned.name, rng.randint(1, owned.level))
    return Visit(
        id=f"V{number + 1:04}",
        location=location,
        duration=rng.choice(DURATIONS),
        windows=tuple(windows),
        drop_cost=rng.choices((20_000, 40_000, 80_000), (6, 3, 1))[0],
        skills=(skill,),
        excluded=(rng.choice(people).id,) if rich and rng.random() < 0.1 else (),
    )


def make(*, visits: int, technicians: int, seed: int, rich: bool, days: int) -> Problem:
    """Return a generated problem; `rich`: breaks, levels, excluded technicians, several days."""
    rng = Random(f"{visits}x{technicians}-{seed}-{rich}-{days}")
    centres = [(rng.uniform(31.05, 31.35), rng.uniform(121.25, 121.65)) for _ in range(max(2, visits // 40))]
    places = tuple(a_place(rng, centres, i) for i in range(technicians + visits))
    people = tuple(a_technician(rng, i, days=days, rich=rich) for i in range(technicians))
    work = tuple(a_visit(rng, i, location=technicians + i, days=days, people=people, rich=rich) for i in range(visits))
    travel = crow([(p.lat or 0.0, p.lon or 0.0) for p in places], model=MODEL)
    ends = [s.end for t in people for s in t.shifts] + [w.end + v.duration for v in work for w in v.windows]
    name = f"made-{'rich-' if rich else ''}{visits}x{technicians}-{seed}"
    return Problem(name, places, people, work, travel, max(ends, default=0))


def main() -> None:
    """Write one generated problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=100)
    parser.add_argument("--technicians", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rich", action="store_true", help="three days, breaks, levels, exclusions")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    problem = make(
        visits=given.visits,
        technicians=given.technicians,
        seed=given.seed,
        rich=given.rich,
        days=3 if given.rich else 1,
    )
    write_problem(problem, path=given.out)
    print(f"{problem.name}: {len(problem.visits)} visits, {len(problem.technicians)} technicians, {given.out}")


if __name__ == "__main__":
    main()
