"""Sweeps: a defect of one delays no other, and a database that goes away in the middle loses nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, literal, null, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import worker as work
from server.core import due
from server.core.db import Database, is_gone
from server.core.due import Sweep
from server.organisation.models import LoginAttempt
from server.sms.gateways import RecordingGateway
from server.sms.sender import Sender
from tests.builders.clocks import StillClock
from tests.builders.settings import settings_for
from tests.databases import MadeDatabase

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def database(committing_database: MadeDatabase) -> Iterator[Database]:
    database = Database(committing_database.url)
    yield database
    database.dispose()


def counting(name: str, dealt: list[str], *, at: datetime | None = NOON) -> Sweep:
    """A sweep that says when its row falls due, handles nothing, and notes that it was called."""

    def deal_with(session: Session, now: datetime) -> int:
        dealt.append(name)
        return 0

    return Sweep(name, select(literal(at) if at else null()), deal_with)


def failing(name: str, fail: Callable[[Session], object]) -> Sweep:
    def deal_with(session: Session, now: datetime) -> int:
        fail(session)
        return 0

    return Sweep(name, select(literal(NOON)), deal_with)


def hang_up(session: Session) -> None:
    """What a statement sees whose server is killed."""
    session.execute(text("select pg_terminate_backend(pg_backend_pid())"))


def test_the_earliest_row_of_all_sweeps_falls_due_next_each_after_its_own_while(database: Database) -> None:
    def nothing(session: Session, now: datetime) -> int:
        return 0

    at_once = Sweep("messages", select(literal(NOON + timedelta(minutes=30))), nothing)
    later = Sweep("offers", select(literal(NOON)), nothing, after=timedelta(hours=1))
    empty = Sweep("plans", select(null()), nothing)

    with database.transaction() as session:
        assert due.next_due(session, (at_once, later, empty)) == NOON + timedelta(minutes=30)
        assert due.next_due(session, (later, empty)) == NOON + timedelta(hours=1)
        assert due.next_due(session, (empty,)) is None


def test_only_sweeps_that_have_something_due_are_called(database: Database) -> None:
    dealt: list[str] = []
    empty = counting("plans", dealt, at=None)
    later = counting("offers", dealt, at=NOON + timedelta(seconds=1))

    assert due.sweep_all(database, (empty, later, counting("messages", dealt)), now=NOON) == {
        "plans": 0,
        "offers": 0,
        "messages": 0,
    }
    assert dealt == ["messages"]


def test_what_one_sweep_makes_due_for_another_is_dealt_with_at_once(database: Database) -> None:
    made: list[int] = [3]
    told: list[str] = []

    def tell(session: Session, now: datetime) -> int:
        told.append("told")
        return 0

    def expire(session: Session, now: datetime) -> int:
        if not made[0]:
            return 0
        made[0] -= 1
        session.add(LoginAttempt(key="somebody", at=now))
        return 1

    follower = Sweep("messages", select(func.min(LoginAttempt.at)), tell)
    leader = Sweep("offers", select(literal(NOON)), expire)

    assert due.sweep_all(database, (follower, leader), now=NOON) == {"messages": 0, "offers": 3}
    assert told == ["told"]


def test_a_defect_of_one_sweep_delays_no_other_and_is_told(database: Database) -> None:
    dealt: list[str] = []
    broken = failing("offers", lambda session: session.execute(text("select no_such_column")))

    with pytest.raises(ExceptionGroup) as told:
        due.sweep_all(database, (broken, counting("messages", dealt)), now=NOON)

    assert dealt == ["messages"]
    assert len(told.value.exceptions) == 1


def test_a_database_that_goes_away_ends_all_sweeps(database: Database) -> None:
    dealt: list[str] = []

    with pytest.raises(DBAPIError) as told:
        due.sweep_all(database, (failing("offers", hang_up), counting("messages", dealt)), now=NOON)

    assert is_gone(told.value)
    assert dealt == []


def test_a_statement_that_fails_is_not_taken_for_a_database_that_is_gone(database: Database) -> None:
    with pytest.raises(DBAPIError) as told, database.transaction() as session:
        session.execute(text("select no_such_column"))
    assert not is_gone(told.value)


def test_a_server_that_is_down_is_gone(committing_database: MadeDatabase) -> None:
    nowhere = Database("postgresql+psycopg://truckroll@127.0.0.1:1/truckroll")
    with pytest.raises(DBAPIError) as told, nowhere.transaction() as session:
        session.execute(text("select 1"))
    assert is_gone(told.value)


def test_a_sweep_whose_database_goes_away_is_no_failed_job_because_the_next_one_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    dealt: list[str] = []
    gateway = RecordingGateway()
    settings = settings_for(str(database.engine.url))
    sender = Sender(database=database, gateway=gateway, conninfo="", settings=settings)
    worker = work.Worker(database, StillClock(NOON), gateway, sender)

    monkeypatch.setattr(work, "SWEEPS", (failing("offers", hang_up), counting("messages", dealt)))
    worker.sweep()
    assert dealt == []

    monkeypatch.setattr(work, "SWEEPS", (counting("messages", dealt),))
    worker.sweep()
    assert dealt == ["messages"]


def test_a_sweep_with_a_defect_is_a_failed_job(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = RecordingGateway()
    settings = settings_for(str(database.engine.url))
    sender = Sender(database=database, gateway=gateway, conninfo="", settings=settings)
    worker = work.Worker(database, StillClock(NOON), gateway, sender)
    broken = failing("offers", lambda session: session.execute(text("select no_such_column")))
    monkeypatch.setattr(work, "SWEEPS", (broken,))

    with pytest.raises(ExceptionGroup):
        worker.sweep()
