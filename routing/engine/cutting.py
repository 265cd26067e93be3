"""The cuts of a bound in the making: found, given a memory, laid out as bits for the kernels."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from routing.certificate import CutPrice
from routing.engine.compiled.cuts import remember, violated
from routing.engine.compiled.labels import Cuts, Reals
from routing.engine.compiled.packing import Master, Pool

MOST = 192
"""Most cuts of one bound."""

A_ROUND = 30
"""Most cuts added at a time."""

BROKEN = 0.02
"""A cut must be broken by more than this to be worth its price in pricing."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """Hold the three visits of a cut and the visits at which labels remember it."""

    triple: tuple[int, int, int]
    memory: npt.NDArray[np.bool_]


class Cutting:
    """Hold the cuts of a problem of `visits` visits. Cut q stands in additional row 1 + q; row 0 is no cut."""

    def __init__(self, visits: int) -> None:
        """Begin without cuts."""
        self._n = visits
        self._cuts: list[_Cut] = []

    def __len__(self) -> int:
        """Return how many cuts there are."""
        return len(self._cuts)

    def separate(self, pool: Pool, *, master: Master) -> bool:
        """Add cuts that the present choice breaks, or lengthen the memory of known ones; return whether any changed."""
        triples, _ = violated(pool, master, self._n, A_ROUND, BROKEN)
        known = {cut.triple: cut for cut in self._cuts}
        changed = False
        for triple in triples:
            key = (int(triple[0]), int(triple[1]), int(triple[2]))
            cut = known.get(key)
            if cut is None:
                if len(self._cuts) == MOST:
                    continue
                cut = _Cut(key, np.zeros(self._n, dtype=np.bool_))
                self._cuts.append(cut)
            before = int(cut.memory.sum())
            remember(pool, master, triple, cut.memory)
            changed |= int(cut.memory.sum()) > before
        return changed

    def packed(self) -> Cuts:
        """Return the cuts as bits, with room for their prices."""
        words = (len(self._cuts) + 64) // 64 if self._cuts else 0
        member, memory = (np.zeros((self._n, words), np.uint64) for _ in range(2))
        for q, cut in enumerate(self._cuts, start=1):
            bit = np.uint64(1 << (q & 63))
            member[list(cut.triple), q >> 6] |= bit
            memory[cut.memory, q >> 6] |= bit
        return Cuts(member, memory, np.zeros(64 * words))

    def priced(self, prices: Reals) -> tuple[CutPrice, ...]:
        """Return the cuts that have a price, as values."""
        return tuple(
            CutPrice(cut.triple, tuple(np.flatnonzero(cut.memory).tolist()), float(price))
            for cut, price in zip(self._cuts, prices, strict=True)
            if price > 0
        )
