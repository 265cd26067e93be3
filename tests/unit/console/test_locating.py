"""Coordinates as people paste them: read, or refused with what is wrong with them."""

import pytest
from marshmallow import ValidationError

from server.console.locating import demand_near, read_pair
from server.core.places import Position

MIDDLE = Position(31.2, 121.4)
"""Of a region in Shanghai."""


@pytest.mark.parametrize(
    "text",
    [
        "31.2304, 121.4737",
        "31.2304,121.4737",
        "31.2304 121.4737",
        " (31.2304; 121.4737) ",
        "[31.2304, 121.4737]",
        "31.2304，121.4737",
        "31.2304° 121.4737°",
        "+31.2304, +121.4737",
    ],
)
def test_a_pasted_pair_is_read_with_latitude_first(text: str) -> None:
    assert read_pair(text) == (31.2304, 121.4737)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "coordinates"),
        ("31.2304", "coordinates"),
        ("31.2304, 121.4737, 12", "coordinates"),
        ("31,2304 121,4737", "coordinates"),
        ("1e1, 2", "coordinates"),
        ("nan, 1", "coordinates"),
        ("121.4737, 31.2304", "coordinates_swapped"),
        ("180, -90", "coordinates_swapped"),
        ("181, 31", "coordinates_range"),
        ("90.001, 121", "coordinates_range"),
        ("31, 180.001", "coordinates_range"),
        ("0, 0", "position"),
    ],
)
def test_what_no_position_is_written_like_is_refused(text: str, rule: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read_pair(text)

    assert refused.value.messages == {"position": [rule]}


@pytest.mark.parametrize("text", ["90, 180", "-90, -180", "0, 1"])
def test_the_ends_of_the_earth_are_positions(text: str) -> None:
    assert read_pair(text)


@pytest.mark.parametrize(
    ("position", "far", "rule"),
    [
        (Position(31.3, 121.5), False, None),
        (Position(35.6, 121.4), False, None),
        (Position(35.8, 121.4), False, "coordinates_far"),
        (Position(35.8, 121.4), True, None),
        (Position(40.7, -74.0), False, "coordinates_far"),
    ],
)
def test_a_place_far_from_the_others_must_be_meant(position: Position, far: bool, rule: str | None) -> None:
    assert _refusal(position, MIDDLE, far=far) == rule


def test_numbers_that_are_near_only_when_exchanged_are_swapped_whatever_is_ticked() -> None:
    kashgar = Position(39.5, 76.0)

    assert _refusal(Position(76.0, 39.5), kashgar, far=True) == "coordinates_swapped"


def test_where_nothing_is_located_yet_nothing_is_far() -> None:
    assert _refusal(Position(40.7, -74.0), None, far=False) is None


def _refusal(position: Position, middle: Position | None, *, far: bool) -> str | None:
    try:
        demand_near(position, middle=middle, far=far)
    except ValidationError as refused:
        (rule,) = refused.messages_dict["position"]
        return str(rule)
    return None
