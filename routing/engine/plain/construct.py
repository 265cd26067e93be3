"""The first plan: insert where waiting would be regretted most."""

import numpy as np

from routing.engine.draft import Draft
from routing.engine.gaps import FOREVER
from routing.engine.routes import Book
from routing.stop import Stop


def construct(book: Book, *, stop: Stop, ranks: int = 3) -> Draft:
    """Build a plan by regret insertion: next comes the visit that loses most if it must wait.

    The regret of a visit is the sum of what its 2nd to `ranks`-th best car costs more than its best; a missing
    alternative counts as the visit's drop cost, so that urgent and rarely possible visits go first. A visit
    stays out if every insertion costs more than leaving it out. Every clock is obeyed, also here: once the
    time is up the rest stays out.
    """
    draft = Draft(book)
    net = book.net
    pending = [v for v in range(len(net.visits)) if net.fits[v]]
    if not pending:
        return draft
    row_of = {v: i for i, v in enumerate(pending)}
    drop = np.array([net.drop[v] for v in pending], dtype=np.int64)
    price = np.repeat(drop[:, None], max(len(net.cars), ranks), axis=1)
    for v in pending:
        for car in net.fits[v]:
            price[row_of[v], car] = min(net.drop[v], book.insertion(draft.ways[car], v)[0])
    open_rows = np.ones(len(pending), dtype=bool)
    cheapest = np.sort(np.partition(price, ranks - 1, axis=1)[:, :ranks], axis=1)
    while open_rows.any() and stop.seconds_left() != 0.0:
        regret = cheapest[:, 1:].sum(axis=1) - (cheapest.shape[1] - 1) * cheapest[:, 0]
        # of equal regrets the cheapest insertion, then the first visit
        regret = np.where(open_rows & (cheapest[:, 0] < drop), regret * 4 - cheapest[:, 0], -FOREVER)
        row = int(regret.argmax())
        if regret[row] <= -FOREVER:
            break
        v, car = pending[row], int(price[row].argmin())
        draft.serve(v, car=car, at=book.insertion(draft.ways[car], v)[1])
        open_rows[row] = False
        for other in np.flatnonzero(open_rows).tolist():
            u = pending[other]
            if car in net.fits_set[u]:
                price[other, car] = min(net.drop[u], book.insertion(draft.ways[car], u)[0])
        cheapest = np.sort(np.partition(price, ranks - 1, axis=1)[:, :ranks], axis=1)
    return draft
