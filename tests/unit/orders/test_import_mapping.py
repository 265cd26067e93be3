"""Mappings: what a file must have, what it may lack, and what is said about a mapping that cannot be used."""

from typing import Any

import pytest

from server.core.places import Position, geodesic_metres, to_gcj02
from server.orders.imports import mapping as mappings
from server.orders.imports.fields import TicketFields, read_fields
from server.orders.imports.mapping import BadMapping, Mapping
from server.orders.imports.reader import Row


def parsed(**changes: Any) -> Mapping:
    """Return a small mapping; changes replace parts of its document."""
    document: dict[str, Any] = {
        "time_zone": "UTC",
        "times": ["%Y-%m-%d"],
        "columns": {
            "external_id": "No.",
            "opened_at": "Day",
            "address": "Where",
            "lat": "Lat",
            "lon": "Lon",
            "located": "Sure",
        },
        "constants": {"customer_name": "The city"},
        "kinds": {"*": {"work_type": "repair", "product_category": "lamp"}},
    }
    return mappings.parse(document | changes, name="small")


def read(mapping: Mapping, **values: str) -> TicketFields:
    row = {"No.": "1", "Day": "2026-03-10", "Where": "1 Pier", "Lat": "42.36", "Lon": "-71.06", **values}
    fields = read_fields(Row(1, row), mapping, country="US")
    assert isinstance(fields, TicketFields)
    return fields


@pytest.mark.parametrize("name", mappings.shipped())
def test_every_mapping_that_is_shipped_can_be_used(name: str) -> None:
    assert mappings.load(name).name == name


def test_a_column_must_be_there_unless_the_mapping_calls_its_field_optional() -> None:
    layout = parsed(optional=["located", "lat", "lon"]).layout

    assert layout.columns == {"No.", "Day", "Where"}
    assert layout.optional == {"Lat", "Lon", "Sure"}


def test_a_column_that_feeds_two_fields_must_be_there_if_one_of_them_needs_it() -> None:
    columns = {"external_id": "No.", "opened_at": "Day", "description": "Text", "kind": "Text"}

    assert parsed(columns=columns, optional=["description"]).layout.columns == {"No.", "Day", "Text"}


def test_a_position_is_trusted_where_the_file_has_no_column_that_says_otherwise() -> None:
    mapping = parsed(optional=["located"])

    trusted = [read(mapping).place, read(mapping, Sure="True").place, read(mapping, Sure="").place]

    assert [place is not None and place.trusted for place in trusted] == [True, True, False]


def test_a_field_without_its_optional_column_has_the_mappings_constant_or_nothing() -> None:
    columns = {"external_id": "No.", "opened_at": "Day", "contact_name": "Who", "description": "Text"}
    mapping = parsed(
        columns=columns,
        optional=["contact_name", "description"],
        constants={"customer_name": "The city", "contact_name": "Desk"},
    )

    assert (read(mapping).contact_name, read(mapping).description) == ("Desk", "")
    assert read(mapping, Who="Ann", Text="Dark").contact_name == "Ann"


@pytest.mark.parametrize(
    ("optional", "told"),
    [
        (["external_id"], "optional: external_id"),
        (["opened_at", "lat"], "optional: opened_at"),
        (["channel"], "optional: channel"),
        (["Lat"], "optional: Lat"),
        ("lat", "a list of fields"),
        ([1], "a list of fields"),
    ],
)
def test_a_field_that_no_file_may_lack_or_that_has_no_column_is_not_optional(optional: object, told: str) -> None:
    with pytest.raises(BadMapping, match=told):
        parsed(optional=optional)


def test_coordinates_of_a_chinese_map_are_kept_as_wgs_84() -> None:
    shown = to_gcj02(Position(31.2304, 121.4737))
    row = {"Lat": str(shown.lat), "Lon": str(shown.lon)}

    shifted, plain = read(parsed(datum="gcj02"), **row).place, read(parsed(), **row).place

    assert shifted is not None
    assert shifted.position is not None
    assert geodesic_metres(shifted.position, Position(31.2304, 121.4737)) < 0.2
    assert plain is not None
    assert plain.position == shown


def test_a_datum_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BadMapping, match="bd09"):
        parsed(datum="bd09")
