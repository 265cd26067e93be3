"""Texts that people send us."""

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from server.sms import inbound
from server.sms.models import InboundMessage
from server.sms.outbox import is_suppressed
from server.sms.reserved import HELP, OPT_IN, OPT_OUT
from server.sms.status import MessageStatus
from tests.integration.sms.builders import NOON, PHONE, phone, queue


def take(session: Session, body: str, *, sid: str = "SM1", sender: str = PHONE) -> InboundMessage | None:
    return inbound.take_in(session, provider="twilio", provider_id=sid, phone=sender, body=body, now=NOON)


def jobs(session: Session) -> list[tuple[str, dict[str, object], str]]:
    rows = session.execute(text("select task_name, args, lock from procrastinate_jobs order by id"))
    return [tuple(row) for row in rows]  # type: ignore[misc]


def test_a_text_is_kept_and_will_be_read(session: Session) -> None:
    message = take(session, "1 427")

    assert message is not None
    assert (message.phone, message.body, message.received_at, message.handled_at) == (PHONE, "1 427", NOON, None)
    (job,) = jobs(session)
    assert job[:2] == ("conversation.read", {"inbound_id": message.id})


def test_a_text_delivered_five_times_is_one(session: Session) -> None:
    taken = [take(session, "1 427") for _ in range(5)]

    assert [message is not None for message in taken] == [True, False, False, False, False]
    assert session.scalar(select(func.count()).select_from(InboundMessage)) == 1
    assert len(jobs(session)) == 1


def test_texts_of_one_telephone_are_read_one_after_another_and_its_number_is_in_no_job(session: Session) -> None:
    take(session, "1 427", sid="SM1")
    take(session, "2 533", sid="SM2")
    take(session, "1 427", sid="SM3", sender=phone(5))

    locks = [lock for _, _, lock in jobs(session)]
    assert locks[0] == locks[1] != locks[2]
    assert not any(PHONE[1:] in lock for lock in locks)


@pytest.mark.parametrize("word", [*sorted(OPT_OUT), "stop", " Stop. ", "Cancel!"])
def test_a_carriers_word_for_stop_bars_the_number_and_answers_nothing(session: Session, word: str) -> None:
    message = take(session, word)

    assert message is not None
    assert (message.outcome, message.handled_at) == (inbound.OPTED_OUT, NOON)
    assert is_suppressed(session, PHONE)
    assert jobs(session) == []


@pytest.mark.parametrize("word", sorted(OPT_IN))
def test_a_carriers_word_for_start_lifts_the_bar(session: Session, word: str) -> None:
    take(session, "STOP", sid="SM1")

    message = take(session, word, sid="SM2")

    assert message is not None
    assert message.outcome == inbound.OPTED_IN
    assert not is_suppressed(session, PHONE)


def test_a_yes_from_a_number_that_is_not_barred_is_read_like_any_answer(session: Session) -> None:
    message = take(session, "YES")

    assert message is not None
    assert message.handled_at is None
    assert len(jobs(session)) == 1


@pytest.mark.parametrize("word", sorted(HELP))
def test_the_carriers_answer_their_word_for_help_themselves(session: Session, word: str) -> None:
    message = take(session, word)

    assert message is not None
    assert message.outcome == inbound.CARRIERS_HELP
    assert jobs(session) == []


@pytest.mark.parametrize("body", ["please stop by at 9", "STOP 427", "end of the week", "1 427 cancel"])
def test_a_carriers_word_within_a_sentence_is_only_a_word(session: Session, body: str) -> None:
    message = take(session, body)

    assert message is not None
    assert not is_suppressed(session, PHONE)
    assert len(jobs(session)) == 1


def test_what_is_queued_after_a_stop_is_suppressed(session: Session) -> None:
    take(session, "STOP")

    assert queue(session).status is MessageStatus.SUPPRESSED
