"""Queueing a message in the transaction of the change that it tells of."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from server.core.db import Database
from server.core.events import DomainEvent
from server.core.numbers import BadPhone
from server.sms import inbound, privacy_numbers, templates
from server.sms.models import OutboxMessage
from server.sms.status import MessageStatus
from tests.integration.sms.builders import NOON, PHONE, minutes, phone, queue

NIGHT = datetime(2026, 1, 13, 23, 0, tzinfo=UTC)


def jobs(session: Session) -> list[str]:
    return list(session.scalars(text("select task_name from procrastinate_jobs order by id")))


def test_a_queued_message_waits_and_a_job_will_send_it(session: Session) -> None:
    message = queue(session, ticket_id=7)

    assert (message.status, message.phone, message.due_at, message.ticket_id) == (MessageStatus.WAITING, PHONE, NOON, 7)
    assert jobs(session) == ["sms.send"]


def test_many_messages_need_one_job(session: Session) -> None:
    for _ in range(3):
        queue(session)

    assert jobs(session) == ["sms.send"]


def test_a_message_of_a_change_that_is_rolled_back_never_was(database: Database) -> None:
    def fail(session: Session) -> None:
        queue(session)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.attempt(fail)

    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 0
        assert jobs(session) == []


def test_two_transactions_that_queue_do_not_wait_for_each_other(database: Database) -> None:
    with database.transaction() as first, database.transaction() as second:
        second.execute(text("set local lock_timeout = '200ms'"))
        queue(first)
        queue(second, to=phone(1))

        second.commit()  # while the first is still open

    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 2


def test_a_message_with_a_key_exists_once(session: Session) -> None:
    first = queue(session, once="visit 7 reminder 24 h")
    again = queue(session, once="visit 7 reminder 24 h", to=phone(2), now=NOON + minutes(1))

    assert again.id == first.id
    assert again.phone == PHONE


def test_two_schedulers_at_the_same_moment_queue_one_reminder(database: Database) -> None:
    with database.transaction() as first:
        queue(first, once="visit 7 reminder 24 h")
        first.commit()
        with database.transaction() as second:
            queue(second, once="visit 7 reminder 24 h")

    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


def test_at_night_a_message_waits_for_the_morning(session: Session) -> None:
    message = queue(session, now=NIGHT, quiet=True, time_zone="UTC")

    assert message.due_at == datetime(2026, 1, 14, 8, 0, tzinfo=UTC)
    assert jobs(session) == []


def test_a_message_wanted_at_night_leaves_at_the_last_minute_before_it(session: Session) -> None:
    message = queue(session, now=NOON, due_at=NIGHT, quiet=True, time_zone="UTC")

    assert message.due_at == datetime(2026, 1, 13, 20, 59, tzinfo=UTC)


def test_quiet_hours_are_those_of_the_reader(session: Session) -> None:
    message = queue(session, now=NIGHT, quiet=True, time_zone="Asia/Shanghai")

    assert message.due_at == datetime(2026, 1, 14, 0, 0, tzinfo=UTC)


def test_a_code_just_asked_for_leaves_at_night(session: Session) -> None:
    assert queue(session, now=NIGHT, quiet=False).due_at == NIGHT


def test_a_message_wanted_in_the_past_is_judged_by_the_present(session: Session) -> None:
    message = queue(session, now=NIGHT, due_at=NOON, quiet=True, time_zone="UTC")

    assert message.due_at == datetime(2026, 1, 14, 8, 0, tzinfo=UTC)


def test_a_number_that_said_stop_gets_nothing_and_the_history_says_why(session: Session) -> None:
    inbound.suppress(session, PHONE, source="sms", now=NOON)

    message = queue(session)

    assert (message.status, message.ended_at) == (MessageStatus.SUPPRESSED, NOON)
    assert session.scalars(select(DomainEvent.kind)).all() == ["message.suppress"]
    assert jobs(session) == []


@pytest.mark.parametrize("to", ["", "2125550123", "+0123456789", "+1 212 555 0123", "+12", "+1212555012345678901"])
def test_a_number_that_is_not_international_is_refused(session: Session, to: str) -> None:
    with pytest.raises(BadPhone):
        queue(session, to=to)


def test_a_privacy_number_is_taken_while_it_is_bound_to_a_ticket(session: Session) -> None:
    privacy_numbers.bind(session, ["+86700123456789012"], ticket_id=1, now=NOON)

    assert queue(session, to="+86700123456789012").status is MessageStatus.WAITING
    assert queue(session, to="+86700123456789013").status is MessageStatus.SUPPRESSED


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"template": "login.nothing"}, templates.NoTemplate),
        ({"parameters": {"code": "1"}}, templates.WrongParameters),
        ({"quiet": True, "time_zone": None}, ValueError),
    ],
)
def test_a_defect_of_the_sender_is_found_where_the_message_is_queued(
    session: Session, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        queue(session, **changes)


def test_a_message_for_later_is_found_when_its_time_has_come(
    database: Database, make_sender: Callable[[], object]
) -> None:
    with database.transaction() as session:
        message = queue(session, due_at=NOON + timedelta(hours=2))
        assert jobs(session) == []
    sender = make_sender()

    assert sender.send_due(now=NOON + timedelta(hours=2) - timedelta(seconds=1)) == 0  # type: ignore[attr-defined]
    assert sender.send_due(now=NOON + timedelta(hours=2)) == 1  # type: ignore[attr-defined]

    with database.transaction() as session:
        assert session.get_one(OutboxMessage, message.id).status is MessageStatus.SENT
