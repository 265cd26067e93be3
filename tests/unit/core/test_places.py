"""Positions, distances, and the shifted datum of Chinese maps."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.places import BadPosition, Position, from_gcj02, geodesic_metres, great_circle_km, to_gcj02

chinese = st.builds(Position, st.floats(18.5, 53.0), st.floats(74.0, 134.0))


@pytest.mark.parametrize(
    ("lat", "lon"), [(91, 0), (-90.1, 0), (0, 181), (0, 0), (math.nan, 1), (1, math.inf), (121.47, 31.23)]
)
def test_numbers_that_are_no_place_are_refused(lat: float, lon: float) -> None:
    with pytest.raises(BadPosition):
        Position(lat, lon)


def test_the_fence_is_measured_over_the_ellipsoid() -> None:
    # One degree of latitude at 45 N is 111.132 km on WGS-84 and 111.195 km on the sphere.
    a, b = Position(44.5, 7), Position(45.5, 7)

    assert geodesic_metres(a, b) == pytest.approx(111_132, abs=5)
    assert great_circle_km(a, b) == pytest.approx(111.195, abs=0.005)


@given(chinese)
def test_a_position_on_a_chinese_map_comes_back_to_a_decimetre(position: Position) -> None:
    assert geodesic_metres(from_gcj02(to_gcj02(position)), position) < 0.1


@given(chinese)
def test_the_shift_is_larger_than_a_fence_but_smaller_than_a_kilometre(position: Position) -> None:
    assert 40 < geodesic_metres(to_gcj02(position), position) < 1_300


def test_outside_china_nothing_is_shifted() -> None:
    boston = Position(42.36, -71.06)

    assert to_gcj02(boston) == boston == from_gcj02(boston)
