"""Travel times of a plan: asked on streets, kept, estimated where nobody knows (a small local server answers)."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import func, select

from server.core.db import Database
from server.core.places import Position
from server.travel import cache
from server.travel.matrix import TravelMatrix, travel_times
from server.travel.models import TravelPair
from server.travel.osrm import OsrmSource, Patience
from server.travel.sources import NO_WAY, UNKNOWN, CrowSource, FileSource, Source, place_key
from tests.databases import MadeDatabase
from tests.integration.streets import Streets, serving, table

NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
CROW = CrowSource(1.4, 30.0, 150.0)


@pytest.fixture
def streets() -> Iterator[Streets]:
    with serving() as streets:
        yield streets


@pytest.fixture
def database(committing_database: MadeDatabase) -> Iterator[Database]:
    database = Database(committing_database.url)
    yield database
    database.dispose()


def places(count: int, start: int = 0) -> list[Position]:
    return [Position(42 + number / 1000, -71.0) for number in range(start, start + count)]


def ask(database: Database, points: list[Position], source: Source | None, now: datetime = NOW) -> TravelMatrix:
    return travel_times(database, points=points, crow=CROW, source=source, now=now)


def test_without_a_source_the_model_of_the_region_says_it_all(database: Database) -> None:
    found = ask(database, places(3), None)

    assert found.crow == CROW
    assert found.seconds.diagonal().tolist() == [0, 0, 0]
    assert found.seconds[0, 1] == 150 + round(1.4 * 0.11119 / 30 * 3600)


def test_more_places_than_a_server_allows_are_asked_in_parts(database: Database, streets: Streets) -> None:
    found = ask(database, places(120), OsrmSource(streets.url))

    assert found.crow is None
    assert (found.findings, len(streets.asked)) == ((), 9)
    off_diagonal = found.seconds[~np.eye(120, dtype=bool)]
    assert set(off_diagonal.tolist()) == {100}
    assert set(found.seconds.diagonal().tolist()) == {0}


def test_what_was_asked_once_is_not_asked_again(database: Database, streets: Streets) -> None:
    source = OsrmSource(streets.url)
    first = ask(database, places(5), source)
    streets.asked.clear()

    second = ask(database, places(5), source)

    assert np.array_equal(first.seconds, second.seconds)
    assert streets.asked == []


def test_a_new_place_costs_its_own_row_and_column_only(database: Database, streets: Streets) -> None:
    source = OsrmSource(streets.url)
    ask(database, places(8), source)
    streets.asked.clear()

    ask(database, places(9), source)

    assert sorted(streets.asked) == [(1, 9), (8, 1)]


@pytest.mark.parametrize(("age", "asked"), [(cache.KEPT - timedelta(seconds=1), 0), (cache.KEPT, 1)])
def test_what_is_too_old_is_asked_again(database: Database, streets: Streets, age: timedelta, asked: int) -> None:
    source = OsrmSource(streets.url)
    ask(database, places(3), source)
    streets.asked.clear()

    ask(database, places(3), source, now=NOW + age)

    assert len(streets.asked) == asked


def test_where_there_is_no_way_the_matrix_says_so(database: Database, streets: Streets) -> None:
    streets.answer = lambda rows, columns: (
        200,
        json.dumps({"code": "Ok", "durations": [[None] * columns] * rows}).encode(),
    )

    for _ in range(2):
        found = ask(database, places(2), OsrmSource(streets.url))
        assert found.seconds.tolist() == [[0, NO_WAY], [NO_WAY, 0]]


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        (500, b"", "status_500"),
        (302, b"", "status_302"),
        (400, b'{"code": "TooBig"}', "status_400"),
        (200, b"<html>", "not_json"),
        (200, b"[]", "not_a_table"),
        (200, b'{"code": "NoTable"}', "not_a_table"),
        (200, b'{"code": "Ok", "durations": [[0, 1]]}', "not_a_table"),
        (200, b'{"code": "Ok", "durations": [[0], [0]]}', "not_a_table"),
        (200, b'{"code": "Ok", "durations": [[0, "1"], [1, 0]]}', "not_a_number"),
        (200, b'{"code": "Ok", "durations": [[0, -1], [1, 0]]}', "not_a_number"),
        (200, b'{"code": "Ok", "durations": [[0, NaN], [1, 0]]}', "not_a_number"),
        (200, b'{"code": "Ok", "durations": [[0, true], [1, 0]]}', "not_a_number"),
        (200, b" " * 4_000_001, "answer_too_long"),
    ],
)
def test_a_server_that_talks_nonsense_is_replaced_by_the_model_and_told(
    database: Database, streets: Streets, status: int, body: bytes, cause: str
) -> None:
    streets.answer = lambda rows, columns: (status, body)

    found = ask(database, places(2), OsrmSource(streets.url))

    assert found.crow == CROW
    (finding,) = found.findings
    assert (finding.code, finding.cause, finding.legs) == ("travel_source_failed", cause, 2)
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(TravelPair)) == 0


def test_a_server_that_is_away_is_replaced_by_the_model(database: Database, streets: Streets) -> None:
    source = OsrmSource("http://127.0.0.1:1", patience=Patience(connect=1))

    assert ask(database, places(2), source).findings[0].cause == "unreachable"


def test_a_server_that_hangs_is_given_up(database: Database, streets: Streets) -> None:
    released = threading.Event()

    def hang(rows: int, columns: int) -> tuple[int, bytes]:
        released.wait(20)
        return table(rows, columns)

    streets.answer = hang

    found = ask(database, places(2), OsrmSource(streets.url, patience=Patience(read=0.1)))
    released.set()

    assert found.findings[0].cause == "too_slow"


def test_all_requests_together_have_a_limit(database: Database, streets: Streets) -> None:
    ticks = iter([0.0, 1.0, 61.0])
    source = OsrmSource(streets.url, monotonic=lambda: next(ticks))

    assert ask(database, places(120), source).findings[0].cause == "too_slow"
    assert len(streets.asked) == 1


def test_what_a_ready_matrix_does_not_know_is_estimated_and_told(database: Database) -> None:
    known, other = places(2), places(1, start=50)
    matrix = np.array([[0, 77], [88, 0]], dtype=np.int64)
    source = FileSource(matrix, {place_key(place): row for row, place in enumerate(known)})

    found = ask(database, [*known, *other], source)

    assert (found.seconds[0, 1], found.seconds[1, 0]) == (77, 88)
    assert found.seconds[0, 2] == CROW.seconds(known[:1], to=other)[0, 0]
    assert [(f.code, f.legs) for f in found.findings] == [("travel_estimated", 4)]
    assert (found.seconds != UNKNOWN).all()
