"""Polish a plan by small moves until none helps: serve, relocate, swap, exchange the ends of two routes."""

from collections.abc import Callable, Iterator

from routing.engine.draft import Draft
from routing.engine.tables import Way
from routing.stop import Stop

Move = Callable[[Draft], bool]


def polish(draft: Draft, *, stop: Stop) -> None:
    """Apply improving moves until a local optimum or until the time is up."""
    moves: tuple[Move, ...] = (serve_more, relocate, exchange_ends, swap)
    at = 0
    while at < len(moves) and stop.seconds_left() != 0.0:
        at = 0 if moves[at](draft) else at + 1


def serve_more(draft: Draft) -> bool:
    """Serve visits that are left out although there is room, dearest first."""
    book, done = draft.book, False
    for v in sorted(draft.out, key=lambda v: (-book.net.drop[v], v)):
        offers = [(*book.insertion(draft.ways[c], v), c) for c in book.net.fits[v]]
        added, at, car = min(offers, default=(0, -1, -1))
        if at >= 0 and added < book.net.drop[v]:
            draft.serve(v, car=car, at=at)
            done = True
    return done


def relocate(draft: Draft) -> bool:
    """Move single visits to a cheaper place, in the same route or another."""
    book, done = draft.book, False
    for car in range(len(draft.ways)):
        for v in draft.ways[car].seq:
            way = draft.ways[car]
            shorter = book.without(way, v)
            if shorter is None:
                continue
            won = way.cost - shorter.cost
            offers = [(*book.insertion(shorter if c == car else draft.ways[c], v), c) for c in book.net.fits[v]]
            added, at, to = min(offers)
            if at >= 0 and added < won:
                draft.put(car, shorter)
                draft.put(to, book.insert(draft.ways[to], v, at=at))
                done = True
    return done


def swap(draft: Draft) -> bool:
    """Swap two visits of different routes, each put where it is cheapest."""
    done = False
    for a, b in _pairs(draft):
        for v in draft.ways[a].seq:
            if b in draft.book.net.fits_set[v] and _swap_one(draft, a, b, v):
                done = True
                break
    return done


def _swap_one(draft: Draft, a: int, b: int, v: int) -> bool:
    """Try a visit of one route against each of another; make the first change that helps."""
    book = draft.book
    one, two = draft.ways[a], draft.ways[b]
    rest_one = book.without(one, v)
    if rest_one is None:
        return False
    for u in two.seq:
        if a not in book.net.fits_set[u]:
            continue
        rest_two = book.without(two, u)
        if rest_two is None:
            continue
        add_u, at_u = book.insertion(rest_one, u)
        if rest_one.cost + add_u + rest_two.cost >= one.cost + two.cost:
            continue
        add_v, at_v = book.insertion(rest_two, v)
        if rest_one.cost + add_u + rest_two.cost + add_v < one.cost + two.cost:
            draft.put(a, book.insert(rest_one, u, at=at_u))
            draft.put(b, book.insert(rest_two, v, at=at_v))
            return True
    return False


def exchange_ends(draft: Draft) -> bool:
    """Exchange the ends of two routes (2-opt*); an empty end makes it a joining of routes."""
    done = False
    for a, b in _pairs(draft):
        better = _best_ends(draft, draft.ways[a], draft.ways[b])
        if better is not None:
            draft.put(a, better[0])
            draft.put(b, better[1])
            done = True
    return done


def _best_ends(draft: Draft, one: Way, two: Way) -> tuple[Way, Way] | None:
    """Return the cheapest pair of routes after an exchange of ends, None where nothing is won."""
    book, net = draft.book, draft.book.net
    best, found = one.cost + two.cost, None
    for i in range(len(one.seq) + 1):
        if any(two.car.index not in net.fits_set[v] for v in one.seq[i:]):
            continue
        for j in range(len(two.seq), -1, -1):
            if j < len(two.seq) and one.car.index not in net.fits_set[two.seq[j]]:
                break
            if i == len(one.seq) and j == len(two.seq):
                continue
            if not _shorter(draft, one, two, i, j):
                continue
            first = book.way(one.car.index, one.seq[:i] + two.seq[j:])
            second = book.way(two.car.index, two.seq[:j] + one.seq[i:]) if first is not None else None
            if first is not None and second is not None and first.cost + second.cost < best:
                best, found = first.cost + second.cost, (first, second)
    return found


def _shorter(draft: Draft, one: Way, two: Way, i: int, j: int) -> bool:
    """Tell whether the legs at the cuts alone let hope for less travel; wishes and lateness always do."""
    net = draft.book.net
    if net.soft or one.cost != one.travel or two.cost != two.travel or one.car.goal != two.car.goal:
        return True
    travel = net.travel
    old = one.legs[i] + two.legs[j]
    new = travel[one.places[i]][two.places[j + 1]] + travel[two.places[j]][one.places[i + 1]]
    return new < old


def _pairs(draft: Draft) -> Iterator[tuple[int, int]]:
    """Yield every two cars of which at least one works."""
    for a in range(len(draft.ways)):
        for b in range(a + 1, len(draft.ways)):
            if draft.ways[a].seq or draft.ways[b].seq:
                yield a, b
