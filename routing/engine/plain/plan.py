"""Construct, polish, search and recombine in plain Python."""

from collections.abc import Callable
from random import Random

from routing.engine.draft import Draft
from routing.engine.plain.construct import construct
from routing.engine.plain.local_search import polish
from routing.engine.plain.recombine import recombine
from routing.engine.plain.search import Search
from routing.engine.routes import Book
from routing.stop import Stop

STAGES = (0.06, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.95)
"""Shares of the allowance after which the remembered routes are recombined."""

Report = Callable[[int, int, int, str], None]
"""Hear of a better plan: cost, visits left out, iterations, phase."""


def plan(book: Book, *, seed: int, stop: Stop, report: Report) -> list[Draft]:
    """Return drafts, the best last; whoever asks checks them."""
    draft = construct(book, stop=stop)
    report(draft.cost, len(draft.out), 0, "construct")
    drafts = [draft]
    if any(book.net.fits) and not stop.reached(iterations=0):
        polish(draft, stop=stop)
        report(draft.cost, len(draft.out), 0, "polish")
        drafts.append(_improved(draft, seed=seed, stop=stop, report=report))
    return drafts


def _improved(draft: Draft, *, seed: int, stop: Stop, report: Report) -> Draft:
    """Search, with a recombination of remembered routes at every stage."""
    search = Search(
        draft,
        rng=Random(seed),
        stop=stop,
        on_best=lambda best: report(best.cost, len(best.out), search.iterations, "search"),
    )
    for share in (*STAGES, 1.0):
        search.run(until=share)
        if stop.reached(iterations=search.iterations):
            break
        left = stop.seconds_left()
        allowed = None if left is None else min(left * 0.5, 5.0)
        better = recombine(search.best, ways=list(search.pool.ways.values()), seconds=allowed, seed=seed)
        if better is not None:
            search.take(better)
    return search.best
