"""The best whole choice among known routes: one route per car at most, each visit served at most once.

Set partitioning by CP-SAT with one worker and a deterministic limit: a seed and an iteration limit decide the answer.
It stalls over many routes: the callers offer it few, chosen by reduced cost.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model


@dataclass(frozen=True, slots=True)
class Column:
    """Be a route that may be chosen: its car, its visits in order, its cost, and whether the best plan known has it."""

    car: int
    seq: tuple[int, ...]
    cost: int
    hint: bool = False


def choose(
    columns: Sequence[Column], *, drop: Sequence[int], seconds: float | None, seed: int, effort: float
) -> list[Column] | None:
    """Return the cheapest choice found, None where the solver finds none in time.

    `drop[v]` is what leaving a visit out costs. `effort` is CP-SAT's deterministic time, roughly seconds; `seconds`
    limits the real time where one counts.
    """
    model = cp_model.CpModel()
    used = [model.new_bool_var("") for _ in columns]
    rows: dict[tuple[str, int], list[cp_model.IntVar]] = defaultdict(list)
    for column, chosen in zip(columns, used, strict=True):
        rows["car", column.car].append(chosen)
        for v in column.seq:
            rows["visit", v].append(chosen)
        model.add_hint(chosen, column.hint)
    for several in rows.values():
        if len(several) > 1:
            model.add_at_most_one(several)
    # Leaving a visit out costs its drop cost: as a constant less what each route earns.
    earned = [sum(drop[v] for v in column.seq) - column.cost for column in columns]
    model.minimize(sum(-gain * x for gain, x in zip(earned, used, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % (1 << 31)
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = effort
    if seconds is not None:
        solver.parameters.max_time_in_seconds = seconds
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return [column for column, x in zip(columns, used, strict=True) if solver.boolean_value(x)]
