"""Which travel times an installation has, and what is said when it cannot have them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from server.commands.worker import worker_command
from server.config import BadSettings
from server.core.places import Position
from server.travel.choice import source_of
from server.travel.osrm import OsrmSource
from tests.builders.settings import NOWHERE, settings_for

HERE, THERE = Position(42.36, -71.06), Position(42.37, -71.05)


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    """A matrix of two places with the list of them beside it."""
    np.savez(tmp_path / "town.npz", duration_s=np.array([[0, 61], [75, 0]]))
    (tmp_path / "town_sites.csv").write_text("lat,lon\n42.36,-71.06\n42.37,-71.05\n", encoding="utf-8")
    return tmp_path / "town.npz"


def test_without_a_setting_the_regions_model_is_all_there_is() -> None:
    assert source_of(settings_for()) is None


def test_a_routing_server_is_not_asked_before_it_is_needed() -> None:
    source = source_of(replace(settings_for(), osrm_url="http://127.0.0.1:9"))

    assert source == OsrmSource("http://127.0.0.1:9")


def test_a_matrix_is_read_with_the_list_of_sites_beside_it(matrix: Path) -> None:
    source = source_of(replace(settings_for(), travel_matrix=str(matrix)))

    assert source is not None
    assert source.seconds([HERE, THERE], to=[HERE, THERE]).tolist() == [[0, 61], [75, 0]]


def test_a_matrix_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"TRUCKROLL_TRAVEL_MATRIX cannot be used: .*town\.npz cannot be read"):
        source_of(replace(settings_for(), travel_matrix=str(tmp_path / "town.npz")))


def test_a_list_of_sites_that_is_not_there_is_named(matrix: Path) -> None:
    (matrix.parent / "town_sites.csv").unlink()

    with pytest.raises(BadSettings, match=r"town_sites\.csv cannot be read \(No such file"):
        source_of(replace(settings_for(), travel_matrix=str(matrix)))


@pytest.mark.parametrize(
    ("sites", "told"),
    [
        (b"lat,lon\n42.36,-71.06\n", "the matrix is 2 x 2, the list has 1 sites"),
        (b"lat,lon\n42.36,-71.06\nnorth,-71.05\n", "line 3 of the list of sites has no usable position"),
        (b"lat,lon\n\xff,1\n", "is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_matrix_is_told(matrix: Path, sites: bytes, told: str) -> None:
    (matrix.parent / "town_sites.csv").write_bytes(sites)

    with pytest.raises(BadSettings, match=told):
        source_of(replace(settings_for(), travel_matrix=str(matrix)))


def test_a_worker_does_not_start_without_the_matrix_it_was_told_of(tmp_path: Path) -> None:
    told = {
        "DATABASE_URL": NOWHERE,
        "TRUCKROLL_SESSION_KEY": "a key",
        "TRUCKROLL_TRAVEL_MATRIX": str(tmp_path / "town.npz"),
    }

    answer = CliRunner(env=told).invoke(worker_command)

    assert answer.exit_code == 1
    assert "TRUCKROLL_TRAVEL_MATRIX cannot be used" in answer.output
