"""The schema: revisions there and back, one deployer at a time, and what the application may not do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from server import schema
from server.core.events import ActorKind, DomainEvent, Via
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
