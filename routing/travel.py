"""Travel times between all pairs of places, as a value over an integer matrix."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG), the one the bench format names."""

UNREACHABLE = 1_000_000_000_000
"""Stands in the matrix where there is no way; longer than any horizon, so that no rule can be kept by it."""

IntMatrix = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CrowModel:
    """Describe travel as the crow flies: kilometres times `detour` at `speed_kmh`, plus `fixed_s` per leg."""

    detour: float
    speed_kmh: float
    fixed_s: float


@dataclass(frozen=True, slots=True, eq=False)
class TravelTimes:
    """Hold seconds of travel from each place (row) to each place (column); they may be asymmetric.

    `model` is kept when the matrix was computed from one, so that a file can name it instead of n² numbers.
    """

    matrix: IntMatrix
    model: CrowModel | None = None

    def __eq__(self, other: object) -> bool:
        """Compare numbers and model."""
        if not isinstance(other, TravelTimes):
            return NotImplemented
        return self.model == other.model and np.array_equal(self.matrix, other.matrix)

    def __hash__(self) -> int:
        """Hash by shape and model: equal values have equal hashes."""
        return hash((self.matrix.shape, self.model))

    @property
    def size(self) -> int:
        """Return the number of places."""
        return int(self.matrix.shape[0])

    def is_square(self) -> bool:
        """Tell whether the matrix has as many columns as rows."""
        return self.matrix.ndim == 2 and self.matrix.shape[0] == self.matrix.shape[1]

    def seconds(self, origin: int, *, to: int) -> int | None:
        """Return the seconds from one place to another, None where there is no way."""
        value = int(self.matrix[origin, to])
        return None if value >= UNREACHABLE else value


def from_matrix(rows: Sequence[Sequence[int | None]]) -> TravelTimes:
    """Build travel times from rows of seconds; None means that there is no way.

    Negative numbers are kept, for `Problem.findings` to name. Ragged rows become a matrix that is not square,
    filled up with unreachable.

    :raises ValueError: never for integers and None.
    """
    width = max((len(r) for r in rows), default=0)
    matrix = np.full((len(rows), width), UNREACHABLE, dtype=np.int64)
    for i, row in enumerate(rows):
        matrix[i, : len(row)] = [UNREACHABLE if x is None else min(x, UNREACHABLE) for x in row]
    ragged = any(len(r) != width for r in rows)
    if ragged and width == len(rows):
        # a hole at the end of a row must not pass for a square matrix
        matrix = np.column_stack([matrix, np.full(len(rows), UNREACHABLE, dtype=np.int64)])
    matrix.flags.writeable = False
    return TravelTimes(matrix)


def great_circle_km(lats: Sequence[float], lons: Sequence[float]) -> FloatArray:
    """Return the haversine distance in kilometres of every pair of points (degrees, WGS-84)."""
    lat, lon = np.radians(np.asarray(lats, dtype=np.float64)), np.radians(np.asarray(lons, dtype=np.float64))
    dlat, dlon = lat[None, :] - lat[:, None], lon[None, :] - lon[:, None]
    h = np.sin(dlat / 2) ** 2 + np.cos(lat)[:, None] * np.cos(lat)[None, :] * np.sin(dlon / 2) ** 2
    km: FloatArray = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
    return km


def crow(points: Sequence[tuple[float, float]], *, model: CrowModel) -> TravelTimes:
    """Compute travel times from (latitude, longitude) pairs by the definition of the bench format.

    `round(detour * km / speed_kmh * 3600 + fixed_s)`, halves to even, 0 on the diagonal.

    :raises ValueError: if the speed is not positive or a number is not finite.
    """
    numbers = [x for p in points for x in p] + [model.detour, model.speed_kmh, model.fixed_s]
    if not all(math.isfinite(x) for x in numbers) or model.speed_kmh <= 0:
        raise ValueError("coordinates and model must be finite and the speed positive")
    km = great_circle_km([p[0] for p in points], [p[1] for p in points])
    exact = model.detour * km / model.speed_kmh * 3600 + model.fixed_s
    # numpy's sine may differ from the C library's in the last bit: next to a half that decides the
    # rounding, so those few pairs are computed once more the scalar way.
    near_half = np.argwhere(np.abs(exact - np.floor(exact) - 0.5) < 1e-6)
    matrix = np.rint(exact).astype(np.int64)
    for i, j in near_half.tolist():
        matrix[i, j] = _scalar_seconds(points[i], points[j], model=model)
    np.fill_diagonal(matrix, 0)
    matrix.flags.writeable = False
    return TravelTimes(matrix, model)


def _scalar_seconds(a: tuple[float, float], b: tuple[float, float], *, model: CrowModel) -> int:
    """Return the seconds of one leg, computed with the scalar functions of the C library."""
    lat_a, lon_a, lat_b, lon_b = (math.radians(x) for x in (*a, *b))
    h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    km = 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))
    return round(model.detour * km / model.speed_kmh * 3600 + model.fixed_s)
