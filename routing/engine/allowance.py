"""How much a search may still do, in work: steps that take a fraction of a second each, or a fixed number of them."""

import math
import time
from collections.abc import Callable

from routing.stop import Stop

PIECE = 0.2
"""Seconds that one round of work should take, so that a cancellation is noticed within half a second."""

LONG_PIECE = 1.5
"""The same where a round must first be prepared; the kernels themselves notice a cancellation."""

ROUND = 400
"""Steps of one round where iterations count."""

PATIENCE = 60.0
"""Where nothing but a cancellation ends the search: seconds in which it cools down."""

NEVER = 1 << 60


class Allowance:
    """Ask a stop in the terms of a search that works in rounds.

    With an iteration limit alone no clock is looked at: rounds, shares and the end depend on the limit only.
    """

    def __init__(self, stop: Stop, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing used."""
        self._stop, self._monotonic = stop, monotonic
        self._begun = monotonic()
        self.iterations = 0
        self.timed = stop.seconds_left() is not None
        self.counted = not self.timed and stop.fraction(iterations=NEVER) >= 1.0 and not stop.reached(iterations=0)
        self._limit = round(1.0 / stop.fraction(iterations=1)) if self.counted else NEVER
        self._pace = 200e-6

    @property
    def over(self) -> bool:
        """Tell whether to stop now."""
        return self._stop.reached(iterations=self.iterations)

    @property
    def share(self) -> float:
        """Return which share of the allowance is used."""
        if not self.timed and not self.counted:
            return max(
                self._stop.fraction(iterations=self.iterations),
                1 - math.exp(-2 * (self._monotonic() - self._begun) / PATIENCE),
            )
        return self._stop.fraction(iterations=self.iterations)

    def seconds_left(self) -> float | None:
        """Return the seconds left, None where no clock limits the search."""
        return self._stop.seconds_left()

    def steps(self, *, longer: bool = False) -> int:
        """Return how many steps the next round should have; `longer` where much comes before the first one."""
        if self.counted:
            return max(1, min(ROUND, self._limit - self.iterations))
        left = self._stop.seconds_left()
        piece = LONG_PIECE if longer else PIECE
        seconds = piece if left is None else max(0.01, min(piece, left))
        return max(1, int(seconds / self._pace))

    def ahead(self, steps: int) -> float:
        """Return the share that will be used after a round of so many steps."""
        if self.counted:
            return self._stop.fraction(iterations=self.iterations + steps)
        left = self._stop.seconds_left()
        if left is None:
            return self.share
        share = self.share
        return min(1.0, share + (1.0 - share) * steps * self._pace / left) if left > 0 else 1.0

    def used(self, steps: int, *, since: float) -> None:
        """Count a round of so many steps that began at an instant of `now`, and learn the pace from it."""
        self.iterations += steps
        if not self.counted:
            pace = max(1e-7, (self._monotonic() - since) / max(1, steps))
            self._pace = pace if pace > self._pace else 0.5 * (pace + self._pace)

    def now(self) -> float:
        """Return an instant to count a round from."""
        return self._monotonic()
