"""Settings: read once, refused in one sentence that names the variable."""

import pytest

from server.config import BadSettings, from_environment

NEEDED = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing", "TRUCKROLL_SESSION_KEY": "a key"}


def test_without_a_word_travel_is_estimated_and_rates_are_those_of_the_manual() -> None:
    settings = from_environment(NEEDED)

    assert (settings.osrm_url, settings.travel_matrix) == ("", "")
    assert (settings.rate_per_caller, settings.rate_per_address) == (600, 60)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:5000", "https://streets.example/osrm", "http://[::1]:5000", "http://streets:5000/"]
)
def test_a_routing_server_is_named_by_its_address(address: str) -> None:
    assert from_environment(NEEDED | {"TRUCKROLL_OSRM_URL": address}).osrm_url == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:5000",
        "streets.example",
        "ftp://streets.example",
        "http://",
        "http://:5000",
        "http://streets.example:0",
        "http://streets.example:99999",
        "http://streets.example:five",
        "http://[::1",
        "http://streets.example/?profile=car",
        "http://streets.example/#car",
    ],
)
def test_what_is_no_address_of_a_server_is_refused_by_the_name_of_the_variable(address: str) -> None:
    with pytest.raises(BadSettings, match="TRUCKROLL_OSRM_URL must be the address of a server"):
        from_environment(NEEDED | {"TRUCKROLL_OSRM_URL": address})


def test_travel_times_have_one_source() -> None:
    both = {"TRUCKROLL_OSRM_URL": "http://127.0.0.1:5000", "TRUCKROLL_TRAVEL_MATRIX": "town.npz"}

    with pytest.raises(BadSettings, match="not both"):
        from_environment(NEEDED | both)
