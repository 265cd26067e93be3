"""History: a status changes only as its table allows, with a row that says who, when and why."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import HANDLERS_KEY, SYSTEM, DomainEvent, Handlers, note, record
from server.core.transitions import IllegalTransition
from server.sms.models import OutboxMessage
from server.sms.status import MessageEvent, MessageStatus

_NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


@pytest.fixture
def message(session: Session) -> OutboxMessage:
    row = OutboxMessage(
        phone="+12025550134",
        template="offer.new",
        parameters={},
        locale="en",
        due_at=_NOW,
        created_at=_NOW,
        ticket_id=7,
    )
    session.add(row)
    session.flush()
    return row


def _history(session: Session) -> list[DomainEvent]:
    return list(session.scalars(select(DomainEvent).order_by(DomainEvent.id)))


def test_a_change_of_status_leaves_one_row_of_history(session: Session, message: OutboxMessage) -> None:
    record(session, message, MessageEvent.TAKE, by=SYSTEM, now=_NOW, reason="due")

    (row,) = _history(session)
    assert message.status is MessageStatus.SENDING
    assert (row.kind, row.subject_id, row.ticket_id) == ("message.take", message.id, 7)
    assert (row.before, row.after, row.reason, row.at) == ("waiting", "sending", "due", _NOW)


def test_what_the_table_does_not_allow_changes_nothing(session: Session, message: OutboxMessage) -> None:
    with pytest.raises(IllegalTransition):
        record(session, message, MessageEvent.PUT_BACK, by=SYSTEM, now=_NOW)

    assert message.status is MessageStatus.WAITING
    assert _history(session) == []


def test_a_fact_is_kept_without_a_change_of_status(session: Session, message: OutboxMessage) -> None:
    note(session, message, "looked_up", by=SYSTEM, now=_NOW, details={"found": 0})

    (row,) = _history(session)
    assert (row.before, row.after, row.details) == ("waiting", "waiting", {"found": 0})


def test_listeners_hear_at_once_and_jobs_are_written_with_the_event(session: Session, message: OutboxMessage) -> None:
    heard: list[Any] = []
    session.info[HANDLERS_KEY] = Handlers(
        at_once={"message.take": (lambda _, event: heard.append(event.kind),)},
        later={"message.take": ("job.name",)},
        enqueue=lambda _, job, event_id: heard.append((job, event_id)),
    )

    row = record(session, message, MessageEvent.TAKE, by=SYSTEM, now=_NOW)

    assert heard == ["message.take", ("job.name", row.id)]
