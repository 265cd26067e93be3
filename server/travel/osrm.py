"""Travel times on streets, asked of an OSRM server over HTTP (its table service)."""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import requests

from server.core.places import Position
from server.travel.sources import NO_WAY, IntMatrix, SourceFailed

_HALF = 50
"""Origins and destinations of one request: together 100 coordinates, what a server allows unless told otherwise."""
_LONGEST_ANSWER = 4_000_000
"""Bytes: 50 x 50 numbers need a hundredth of it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a routing server may take, in seconds of real time.

    :param connect: for the connection of one request.
    :param read: between two bytes of one answer.
    :param altogether: for all requests of one question.
    """

    connect: float = 3.0
    read: float = 10.0
    altogether: float = 60.0


@dataclass(frozen=True, slots=True)
class OsrmSource:
    """A server that speaks OSRM's protocol.

    :param url: its address without a path, such as ``http://127.0.0.1:5000``.
    """

    url: str
    profile: str = "driving"
    patience: Patience = Patience()
    monotonic: Callable[[], float] = time.monotonic
    keeps: bool = True

    @property
    def name(self) -> str:
        """Return the name its answers are kept under."""
        return f"osrm/{self.profile}"

    def seconds(self, origins: Sequence[Position], *, to: Sequence[Position]) -> IntMatrix:
        """Ask for every leg, at most 100 coordinates a request.

        :raises SourceFailed: if any request fails, or all together take too long: half a matrix helps nobody.
        """
        matrix = np.full((len(origins), len(to)), NO_WAY, dtype=np.int64)
        deadline = self.monotonic() + self.patience.altogether
        with requests.Session() as http:
            http.trust_env = False
            for row in range(0, len(origins), _HALF):
                for column in range(0, len(to), _HALF):
                    if self.monotonic() > deadline:
                        raise SourceFailed("too_slow")
                    block = self._ask(http, origins[row : row + _HALF], to[column : column + _HALF])
                    matrix[row : row + _HALF, column : column + _HALF] = block
        return matrix

    def _ask(self, http: requests.Session, origins: Sequence[Position], to: Sequence[Position]) -> IntMatrix:
        places = ";".join(f"{p.lon:.6f},{p.lat:.6f}" for p in (*origins, *to))
        question = {
            "sources": ";".join(str(i) for i in range(len(origins))),
            "destinations": ";".join(str(len(origins) + i) for i in range(len(to))),
            "annotations": "duration",
        }
        try:
            with http.get(
                f"{self.url.rstrip('/')}/table/v1/{self.profile}/{places}",
                params=question,
                timeout=(self.patience.connect, self.patience.read),
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = answer.raw.read(_LONGEST_ANSWER + 1, decode_content=True)
                answer_status = answer.status_code
        except requests.Timeout as slow:
            raise SourceFailed("too_slow") from slow
        except (requests.RequestException, OSError) as broken:
            raise SourceFailed("unreachable") from broken
        if answer_status != requests.codes.ok:
            raise SourceFailed(f"status_{answer_status}")
        return _table(body, rows=len(origins), columns=len(to))


def _table(body: bytes, *, rows: int, columns: int) -> IntMatrix:
    """Return the numbers of an answer; null means that there is no way.

    :raises SourceFailed: if it is not what was asked for.
    """
    if len(body) > _LONGEST_ANSWER:
        raise SourceFailed("answer_too_long")
    try:
        value = json.loads(body)
    except ValueError as wrong:
        raise SourceFailed("not_json") from wrong
    table = value.get("durations") if isinstance(value, dict) and value.get("code") == "Ok" else None
    if not isinstance(table, list) or len(table) != rows:
        raise SourceFailed("not_a_table")
    matrix = np.full((rows, columns), NO_WAY, dtype=np.int64)
    for i, row in enumerate(table):
        if not isinstance(row, list) or len(row) != columns:
            raise SourceFailed("not_a_table")
        for k, number in enumerate(row):
            if number is not None:
                matrix[i, k] = _seconds(number)
    return matrix


def _seconds(number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise SourceFailed("not_a_number")
    if not math.isfinite(number) or number < 0 or number >= NO_WAY:
        raise SourceFailed("not_a_number")
    return round(number)
