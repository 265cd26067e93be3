"""Recombine remembered routes: the best choice of one route per car, each visit served at most once.

Set partitioning over the pool, solved by CP-SAT with one worker and a deterministic limit: a seed and an
iteration limit decide the answer.
"""

from collections import defaultdict
from collections.abc import Sequence

from ortools.sat.python import cp_model

from routing.engine.draft import Draft
from routing.engine.tables import Way

COLUMNS = 6_000
"""Most routes offered to the solver; it stalls over many more."""


def recombine(
    best: Draft, *, ways: Sequence[Way], seconds: float | None, seed: int, effort: float = 2.0
) -> Draft | None:
    """Return a cheaper plan made of known routes, None where the solver finds none.

    `effort` is CP-SAT's deterministic time, roughly seconds; `seconds` limits the real time where one counts.
    """
    if seconds is not None and seconds < 0.2:
        return None
    columns = _columns(best, ways)
    if len(columns) <= len(best.ways):
        return None
    model = cp_model.CpModel()
    used = [model.new_bool_var("") for _ in columns]
    covering: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    driving: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    for way, chosen in zip(columns, used, strict=True):
        driving[way.car.index].append(chosen)
        for v in way.seq:
            covering[v].append(chosen)
    for several in (*driving.values(), *covering.values()):
        if len(several) > 1:
            model.add_at_most_one(several)
    # Leaving a visit out costs its drop cost: as a constant less what each route earns.
    drop = best.book.net.drop
    model.minimize(sum((way.cost - sum(drop[v] for v in way.seq)) * x for way, x in zip(columns, used, strict=True)))
    in_best = {(way.car.index, way.seq) for way in best.ways if way.seq}
    for way, chosen in zip(columns, used, strict=True):
        model.add_hint(chosen, (way.car.index, way.seq) in in_best)
    solver = _solver(seconds=seconds, seed=seed, effort=effort)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    draft = _draft(best, [way for way, x in zip(columns, used, strict=True) if solver.boolean_value(x)])
    return draft if draft.cost < best.cost else None


def _solver(*, seconds: float | None, seed: int, effort: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % (1 << 31)
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = effort
    if seconds is not None:
        solver.parameters.max_time_in_seconds = seconds
    return solver


def _columns(best: Draft, ways: Sequence[Way]) -> list[Way]:
    """Choose the routes to offer: those of the best plan, then those that earn most per visit's own worth.

    A route is judged by its cost against what its visits cost in the best plan, shared out by detour.
    """
    book, fair = best.book, {v: float(best.book.net.drop[v]) for v in best.out}
    for way in best.ways:
        saved = {v: way.cost - shorter.cost for v in way.seq if (shorter := book.without(way, v)) is not None}
        scale = way.cost / total if (total := sum(saved.values())) > 0 else 1.0
        for v in way.seq:
            fair[v] = scale * saved.get(v, 0)
    mine = [way for way in best.ways if way.seq]
    known = {(way.car.index, way.seq) for way in mine}
    others = [way for way in ways if (way.car.index, way.seq) not in known]
    others.sort(key=lambda way: (way.cost - sum(fair[v] for v in way.seq), way.car.index, way.seq))
    return mine + others[: COLUMNS - len(mine)]


def _draft(best: Draft, ways: Sequence[Way]) -> Draft:
    draft = Draft(best.book)
    for way in ways:
        draft.put(way.car.index, way)
        for v in way.seq:
            draft.out.discard(v)
            draft.cost -= best.book.net.drop[v]
    return draft
