"""What benchmarks are made of: reports from a seed, as the desk writes them down, and as rows of a file."""

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from bench.load import Ask
from server.example.reports import CENTRE
from server.rehearsal.material import Material, invent
from server.rehearsal.people.names import body_of

_KINDS = ("Street Light Outages", "General Lighting Request", "Street Light Knock Downs", "Building Inspection Request")
_COLUMNS = (
    "case_enquiry_id",
    "open_dt",
    "closed_dt",
    "target_dt",
    "type",
    "source",
    "department",
    "property_id",
    "location",
    "latitude",
    "longitude",
    "located",
    "closure_reason",
    "ontime",
)


def reports(count: int, *, region_id: int, token: str) -> list[Ask]:
    """Return requests that take in so many reports, each of a new customer about a unit at a new place."""
    made: Material = invent(seed=1, day=date(2026, 3, 10), count=count)
    asks = []
    for number, report in enumerate(made.reports):
        body = body_of(report, material=made, region_id=region_id, city=None)
        # Nobody reports twice here: what is measured is a new file, not an added fact.
        body |= {"external_id": f"bench-{number}", "second_ticket_reason": "Measured"}
        asks.append(Ask("POST", "/api/v1/tickets", _headers(token, f"bench-{number}"), json.dumps(body).encode()))
    return asks


def _headers(token: str, key: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Idempotency-Key": key,
    }


def city_file(path: Path, *, rows: int) -> None:
    """Write a file in the layout of Boston 311 with so many tickets of an invented city, a few hundred of a day."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(_rows(rows))


def _rows(count: int) -> Iterator[tuple[str, ...]]:
    begins = datetime(2025, 1, 1, 6)  # noqa: DTZ001 - a file tells the clock of its place
    for number in range(count):
        opened = begins + timedelta(minutes=3 * number)
        closed = opened + timedelta(days=2) if number % 5 else None
        street = number // 120
        yield (
            str(101_000_000 + number),
            f"{opened:%Y-%m-%d %H:%M:%S}",
            f"{closed:%Y-%m-%d %H:%M:%S}" if closed else "",
            f"{opened + timedelta(days=10):%Y-%m-%d %H:%M:%S}",
            _KINDS[number % len(_KINDS)],
            "Constituent Call",
            "PWDx",
            str(number + 1),
            f"{number % 120 + 1} Street {street + 1}  02118",
            f"{CENTRE.lat + number % 317 / 5000:.5f}",
            f"{CENTRE.lon + number % 211 / 4000:.5f}",
            "True",
            "",
            "ONTIME",
        )
