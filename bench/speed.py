"""The measurements: each returns what was found beside what was wanted."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from bench import material
from bench.load import Load, as_fast_as_possible, at_rate
from bench.office import Office, office

_INTAKE_PER_SECOND = 150
_INTAKE_SECONDS = 20
_WARM_UP = 300
_TICKETS = 100_000
_PAGES = 600


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    :param met: whether what was found is what was wanted.
    """

    what: str
    wanted: str
    found: str
    met: bool


def intake() -> Iterator[Figure]:
    """Take in reports over HTTP at a steady rate, then as fast as it goes."""
    steady, fast = _INTAKE_PER_SECOND * _INTAKE_SECONDS, 2_000
    with office() as place:
        asks = material.reports(_WARM_UP + steady + fast, region_id=place.region_id, token=place.token("dispatcher"))
        as_fast_as_possible(place.installation.address, asks[:_WARM_UP])
        load = at_rate(place.installation.address, asks[_WARM_UP : _WARM_UP + steady], per_second=_INTAKE_PER_SECOND)
        yield Figure(
            f"ticket intake over HTTP, 2 web processes, steady {_INTAKE_PER_SECOND}/s",
            "p95 < 60 ms",
            _times(load),
            not load.failed and load.at(95) < 60,
        )
        load = as_fast_as_possible(place.installation.address, asks[_WARM_UP + steady :])
        yield Figure(
            "ticket intake over HTTP, 8 connections, as fast as it goes",
            f">= {_INTAKE_PER_SECOND}/s",
            f"{load.rate:.0f}/s; {_times(load)}",
            not load.failed and load.rate >= _INTAKE_PER_SECOND,
        )


def imports_and_lists() -> Iterator[Figure]:
    """Import 100,000 tickets from a file, then walk through their list page by page."""
    with office() as place:
        yield _import(place)
        token = place.token("dispatcher")
        for name, path in (("newest first", "?limit=50"), ("one status", "?limit=50&status=ready&sort=opened_at")):
            load = _walk(place.installation.address, path, token)
            yield Figure(
                f"list of {_TICKETS:,} tickets, {name}, {len(load.seconds)} pages by keyset",
                "p95 < 80 ms",
                _times(load),
                not load.failed and load.at(95) < 80,
            )


def _import(place: Office) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "city.csv"
        material.city_file(file, rows=_TICKETS)
        seconds = _run_import(place, file)
    rate = _TICKETS / seconds
    return Figure(
        f"import of {_TICKETS:,} rows, start of the program included",
        ">= 2,000 rows/s",
        f"{rate:,.0f} rows/s",
        rate >= 2_000,
    )


def _run_import(place: Office, file: Path) -> float:
    began = time.monotonic()
    told = ["import", "tickets", str(file), "--mapping", "boston311", "--region", "Riverside 滨江"]
    subprocess.run(
        [sys.executable, "-m", "server", *told],
        env=os.environ | place.installation.environment() | {"DATABASE_ADMIN_URL": place.owner_url},
        check=True,
        capture_output=True,
    )
    return time.monotonic() - began


def _walk(address: str, path: str, token: str) -> Load:
    """Follow the pages of a list, one after another."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    took: list[float] = []
    failed, after = 0, ""
    with requests.Session() as http:
        for _ in range(_PAGES):
            began = time.monotonic()
            answer = http.get(f"{address}/api/v1/tickets{path}{after}", headers=headers, timeout=30)
            took.append(time.monotonic() - began)
            failed += not answer.ok
            following = answer.json()["next"]
            if following is None:
                break
            after = f"&after={following}"
    return Load(len(took) / sum(took), tuple(sorted(took)), failed)


def rehearsals(shared: Path) -> Iterator[Figure]:
    """Play a day of 174 reports, and the real one where the file of real tickets is there."""
    file = shared / "data" / "tickets" / "boston_repair_2015.csv.gz"
    if file.is_file():
        yield _rehearse("2015-01-13 of the file of real tickets", "--tickets", str(file), "--date", "2015-01-13")
    else:
        yield Figure("rehearsal of 2015-01-13", "< 180 s", "not measured: the file of real tickets is not there", False)


def _rehearse(name: str, *told: str) -> Figure:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-m", "server", "rehearse", *told, "--report", str(report)],
            check=False,
            capture_output=True,
        )
        seconds = time.monotonic() - began
        found = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    reported = found.get("tickets", {}).get("reported", 0)
    verdict = "balances" if ended.returncode == 0 else f"ends with {ended.returncode}"
    return Figure(
        f"rehearsal: {name}, {reported} reports",
        "< 180 s, balances",
        f"{seconds:.0f} s, {verdict}",
        ended.returncode == 0 and seconds < 180,
    )


def _times(load: Load) -> str:
    failures = f", {load.failed} failed" if load.failed else ""
    return f"p50 {load.at(50):.0f} ms, p95 {load.at(95):.0f} ms, p99 {load.at(99):.0f} ms{failures}"
