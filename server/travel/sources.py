"""Where travel times come from: the crow model of a region, a ready matrix in a file; streets are in `osrm`."""

import csv
import math
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np
import numpy.typing as npt

from server.core.places import EARTH_RADIUS_KM, BadPosition, Position

IntMatrix = npt.NDArray[np.int64]
FloatMatrix = npt.NDArray[np.float64]

NO_WAY = 1_000_000_000_000
"""Stands where there is no way at all; longer than any horizon."""
UNKNOWN = -1
"""Stands where a source has no answer: somebody else is asked."""

_DEGREES = 5
"""Places are told apart by five decimals of a degree: a metre."""
_MOST_SITES = 20_000


class SourceFailed(RuntimeError):
    """A source of travel times gave no usable answer; ``code`` says why, never where it was asked."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Source(Protocol):
    """Something that knows how long it takes from one place to another."""

    @property
    def name(self) -> str:
        """Return the name that its answers are kept under."""
        ...

    @property
    def keeps(self) -> bool:
        """Return whether its answers are worth keeping: dear to get, and the same tomorrow."""
        ...

    def seconds(self, origins: Sequence[Position], *, to: Sequence[Position]) -> IntMatrix:
        """Return whole seconds from each origin (row) to each destination (column), `NO_WAY` or `UNKNOWN`.

        :raises SourceFailed: if it cannot answer at all.
        """
        ...


@dataclass(frozen=True, slots=True)
class CrowSource:
    """Travel as the crow flies: kilometres times ``detour`` at ``speed_kmh``, plus ``leg_seconds`` a leg.

    The same numbers, to the second, as the optimiser's own model of that name.
    """

    detour: float
    speed_kmh: float
    leg_seconds: float
    name: str = "crow"
    keeps: bool = False

    def seconds(self, origins: Sequence[Position], *, to: Sequence[Position]) -> IntMatrix:
        """Return the seconds of every leg, rounded half to even; also of one to the same place."""
        exact = self.detour * _great_circles(origins, to) / self.speed_kmh * 3600 + self.leg_seconds
        matrix = np.rint(exact).astype(np.int64)
        # Vectors of sines may differ from the C library's in the last bit. Where that decides the
        # rounding, the leg is computed once more alone, so that every machine gets the same second.
        for row, column in np.argwhere(np.abs(exact - np.floor(exact) - 0.5) < 1e-6).tolist():
            matrix[row, column] = self._leg(origins[row], to=to[column])
        return matrix

    def _leg(self, origin: Position, *, to: Position) -> int:
        lat_a, lon_a, lat_b, lon_b = (math.radians(x) for x in (origin.lat, origin.lon, to.lat, to.lon))
        h = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
        km = 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))
        return round(self.detour * km / self.speed_kmh * 3600 + self.leg_seconds)


def _great_circles(origins: Sequence[Position], to: Sequence[Position]) -> FloatMatrix:
    """Return haversine distances in kilometres."""
    lat_a, lon_a = (np.radians([getattr(p, axis) for p in origins], dtype=np.float64) for axis in ("lat", "lon"))
    lat_b, lon_b = (np.radians([getattr(p, axis) for p in to], dtype=np.float64) for axis in ("lat", "lon"))
    half_lat = np.sin((lat_b[None, :] - lat_a[:, None]) / 2) ** 2
    half_lon = np.sin((lon_b[None, :] - lon_a[:, None]) / 2) ** 2
    h = half_lat + np.cos(lat_a)[:, None] * np.cos(lat_b)[None, :] * half_lon
    km: FloatMatrix = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0)))
    return km


class BadMatrix(ValueError):
    """The file is not a usable matrix of travel times; the text says what is wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class FileSource:
    """A ready matrix: what a routing engine computed once for a list of sites. Other places are `UNKNOWN` to it."""

    matrix: IntMatrix
    index: Mapping[tuple[float, float], int]
    name: str = "file"
    keeps: bool = False

    def seconds(self, origins: Sequence[Position], *, to: Sequence[Position]) -> IntMatrix:
        """Return what the matrix says about the places it knows."""
        rows = np.array([self.index.get(place_key(p), -1) for p in origins], dtype=np.int64)
        columns = np.array([self.index.get(place_key(p), -1) for p in to], dtype=np.int64)
        found = self.matrix[np.ix_(rows, columns)]
        return np.where((rows < 0)[:, None] | (columns < 0)[None, :], UNKNOWN, found)


def place_key(position: Position) -> tuple[float, float]:
    """Return a position as places are told apart: rounded to a metre."""
    return round(position.lat, _DEGREES) + 0.0, round(position.lon, _DEGREES) + 0.0


def from_file(matrix: Path, *, sites: Path) -> FileSource:
    """Read a matrix (`.npz` with ``duration_s``, seconds) and the list of its sites (CSV, one row a row of the matrix).

    The CSV names its columns ``lat, lon`` or ``latitude, longitude`` (WGS-84). A negative or non-finite number
    of seconds means that there is no way. Of two rows at one place the first counts.

    :raises BadMatrix: if the two do not fit each other or a value makes no sense.
    :raises OSError: if a file cannot be read.
    """
    numbers, places = _durations(matrix), _places(sites)
    if numbers.shape != (len(places), len(places)):
        raise BadMatrix(f"the matrix is {numbers.shape[0]} x {numbers.shape[1]}, the list has {len(places)} sites")
    whole = np.full(numbers.shape, NO_WAY, dtype=np.int64)
    usable = np.isfinite(numbers) & (numbers >= 0) & (numbers < NO_WAY)
    whole[usable] = np.rint(numbers[usable]).astype(np.int64)
    index: dict[tuple[float, float], int] = {}
    for row, place in enumerate(places):
        index.setdefault(place_key(place), row)
    return FileSource(whole, MappingProxyType(index))


def _durations(path: Path) -> FloatMatrix:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            raw = arrays["duration_s"]
    except (KeyError, ValueError, zipfile.BadZipFile, EOFError) as wrong:
        raise BadMatrix("the matrix file is no npz archive with an array duration_s") from wrong
    if raw.ndim != 2 or not np.issubdtype(raw.dtype, np.number) or np.iscomplexobj(raw) or raw.shape[0] > _MOST_SITES:
        raise BadMatrix(f"duration_s must be a table of at most {_MOST_SITES} x {_MOST_SITES} numbers")
    numbers: FloatMatrix = raw.astype(np.float64)
    return numbers


def _places(path: Path) -> list[Position]:
    places = []
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.DictReader(lines)
        names = set(rows.fieldnames or ())
        lat, lon = ("lat", "lon") if {"lat", "lon"} <= names else ("latitude", "longitude")
        if not {lat, lon} <= names:
            raise BadMatrix("the list of sites has no columns lat and lon")
        for number, row in enumerate(rows, start=2):
            try:
                places.append(Position(float(row[lat]), float(row[lon])))
            except (TypeError, ValueError, BadPosition) as wrong:
                raise BadMatrix(f"line {number} of the list of sites has no usable position") from wrong
    return places
