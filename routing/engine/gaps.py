"""What breaks taken between two services do to the way between them.

Take the breaks i..k-1 of a shift, in order and as early as possible, in the gap that begins when a service
finishes at f. A break may interrupt the leg or wait for its earliest start. Writing it out gives, for every
leg, the next service can begin at `max(f + leg + lasts, floor)`, and the breaks keep their latest starts
if and only if `f <= until`. Three numbers per pair (i, k) are all the search ever needs.
"""

from collections.abc import Sequence
from typing import NamedTuple

from routing.problem import Break

FOREVER = 1 << 60


class Gap(NamedTuple):
    """Hold the three numbers of a run of breaks (seconds)."""

    lasts: int
    floor: int
    until: int


def gaps_of(breaks: Sequence[Break]) -> tuple[tuple[Gap | None, ...], ...]:
    """Return `table[i][k]`: the gap that takes the breaks i..k-1; None where they can never follow each other.

    The breaks must be sorted by their earliest start. `table[i][k]` for k < i is None.
    """
    size = len(breaks) + 1
    table: list[list[Gap | None]] = [[None] * size for _ in range(size)]
    for i in range(size):
        gap: Gap | None = Gap(0, -FOREVER, FOREVER)
        table[i][i] = gap
        for k in range(i, len(breaks)):
            gap = _append(gap, breaks[k]) if gap is not None else None
            table[i][k + 1] = gap
    return tuple(tuple(row) for row in table)


def _append(gap: Gap, pause: Break) -> Gap | None:
    """Take one more break at the end of a gap."""
    if gap.floor > pause.latest:
        return None
    begins = max(gap.floor, pause.earliest)
    return Gap(gap.lasts + pause.duration, begins + pause.duration, min(gap.until, pause.latest - gap.lasts))
