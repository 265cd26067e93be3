"""What is reported: from a file of real tickets, or invented; what happened later stays outside the report."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from server.core.places import Position
from server.rehearsal.material import NothingReported, from_file, invent
from server.rehearsal.people.names import body_of

HEADER = (
    "case_enquiry_id,open_dt,target_dt,closed_dt,ontime,closure_reason,type,department,location,property_id,"
    "latitude,longitude,located,source"
)
LATE_NOTE = "Case Resolved REPLACED LAMP, resident was not home"


def row(key: str, opened: str, *, note: str = "", location: str = "12 Elm St  Boston  MA  02115", located: bool = True):
    return (
        f'{key},{opened},,2015-01-20 10:00:00,OVERDUE,"{note}",Street Light Outages,PWDx,{location},9,42.35,-71.06,'
        f"{located},Constituent Call"
    )


@pytest.fixture
def written(tmp_path: Path):
    def write(*rows: str) -> Path:
        file = tmp_path / "tickets.csv"
        file.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
        return file

    return write


def test_a_day_is_the_local_day(written):
    file = written(
        row("1", "2015-01-12 23:59:59"), row("2", "2015-01-13 00:00:00"), row("3", "2015-01-13 23:59:59"),
        row("4", "2015-01-14 00:00:00"),
    )  # fmt: skip

    made = from_file(file, day=date(2015, 1, 13))

    assert [report.key for report in made.reports] == ["2", "3"]
    assert made.begins_at == datetime(2015, 1, 13, 5, tzinfo=UTC)


def test_everybody_reports_at_a_whole_minute(written):
    made = from_file(written(row("1", "2015-01-13 10:20:43")), day=date(2015, 1, 13))

    assert made.reports[0].at == datetime(2015, 1, 13, 15, 20, tzinfo=UTC)


def test_a_day_without_tickets_is_told(written):
    with pytest.raises(NothingReported, match="2015-01-13"):
        from_file(written(row("1", "2015-01-12 10:00:00")), day=date(2015, 1, 13))


def test_what_happened_later_drives_people_and_is_not_reported(written):
    made = from_file(written(row("1", "2015-01-13 10:20:43", note=LATE_NOTE)), day=date(2015, 1, 13))

    body = body_of(made.reports[0], material=made, region_id=1, city=None)

    assert made.reports[0].afterwards.absent
    assert made.reports[0].afterwards.late
    assert not [word for word in ("RESOLVED", "OVERDUE", "2015-01-20", "NOT HOME") if word in str(body).upper()]


def test_a_place_that_nobody_has_located_is_found_by_its_street(written):
    file = written(
        row("1", "2015-01-01 10:00:00", location="90 Elm St  Boston  MA  02115"),
        row("2", "2015-01-13 10:00:00", located=False),
        row("3", "2015-01-13 11:00:00", located=False, location="7 Oak St  Boston  MA  02115"),
    )

    lost, unknown = from_file(file, day=date(2015, 1, 13)).reports

    assert not lost.trusted
    assert lost.found_at == Position(42.35, -71.06)
    assert unknown.found_at is None


def test_every_telephone_of_a_rehearsal_is_fiction():
    made = invent(seed=1, day=date(2026, 3, 10), days=2, count=50)

    assert len({report.phone for report in made.reports}) == 100
    assert all(report.phone[5:10] == "55501" for report in made.reports)


def test_an_invented_day_is_the_same_for_its_seed():
    assert invent(seed=4, day=date(2026, 3, 10)) == invent(seed=4, day=date(2026, 3, 10))
