"""Several people at once: requests of one moment that do not depend on each other go side by side."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

LANES = 4
"""So many at a time."""


def abreast(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of it side by side, and return what came of each in the given order; everybody has ended then.

    What one does must neither rest on what another one does nor write down what another one reads.

    :raises Exception: what the first of them in this order raised, after all have ended.
    """
    if len(acts) < 2:
        return [act() for act in acts]
    with ThreadPoolExecutor(min(LANES, len(acts)), thread_name_prefix="abreast") as pool:
        ends = [pool.submit(act) for act in acts]
    return [end.result() for end in ends]
