"""Put visits that were taken out back in, where it is cheap, in an order left to chance."""

from random import Random

from routing.engine.draft import Draft
from routing.engine.places import NO_PLACE

BLINK = 0.02
"""Chance to overlook a car: a little blindness keeps the search from repeating itself.

Christiaens and Vanden Berghe, Slack induction by string removals, 2020.
"""


def recreate(draft: Draft, *, rng: Random) -> None:
    """Insert what is left out: mostly one after the other in a random kind of order, else by regret."""
    pending = [v for v in sorted(draft.out) if draft.book.net.fits[v]]
    if len(pending) <= 24 and rng.random() < 0.25:
        by_regret(draft, pending)
        return
    for v in _ordered(draft, pending, rng=rng):
        car, at = _cheapest(draft, v, rng=rng)
        if car >= 0:
            draft.serve(v, car=car, at=at)


def _ordered(draft: Draft, pending: list[int], *, rng: Random) -> list[int]:
    """Order by chance, urgency, length, narrowness or rarity."""
    net = draft.book.net
    rng.shuffle(pending)
    kind = rng.random()
    if kind < 0.35:
        pending.sort(key=lambda v: -net.drop[v])
    elif kind < 0.5:
        pending.sort(key=lambda v: -net.duration[v])
    elif kind < 0.6:
        pending.sort(key=lambda v: sum(b - a for a, b in net.windows[v]))
    elif kind < 0.7:
        pending.sort(key=lambda v: len(net.fits[v]))
    return pending


def _cheapest(draft: Draft, v: int, *, rng: Random) -> tuple[int, int]:
    """Return car and position of the cheapest insertion that beats leaving the visit out; car -1 if none."""
    best, where, at = draft.book.net.drop[v], -1, -1
    ways, insertion, chance = draft.ways, draft.book.insertion, rng.random
    for car in draft.book.net.fits[v]:
        way = ways[car]
        found = way.inserts.get(v)
        if found is None:
            found = insertion(way, v)
        if found[0] < best and chance() > BLINK:
            best, at = found
            where = car
    return where, at


def by_regret(draft: Draft, pending: list[int]) -> None:
    """Insert by regret of the second best car; the drop cost stands in where there is none."""
    book, net = draft.book, draft.book.net
    offers = {v: {c: book.insertion(draft.ways[c], v) for c in net.fits[v]} for v in pending}
    while offers:
        chosen, most, car = -1, -1, -1
        for v, offer in offers.items():
            first = second = net.drop[v]
            where = -1
            for c, (added, _) in offer.items():
                if added < first:
                    first, second, where = added, first, c
                elif added < second:
                    second = added
            if where >= 0 and second - first > most:
                chosen, most, car = v, second - first, where
        if chosen < 0:
            return
        draft.serve(chosen, car=car, at=offers.pop(chosen)[car][1])
        for v, offer in offers.items():
            if car in offer:
                found = book.insertion(draft.ways[car], v)
                if found is NO_PLACE:
                    del offer[car]
                else:
                    offer[car] = found
