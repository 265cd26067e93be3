"""The schema: revisions there and back, one deployer at a time, and what the application may not do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from server import schema
from server.core.db import Database
from server.core.events import ActorKind, DomainEvent, Via
from server.orders import booking
from server.orders.visit_models import Visit
from tests import builders as a
from tests.databases import MadeDatabase

_NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


def _fill(url: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            DomainEvent.__table__.insert(),
            [
                {
                    "kind": "ticket.opened",
                    "subject": "ticket",
                    "subject_id": n,
                    "at": _NOW,
                    "actor_kind": ActorKind.SYSTEM,
                    "via": Via.SYSTEM,
                    "details": {"n": n},
                }
                for n in range(1_000)
            ],
        )


def test_models_and_migrations_agree(committing_database: MadeDatabase) -> None:
    assert schema.check(committing_database.owner_url) == schema.current(committing_database.owner_url) != "none"


def test_a_missing_check_is_drift(committing_database: MadeDatabase) -> None:
    engine = create_engine(committing_database.owner_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("alter table visit drop constraint ck_visit_real_interval"))

    with pytest.raises(schema.SchemaDrift, match=r"visit\.ck_visit_real_interval is missing"):
        schema.check(committing_database.owner_url)


def test_every_revision_goes_down_and_up_again_on_filled_tables(committing_database: MadeDatabase) -> None:
    _fill(committing_database.owner_url)

    schema.downgrade(committing_database.owner_url, "base")
    assert schema.current(committing_database.owner_url) == "none"

    schema.upgrade(committing_database.owner_url)
    assert schema.check(committing_database.owner_url)


_HOUR = timedelta(hours=1)


def test_visits_of_before_get_a_drive_for_which_there_was_room(committing_database: MadeDatabase) -> None:
    database = Database(committing_database.url)
    with database.transaction() as session:
        technician = a.a_technician(session)
        first, close, far, gone = (
            a.a_visit(session, technician=technician, starts_at=a.NOON + hours * _HOUR).id for hours in (2, 4, 6, 8)
        )
        elsewhere = a.a_visit(session, starts_at=a.NOON + 3 * _HOUR + timedelta(minutes=5)).id
        booking.withdraw(session, visit_id=gone, reason="moved", by=a.BY_SYSTEM, now=a.NOON)
    owner = create_engine(committing_database.owner_url, poolclass=NullPool)
    schema.downgrade(committing_database.owner_url, "0003")
    with owner.begin() as connection:
        # Close to the first one, and a withdrawn one that lies over the far one: a drive of 15 minutes each.
        for visit_id, back in ((close, timedelta(minutes=50)), (gone, 2 * _HOUR)):
            connection.execute(
                text("update visit set starts_at = starts_at - :back, ends_at = ends_at - :back where id = :id"),
                {"id": visit_id, "back": back},
            )

    schema.upgrade(committing_database.owner_url, "0004")

    with owner.connect() as connection:
        rows = connection.execute(text("select id, extract(epoch from starts_at - busy_from) / 60 from visit"))
        minutes = {int(row[0]): int(row[1]) for row in rows}
    database.dispose()
    assert minutes == {first: 15, close: 10, far: 15, gone: 15, elsewhere: 15}


def test_the_version_before_goes_on_booking_and_moving_visits(committing_database: MadeDatabase) -> None:
    database = Database(committing_database.url)
    with database.transaction() as session:
        moved, copied = a.a_visit(session), a.a_visit(session)
        columns = [column.name for column in Visit.__table__.columns if column.name not in {"id", "busy_from"}]
        values = ", ".join({"ordinal": "2", "status": "'withdrawn'"}.get(name, name) for name in columns)
        session.execute(
            text(f"insert into visit ({', '.join(columns)}) select {values} from visit where id = :id"),
            {"id": copied.id},
        )
        for hours in (-1, 3):
            session.execute(
                text("update visit set starts_at = :start, ends_at = :ends where id = :id"),
                {"id": moved.id, "start": moved.starts_at + hours * _HOUR, "ends": moved.ends_at + hours * _HOUR},
            )

    with database.transaction() as session:
        drives = session.scalars(select(Visit.starts_at - Visit.busy_from)).all()
    database.dispose()
    assert drives == 3 * [timedelta(minutes=15)]


def test_two_deployers_at_once_migrate_once(committing_database: MadeDatabase) -> None:
    schema.downgrade(committing_database.owner_url, "base")

    with ThreadPoolExecutor(2) as deployers:
        list(deployers.map(schema.upgrade, [committing_database.owner_url] * 2))

    assert schema.check(committing_database.owner_url)


@pytest.mark.parametrize("table", sorted(schema.APPEND_ONLY))
@pytest.mark.parametrize("statement", ["update {} set id = id", "delete from {}", "truncate {}"])
def test_the_application_changes_no_history(database_url: str, table: str, statement: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)

    with pytest.raises(ProgrammingError, match="permission denied"), engine.begin() as connection:
        connection.execute(text(statement.format(table)))


@pytest.mark.parametrize(
    "statement",
    ["create table mine (id int)", "drop table ticket", "insert into simulation values (1, '2026-01-01Z')"],
)
def test_the_application_neither_changes_the_schema_nor_the_time(database_url: str, statement: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)

    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), engine.begin() as connection:
        connection.execute(text(statement))
