"""A log-in code and a customer's link stand in the outbox no longer than until the text has left."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import SYSTEM, record
from server.sms import inbound, notices, outbox, templates
from server.sms.models import OutboxMessage
from server.sms.moving import move
from server.sms.provider import fingerprint
from server.sms.status import MESSAGE, MessageEvent, MessageStatus

NOON = datetime(2026, 1, 13, 12, 0, tzinfo=UTC)
PHONE = "+12125550123"
LINK = "https://desk.example.org/c/9aF3kQ"


def queued(session: Session, template: str = "login.code", **parameters: Any) -> OutboxMessage:
    return outbox.queue(
        session,
        to=PHONE,
        template=template,
        parameters=parameters or {"code": "123456", "minutes": 10},
        locale="en",
        ticket_id=None,
        now=NOON,
        quiet=False,
    )


def taken(session: Session, message: OutboxMessage) -> OutboxMessage:
    """Do what a sender does before it hands a message over."""
    message.taken_at, message.provider = NOON, "twilio"
    message.fingerprint = fingerprint("your login code is 123456")
    record(session, message, MessageEvent.TAKE, by=SYSTEM, now=NOON)
    session.flush()
    return message


def test_a_code_is_there_as_long_as_it_may_have_to_be_sent_again(session: Session) -> None:
    message = taken(session, queued(session))
    record(session, message, MessageEvent.PUT_BACK, by=SYSTEM, now=NOON)
    session.flush()

    assert message.status is MessageStatus.WAITING
    assert (message.parameters["code"], message.cleared_at) == ("123456", None)
    assert "123456" in templates.render(message.template, message.parameters, locale="en", company="Acme")


@pytest.mark.parametrize("state", ["queued", "sent", "delivered", "undelivered"])
def test_a_code_goes_as_soon_as_the_provider_has_said_anything_about_it(session: Session, state: str) -> None:
    message = taken(session, queued(session))

    notices.take_notice(session, message_id=message.id, provider_id="SM1", state=state, failure=None, now=NOON)
    session.flush()
    session.refresh(message)

    assert message.parameters == {"code": "", "minutes": 10}
    assert (message.fingerprint, message.cleared_at) == (None, NOON)


@pytest.mark.parametrize("event", [MessageEvent.FAIL, MessageEvent.SUPPRESS])
def test_a_code_that_never_leaves_goes_too(session: Session, event: MessageEvent) -> None:
    message = queued(session)

    move(session, message, event, now=NOON, reason="expired")

    assert (message.parameters["code"], message.cleared_at) == ("", NOON)


def test_a_code_to_a_number_that_said_stop_is_not_even_written_down_for_long(session: Session) -> None:
    inbound.suppress(session, PHONE, source="sms", now=NOON)

    message = queued(session)
    session.flush()
    session.refresh(message)

    assert (message.status, message.parameters["code"]) == (MessageStatus.SUPPRESSED, "")


def test_a_link_goes_and_what_else_the_customer_was_told_stays(session: Session) -> None:
    told = {"ticket": "T-2026-000001", "code": "421", "link": LINK}
    message = taken(session, queued(session, "customer.survey", **told))

    move(session, message, MessageEvent.ACCEPT, now=NOON, reason=None)

    assert message.parameters == {"ticket": "T-2026-000001", "code": "421", "link": ""}
    assert message.cleared_at == NOON


def test_a_text_without_a_secret_is_left_as_it_was_told(session: Session) -> None:
    message = taken(session, queued(session, "customer.reply", ticket="T-1", what="Thank you"))

    move(session, message, MessageEvent.DELIVER, now=NOON, reason=None)

    assert message.parameters == {"ticket": "T-1", "what": "Thank you"}
    assert (message.cleared_at, message.fingerprint is not None) == (None, True)


def test_a_late_notice_about_a_cleared_message_changes_nothing_more(session: Session) -> None:
    message = taken(session, queued(session))
    notices.take_notice(session, message_id=message.id, provider_id="SM1", state="sent", failure=None, now=NOON)
    later = NOON + timedelta(minutes=5)

    notices.take_notice(session, message_id=message.id, provider_id="SM1", state="delivered", failure=None, now=later)

    assert (message.status, message.cleared_at, message.ended_at) == (MessageStatus.DELIVERED, NOON, later)


def test_no_transition_leads_from_where_secrets_are_cleared_to_where_a_message_is_sent() -> None:
    may_leave = {MessageStatus.WAITING, MessageStatus.SENDING}

    back = [step for step, after in MESSAGE.table.items() if step[0] not in may_leave and after in may_leave]

    assert back == []


def test_every_secret_is_a_parameter_of_some_text() -> None:
    named = {name for template in templates.texts("en") for name in templates.secrets_of(template)}
    used = {
        name
        for template in templates.texts("en")
        for name in templates.secrets_of(template) & templates.parameters_of(template)
    }

    assert named == used == {"code", "link"}


def test_nothing_that_has_ended_keeps_a_secret(session: Session) -> None:
    for event in (MessageEvent.FAIL, MessageEvent.SUPPRESS, MessageEvent.ACCEPT, MessageEvent.DELIVER):
        message = queued(session)
        message.provider, message.provider_id = "twilio", f"SM-{event}"
        move(session, message, event, now=NOON, reason=None)
    session.flush()

    rows = session.scalars(select(OutboxMessage)).all()
    assert [row.parameters["code"] for row in rows] == ["", "", "", ""]
