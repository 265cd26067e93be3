"""Jobs are written in the transaction of the change they follow."""

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from server.core import jobs
from tests.databases import MadeDatabase


def _waiting(session: Session) -> list[tuple[str, str | None]]:
    rows = session.execute(text("select task_name, queueing_lock from procrastinate_jobs order by id"))
    return [(name, lock) for name, lock in rows]


def test_a_job_is_there_when_its_transaction_commits(committing_database: MadeDatabase) -> None:
    engine = create_engine(committing_database.url)
    with Session(engine) as session, session.begin():
        assert jobs.enqueue(session, "sms.send", once="sms.send")

    with Session(engine) as session:
        assert _waiting(session) == [("sms.send", "sms.send")]
    engine.dispose()


def test_a_job_is_gone_when_its_transaction_rolls_back(committing_database: MadeDatabase) -> None:
    engine = create_engine(committing_database.url)
    with Session(engine) as session:
        jobs.enqueue(session, "sms.send")
        assert _waiting(session)
        session.rollback()

    with Session(engine) as session:
        assert _waiting(session) == []
    engine.dispose()


def test_a_second_waiting_job_with_the_same_key_is_not_written_and_harms_nothing(session: Session) -> None:
    assert jobs.enqueue(session, "sms.send", once="sms.send")
    assert not jobs.enqueue(session, "sms.send", once="sms.send")
    assert jobs.enqueue(session, "dispatch.solve", plan_id=7)

    assert [name for name, _ in _waiting(session)] == ["sms.send", "dispatch.solve"]
