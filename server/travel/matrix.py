"""Travel times between all pairs of places of a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from server.core.db import Database
from server.core.places import Position
from server.travel import cache
from server.travel.sources import UNKNOWN, CrowSource, IntMatrix, Source, SourceFailed

_FAILED, _ESTIMATED = "travel_source_failed", "travel_estimated"

TRAVEL_FINDINGS = frozenset({_FAILED, _ESTIMATED})
"""Every code of a finding about travel times."""


@dataclass(frozen=True, slots=True)
class TravelFinding:
    """Something about the travel times that people should know: a code, the source, how many legs it concerns."""

    code: str
    source: str
    legs: int
    cause: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TravelMatrix:
    """Whole seconds from each place (row) to each place (column), `sources.NO_WAY` where there is none.

    ``crow`` is set when every number comes from that model: then the model says it all.
    """

    seconds: IntMatrix
    crow: CrowSource | None
    findings: tuple[TravelFinding, ...] = ()


def travel_times(
    database: Database, *, points: Sequence[Position], crow: CrowSource, source: Source | None, now: datetime
) -> TravelMatrix:
    """Return the travel times between places, from a source where one is given, else by the region's model.

    No transaction is open while the source is asked. What it cannot say is estimated by the model, and told
    as a finding: `travel_source_failed` (every leg is estimated), `travel_estimated` (some are).
    """
    estimate = crow.seconds(points, to=points)
    np.fill_diagonal(estimate, 0)
    if source is None or len(points) < 2:
        return TravelMatrix(_frozen(estimate), crow)
    try:
        matrix = _asked(database, points=points, source=source, now=now)
    except SourceFailed as failed:
        finding = TravelFinding(_FAILED, source.name, _legs(len(points)), failed.code)
        return TravelMatrix(_frozen(estimate), crow, (finding,))
    np.fill_diagonal(matrix, 0)
    unknown = int((matrix == UNKNOWN).sum())
    findings = (TravelFinding(_ESTIMATED, source.name, unknown),) if unknown else ()
    return TravelMatrix(_frozen(np.where(matrix == UNKNOWN, estimate, matrix)), None, findings)


def _asked(database: Database, *, points: Sequence[Position], source: Source, now: datetime) -> IntMatrix:
    """Return what the cache or the source knows; what the source says is kept.

    :raises SourceFailed: if the source fails.
    """
    if not source.keeps:
        return source.seconds(points, to=points)
    with database.transaction() as session:
        matrix = cache.known(session, source=source.name, points=points, now=now)
    for block in list(cache.missing(matrix)):
        found = source.seconds([points[i] for i in block.rows], to=[points[k] for k in block.columns])
        matrix[np.ix_(block.rows, block.columns)] = found
        with database.transaction() as session:
            cache.keep(session, source=source.name, points=points, block=block, seconds=found, now=now)
    return matrix


def _legs(places: int) -> int:
    return places * (places - 1)


def _frozen(matrix: IntMatrix) -> IntMatrix:
    matrix.flags.writeable = False
    return matrix
