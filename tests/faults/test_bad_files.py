"""Fault 55: files of strangers come in wholly or not at all, every row is counted or told, and memory stays flat."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.commands.imports import import_command
from server.core.bulk import table_of
from server.core.db import Base
from server.core.events import DomainEvent
from server.customers.models import Customer, CustomerPhone, Site
from server.orders.imports import mapping as mappings
from server.orders.imports.load import Import, ImportRefused, Outcome, import_tickets
from server.orders.models import Ticket, TicketReport
from server.organisation.models import Region
from tests import builders as a
from tests.databases import MadeDatabase
from tests.faults import filled
from tests.faults.corpus import CORPUS, LONG, Sample
from tests.faults.houses import command, until

WRITTEN: tuple[type[Base], ...] = (Customer, CustomerPhone, Site, Ticket, TicketReport, DomainEvent)
"""What an import writes."""
COMMAND_SECONDS = 600


def mapping_for(sample: Sample) -> mappings.Mapping:
    """Return the mapping of the corpus, for the encoding and the delimiter that the file is said to have."""
    return mappings.parse(
        {
            "time_zone": "Asia/Shanghai",
            "times": ["%Y-%m-%d %H:%M"],
            "encoding": sample.encoding,
            "delimiter": sample.delimiter,
            "profile": "public_work",
            "columns": {
                "external_id": "id",
                "opened_at": "opened",
                "kind": "kind",
                "customer_name": "customer",
                "address": "address",
                "description": "text",
            },
            "kinds": {"*": {"work_type": "repair", "product_category": "pump"}},
        },
        name="corpus",
    )


@pytest.fixture
def region(session: Session) -> Region:
    return a.a_region(session)


def counts(session: Session) -> dict[str, int]:
    """Return how many rows there are of everything that an import writes."""
    return {table_of(kind).name: session.scalar(select(func.count()).select_from(kind)) or 0 for kind in WRITTEN}


def imported(session: Session, path: Path, sample: Sample, region: Region) -> Outcome:
    """Import a file as the command does: what is refused is rolled back."""
    order = Import(mapping_for(sample), region, "CN", filled.BY, filled.NOW)
    try:
        with session.begin_nested():
            return import_tickets(session, path, order)
    except ImportRefused as refused:
        return refused.outcome


def test_there_are_sixty_files_and_more() -> None:
    assert len({sample.name for sample in CORPUS}) == len(CORPUS) >= 60


@pytest.mark.parametrize(
    "sample",
    [
        *(pytest.param(sample, id=sample.name) for sample in CORPUS),
        *(pytest.param(sample, id=sample.name, marks=pytest.mark.soak) for sample in LONG),
    ],
)
def test_a_file_comes_in_wholly_or_not_at_all_and_every_row_is_counted(
    session: Session, region: Region, tmp_path: Path, sample: Sample
) -> None:
    path = sample.written(tmp_path)
    before = counts(session)

    outcome = imported(session, path, sample, region)

    assert sample.fate.missed_by(outcome) == [], outcome.errors[:3]
    after = counts(session)
    if sample.fate.code is not None:
        assert after == before
        return
    assert outcome.rows == outcome.tickets + outcome.added_facts + outcome.present
    assert after["ticket"] - before["ticket"] == outcome.tickets
    assert after["ticket_report"] - before["ticket_report"] == outcome.tickets + outcome.added_facts
    again = imported(session, path, sample, region)
    assert (again.rows, again.present, again.wrong) == (outcome.rows, outcome.rows, 0)
    assert counts(session) == after


def test_what_a_spreadsheet_would_compute_is_kept_to_the_letter(
    session: Session, region: Region, tmp_path: Path
) -> None:
    (sample,) = (each for each in CORPUS if each.name == "what a spreadsheet would compute")

    imported(session, sample.written(tmp_path), sample, region)

    # A tab in front is white space, which no field keeps at its ends.
    texts = session.scalars(select(TicketReport.text).order_by(TicketReport.id)).all()
    assert texts == ["=1+1", "+1", "-1", "@SUM(A1)", "=1", "'=1"]


# --- the command ------------------------------------------------------------------------------------------------------


def _order(made: MadeDatabase, path: Path) -> tuple[list[str], dict[str, str]]:
    """Return arguments and settings of the import of a file in the Boston layout."""
    settings = {"DATABASE_URL": made.url, "DATABASE_ADMIN_URL": made.owner_url, "TRUCKROLL_COUNTRY": "US"}
    return ["tickets", str(path), "--mapping", "boston311"], settings


def importing(made: MadeDatabase, path: Path) -> "subprocess.Popen[str]":
    """Start an import in a process of its own."""
    arguments, settings = _order(made, path)
    return command("import", *arguments, **settings)


def importing_here(made: MadeDatabase, path: Path) -> Result:
    """Give the same command in this process."""
    arguments, settings = _order(made, path)
    return CliRunner().invoke(import_command, arguments, env=settings)


@pytest.fixture
def connection(committing_database: MadeDatabase) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with filled.connect(committing_database.owner_url) as opened:
        yield opened


def stored(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, int]:
    """Return how many rows there are of everything that an import writes, the region of its places included."""
    names = [table_of(kind).name for kind in (*WRITTEN, Region)]
    return {
        name: int(str(count))
        for name in names
        for (count,) in connection.execute(f"select count(*) from {name}").fetchall()
    }


@pytest.mark.slow
def test_an_import_that_is_killed_leaves_nothing_and_the_same_file_then_comes_in_whole(
    committing_database: MadeDatabase, connection: psycopg.Connection[tuple[object, ...]], tmp_path: Path
) -> None:
    total = 4_000
    path = filled.ticket_file(tmp_path / "tickets.csv.gz", total)
    before = stored(connection)
    running = importing(committing_database, path)

    def is_midway() -> bool:
        assert running.poll() is None, running.communicate()
        # Numbers are handed out at once and for ever, whatever becomes of the rows.
        (handed_out,) = connection.execute("select last_value from ticket_id_seq").fetchone() or (0,)
        return int(str(handed_out)) >= total / 4

    until(is_midway, "the import is midway")
    running.kill()
    running.communicate(timeout=COMMAND_SECONDS)
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    until(lambda: connection.execute(others).fetchone() == (0,), "the database has noticed")

    assert stored(connection) == before

    second = importing_here(committing_database, path)
    assert second.exit_code == 0, second.output
    assert "new tickets" in second.stdout
    after = stored(connection)
    assert (after["ticket"], after["ticket_report"], after["site"]) == (total, total, total)


def test_the_first_twenty_defects_are_told_by_row_with_their_number_and_nothing_comes_in(
    committing_database: MadeDatabase, connection: psycopg.Connection[tuple[object, ...]], tmp_path: Path
) -> None:
    path = filled.ticket_file(tmp_path / "tickets.csv", 50)
    with path.open("a") as out:
        out.writelines(f"{number},never,,,Plumbing\n" for number in range(25))
    before = stored(connection)

    refused = importing_here(committing_database, path)

    lines = refused.stderr.splitlines()
    assert refused.exit_code == 1
    assert [line.split()[:2] for line in lines if line.lstrip().startswith("row ")] == [
        ["row", str(number)] for number in range(51, 71)
    ]
    assert "25 rows are wrong; 5 more are not shown." in lines
    assert stored(connection) == before


@pytest.mark.soak
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
def test_a_hundred_thousand_rows_take_no_more_memory_than_a_thousand(
    committing_database: MadeDatabase, connection: psycopg.Connection[tuple[object, ...]], tmp_path: Path
) -> None:
    def peak_kib(count: int, first: int) -> int:
        running = importing(committing_database, filled.ticket_file(tmp_path / "t.csv.gz", count, first=first))
        # Its few lines fit into the pipes: nobody has to read them while it runs.
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        _, told = running.communicate()
        assert running.returncode == 0, told
        return used.ru_maxrss

    few = peak_kib(1_000, 1)
    many = peak_kib(100_000, 10_001)

    assert stored(connection)["ticket"] == 101_000
    assert many - few < 64 * 1024
