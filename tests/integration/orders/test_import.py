"""Importing tickets: by the rules of the desk, once, wholly or not at all."""

import csv
import io
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.commands.imports import tickets
from server.core.events import Actor, ActorKind, DomainEvent, Via
from server.customers.models import Customer, Site
from server.orders.imports import mapping as mappings
from server.orders.imports.load import Import, ImportRefused, Outcome, import_tickets
from server.orders.models import Ticket, TicketReport
from server.orders.status import TicketStatus
from server.organisation.models import Region
from tests.builders.city_file import COLUMNS
from tests.databases import MadeDatabase
from tests.needs import shared_folder

_NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
_BY = Actor(ActorKind.SYSTEM, None, Via.IMPORT)
_FATES = ("new tickets", "facts added to open tickets", "imported before")


def _row(number: int, **changes: str) -> dict[str, str]:
    row = {
        "case_enquiry_id": str(number),
        "open_dt": f"2015-01-13 08:{number % 60:02d}:00",
        "target_dt": "2015-01-28 08:30:00",
        "closed_dt": "",
        "type": "Street Light Outages",
        "department": "PWDx",
        "location": f"{number} Example St",
        "property_id": str(1_000 + number),
        "latitude": "42.3601",
        "longitude": "-71.0589",
        "located": "True",
        "source": "Twitter",
    }
    return row | changes


def _file(folder: Path, *rows: dict[str, str], without: str = "") -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, [name for name in COLUMNS if name != without], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "tickets.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


@pytest.fixture
def region(session: Session) -> Region:
    row = Region(name="Boston", time_zone="America/New_York")
    session.add(row)
    session.flush()
    return row


def _run(session: Session, path: Path, region: Region) -> Outcome:
    return import_tickets(session, path, Import(mappings.load("boston311"), region, "US", _BY, _NOW))


def _statuses(session: Session) -> Counter[TicketStatus]:
    return Counter(session.scalars(select(Ticket.status)))


def test_the_city_is_the_customer_and_its_property_ids_are_the_sites(
    session: Session, region: Region, tmp_path: Path
) -> None:
    outcome = _run(session, _file(tmp_path, _row(1), _row(2), _row(3, property_id="1001", type="Sign Repair")), region)

    assert (outcome.rows, outcome.tickets, outcome.wrong) == (3, 3, 0)
    assert session.scalars(select(Customer.name)).all() == ["City of Boston"]
    assert session.scalar(select(func.count()).select_from(Site)) == 2


def test_public_work_with_place_contact_and_task_is_ready_and_its_clock_runs(
    session: Session, region: Region, tmp_path: Path
) -> None:
    _run(session, _file(tmp_path, _row(1)), region)

    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.status, ticket.missing) == (TicketStatus.READY, [])
    assert ticket.opened_at == datetime(2015, 1, 13, 13, 1, tzinfo=UTC)
    assert ticket.due_at == datetime(2015, 1, 16, 13, 1, tzinfo=UTC)


def test_a_row_without_a_place_becomes_an_incomplete_ticket(session: Session, region: Region, tmp_path: Path) -> None:
    _run(session, _file(tmp_path, _row(1, location="", property_id="")), region)

    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.status, ticket.missing, ticket.site_id) == (TicketStatus.INCOMPLETE, ["address"], None)


def test_a_second_report_about_the_same_place_and_type_is_an_added_fact(
    session: Session, region: Region, tmp_path: Path
) -> None:
    outcome = _run(session, _file(tmp_path, _row(1), _row(2, property_id="1001")), region)

    assert (outcome.tickets, outcome.added_facts) == (1, 1)
    assert session.scalar(select(func.count()).select_from(TicketReport)) == 2


def test_a_report_after_the_first_was_closed_is_a_ticket_of_its_own(
    session: Session, region: Region, tmp_path: Path
) -> None:
    first = _row(1, closed_dt="2015-01-14 10:00:00")
    before = _row(2, property_id="1001", open_dt="2015-01-14 09:59:59")
    after = _row(3, property_id="1001", open_dt="2015-01-14 10:00:00")

    outcome = _run(session, _file(tmp_path, first, before, after), region)

    assert (outcome.tickets, outcome.closed, outcome.added_facts) == (2, 1, 1)
    assert _statuses(session) == {TicketStatus.CLOSED: 1, TicketStatus.READY: 1}


def test_an_added_fact_is_found_across_files_too(session: Session, region: Region, tmp_path: Path) -> None:
    _run(session, _file(tmp_path, _row(1)), region)

    outcome = _run(session, _file(tmp_path, _row(2, property_id="1001")), region)

    assert (outcome.tickets, outcome.added_facts) == (0, 1)


def test_the_same_file_again_changes_nothing(session: Session, region: Region, tmp_path: Path) -> None:
    path = _file(tmp_path, *(_row(number) for number in range(50)), _row(7))
    first = _run(session, path, region)

    second = _run(session, path, region)

    assert (first.tickets, first.present) == (50, 1)
    assert (second.tickets, second.added_facts, second.present) == (0, 0, 51)


def test_one_wrong_row_and_nothing_is_imported(session: Session, region: Region, tmp_path: Path) -> None:
    rows = [_row(number) for number in range(30)] + [_row(90 + n, latitude="200") for n in range(25)]

    with pytest.raises(ImportRefused) as refused, session.begin_nested():
        _run(session, _file(tmp_path, *rows), region)

    outcome = refused.value.outcome
    assert (outcome.wrong, len(outcome.errors)) == (25, 20)
    assert (outcome.errors[0].row, outcome.errors[0].code, outcome.errors[0].field) == (31, "bad_position", "lat")
    assert session.scalar(select(func.count()).select_from(Ticket)) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"open_dt": "13/01/2015"}, "bad_time"),
        ({"open_dt": ""}, "needed"),
        ({"open_dt": "2026-05-01 04:00:01"}, "opened_in_future"),
        ({"closed_dt": "2015-01-12 00:00:00"}, "closed_before_opened"),
        ({"type": "Snow"}, "unknown_kind"),
        ({"case_enquiry_id": ""}, "needed"),
        ({"latitude": "-71.0589", "longitude": "142.36", "located": "True"}, None),
        ({"latitude": "nan"}, "bad_position"),
        ({"latitude": "0", "longitude": "0"}, "bad_position"),
        ({"location": "x" * 501}, "too_long"),
    ],
)
def test_a_defect_is_told_by_field(
    session: Session, region: Region, tmp_path: Path, changes: dict[str, str], code: str | None
) -> None:
    path = _file(tmp_path, _row(1, **changes))
    if code is None:
        assert _run(session, path, region).wrong == 0
        return

    with pytest.raises(ImportRefused) as refused, session.begin_nested():
        _run(session, path, region)

    assert [error.code for error in refused.value.outcome.errors] == [code]


def test_a_year_without_property_ids_is_imported_with_addresses_and_positions_as_places(
    session: Session, region: Region, tmp_path: Path
) -> None:
    corner = _row(1, location="1 Example St")
    again = _row(2, location="1 Example St")
    elsewhere = _row(3, location="1 Example St", latitude="42.3001")

    outcome = _run(session, _file(tmp_path, corner, again, elsewhere, without="property_id"), region)

    assert (outcome.tickets, outcome.added_facts) == (2, 1)
    assert session.scalar(select(func.count()).select_from(Site)) == 2


@pytest.mark.parametrize("column", ["case_enquiry_id", "type", "located", "closed_dt"])
def test_a_column_that_the_mapping_does_not_call_optional_must_be_there(
    session: Session, region: Region, tmp_path: Path, column: str
) -> None:
    with pytest.raises(ImportRefused) as refused, session.begin_nested():
        _run(session, _file(tmp_path, _row(1), without=column), region)

    (error,) = refused.value.outcome.errors
    assert (error.row, error.code, error.field) == (0, "columns_absent", column)


@pytest.mark.shared
@pytest.mark.slow
def test_a_dry_run_over_a_year_without_property_ids_finds_every_row_usable(committing_database: MadeDatabase) -> None:
    folder = shared_folder()
    assert folder is not None
    file = folder / "data" / "tickets" / "boston_repair_2011H2.csv.gz"
    env = {"DATABASE_ADMIN_URL": committing_database.owner_url, "DATABASE_URL": committing_database.url}

    told = CliRunner(env=env | {"TRUCKROLL_COUNTRY": "US"}).invoke(
        tickets, [str(file), "--mapping", "boston311", "--dry-run"]
    )

    assert told.exit_code == 0, told.output
    rows = dict(re.findall(r"^ *(\w[\w ]*?) +([\d,]+)$", told.output, re.MULTILINE))
    assert rows["rows"] == "13,570"
    assert sum(int(rows[name].replace(",", "")) for name in _FATES) == 13_570
    assert "A dry run: nothing was changed." in told.output
    with psycopg.connect(committing_database.owner_url) as connection:
        assert connection.execute("select count(*) from ticket").fetchone() == (0,)


def test_history_reads_as_if_the_desk_had_taken_the_report_in(session: Session, region: Region, tmp_path: Path) -> None:
    _run(session, _file(tmp_path, _row(1, closed_dt="2015-01-14 10:00:00")), region)

    steps: list[Any] = list(
        session.execute(select(DomainEvent.kind, DomainEvent.before, DomainEvent.after).order_by(DomainEvent.id))
    )
    assert [tuple(step) for step in steps] == [
        ("ticket.register", "incomplete", "incomplete"),
        ("ticket.complete_facts", "incomplete", "ready"),
        ("ticket.close_elsewhere", "ready", "closed"),
    ]
