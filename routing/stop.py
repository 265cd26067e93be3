"""When to stop searching, and how to tell meanwhile how far the search is."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Stop(Protocol):
    """Decide when a search ends. Asked once an iteration, from the searching thread."""

    def reached(self, *, iterations: int) -> bool:
        """Tell whether to stop now."""
        ...

    def fraction(self, *, iterations: int) -> float:
        """Return which share of the allowance is used, 0 to 1; it sets the temperature of the search."""
        ...

    def seconds_left(self) -> float | None:
        """Return the seconds that are left, None where no clock limits the search."""
        ...


class TimeLimit:
    """Stop after a number of seconds of monotonic time, counted from the making of this value."""

    def __init__(self, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Start the clock.

        :raises ValueError: if the seconds are negative or not a number.
        """
        if not seconds >= 0:
            raise ValueError("a time limit is zero or more seconds")
        self._seconds = seconds
        self._monotonic = monotonic
        self._begun = monotonic()

    def _used(self) -> float:
        return self._monotonic() - self._begun

    def reached(self, *, iterations: int) -> bool:
        """Tell whether the time is up."""
        return self._used() >= self._seconds

    def fraction(self, *, iterations: int) -> float:
        """Return the share of the time that is used."""
        return min(1.0, self._used() / self._seconds) if self._seconds else 1.0

    def seconds_left(self) -> float | None:
        """Return the seconds left, never less than zero."""
        return max(0.0, self._seconds - self._used())


class IterationLimit:
    """Stop after a number of iterations: the limit under which a seed decides every choice."""

    def __init__(self, iterations: int) -> None:
        """Set the limit.

        :raises ValueError: if it is negative.
        """
        if iterations < 0:
            raise ValueError("an iteration limit is zero or more")
        self._limit = iterations

    def reached(self, *, iterations: int) -> bool:
        """Tell whether the iterations are used up."""
        return iterations >= self._limit

    def fraction(self, *, iterations: int) -> float:
        """Return the share of the iterations that is used."""
        return min(1.0, iterations / self._limit) if self._limit else 1.0

    def seconds_left(self) -> float | None:
        """Return None: no clock is looked at."""
        return None


class Cancelled:
    """Stop as soon as somebody, in any thread, calls `cancel`."""

    def __init__(self) -> None:
        """Begin uncancelled."""
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the search to end; it returns the best plan it has."""
        self._event.set()

    def reached(self, *, iterations: int) -> bool:
        """Tell whether `cancel` was called."""
        return self._event.is_set()

    def fraction(self, *, iterations: int) -> float:
        """Return 1 once cancelled, else 0: a flag has no share."""
        return 1.0 if self._event.is_set() else 0.0

    def seconds_left(self) -> float | None:
        """Return 0 once cancelled, else None."""
        return 0.0 if self._event.is_set() else None


class FirstOf:
    """Stop as soon as the first of several limits is reached."""

    def __init__(self, *stops: Stop) -> None:
        """Combine the limits.

        :raises ValueError: if none is given: such a search would never end.
        """
        if not stops:
            raise ValueError("name at least one limit")
        self._stops = stops

    def reached(self, *, iterations: int) -> bool:
        """Tell whether any limit is reached."""
        return any(s.reached(iterations=iterations) for s in self._stops)

    def fraction(self, *, iterations: int) -> float:
        """Return the share of the limit that is nearest."""
        return max(s.fraction(iterations=iterations) for s in self._stops)

    def seconds_left(self) -> float | None:
        """Return the fewest seconds any limit leaves."""
        left = [x for x in (s.seconds_left() for s in self._stops) if x is not None]
        return min(left, default=None)


@dataclass(frozen=True, slots=True)
class Progress:
    """Report the best plan so far: its cost, the visits it leaves out, and the effort spent.

    `seconds` are since the call of `solve`; `phase` is the name of what is being done.
    """

    best_cost: int
    unserved: int
    seconds: float
    iterations: int
    phase: str


class Listener(Protocol):
    """Take progress reports. Called in the searching thread: return soon."""

    def __call__(self, progress: Progress, /) -> None:
        """Take one report."""
        ...
