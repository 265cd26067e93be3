"""Travel times that were asked for before: what an external source said is not asked twice."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core.places import Position
from server.travel.models import TravelPair
from server.travel.sources import UNKNOWN, IntMatrix, place_key

KEPT = timedelta(days=90)
"""Streets change: what is older is asked again."""

_PLACES_A_QUERY = 1_000
_ROWS_A_STATEMENT = 4_000


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of a matrix: every origin row with every destination column."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]


def known(session: Session, *, source: str, points: Sequence[Position], now: datetime) -> IntMatrix:
    """Return the kept seconds between all pairs of places, `UNKNOWN` where none are kept or they are too old."""
    matrix = np.full((len(points), len(points)), UNKNOWN, dtype=np.int64)
    at: dict[tuple[float, float], list[int]] = defaultdict(list)
    for i, point in enumerate(points):
        at[place_key(point)].append(i)
    places = list(at)
    for start in range(0, len(places), _PLACES_A_QUERY):
        for a_lat, a_lon, b_lat, b_lon, seconds in session.execute(
            select(
                TravelPair.from_lat, TravelPair.from_lon, TravelPair.to_lat, TravelPair.to_lon, TravelPair.seconds
            ).where(
                TravelPair.source == source,
                TravelPair.measured_at > now - KEPT,
                tuple_(TravelPair.from_lat, TravelPair.from_lon).in_(places[start : start + _PLACES_A_QUERY]),
            )
        ):
            for i in at[a_lat, a_lon]:
                for k in at.get((b_lat, b_lon), ()):
                    matrix[i, k] = seconds
    np.fill_diagonal(matrix, 0)
    return matrix


def missing(matrix: IntMatrix) -> Iterator[Block]:
    """Yield rectangles that together cover every unknown pair: origins that lack the same destinations go together."""
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, row in enumerate(matrix):
        columns = tuple(int(k) for k in np.flatnonzero(row == UNKNOWN))
        if 2 * len(columns) >= len(row):
            # A new place. Its way to itself is known; asked for all the same, or all their rows would differ.
            columns = tuple(sorted({*columns, i}))
        if columns:
            alike[columns].append(i)
    for columns, rows in alike.items():
        yield Block(tuple(rows), columns)


def keep(
    session: Session, *, source: str, points: Sequence[Position], block: Block, seconds: IntMatrix, now: datetime
) -> None:
    """Keep what a source said about a block; what was kept before is replaced."""
    keys = [place_key(p) for p in points]
    rows: dict[tuple[float, ...], dict[str, object]] = {}
    for i, row in enumerate(block.rows):
        for k, column in enumerate(block.columns):
            if row == column or seconds[i, k] == UNKNOWN:
                continue
            pair = (*keys[row], *keys[column])
            names = ("from_lat", "from_lon", "to_lat", "to_lon")
            rows[pair] = {
                "source": source,
                **dict(zip(names, pair, strict=True)),
                "seconds": int(seconds[i, k]),
                "measured_at": now,
            }
    values = [
        rows[pair] for pair in sorted(rows)
    ]  # in one order everywhere: two that keep the same wait, never deadlock
    for start in range(0, len(values), _ROWS_A_STATEMENT):
        statement = insert(TravelPair).values(values[start : start + _ROWS_A_STATEMENT])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["source", "from_lat", "from_lon", "to_lat", "to_lon"],
                set_={"seconds": statement.excluded.seconds, "measured_at": statement.excluded.measured_at},
            )
        )
