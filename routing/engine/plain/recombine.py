"""Recombine remembered routes into a cheaper plan."""

from collections.abc import Sequence

from routing.engine.draft import Draft
from routing.engine.master import Column, choose
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
    offered = _columns(best, ways)
    if len(offered) <= len(best.ways):
        return None
    mine = {(way.car.index, way.seq) for way in best.ways}
    columns = [Column(w.car.index, w.seq, w.cost, (w.car.index, w.seq) in mine) for w in offered]
    chosen = choose(columns, drop=best.book.net.drop, seconds=seconds, seed=seed, effort=effort)
    if chosen is None:
        return None
    draft = Draft(best.book)
    for column in chosen:
        way = best.book.way(column.car, column.seq)
        if way is not None:
            draft.take(column.car, way)
    return draft if draft.cost < best.cost else None


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
