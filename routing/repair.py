"""The running day, put right with as few changes as can be: urgent work, a delay, somebody ill, a visit called off.

The problem is the day as it is now: shifts begin where and when people are free, what has begun or was accepted is
pinned to its technician, what was promised is the window. The plan is the one that people know. The answer is a
series of repairs: the first moves nobody whom nothing forces to move, each further one moves more visits and costs
less, so that a dispatcher sees what every move buys. Imports neither OR-Tools nor the compiled search.

The search is a beam: from each of the best plans with m moved visits those with one or two more are made by moving a
visit, or by pushing one out of the way of another, and whatever fits afterwards is taken in.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from routing.engine.draft import Draft
from routing.engine.model import Net
from routing.engine.places import NO_PLACE
from routing.engine.routes import Book
from routing.engine.tables import Way
from routing.engine.timing import plan_of
from routing.explain import unassigned_of
from routing.plan import Plan
from routing.problem import Problem
from routing.stop import Stop

BEAM = 4
"""Plans kept for each number of moves."""

BRANCHES = 12
"""Changes of a plan that are carried out, the most promising ones; the rest are only estimated."""

_NOWHERE = -1
"""The home of what the old plan did not serve, or served in a shift that is no more."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Name a shift of a technician."""

    technician: str
    shift: int


@dataclass(frozen=True, slots=True)
class Move:
    """Say that a visit goes to somebody else, or to another of his shifts; `after` None: nobody serves it any more."""

    visit: str
    before: Seat
    after: Seat | None


@dataclass(frozen=True, slots=True)
class Retimed:
    """Say that a visit keeps its technician and begins at another second than in the plan that people know."""

    visit: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Repair:
    """Hold one way to put the day right, with all that changes for anybody.

    `moves`: visits that leave their technician, the lost ones among them; `taken_in`: visits that the old plan did not
    serve. `cost` is that of `routing.costs`, in seconds of travel.
    """

    plan: Plan
    cost: int
    moves: tuple[Move, ...]
    retimed: tuple[Retimed, ...]
    taken_in: tuple[str, ...]


def repair(problem: Problem, *, plan: Plan, most_moves: int, stop: Stop) -> tuple[Repair, ...]:
    """Return repairs of a plan with ever more moves, each cheaper than the one before; the first has the fewest.

    Visits and technicians that only the old plan knows are left aside. Where a rule forces moves or losses, the first
    repair has them too. Every plan keeps all rules.

    :param most_moves: no more visits are moved than so many beyond those that must be.
    :param stop: ends the search early; the first repair is always made.
    """
    search = _Search(problem, plan)
    first = search.kept()
    best: list[_State] = []
    layers: dict[int, list[_State]] = {0: [first]}
    for moves in range(most_moves + 1):
        states = _best_of(layers.pop(moves, []))
        if states and (not best or states[0].draft.cost < best[-1].draft.cost):
            best.append(states[0])
        for state in states if moves < most_moves else ():
            if stop.reached(iterations=moves):
                break
            for more, found in search.further(state):
                layers.setdefault(moves + more, []).append(found)
    return tuple(search.told(state) for state in best)


@dataclass(frozen=True, slots=True)
class _State:
    """A plan in the making, as it is compared with others."""

    draft: Draft

    @property
    def name(self) -> tuple[tuple[int, ...], ...]:
        return tuple(self.draft.sequences())


def _best_of(states: Iterable[_State]) -> list[_State]:
    """Return the cheapest plans, each once."""
    each = {state.name: state for state in states}
    return sorted(each.values(), key=lambda state: (state.draft.cost, state.name))[:BEAM]


@dataclass(frozen=True, slots=True)
class _Step:
    """A change that may pay: new routes of two or three shifts, and what it is thought to save.

    `moves`: how many visits leave the technician who was to serve them.
    """

    gain: int
    moves: int
    routes: tuple[tuple[int, Way], ...]
    takes: tuple[int, ...]
    loses: tuple[int, ...]


class _Search:
    """One repair: who was to serve what, and what may be changed about it."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self._problem, self._old = problem, plan
        self._book = Book(Net(problem))
        net = self._book.net
        self._number = {visit.id: v for v, visit in enumerate(net.visits)}
        names = [technician.id for technician in problem.technicians]
        self._cars = {(names[car.technician], car.shift): car.index for car in net.cars}
        self._home = [_NOWHERE] * len(net.visits)
        self._was: dict[int, Seat] = {}
        for route in plan.routes:
            for stop in route.stops:
                v = self._number.get(stop.visit)
                if v is not None:
                    self._home[v] = self._cars.get((route.technician, route.shift), _NOWHERE)
                    self._was[v] = Seat(route.technician, route.shift)

    def kept(self) -> _State:
        """Return the plan that people know, as far as rules still let it be; then take in what fits without a move."""
        draft, net = Draft(self._book), self._book.net
        for route in self._old.routes:
            car = self._cars.get((route.technician, route.shift))
            if car is None:
                continue
            seq = [self._number[s.visit] for s in route.stops if s.visit in self._number]
            draft.take(car, self._shed(car, [v for v in seq if car in net.fits_set[v]]))
        self._fill(draft)
        # What could not stay with its technician was served by somebody: it may go to anybody before it is lost.
        for v in sorted(draft.out, key=lambda v: (-net.drop[v], v)):
            if v in self._was:
                self._serve(draft, v, net.fits[v])
        return _State(draft)

    def _shed(self, car: int, seq: list[int]) -> Way:
        """Return a route of the same order without as little as possible of it, the cheapest to leave out first."""
        drop = self._book.net.drop
        while (way := self._book.way(car, tuple(seq))) is None:
            without = [(drop[v], i) for i, v in enumerate(seq) if self._book.way(car, (*seq[:i], *seq[i + 1 :]))]
            del seq[min(without or [(drop[v], i) for i, v in enumerate(seq)])[1]]
        return way

    def _fill(self, draft: Draft) -> None:
        """Take in what is left out and fits without moving anybody: the dearest first, each where it costs least.

        What nobody was promised yet may then go to a better place still.
        """
        net = self._book.net
        for v in sorted(draft.out, key=lambda v: (-net.drop[v], v)):
            self._serve(draft, v, net.fits[v] if v not in self._was else self._own(v))
        for car, way in enumerate(draft.ways):
            for v in way.seq:
                if v not in self._was:
                    self._improve(draft, car, v)

    def _improve(self, draft: Draft, car: int, v: int) -> None:
        shorter = self._book.without(draft.ways[car], v)
        added, at, to = self._elsewhere(draft, v, car)
        if shorter is not None and added < draft.ways[car].cost - shorter.cost:
            longer = self._book.insert(draft.ways[to], v, at=at)
            draft.put(car, shorter)
            draft.put(to, longer)

    def _own(self, v: int) -> tuple[int, ...]:
        home = self._home[v]
        return (home,) if home in self._book.net.fits_set[v] else ()

    def _serve(self, draft: Draft, v: int, cars: Iterable[int]) -> None:
        offers = [(*self._book.insertion(draft.ways[car], v), car) for car in cars]
        added, at, car = min(offers, default=(*NO_PLACE, _NOWHERE))
        if added < self._book.net.drop[v]:
            draft.serve(v, car=car, at=at)

    # -- what may be changed -----------------------------------------------------------------------------

    def further(self, state: _State) -> Iterator[tuple[int, _State]]:
        """Yield plans with one or two moves more, and how many."""
        steps = sorted(self._steps(state.draft), key=lambda step: -step.gain)[:BRANCHES]
        for step in steps:
            draft, net = state.draft.copy(), self._book.net
            for car, way in step.routes:
                draft.put(car, way)
            draft.out.difference_update(step.takes)
            draft.out.update(step.loses)
            draft.cost += sum(net.drop[v] for v in step.loses) - sum(net.drop[v] for v in step.takes)
            self._fill(draft)
            yield step.moves, _State(draft)

    def _steps(self, draft: Draft) -> Iterator[_Step]:
        for car, way in enumerate(draft.ways):
            for v in way.seq:
                if self._home[v] == car:
                    yield from self._moving(draft, car, v)
        for u in sorted(draft.out):
            yield from self._pushing(draft, u)

    def _moving(self, draft: Draft, car: int, v: int) -> Iterator[_Step]:
        """Yield the best other place of a visit that is still with its technician."""
        way = draft.ways[car]
        shorter = self._book.without(way, v)
        if shorter is None:
            return
        added, at, to = self._elsewhere(draft, v, car)
        gain = way.cost - shorter.cost - added
        # Without anybody left out only savings count; with somebody the room that is made may.
        if to != _NOWHERE and (gain > 0 or draft.out):
            longer = self._book.insert(draft.ways[to], v, at=at)
            yield _Step(gain, 1, ((car, shorter), (to, longer)), (), ())

    def _pushing(self, draft: Draft, u: int) -> Iterator[_Step]:
        """Yield how a visit that is left out gets a place, with the one whom it pushes out elsewhere or left out."""
        book, net = self._book, self._book.net
        for car in net.fits[u]:
            way, own = draft.ways[car], int(u in self._was and car != self._home[u])
            if own:
                added, at = book.insertion(way, u)
                if added < net.drop[u]:
                    yield _Step(net.drop[u] - added, 1, ((car, book.insert(way, u, at=at)),), (u,), ())
            for w in way.seq:
                shorter = book.without(way, w)
                added, at = book.insertion(shorter, u) if shorter is not None else NO_PLACE
                saved = net.drop[u] - added + way.cost - (shorter.cost if shorter else 0)
                if shorter is None or (added, at) == NO_PLACE or saved <= 0:
                    continue
                yield from self._pushed(draft, (car, book.insert(shorter, u, at=at)), (u, w), (saved, own))

    def _pushed(
        self, draft: Draft, changed: tuple[int, Way], who: tuple[int, int], so_far: tuple[int, int]
    ) -> Iterator[_Step]:
        (car, _), (u, w), (saved, own) = changed, who, so_far
        moves = own + int(w in self._was and self._home[w] == car)
        added, at, to = self._elsewhere(draft, w, car)
        if to != _NOWHERE and added < saved and moves:
            longer = self._book.insert(draft.ways[to], w, at=at)
            yield _Step(saved - added, moves, (changed, (to, longer)), (u,), ())
        if self._book.net.drop[w] < saved and moves:
            yield _Step(saved - self._book.net.drop[w], moves, (changed,), (u,), (w,))

    def _elsewhere(self, draft: Draft, v: int, car: int) -> tuple[int, int, int]:
        """Return what a visit adds to the cheapest other route, where in it, and which."""
        offers = [(*self._book.insertion(draft.ways[to], v), to) for to in self._book.net.fits[v] if to != car]
        found = min(offers, default=(*NO_PLACE, _NOWHERE))
        return found if found[:2] != NO_PLACE else (*NO_PLACE, _NOWHERE)

    # -- what is told -------------------------------------------------------------------------------------

    def told(self, state: _State) -> Repair:
        """Return a plan with all that it changes for anybody."""
        bare = plan_of(state.draft)
        reasons = unassigned_of(self._problem, plan=bare, book=self._book)
        plan = Plan(bare.problem, bare.routes, reasons)
        now = {s.visit: (Seat(r.technician, r.shift), s.start) for r in plan.routes for s in r.stops}
        before = {s.visit: (Seat(r.technician, r.shift), s.start) for r in self._old.routes for s in r.stops}
        ours = [visit.id for visit in self._problem.visits]
        moves = [Move(v, before[v][0], now[v][0] if v in now else None) for v in ours if v in before]
        both = [v for v in ours if v in before and v in now and before[v][0] == now[v][0]]
        return Repair(
            plan,
            state.draft.cost,
            tuple(move for move in moves if move.before != move.after),
            tuple(Retimed(v, before[v][1], now[v][1]) for v in both if before[v][1] != now[v][1]),
            tuple(v for v in ours if v in now and v not in before),
        )
