"""Notices of the provider: in any order, doubled, late, early."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.events import SYSTEM, record
from server.sms import notices
from server.sms.models import MessageNotice, OutboxMessage, Suppression
from server.sms.status import MessageEvent, MessageStatus
from tests.integration.sms.builders import NOON, PHONE, minutes, queue

STATES = ("accepted", "queued", "sending", "sent", "delivered")


def taken(session: Session, **changes: object) -> OutboxMessage:
    """Return a message that a worker is handing over."""
    message = queue(session, **changes)
    message.taken_at, message.provider = NOON, "twilio"
    record(session, message, MessageEvent.TAKE, by=SYSTEM, now=NOON)
    session.flush()
    return message


def tell(session: Session, message: OutboxMessage, state: str, *, sid: str = "SM1", failure: str | None = None) -> None:
    notices.take_notice(
        session, message_id=message.id, provider_id=sid, state=state, failure=failure, now=NOON + minutes(1)
    )


def kept(session: Session, message: OutboxMessage) -> int:
    query = select(func.count()).select_from(MessageNotice).where(MessageNotice.message_id == message.id)
    return session.scalar(query) or 0


def test_in_every_order_and_doubled_notices_end_in_the_same_state(session: Session) -> None:
    for number, order in enumerate(permutations(STATES)):
        message = taken(session)
        for state in (*order, *order):
            tell(session, message, state, sid=f"SM{number}")

        assert message.status is MessageStatus.DELIVERED, order
        assert kept(session, message) == 2 * len(STATES)


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=st.permutations(["queued", "queued", "sending", "sent", "sent", "undelivered", "accepted", "odd"]))
def test_eight_notices_in_any_order_end_in_failure_where_one_says_so(session: Session, states: list[str]) -> None:
    message = taken(session)

    for state in states:
        failure = "30006" if state == "undelivered" else None
        tell(session, message, state, sid=f"SM{message.id}", failure=failure)

    assert (message.status, message.failure) == (MessageStatus.FAILED, "30006")
    assert kept(session, message) == 8


def test_a_notice_before_our_own_commit_proves_that_the_message_left(session: Session) -> None:
    message = taken(session)

    tell(session, message, "sent")

    assert (message.status, message.provider_id) == (MessageStatus.SENT, "SM1")


def test_a_notice_about_a_message_that_was_put_back_keeps_it_from_being_sent_twice(session: Session) -> None:
    message = taken(session)
    record(session, message, MessageEvent.PUT_BACK, by=SYSTEM, now=NOON, reason="absent")

    tell(session, message, "sent")

    assert message.status is MessageStatus.SENT


def test_a_notice_days_after_the_end_changes_nothing_and_is_kept(session: Session) -> None:
    message = taken(session)
    tell(session, message, "delivered")

    notices.take_notice(
        session,
        message_id=message.id,
        provider_id="SM1",
        state="failed",
        failure="30005",
        now=NOON + timedelta(days=4),
    )

    assert (message.status, message.failure) == (MessageStatus.DELIVERED, None)
    assert kept(session, message) == 2


def test_a_message_given_up_is_delivered_after_all(session: Session) -> None:
    message = taken(session)
    tell(session, message, "sent")
    record(session, message, MessageEvent.GIVE_UP, by=SYSTEM, now=NOON)

    tell(session, message, "delivered")

    assert message.status is MessageStatus.DELIVERED


def test_a_state_that_we_do_not_know_is_kept_and_means_nothing(session: Session) -> None:
    message = taken(session)

    tell(session, message, "teleported")

    assert (message.status, kept(session, message)) == (MessageStatus.SENDING, 1)


def test_a_notice_about_a_message_that_never_was_is_refused(session: Session) -> None:
    with pytest.raises(notices.UnknownMessage):
        notices.take_notice(session, message_id=999_999, provider_id="SM1", state="sent", failure=None, now=NOON)


def test_a_notice_about_another_copy_does_not_move_the_message(session: Session) -> None:
    message = taken(session)
    tell(session, message, "sent", sid="SM1")

    tell(session, message, "undelivered", sid="SM2", failure="30006")

    assert (message.status, message.provider_id) == (MessageStatus.SENT, "SM1")
    assert kept(session, message) == 2


def test_a_notice_belongs_to_the_message_that_its_provider_id_was_proven_to_be(session: Session) -> None:
    first, second = taken(session), taken(session)
    tell(session, first, "sent", sid="SM1")

    tell(session, second, "delivered", sid="SM1")

    assert (first.status, second.status) == (MessageStatus.DELIVERED, MessageStatus.SENDING)


def test_a_number_that_the_carrier_has_barred_is_suppressed(session: Session) -> None:
    message = taken(session)

    tell(session, message, "failed", failure="21610")

    assert session.scalars(select(Suppression.phone)).all() == [PHONE]
    assert message.status is MessageStatus.FAILED
