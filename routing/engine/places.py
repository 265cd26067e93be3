"""Where a visit fits into a route, and what it adds: the hottest loops of the search, written flat.

All read the tables of a `Way`: earliest finish before and latest arrival after each position, per number of
breaks taken. `cheapest_plain` knows no breaks, `cheapest_around_break` exactly one, `places_of` any number.
"""

from routing.engine.gaps import FOREVER
from routing.engine.model import Net
from routing.engine.tables import Way

NO_PLACE = (FOREVER, -1)
"""The answer where a visit does not fit into a route: no price is high enough, no position right."""


def cheapest_plain(net: Net, way: Way, v: int) -> tuple[int, int]:
    """Look at every position of a route without breaks. The hottest loop of the search: written flat."""
    travel, windows, lasts, here = net.travel, net.windows[v], net.duration[v], net.location[v]
    places, legs, finish, latest = way.places, way.legs, way.finish, way.latest
    onward, last = travel[here], windows[-1][1]
    best, where = FOREVER, -1
    for at in range(len(finish)):
        clock = finish[at][0]
        if clock > last:
            break
        leg = travel[places[at]][here]
        added = leg + onward[places[at + 1]] - legs[at]
        if added >= best:
            continue
        clock += leg
        for opens, closes in windows:
            if clock <= closes:
                if clock < opens:
                    clock = opens
                if clock + lasts + onward[places[at + 1]] <= latest[at][0]:
                    best, where = added, at
                break
    if where < 0:
        return NO_PLACE
    return best * net.weight + net.wish[v].get(way.car.index, 0), where


def cheapest_around_break(net: Net, way: Way, v: int) -> tuple[int, int]:  # noqa: C901 - flat for speed
    """Look at every position of a route with one break, which may move before or behind the visit."""
    travel, windows, lasts, here = net.travel, net.windows[v], net.duration[v], net.location[v]
    places, legs, finish, latest = way.places, way.legs, way.finish, way.latest
    pause, floor, until = way.car.gaps[0][1] or (FOREVER, FOREVER, -FOREVER)
    onward, last = travel[here], windows[-1][1]
    best, where = FOREVER, -1
    for at in range(len(finish)):
        before, behind = finish[at]
        if before > last and behind > last:
            break
        leg, after = travel[places[at]][here], onward[places[at + 1]]
        added = leg + after - legs[at]
        if added >= best:
            continue
        open_limit, taken_limit = latest[at]
        clock = before + leg
        if clock <= last:
            # the break is still to come when the service begins
            for opens, closes in windows:
                if clock <= closes:
                    if clock < opens:
                        clock = opens
                    break
            done = clock + lasts
            if done + after <= open_limit:
                best, where = added, at
                continue
            if done <= until and done + after + pause <= taken_limit and floor <= taken_limit:
                best, where = added, at
                continue
        clock = behind + leg
        if before <= until:
            other = before + leg + pause
            if other < floor:
                other = floor
            if other < clock:
                clock = other
        if clock <= last:
            # the break is behind, on the way here or earlier
            for opens, closes in windows:
                if clock <= closes:
                    if clock < opens:
                        clock = opens
                    break
            if clock + lasts + after <= taken_limit:
                best, where = added, at
    if where < 0:
        return NO_PLACE
    return best * net.weight + net.wish[v].get(way.car.index, 0), where


def places_of(net: Net, way: Way, v: int) -> list[tuple[int, int]]:
    """Return every position where the visit fits, with what it adds in travel and wishes."""
    here, onward = net.location[v], net.travel[net.location[v]]
    last, wish = net.windows[v][-1][1], net.wish[v].get(way.car.index, 0)
    found = []
    for at in range(len(way.finish)):
        if min(way.finish[at]) > last:
            break
        leg, after = net.travel[way.places[at]][here], onward[way.places[at + 1]]
        if _fits_between(net, way, v, at=at, leg=leg, after=after):
            found.append(((leg + after - way.legs[at]) * net.weight + wish, at))
    return found


def _fits_between(net: Net, way: Way, v: int, *, at: int, leg: int, after: int) -> bool:
    """Tell whether the visit fits at a position with the breaks in some places around it."""
    gaps, finish, latest = way.car.gaps, way.finish[at], way.latest[at]
    lasts, windows = net.duration[v], net.windows[v]
    for before, clock in enumerate(finish):
        if clock >= FOREVER:
            continue
        for taken in range(before, len(finish)):
            gap = gaps[before][taken]
            if gap is None or clock > gap[2]:
                continue
            done = max(clock + leg + gap[0], gap[1])
            for opens, closes in windows:
                if done <= closes:
                    done = max(done, opens) + lasts
                    break
            else:
                continue
            for behind in range(taken, len(finish)):
                gap = gaps[taken][behind]
                if gap is not None and done <= gap[2] and max(done + after + gap[0], gap[1]) <= latest[behind]:
                    return True
    return False
