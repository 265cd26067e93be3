"""Both cores at once: pieces of work are handed out in fixed rounds, so that the outcome does not depend on who is
faster.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self, TypeVar

import numpy as np

from routing.engine.arrays import Ints
from routing.stop import Stop

T = TypeVar("T")

WORKERS = 2
"""Pieces of work done at the same time. Fixed, not the number of this machine's cores: a seed decides the plan."""


LOOK = 0.1
"""Seconds between two looks at the stop while work goes on."""


class Crew:
    """Run pieces of work in threads. The kernels hold no interpreter lock. Use as a context.

    Long kernels read `halt`: it is set as soon as the stop is reached while they work.
    """

    def __init__(self, stop: Stop) -> None:
        """Hire as many threads as pay on this machine."""
        self.halt: Ints = np.zeros(1, dtype=np.int64)
        self._stop = stop
        self._threads = ThreadPoolExecutor(max_workers=min(WORKERS, os.cpu_count() or 1), thread_name_prefix="search")

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send the threads home once they are done."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def run(self, work: Sequence[Callable[[], T]]) -> list[T]:
        """Do all pieces and return their results in the order of the pieces."""
        running = [self._threads.submit(piece) for piece in work]
        while wait(running, timeout=LOOK).not_done:
            # no iterations pass meanwhile: only a clock or a cancellation can end it now
            if self._stop.reached(iterations=0):
                self.halt[0] = 1
        return [done.result() for done in running]
