"""The tests' own databases: migrated, apart from each other, gone afterwards."""

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from tests.databases import DatabaseServer, MadeDatabase, fresh_database


def test_the_application_may_not_change_the_schema(engine: Engine):
    with engine.connect() as connection, pytest.raises(ProgrammingError, match="permission denied for schema"):
        connection.execute(text("CREATE TABLE intruder (id int)"))


def test_a_session_may_commit_and_leaves_nothing(session: Session, owner_url: str):
    session.execute(text("SELECT set_config('truckroll.seen', 'yes', false)"))
    session.commit()
    session.execute(text("SELECT 1"))
    session.rollback()

    assert session.execute(text("SELECT current_user")).scalar_one() == "truckroll_app"
    assert session.in_transaction()


def test_a_database_of_its_own_is_migrated_and_dropped(database_server: DatabaseServer):
    with fresh_database(database_server, "test_fleeting") as made:
        engine = create_engine(made.owner_url)
        with engine.connect() as connection:
            tables = connection.execute(
                text("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
            ).scalar_one()
        engine.dispose()
        assert tables > 0

    with database_server.connect() as connection:
        assert connection.execute("SELECT count(*) FROM pg_database WHERE datname = 'test_fleeting'").fetchone() == (0,)


def test_what_is_committed_in_one_database_is_not_in_another(
    committing_database: MadeDatabase, database_server: DatabaseServer
):
    with fresh_database(database_server, "test_other") as other:
        mine, others = create_engine(committing_database.owner_url), create_engine(other.owner_url)
        with mine.begin() as connection:
            connection.execute(text("CREATE TABLE only_here (id int)"))
        with others.connect() as connection:
            found = connection.execute(text("SELECT to_regclass('only_here')")).scalar_one()
        mine.dispose()
        others.dispose()

    assert found is None
