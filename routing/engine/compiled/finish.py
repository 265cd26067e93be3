"""The best whole choice among known routes: depth-first search over the visits, bounded by reduced costs.

Every choice costs the reduced costs of its routes plus the duals of the visits and cars it leaves idle; that sum must
stay below the gap between the linear programme and the best plan known. The visit with the fewest routes is decided
first.
"""

import numpy as np

from routing.engine.arrays import Ints, Small
from routing.engine.compiled.jit import kernel
from routing.engine.compiled.labels import Bits, One, Reals
from routing.engine.compiled.packing import Master, Pool, profit_of


@kernel
def best_choice(
    pool: Pool, master: Master, visits: int, cars: int, gap: float, looks: int, widest: int
) -> tuple[Ints, float, bool]:
    """Return the columns of the cheapest choice whose slack is below `gap`, its slack (`gap` where there is none), and
    whether every choice was looked at.

    At most `looks` looks at columns are taken, and the `widest` cheapest columns are taken in; they must be elementary.
    """
    used = pool.used[0]
    slack = np.empty(used, np.float64)
    for j in range(used):
        slack[j] = max(0.0, -profit_of(pool, master, j, visits, cars))
    order = np.argsort(slack)
    count = 0
    while count < used and count < widest and slack[order[count]] < gap:
        count += 1
    chosen = order[:count]
    words = (visits + cars + 63) // 64
    mask = np.zeros((count, words), np.uint64)
    filled = np.full((count, pool.seq.shape[1] + 1), -1, np.int32)
    for i in range(count):
        j = chosen[i]
        _set(mask[i], visits + pool.car[j])
        filled[i, 0] = visits + pool.car[j]
        for s in range(pool.size[j]):
            _set(mask[i], pool.seq[j, s])
            filled[i, s + 1] = pool.seq[j, s]
    return _search(
        mask, filled, slack[chosen], chosen, np.maximum(0.0, master.dual[: visits + cars]), gap, looks, visits + cars
    )


@kernel
def _set(mask: Bits, bit: int) -> None:
    mask[bit >> 6] |= One << np.uint64(bit & 63)


@kernel
def _search(
    mask: Bits, filled: Small, slack: Reals, chosen: Ints, idle: Reals, gap: float, looks: int, rows: int
) -> tuple[Ints, float, bool]:
    """Search iteratively: a level decides one row, first by each of its columns, then by leaving it idle."""
    count, words = mask.shape
    depth_most = rows + 1
    lists = np.empty((depth_most + 1, count), np.int32)
    sizes = np.zeros(depth_most + 1, np.int64)
    at = np.zeros(depth_most + 1, np.int64)
    row_of = np.zeros(depth_most + 1, np.int64)
    spent = np.zeros(depth_most + 1, np.float64)
    picked = np.full(depth_most + 1, -1, np.int64)
    done = np.zeros((depth_most + 1, words), np.uint64)
    best, best_slack, best_size = np.empty(depth_most, np.int64), gap, -1
    offers = np.zeros(rows, np.int64)
    for i in range(count):
        lists[0, i] = i
    sizes[0], depth, entering, looked = count, 0, True, 0
    while depth >= 0:
        if entering:
            looked += sizes[depth]
            entering = False
            # rows nobody can fill any more stay idle; the rarest of the others is decided now
            offers[:] = 0
            for i in range(sizes[depth]):
                for r in filled[lists[depth, i]]:
                    if r < 0:
                        break
                    offers[r] += 1
            rarest, total = -1, spent[depth]
            for r in range(rows):
                if not (done[depth, r >> 6] >> np.uint64(r & 63)) & One:
                    if offers[r] == 0:
                        total += idle[r]
                    elif rarest < 0 or offers[r] < offers[rarest]:
                        rarest = r
            if total >= best_slack - 1e-7:
                depth -= 1
                continue
            if rarest < 0:
                best_slack, best_size = total, 0
                for d in range(depth):
                    if picked[d] >= 0:
                        best[best_size] = chosen[picked[d]]
                        best_size += 1
                depth -= 1
                continue
            row_of[depth], at[depth] = rarest, 0
        if looked > looks:
            break
        row, bit = row_of[depth] >> 6, One << np.uint64(row_of[depth] & 63)
        i = at[depth]
        while i < sizes[depth] and not mask[lists[depth, i], row] & bit:
            i += 1
        at[depth] = i + 1
        if i > sizes[depth]:
            depth -= 1
            continue
        take = lists[depth, i] if i < sizes[depth] else -1
        extra = slack[take] if take >= 0 else idle[row_of[depth]]
        if spent[depth] + extra >= best_slack - 1e-7:
            if take >= 0:  # the columns come cheapest first: only leaving the row idle is left
                at[depth] = sizes[depth]
            continue
        picked[depth] = take
        spent[depth + 1] = spent[depth] + extra
        size = 0
        for w in range(words):
            done[depth + 1, w] = done[depth, w] | (mask[take, w] if take >= 0 else np.uint64(0))
        done[depth + 1, row] |= bit
        for i in range(sizes[depth]):
            j = lists[depth, i]
            clash = False
            for w in range(words):
                if mask[j, w] & done[depth + 1, w]:
                    clash = True
                    break
            if not clash and spent[depth + 1] + slack[j] < best_slack - 1e-7:
                lists[depth + 1, size] = j
                size += 1
        sizes[depth + 1] = size
        depth += 1
        entering = True
    ended = looked <= looks
    if best_size < 0:
        return np.empty(0, np.int64), gap, ended
    return best[:best_size].copy(), best_slack, ended
