"""Where travel times come from: the crow model and ready matrices."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from routing import travel as routing_travel
from server.core.places import Position
from server.travel.sources import NO_WAY, UNKNOWN, BadMatrix, CrowSource, from_file

CROW = CrowSource(1.4, 30.0, 150.0)
HERE, THERE, ELSEWHERE = Position(42.36, -71.06), Position(42.37, -71.05), Position(1, 2)


def test_the_crow_model_is_the_optimisers_own_to_the_second() -> None:
    random = Random(3)
    points = [Position(random.uniform(42, 43), random.uniform(-72, -71)) for _ in range(300)]
    model = routing_travel.CrowModel(CROW.detour, CROW.speed_kmh, CROW.leg_seconds)

    ours = CROW.seconds(points, to=points)
    np.fill_diagonal(ours, 0)

    assert np.array_equal(ours, routing_travel.crow([(p.lat, p.lon) for p in points], model=model).matrix)


def test_where_there_is_no_way_both_packages_say_the_same() -> None:
    assert NO_WAY == routing_travel.UNREACHABLE


def test_a_rectangle_is_a_part_of_the_square() -> None:
    places = [HERE, THERE, ELSEWHERE]

    square = CROW.seconds(places, to=places)

    assert np.array_equal(CROW.seconds([HERE], to=[THERE, ELSEWHERE]), square[:1, 1:])


def written(folder: Path, sites: str, matrix: object, name: str = "duration_s") -> tuple[Path, Path]:
    where = folder / "matrix.npz", folder / "sites.csv"
    np.savez(where[0], **{name: np.array(matrix)})
    where[1].write_text(sites, encoding="utf-8")
    return where


def test_a_ready_matrix_knows_its_places_and_no_others(tmp_path: Path) -> None:
    sites = "id,latitude,longitude\n1,42.36,-71.06\n2,42.37,-71.05\n"
    matrix, places = written(tmp_path, sites, [[0.0, 61.4], [-1.0, 0.0]])

    found = from_file(matrix, sites=places).seconds([HERE, THERE, ELSEWHERE], to=[THERE, HERE])

    assert found.tolist() == [[61, 0], [0, NO_WAY], [UNKNOWN, UNKNOWN]]


@pytest.mark.parametrize(
    ("sites", "matrix", "name"),
    [
        ("lat,lon\n1,2\n", [[0, 1], [1, 0]], "duration_s"),
        ("lat,lon\n1,2\n3,4\n", [[0, 1, 2], [1, 0, 2]], "duration_s"),
        ("lat,lon\n1,2\n", [0], "duration_s"),
        ("lat,lon\n1,2\n", [["a"]], "duration_s"),
        ("lat,lon\n1,2\n", [[0]], "distance_m"),
        ("lat,long\n1,2\n", [[0]], "duration_s"),
        ("lat,lon\n91,2\n", [[0]], "duration_s"),
        ("lat,lon\nnan,2\n", [[0]], "duration_s"),
        ("lat,lon\n0,0\n", [[0]], "duration_s"),
        ("lat,lon\n1\n", [[0]], "duration_s"),
        ("lat,lon\n1,2\n", [[1j]], "duration_s"),
    ],
)
def test_a_matrix_that_does_not_fit_its_places_is_refused(
    tmp_path: Path, sites: str, matrix: object, name: str
) -> None:
    files = written(tmp_path, sites, matrix, name)

    with pytest.raises(BadMatrix):
        from_file(files[0], sites=files[1])


def test_a_file_that_is_no_archive_or_holds_objects_is_refused(tmp_path: Path) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text("lat,lon\n1,2\n", encoding="utf-8")
    text, objects = tmp_path / "text.npz", tmp_path / "objects.npz"
    text.write_bytes(b"not a zip")
    np.savez(objects, duration_s=np.array([[None]], dtype=object))

    for path in (text, objects):
        with pytest.raises(BadMatrix):
            from_file(path, sites=sites)
