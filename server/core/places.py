"""Places on the earth: WGS-84 positions, distances, and the shifted datum used on Chinese maps."""

import math
from dataclasses import dataclass
from enum import StrEnum

EARTH_RADIUS_KM = 6371.0088
"""Mean radius (IUGG) used for great-circle distances."""

_GCJ_AXIS = 6378245.0
_GCJ_ECCENTRICITY = 0.00669342162296594323


class BadPosition(ValueError):
    """The numbers are not a usable position."""


@dataclass(frozen=True, slots=True)
class Position:
    """A WGS-84 position in degrees.

    Latitude lies in [-90, 90], longitude in [-180, 180], both finite. The point (0, 0) is refused: it is
    what broken software sends for "unknown", and no customer lives there.

    :raises BadPosition: otherwise.
    """

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lat) and math.isfinite(self.lon)):
            raise BadPosition("a position has two finite numbers")
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise BadPosition("latitude lies within 90 degrees, longitude within 180")
        if self.lat == 0 and self.lon == 0:
            raise BadPosition("0, 0 stands for an unknown position")


def great_circle_km(a: Position, b: Position) -> float:
    """Return the distance over a spherical earth in kilometres (haversine)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, math.radians(b.lon - a.lon) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))


def geodesic_metres(a: Position, b: Position) -> float:
    """Return the distance over the WGS-84 ellipsoid in metres (Karney, by geopy): a fence is decided by it."""
    # Imported where it is needed: geopy brings along every geocoder with an HTTP client each, a sixth of the time
    # in which a process starts, and only a check-in asks for this.
    from geopy.distance import geodesic  # noqa: PLC0415

    return float(geodesic((a.lat, a.lon), (b.lat, b.lon)).meters)


def inside_china(position: Position) -> bool:
    """Return whether the shifted datum may apply: the rectangle that map providers use, not a border."""
    return 72.004 <= position.lon <= 137.8347 and 0.8293 <= position.lat <= 55.8271


def to_gcj02(position: Position) -> Position:
    """Return where a Chinese map draws a WGS-84 position (GCJ-02); outside China it stays where it is."""
    if not inside_china(position):
        return position
    d_lat, d_lon = _gcj_shift(position)
    return Position(position.lat + d_lat, position.lon + d_lon)


class Datum(StrEnum):
    """In what coordinates are written: WGS-84, or the shifted datum of Chinese maps."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


def from_gcj02(position: Position) -> Position:
    """Return the WGS-84 position of a point given in GCJ-02, to better than a decimetre, by fixed-point iteration."""
    if not inside_china(position):
        return position
    guess = position
    for _ in range(8):
        shifted = to_gcj02(guess)
        guess = Position(guess.lat + position.lat - shifted.lat, guess.lon + position.lon - shifted.lon)
    return guess


def _gcj_shift(position: Position) -> tuple[float, float]:
    """Return the published GCJ-02 offset (degrees of latitude, of longitude) at a WGS-84 position."""
    x, y = position.lon - 105.0, position.lat - 35.0
    waves = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + waves
    lat += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    lat += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + waves
    lon += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    lon += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    radians = math.radians(position.lat)
    magic = 1 - _GCJ_ECCENTRICITY * math.sin(radians) ** 2
    root = math.sqrt(magic)
    d_lat = lat * 180 / (_GCJ_AXIS * (1 - _GCJ_ECCENTRICITY) / (magic * root) * math.pi)
    d_lon = lon * 180 / (_GCJ_AXIS / root * math.cos(radians) * math.pi)
    return d_lat, d_lon
