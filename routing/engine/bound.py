"""A proven lower bound: full column generation over ng-routes with exact pricing, tightened by cuts and by counting.

For prices of visits, cars and cuts that are not negative, any M and any price d of a served visit, a plan that leaves k
visits out costs at least

    sum of (drop cost + M) - sum of the prices - d * n + sum over cars of the least reduced cost (at most 0) + (d - M) *
    k

(Lagrangian duality on the set packing of `routing.engine.compiled.packing`, with M added to every drop cost). The
prices are rounded to 1/1024, so that every sum in pricing is exact and the bound holds to the last second.

The relaxation likes to leave out half a visit. Where it does, the plans are told apart by how many visits they leave
out: at most so many (M is high), or one more at least (d is high). The bound is the lower of the two.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from routing.certificate import Case, Certificate
from routing.engine.arrays import Flat, Ints
from routing.engine.compiled.colgen import Effort, add_column, bench_of, generate
from routing.engine.compiled.cuts import count_halves
from routing.engine.compiled.labels import Found, desk_of, price
from routing.engine.compiled.packing import Pool, master_of, optimise, pool_of, profit_of, slack_basis
from routing.engine.compiled.timing import route_cost
from routing.engine.cutting import MOST as MOST_CUTS
from routing.engine.cutting import Cutting
from routing.engine.memory import Memory
from routing.engine.nearness import nearest_as_bits
from routing.engine.outline import longest_of

GRAIN = 1024.0
"""Prices are multiples of one over this: sums of them and of whole seconds are exact in double precision."""


ROUNDS = 4
"""Rounds of cuts before cases are told apart."""

CYCLES = 12
"""So many visits longer than any elementary route a route with cycles may be."""


@dataclass(slots=True)
class _Node:
    """Be a case to prove: how many visits are left out at least and at most, M, and the best proof so far."""

    fewest: int
    most: int
    extra: int
    row: int
    proof: Case | None = None
    done: bool = False

    @property
    def bound(self) -> float:
        """Return the bound so far."""
        return -math.inf if self.proof is None else self.proof.bound


class Bounder:
    """Prove a bound, a short piece of work at a time."""

    LARGEST = 200
    """Visits up to which a bound is looked for."""

    COLUMNS = 30_000
    LABELS = 700_000
    NEAR = 6
    """Visits that a label remembers at a visit once there is a first bound; cycles in use widen that."""

    HASTE = 6
    """Rounds of quick pricing before the first bound, for which a label remembers only where it stands."""

    KNOWN = 4_000
    """Routes taken over from the search, the last found."""

    def __init__(self, flat: Flat, *, memory: Memory, halt: Ints) -> None:
        """Begin with the routes remembered."""
        self._given, self._flat, self._memory, self._halt = flat, flat, memory, halt
        n, m = flat.place.size, flat.origin.size
        self._n, self._m = n, m
        self._longest = longest_of(flat)
        # the first of the additional rows counts the visits served, the others are cuts
        rows = n + m + 1 + MOST_CUTS
        self._bench = bench_of(flat, Effort(0, 0, 12, 1, 0, 0), self._longest, halt)._replace(
            pool=pool_of(self.COLUMNS, self._longest + CYCLES, 1 + MOST_CUTS), master=master_of(n + m + 1, rows)
        )
        self._words = (n + 63) // 64
        self._room = min(self.LABELS, 10_000 + 7_000 * n)
        self._desk = desk_of(self._room, n, self._words, 0)
        width = self._longest + CYCLES
        self._found = Found(np.empty((24, width), np.int32), np.empty(24, np.int32), np.empty(24))
        self._near = nearest_as_bits(flat, keep=1)
        self._haste, self._short, self._near_is_first = self.HASTE, False, True
        self._cuts = Cutting(n)
        self._packed = self._cuts.packed()
        self._prices = np.zeros(rows)
        self._least = np.zeros(m)
        self._car = self._first = 0
        self._node = _Node(0, n, 0, 0)
        self._nodes = [self._node]
        self._phase = self._begin
        self._aim = math.inf
        self._rounds = 0
        self.done = n == 0 or m == 0

    def aim(self, cost: int) -> None:
        """Say what the best plan costs: at a bound as high nothing is left to prove."""
        self._aim = cost

    def proves(self, cost: int) -> bool:
        """Tell whether no plan can cost less."""
        return self._bound() >= cost

    def certificate(self) -> Certificate | None:
        """Return the best bound so far and its proof, None where there is none yet."""
        bound = self._bound()
        if bound == -math.inf:
            return None
        return Certificate(tuple(node.proof for node in self._nodes if node.proof is not None))

    def work(self) -> None:
        """Do the next piece."""
        if not self.done:
            self._phase()

    def _bound(self) -> float:
        return min(node.bound for node in self._nodes)

    def _begin(self) -> None:
        """Load what the search has found."""
        pool = self._bench.pool
        for car, seq, cost in list(self._memory.routes())[-self.KNOWN :]:
            add_column(self._flat, pool, car, np.array(seq, dtype=np.int32), len(seq), float(cost))
        self._count(0)
        self._restart()

    def _restart(self) -> None:
        """Begin with nothing chosen, for the rows have changed."""
        master = self._bench.master
        master.tally[0] = self._n + self._m + 1 + len(self._cuts)
        master.limit[self._n + self._m] = self._n - self._node.row + 1e-5
        slack_basis(master)
        self._optimise()
        self._phase = self._quick

    def _optimise(self) -> None:
        optimise(self._bench.pool, self._bench.master, self._n, self._m, 20_000)

    def _quick(self) -> None:
        """Generate columns by the quick pricer until none comes."""
        n, m, master = self._n, self._m, self._bench.master
        before = int(self._bench.pool.used[0])
        if before > self.COLUMNS - 2000:
            self._close()
            return
        barred, idle = np.zeros(self._words, np.uint64), np.ones(m, np.int64)
        # its prices know nothing of cuts: what it finds is looked at again with them
        duals = master.dual.copy()
        duals[:n] += max(0.0, duals[n + m])
        generate(self._flat, self._bench, duals, barred, idle, 0.01, 0.0, np.zeros(m, np.int64))
        self._count(before)
        self._haste -= 1
        if self._drop_worthless(before) == 0 or self._haste == 0:
            self._fix_prices()
        else:
            self._optimise()

    def _count(self, first: int) -> None:
        pool, used = self._bench.pool, int(self._bench.pool.used[0])
        count_halves(pool, first, 1 + len(self._cuts), self._packed.member, self._packed.memory)
        pool.half[first:used, 0] = pool.size[first:used]

    def _drop_worthless(self, first: int) -> int:
        """Keep those of the newest columns that would improve the basis, cuts counted; return how many."""
        pool, kept = self._bench.pool, first
        for j in range(first, int(pool.used[0])):
            if profit_of(pool, self._bench.master, j, self._n, self._m) > 0.01:
                _move(pool, j, kept)
                kept += 1
        pool.used[0] = kept
        return kept - first

    def _fix_prices(self) -> None:
        """Round the prices and begin to price every car exactly."""
        first = self._n + self._m
        rows = first + 1 + len(self._cuts)
        self._prices[:rows] = np.maximum(0.0, np.rint(self._bench.master.dual[:rows] * GRAIN) / GRAIN)
        self._packed.price[1 : 1 + len(self._cuts)] = self._prices[first + 1 : rows]
        self._car, self._first = 0, int(self._bench.pool.used[0])
        self._phase = self._exact

    def _exact(self) -> None:
        """Price one car exactly; after the last one there is a bound."""
        n, c, flat = self._n, self._car, self._flat
        prize = flat.drop - self._prices[:n] - self._prices[n + self._m]
        charge, desk = float(self._prices[n + c]), self._desk
        count, least, proven = price(
            flat, self._bench.net, c, prize, charge, self._near, self._packed, desk, self._found, -0.01, self._halt
        )
        if not proven:
            self._give_way()
            return
        self._least[c] = least
        for i in range(count):
            seq = self._found.seq[i, : self._found.size[i]]
            cost = int(route_cost(flat, c, seq, len(seq)))
            add_column(flat, self._bench.pool, c, seq, len(seq), float(cost))
            if len(set(seq.tolist())) == len(seq):
                self._memory.add(c, seq=tuple(seq.tolist()), cost=cost)
        self._car += 1
        if self._car == self._m:
            self._judge()

    def _give_way(self) -> None:
        """Go on with the shortest memory after labels did not find room; end where that was it already."""
        if self._halt[0] != 0 or self._short or self._haste > 0:
            self._close()
            return
        self._short = True
        self._near = nearest_as_bits(self._flat, keep=1)
        self._car = 0

    def _judge(self) -> None:
        """Compute the bound; go on with new columns, or with cuts and longer memories once there are none."""
        node = self._node
        proof = self._prove(node)
        if proof.bound > node.bound:
            node.proof = proof
        self._count(self._first)
        if self._near_is_first:
            self._near, self._near_is_first = nearest_as_bits(self._flat, keep=self.NEAR), False
        if node.bound >= self._aim:
            self._close()
        elif self._drop_worthless(self._first) > 0:
            self._optimise()
            self._phase = self._quick
        elif self._rounds >= ROUNDS and len(self._nodes) == 1 and self._is_split():
            self._close()
        elif self._tighten():
            self._rounds += 1
            worst = min((w for w in self._nodes if not w.done), key=lambda w: w.bound)
            if worst is not node:
                self._turn_to(worst)
        else:
            self._close()

    def _is_split(self) -> bool:
        """Tell whether the relaxation leaves out a part of a visit."""
        out = self._n - self._served()
        return abs(out - round(out)) > 0.01

    def _prove(self, node: _Node) -> Case:
        n, m, rows = self._n, self._m, self._n + self._m + 1 + len(self._cuts)
        prices, served = self._prices, float(self._prices[n + m])
        fixed = float(self._flat.drop.sum()) - float(prices[:rows].sum()) + served + float(self._least.sum())
        # linear in the number of visits left out: the lower end counts
        value = fixed - served * n + min((served - node.extra) * k for k in (node.fewest, node.most))
        cuts = self._cuts.priced(prices[n + m + 1 : rows])
        return Case(
            node.fewest,
            node.most,
            max(0, math.ceil(value)),
            node.extra,
            served,
            tuple(prices[:n].tolist()),
            tuple(prices[n : n + m].tolist()),
            cuts,
            tuple(self._least.tolist()),
        )

    def _close(self) -> None:
        """Leave the node as it is: tell two cases apart, or go on with another one."""
        self._node.done = True
        single = len(self._nodes) == 1 and self._bound() < self._aim
        if single and self._halt[0] == 0 and self._is_split():
            few = math.floor(self._n - self._served())
            high = 2 * int(self._given.drop.max()) + 1
            self._nodes = [_Node(few + 1, self._n, 0, few + 1), _Node(0, few, high, few)]
            for node in self._nodes:
                node.proof = None if self._node.proof is None else _narrowed(self._node.proof, node)
        waiting = [node for node in self._nodes if not node.done and node.bound < self._aim]
        if not waiting:
            self.done = True
            return
        self._turn_to(min(waiting, key=lambda w: w.bound))

    def _turn_to(self, node: _Node) -> None:
        """Go on with another case."""
        self._bench.pool.gain[:] += (node.extra - self._node.extra) * self._bench.pool.size
        self._flat = self._given._replace(drop=self._given.drop + node.extra)
        self._node = node
        self._restart()

    def _served(self) -> float:
        """Return how many visits the relaxation serves."""
        master, pool = self._bench.master, self._bench.pool
        basis = master.basis[: int(master.tally[0])]
        return float(sum(master.amount[i] * pool.size[j] for i, j in enumerate(basis.tolist()) if j >= 0))

    def _tighten(self) -> bool:
        """Forbid the cycles in use and add cuts that the present choice breaks; return whether there were any."""
        cycles, cuts = (
            not self._short and self._break_cycles(),
            self._cuts.separate(self._bench.pool, master=self._bench.master),
        )
        if not (cycles or cuts):
            return False
        self._packed = self._cuts.packed()
        words = self._packed.member.shape[1]
        if self._desk.parity.shape[1] != words:
            self._desk = desk_of(self._room, self._n, self._words, words)
        self._count(0)
        self._restart()
        return True

    def _break_cycles(self) -> bool:
        """Let labels remember what the routes in use visit twice; such routes are no longer worth anything."""
        pool, found = self._bench.pool, False
        for i in range(int(self._bench.master.tally[0])):
            j = int(self._bench.master.basis[i])
            if j < 0 or self._bench.master.amount[i] < 1e-4:
                continue
            seq = pool.seq[j, : pool.size[j]].tolist()
            last: dict[int, int] = {}
            for at, v in enumerate(seq):
                if v in last:
                    found = True
                    pool.alive[j] = False
                    for between in seq[last[v] + 1 : at]:
                        self._near[between, v >> 6] |= np.uint64(1 << (v & 63))
                last[v] = at
        return found


def _move(pool: Pool, j: int, to: int) -> None:
    """Move a column to another place."""
    if j != to:
        pool.seq[to], pool.size[to], pool.car[to] = pool.seq[j], pool.size[j], pool.car[j]
        pool.gain[to], pool.half[to] = pool.gain[j], pool.half[j]


def _narrowed(proof: Case, node: _Node) -> Case:
    """Return a proof of all plans as one of fewer."""
    return replace(proof, fewest=node.fewest, most=node.most)
