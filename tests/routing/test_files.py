"""Files come back as they were written, and whatever is not of the format is refused with its place."""

import copy
import gzip
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from routing.files import read_plan, read_problem, write_plan, write_problem
from routing.json_values import FormatError
from routing.plan import Plan, Reason, Unassigned
from routing.problem import Location, Problem, Shift, Skill, Technician, TimeWindow, Visit
from routing.travel import CrowModel, crow, from_matrix
from routing.weights import Weights
from tests.routing.builders import HOUR, a_plan, a_problem, a_route, a_shift, a_stop, a_visit, lunch, pause
from tests.routing.test_random_problems import a_random_problem


def full() -> Problem:
    """Return a problem that uses every field."""
    shift = Shift(8 * HOUR, 17 * HOUR, (lunch(),), 5, 1, 0)
    ann = Technician("ann", 0, 1, (Skill("gas", 2), Skill("ac", 1, 20 * HOUR)), (shift, a_shift(30 * HOUR, 40 * HOUR)))
    visit = a_visit(
        skills={"gas": 1},
        windows=[(1, 2), (4, 9)],
        only=("ann",),
        excluded=("bob",),
        preferred=("ann", "cid"),
        release=3,
        due=0,
        late_cost_per_hour=7,
        pinned_technician="ann",
        pinned_start=0,
    )
    places = (Location("home", 31.2, 121.4), Location("客户"))
    origin = datetime(2026, 11, 21, tzinfo=timezone(timedelta(hours=8))).astimezone(UTC)
    travel = from_matrix([[0, None], [600, 0]])
    return Problem("full", places, (ann,), (visit,), travel, 48 * HOUR, origin, Weights(2, 3, 4))


@pytest.mark.parametrize("name", ["p.json", "p.json.gz"])
def test_every_field_of_a_problem_comes_back(name: str, tmp_path: Path) -> None:
    write_problem(full(), path=tmp_path / name)

    assert read_problem(tmp_path / name) == full()


@pytest.mark.parametrize("seed", range(30))
def test_a_random_problem_comes_back(seed: int, tmp_path: Path) -> None:
    problem = a_random_problem(seed, visits=6)

    write_problem(problem, path=tmp_path / "p.json")

    back = read_problem(tmp_path / "p.json")
    assert [v.id for v in back.visits] == [v.id for v in problem.visits]
    assert back == problem


def test_a_travel_model_comes_back_as_a_model(tmp_path: Path) -> None:
    places = (Location("a", 31.0, 121.0), Location("b", 31.1, 121.2))
    travel = crow([(31.0, 121.0), (31.1, 121.2)], model=CrowModel(1.3, 24.0, 90.0))
    problem = Problem("crow", places, (), (Visit("v", 0, 1, (TimeWindow(0, 9),), 5),), travel, 10)

    write_problem(problem, path=tmp_path / "p.json")

    written = json.loads((tmp_path / "p.json").read_text())
    assert written["format"] == "truckroll.problem/1"
    assert written["durations"] == {"model": "crow", "detour": 1.3, "speed_kmh": 24.0, "fixed_s": 90.0}
    assert read_problem(tmp_path / "p.json") == problem


def test_a_plan_comes_back(tmp_path: Path) -> None:
    left_out = Unassigned("v2", Reason.CAPACITY, (("shifts", 3), ("change", "displace")))
    plan = Plan("test", (a_route(a_stop(), breaks=(pause(12 * HOUR),)),), (left_out,), 17)

    write_plan(plan, path=tmp_path / "plan.json.gz")

    assert read_plan(tmp_path / "plan.json.gz") == plan
    assert gzip.decompress((tmp_path / "plan.json.gz").read_bytes()).startswith(b"{")


PLAIN: dict[str, Any] = {
    "format": "truckroll.problem/1",
    "name": "plain",
    "seen": "ignored at the top",
    "locations": [{"id": "a", "lat": 1.0, "lon": 2}],
    "durations": [[0]],
    "technicians": [
        {"id": "t", "start": 0, "end": 0, "skills": {"gas": 1}, "shifts": [{"start": 0, "end": 9, "breaks": []}]}
    ],
    "visits": [{"id": "v", "location": 0, "duration": 1, "windows": [[0, 5]], "skills": {}, "drop_cost": 7}],
}


def changed(path: str, value: object) -> dict[str, Any]:
    """Return the plain problem with one value replaced or added."""
    document = copy.deepcopy(PLAIN)
    *way, last = [int(k) if k.isdigit() else k for k in path.split(".")]
    inner: Any = document
    for key in way:
        inner = inner[key]
    inner[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "code", "place"),
    [
        ("format", "truckroll.problem/9", "other_format", "format"),
        ("name", 5, "not_text", "name"),
        ("name", "\ud800", "not_text", "name"),
        ("visits", {}, "not_a_list", "visits"),
        ("visits.0", [], "not_an_object", "visits[0]"),
        ("visits.0.colour", "red", "unknown_key", "visits[0].colour"),
        ("visits.0.due", 5, "unknown_key", "visits[0].due"),
        ("visits.0.duration", 1.0, "not_an_integer", "visits[0].duration"),
        ("visits.0.duration", True, "not_an_integer", "visits[0].duration"),
        ("visits.0.duration", None, "not_an_integer", "visits[0].duration"),
        ("visits.0.duration", "1", "not_an_integer", "visits[0].duration"),
        ("visits.0.drop_cost", 1 << 60, "too_large", "visits[0].drop_cost"),
        ("visits.0.windows.0", [1], "not_a_pair", "visits[0].windows[0]"),
        ("visits.0.windows.0.1", 2.5, "not_an_integer", "visits[0].windows[0][1]"),
        ("visits.0.skills", [], "not_an_object", "visits[0].skills"),
        ("visits.0.skills", {"gas": 1.5}, "not_an_integer", "visits[0].skills.gas"),
        ("technicians.0.skills", {"gas": {"level": 1}}, "not_an_integer", "technicians[0].skills.gas"),
        ("technicians.0.shifts.0.start_location", 0, "unknown_key", "technicians[0].shifts[0].start_location"),
        ("technicians.0.shifts.0.breaks", [{"earliest": 1}], "missing", "technicians[0].shifts[0].breaks[0].latest"),
        ("locations.0.lat", "1", "not_a_number", "locations[0].lat"),
        ("durations.0.0", None, "not_an_integer", "durations[0][0]"),
        ("durations", {"model": "road"}, "unknown_model", "durations.model"),
        ("durations", {"model": "crow", "detour": 1, "speed_kmh": 0, "fixed_s": 0}, "bad_model", "durations"),
        ("durations", 5, "not_an_object", "durations"),
    ],
)
def test_what_is_not_of_the_format_is_refused_with_its_place(
    path: str, value: object, code: str, place: str, tmp_path: Path
) -> None:
    (tmp_path / "p.json").write_text(json.dumps(changed(path, value)))

    with pytest.raises(FormatError) as refused:
        read_problem(tmp_path / "p.json")

    assert (refused.value.code, refused.value.place) == (code, place)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_json"),
        (b"[", "not_json"),
        (b"[]", "not_an_object"),
        (b"\xff\xfe", "not_json"),
        (b"\x1f\x8bnot really", "not_gzip"),
        (gzip.compress(b"{}", mtime=0)[:-9], "not_gzip"),
        (b'{"format": NaN}', "not_finite"),
        (b'{"format": ' + b"9" * 5000 + b"}", "not_json"),
        (b"[" * 200_000, "too_deep"),
    ],
)
def test_a_broken_file_is_refused(raw: bytes, code: str, tmp_path: Path) -> None:
    (tmp_path / "p.json").write_bytes(raw)

    with pytest.raises(FormatError) as refused:
        read_problem(tmp_path / "p.json")

    assert refused.value.code == code


def test_a_number_too_large_for_a_float_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps(PLAIN).replace('"lon": 2', '"lon": 1e999'))

    with pytest.raises(FormatError, match="not_a_number"):
        read_problem(tmp_path / "p.json")


def test_the_plain_problem_is_read(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps(PLAIN))

    assert read_problem(tmp_path / "p.json").visits == (Visit("v", 0, 1, (TimeWindow(0, 5),), 7),)


def test_a_plan_with_an_unknown_key_in_a_stop_is_refused(tmp_path: Path) -> None:
    write_plan(a_plan(a_route(a_stop())), path=tmp_path / "plan.json")
    (tmp_path / "plan.json").write_text((tmp_path / "plan.json").read_text().replace('"arrive"', '"came"'))

    with pytest.raises(FormatError, match="unknown_key"):
        read_plan(tmp_path / "plan.json")


def test_a_simple_problem_is_written_in_the_first_format(tmp_path: Path) -> None:
    problem = a_problem(a_visit())

    write_problem(
        Problem(**{f: getattr(problem, f) for f in problem.__slots__} | {"horizon": 18 * HOUR}), path=tmp_path / "p"
    )

    assert json.loads((tmp_path / "p").read_text())["format"] == "truckroll.problem/1"
