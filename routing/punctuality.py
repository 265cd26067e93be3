"""How likely it is to be there in time, when driving and working take longer or shorter than planned.

Times are taken as independent and normally distributed. What is known of an instant is kept as points of equal
probability, not as one mean and deviation: who may have to wait for an opening begins with some probability exactly
then, and a single normal distribution would see him late where he is not. From one point to the next arrival the
normal distribution itself is asked.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_POINTS = 32


def _normal_points() -> Floats:
    """Return points of equal probability of the standard normal distribution, with a variance of exactly 1."""
    points = np.array([NormalDist().inv_cdf((i + 0.5) / _POINTS) for i in range(_POINTS)])
    return np.asarray(points / math.sqrt(float(np.mean(points**2))), dtype=np.float64)


_NORMAL = _normal_points()


@dataclass(frozen=True, slots=True)
class Spread:
    """Say how far real times lie from planned ones: the standard deviation as a share of the planned seconds."""

    travel: float = 0.25
    service: float = 0.35


@dataclass(frozen=True, slots=True)
class Leg:
    """Hold one step of a route: drive `travel` seconds, pause, be there not before `opens`, work `service` seconds.

    `pause`: seconds of breaks taken on the way. `closes`: the latest start that keeps the promise; None: none given.
    """

    travel: int
    service: int
    opens: int
    closes: int | None
    pause: int = 0


def risks(legs: Iterable[Leg], *, leaves: int, spread: Spread) -> tuple[float, ...]:
    """Return for each leg the probability that its service begins after `closes`; 0 where nothing was promised."""
    starts: Floats = np.array([float(leaves)])
    worked = 0
    found = []
    for leg in legs:
        arrivals = starts + (worked + leg.travel + leg.pause)
        deviation = math.hypot(spread.travel * leg.travel, spread.service * worked)
        found.append(0.0 if leg.closes is None else above(leg.closes, means=arrivals, deviation=deviation))
        starts = np.maximum(_blurred(arrivals, deviation), leg.opens)
        worked = leg.service
    return tuple(found)


def above(limit: float, *, means: Floats, deviation: float) -> float:
    """Return the probability that a value is greater than a limit, when it lies normally around one of some points.

    Without deviation a value on the limit itself is not above it.
    """
    if deviation <= 0:
        return float(np.mean(means > limit))
    scale = deviation * math.sqrt(2)
    return sum(math.erfc((limit - mean) / scale) for mean in means.tolist()) / (2 * len(means))


def _blurred(points: Floats, deviation: float) -> Floats:
    """Return points of equal probability of the sum of what the points stand for and a normal deviation."""
    if deviation <= 0:
        return points
    values = np.sort((points[:, None] + deviation * _NORMAL[None, :]).ravel())
    # Not `mean`: most of its time would go into looking at its arguments.
    return np.asarray(np.add.reduce(values.reshape(_POINTS, -1), axis=1) * (_POINTS / len(values)), dtype=np.float64)
