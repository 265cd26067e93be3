"""What is personal goes on schedule; what money and history rest on stays."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import listening
from server.conversation.models import HumanReading
from server.core import policies
from server.core.policies import BEGINNING, Policy
from server.dispatch.models import Plan
from server.dispatch.status import PlanStatus
from server.orders.visit_models import CheckIn
from server.privacy import retention
from server.privacy.models import RetentionRun
from server.privacy.terms import RetentionTerms
from server.rehearsal.beat import _HOUSEKEEPING
from server.sms.models import InboundMessage, OutboxMessage
from server.sms.status import MessageStatus
from server.web.models import IdempotencyKey
from tests import builders as a
from tests.builders import NOON

TERMS = RetentionTerms()
A_MOMENT = timedelta(seconds=1)


def sweep(session: Session, now: Any) -> int:
    """Do a whole pass, as the ticker does: batch by batch, until nothing is left."""
    total = 0
    while count := retention.SWEEP.deal_with(session, now):
        total += count
    return total


def a_text(session: Session, **values: Any) -> InboundMessage:
    known = {
        "provider": "twilio",
        "provider_id": f"SM{a.some_number()}",
        "phone": a.some_phone(),
        "body": "My dog ate the pump",
        "received_at": NOON,
        "handled_at": NOON,
        "outcome": "human",
    }
    row = InboundMessage(**known | values)
    session.add(row)
    session.flush()
    return row


def a_message(session: Session, **values: Any) -> OutboxMessage:
    known = {
        "phone": a.some_phone(),
        "template": "customer.reply",
        "parameters": {"ticket": "T-1", "what": "Thank you, Mr Lin"},
        "locale": "en",
        "status": MessageStatus.DELIVERED,
        "provider": "twilio",
        "provider_id": f"SM{a.some_number()}",
        "fingerprint": "f" * 64,
        "due_at": NOON,
        "created_at": NOON,
        "ended_at": NOON,
    }
    row = OutboxMessage(**known | values)
    session.add(row)
    session.flush()
    return row


def test_the_position_of_a_check_in_is_forgotten_after_thirty_days_and_its_evidence_stays(session: Session) -> None:
    visit, _ = a.a_finished_visit(session)
    row = session.scalars(select(CheckIn).where(CheckIn.visit_id == visit.id)).one()
    known = (row.outcome, row.distance_metres, row.accuracy_metres, row.fence_metres)
    last = row.at + TERMS.check_in_positions

    assert sweep(session, last - A_MOMENT) == 0
    session.refresh(row)
    assert row.position is not None

    assert sweep(session, last + TERMS.look_every) == 1
    session.refresh(row)
    assert row.position is None
    assert (row.outcome, row.distance_metres, row.accuracy_metres, row.fence_metres) == known


def test_the_words_of_texts_are_forgotten_after_half_a_year_with_the_remarks_about_them(session: Session) -> None:
    row = a_text(session)
    staff = a.a_member_of_staff(session)
    seen = HumanReading(inbound_id=row.id, waits_since=NOON, read_at=NOON, read_by=staff.id, remark="He has a dog")
    session.add(seen)
    session.flush()

    assert sweep(session, NOON + TERMS.texts - A_MOMENT) == 0
    assert sweep(session, NOON + TERMS.texts + TERMS.look_every) == 1

    session.refresh(row)
    session.refresh(seen)
    assert (row.body, row.outcome, seen.remark) == ("", "human", "")


@pytest.mark.parametrize("waits", ["unread by the rules", "unread by the desk"])
def test_a_text_that_nobody_has_dealt_with_yet_is_kept(session: Session, waits: str) -> None:
    row = a_text(session, handled_at=None if waits == "unread by the rules" else NOON)
    if waits == "unread by the desk":
        session.add(HumanReading(inbound_id=row.id, waits_since=NOON))
        session.flush()

    assert sweep(session, NOON + TERMS.texts * 2) == 0

    session.refresh(row)
    assert row.body == "My dog ate the pump"


def test_the_parameters_of_a_sent_text_are_forgotten_half_a_year_after_its_end(session: Session) -> None:
    ended, still = a_message(session), a_message(session, status=MessageStatus.SENT, ended_at=None)
    now = NOON + TERMS.texts

    assert sweep(session, now - A_MOMENT) == 0
    assert sweep(session, now + TERMS.look_every) == 1

    session.refresh(ended)
    session.refresh(still)
    assert (ended.parameters, ended.fingerprint, ended.status) == ({}, None, MessageStatus.DELIVERED)
    assert ended.cleared_at == now + TERMS.look_every
    assert still.parameters == {"ticket": "T-1", "what": "Thank you, Mr Lin"}


@pytest.mark.parametrize("status", [MessageStatus.WAITING, MessageStatus.SENDING])
def test_the_database_lets_no_cleared_message_wait_for_being_sent(session: Session, status: MessageStatus) -> None:
    row = a_message(session, cleared_at=NOON)

    with pytest.raises(DBAPIError, match="cleared_never_leaves"), session.begin_nested():
        session.execute(
            text("update outbox_message set status = :status where id = :id"), {"status": status, "id": row.id}
        )


def test_the_positions_a_plan_was_computed_with_are_forgotten_and_its_outcome_stays(session: Session) -> None:
    region = a.a_region(session)
    plans = [
        Plan(
            region_id=region.id,
            first_day=NOON.date(),
            last_day=NOON.date(),
            earliest=NOON,
            status=status,
            seconds=1,
            requested_at=NOON,
            problem={"visits": [{"lat": 31.2}]},
            cost=7,
        )
        for status in (PlanStatus.PUBLISHED, PlanStatus.SOLVING)
    ]
    session.add_all(plans)
    session.flush()

    assert sweep(session, NOON + TERMS.plan_problems) == 1

    for plan in plans:
        session.refresh(plan)
    assert [(plan.problem is None, plan.cost) for plan in plans] == [(True, 7), (False, 7)]


def test_answers_to_requests_are_forgotten_after_a_day_except_those_about_money(session: Session) -> None:
    for key, keep in (("usual", False), ("money", True)):
        row = IdempotencyKey(
            caller="staff:1",
            route="POST /",
            key=key,
            body_hash=b"x",
            status=200,
            answer={"body": "Lin"},
            keep=keep,
            created_at=NOON,
        )
        session.add(row)
    session.flush()

    assert sweep(session, NOON + TERMS.idempotency_answers - A_MOMENT) == 0
    assert sweep(session, NOON + TERMS.idempotency_answers + TERMS.look_every) == 1
    assert session.scalars(select(IdempotencyKey.key)).all() == ["money"]


def test_a_pass_goes_on_where_a_batch_ended(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    rows = [a_text(session) for _ in range(5)]
    now = NOON + TERMS.texts

    assert [retention.SWEEP.deal_with(session, now) for _ in range(4)] == [2, 2, 1, 0]
    for row in rows:
        session.refresh(row)
    assert {row.body for row in rows} == {""}


def test_an_operator_shortens_the_term_without_a_release(session: Session) -> None:
    row = a_text(session)
    values = policies.write(RetentionTerms(texts=timedelta(days=7)))
    session.add(Policy(name="retention", valid_from=NOON, values=values, author_id=None))
    session.flush()

    assert sweep(session, NOON + timedelta(days=7)) == 1

    session.refresh(row)
    assert row.body == ""


def test_a_pass_is_due_at_once_at_first_and_then_every_hour(session: Session) -> None:
    assert retention.SWEEP.next_due(session) == BEGINNING

    assert retention.SWEEP.deal_with(session, NOON) == 0

    assert retention.SWEEP.next_due(session) == NOON + TERMS.look_every
    assert session.scalars(select(RetentionRun.due_at)).all() == [NOON + TERMS.look_every]


def test_between_two_passes_nothing_but_the_one_row_is_looked_at(session: Session) -> None:
    sweep(session, NOON)
    a_text(session, received_at=NOON - TERMS.texts * 2)

    assert retention.SWEEP.deal_with(session, NOON + TERMS.look_every - A_MOMENT) == 0
    assert retention.SWEEP.deal_with(session, NOON + TERMS.look_every) == 1


def test_a_rehearsal_does_not_stop_its_time_for_it(session: Session) -> None:
    assert retention.SWEEP in listening.SWEEPS
    assert retention.SWEEP.name in _HOUSEKEEPING


def test_a_pass_reads_only_what_its_indexes_hold(session: Session) -> None:
    """Of 20,000 texts of which all but one were cleared, a pass looks at the one."""
    session.execute(
        text(
            "insert into inbound_message (provider, provider_id, phone, body, received_at, handled_at)"
            " select 'twilio', 'b' || n, '+12025550100', case when n = 1 then 'x' else '' end, :at, :at"
            " from generate_series(1, 20000) n"
        ),
        {"at": NOON},
    )
    session.execute(
        text(
            "insert into outbox_message (phone, template, parameters, locale, status, due_at, created_at, ended_at,"
            " attempts) select '+12025550100', 'customer.reply', '{}', 'en', 'failed', :at, :at, :at, 1"
            " from generate_series(1, 20000)"
        ),
        {"at": NOON},
    )
    plans = {
        name: "\n".join(session.execute(text(f"explain {query}"), {"before": NOON + TERMS.texts}).scalars())
        for name, query in _QUERIES.items()
    }

    assert sweep(session, NOON + TERMS.texts) == 1
    for name, plan in plans.items():
        assert name in plan, plan


_QUERIES = {
    "ix_inbound_message_words": (
        "select id from inbound_message where inbound_message.body <> '' and received_at <= :before limit 1000"
    ),
    "ix_outbox_message_words": (
        "select id from outbox_message where ended_at is not null and parameters <> '{}'::jsonb"
        " and ended_at <= :before limit 1000"
    ),
}


def test_the_defaults_are_seeded_like_every_policy(session: Session) -> None:
    terms, _ = policies.in_force(session, RetentionTerms, at=NOON)

    assert terms == RetentionTerms()
    assert session.scalar(select(func.count()).where(Policy.name == "retention")) == 1
