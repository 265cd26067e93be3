"""Handing messages over: each exactly once, each outcome dealt with as what it is."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from server.core import due, policies
from server.core.db import Database
from server.core.events import DomainEvent
from server.core.policies import Policy
from server.sms import inbound, notices
from server.sms import sender as sending
from server.sms.gateways import RecordingGateway, Sent
from server.sms.models import OutboxMessage, Suppression
from server.sms.ownership import Ownership
from server.sms.provider import Accepted, Ambiguous, Blocked, Found, NotSent, Refused, TooMany
from server.sms.sender import Sender
from server.sms.states import ProviderState
from server.sms.status import MessageStatus
from server.sms.terms import MessageTerms
from tests.integration.sms.builders import NOON, PHONE, minutes, phone, queue

SECOND = timedelta(seconds=1)


def put(database: Database, **changes: object) -> int:
    with database.transaction() as session:
        return queue(session, **changes).id


def get(database: Database, message_id: int) -> OutboxMessage:
    with database.transaction() as session:
        return session.get_one(OutboxMessage, message_id)


def next_due(database: Database) -> object:
    with database.transaction() as session:
        return due.next_due(session, sending.SWEEPS)


def test_a_message_is_sent_once_and_its_history_is_whole(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message_id = put(database)

    assert sender.send_due(now=NOON) == 1
    assert sender.send_due(now=NOON) == 0

    words = "Acme: your login code is 123456. It is valid for 10 minutes. Never tell it to anybody."
    assert gateway.sent == [Sent(PHONE, words, message_id)]
    message = get(database, message_id)
    assert (message.status, message.provider, message.provider_id) == (MessageStatus.SENT, "recording", "recorded-1")
    assert (message.sent_at, message.attempts, message.segments) == (NOON, 1, 1)
    with database.transaction() as session:
        kinds = session.scalars(select(DomainEvent.kind).order_by(DomainEvent.id)).all()
    assert kinds == ["message.take", "message.accept"]


def test_messages_of_one_telephone_leave_in_their_order(
    database: Database, make_sender: Callable[[int], Sender], gateway: RecordingGateway
) -> None:
    ids = [put(database, to=phone(number % 3)) for number in range(12)]

    assert make_sender(4).send_due(now=NOON) == 12

    for number in range(3):
        assert [sent.reference for sent in gateway.sent if sent.to == phone(number)] == ids[number::3]


def test_no_connection_of_the_pool_is_held_while_the_provider_is_asked(
    database: Database, conninfo: str, settings: object
) -> None:
    held: list[int] = []

    class Watching(RecordingGateway):
        def send(self, *, to: str, text: str, reference: int) -> Accepted:
            held.append(database.engine.pool.checkedout())  # type: ignore[attr-defined]
            return Accepted(f"w{reference}")

    put(database)
    watching = Sender(database=database, gateway=Watching(), conninfo=conninfo, settings=settings, lanes=1)  # type: ignore[arg-type]

    watching.send_due(now=NOON)
    watching.close()

    assert held == [0]


def test_the_message_is_committed_as_sending_before_the_provider_is_asked(
    database: Database, conninfo: str, settings: object
) -> None:
    seen: list[MessageStatus] = []

    class Looking(RecordingGateway):
        def send(self, *, to: str, text: str, reference: int) -> Accepted:
            seen.append(get(database, reference).status)
            return Accepted(f"l{reference}")

    put(database)
    looking = Sender(database=database, gateway=Looking(), conninfo=conninfo, settings=settings)  # type: ignore[arg-type]

    looking.send_due(now=NOON)
    looking.close()

    assert seen == [MessageStatus.SENDING]


@pytest.mark.parametrize("outcome", [NotSent("no connection"), TooMany(None), Blocked("20003")])
def test_a_message_that_certainly_did_not_leave_waits_and_leaves_later(
    database: Database, sender: Sender, gateway: RecordingGateway, outcome: NotSent | TooMany | Blocked
) -> None:
    message_id = put(database)
    gateway.outcomes.append(outcome)

    sender.send_due(now=NOON)

    waiting = get(database, message_id)
    assert (waiting.status, waiting.due_at) == (MessageStatus.WAITING, NOON + timedelta(seconds=30))
    assert sender.send_due(now=NOON + timedelta(seconds=29)) == 0
    assert sender.send_due(now=NOON + timedelta(seconds=30)) == 1
    assert get(database, message_id).status is MessageStatus.SENT


def test_a_provider_that_names_the_wait_is_obeyed(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message_id = put(database)
    gateway.outcomes.append(TooMany(300.0))

    sender.send_due(now=NOON)

    assert get(database, message_id).due_at == NOON + minutes(5)


def test_after_too_many_the_rest_of_the_queue_is_left_alone_for_now(
    database: Database, make_sender: Callable[[int], Sender], gateway: RecordingGateway
) -> None:
    for number in range(10):
        put(database, to=phone(number))
    gateway.outcomes.append(TooMany(None))

    make_sender(1).send_due(now=NOON)

    assert len(gateway.sent) == 1


def test_a_provider_that_is_never_reached_fails_the_message_in_the_end(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message_id, now = put(database), NOON
    gateway.outcomes += [NotSent("no connection")] * 50

    while get(database, message_id).status is MessageStatus.WAITING:
        now = get(database, message_id).due_at
        sender.send_due(now=now)

    message = get(database, message_id)
    assert (message.status, message.failure) == (MessageStatus.FAILED, "provider_not_reached")
    assert len(gateway.sent) == MessageTerms().attempts
    assert now - NOON < timedelta(hours=72)


@pytest.mark.parametrize("code", ["21211", "21610", "30005", "30006"])
def test_a_final_refusal_is_not_tried_again(
    database: Database, sender: Sender, gateway: RecordingGateway, code: str
) -> None:
    message_id = put(database)
    gateway.outcomes.append(Refused(code))

    sender.send_due(now=NOON)
    sender.send_due(now=NOON + timedelta(days=1))

    message = get(database, message_id)
    assert (message.status, message.failure, message.ended_at) == (MessageStatus.FAILED, code, NOON)
    assert len(gateway.sent) == 1


def test_a_number_that_the_carrier_bars_is_suppressed_from_then_on(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    put(database)
    gateway.outcomes.append(Refused("21610"))

    sender.send_due(now=NOON)

    with database.transaction() as session:
        assert session.scalars(select(Suppression.phone)).all() == [PHONE]
    assert get(database, put(database)).status is MessageStatus.SUPPRESSED


def test_a_stop_that_came_while_the_message_waited_holds_it_back(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message_id = put(database, due_at=NOON + minutes(5))
    with database.transaction() as session:
        inbound.suppress(session, PHONE, source="sms", now=NOON)

    sender.send_due(now=NOON + minutes(5))

    assert get(database, message_id).status is MessageStatus.SUPPRESSED
    assert gateway.sent == []


@pytest.mark.parametrize(
    ("late", "status"), [(timedelta(0), MessageStatus.SENT), (SECOND, MessageStatus.FAILED)], ids=["on time", "late"]
)
def test_a_message_that_is_not_worth_sending_any_more_is_not_sent(
    database: Database, sender: Sender, late: timedelta, status: MessageStatus
) -> None:
    message_id = put(database, valid_until=NOON + minutes(10))

    sender.send_due(now=NOON + minutes(10) + late)

    assert get(database, message_id).status is status


def test_a_message_that_nobody_sent_before_the_night_waits_for_the_morning(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message_id = put(database, quiet=True, time_zone="UTC")
    late = NOON.replace(hour=23)

    sender.send_due(now=late)

    message = get(database, message_id)
    assert gateway.sent == []
    assert (message.status, message.due_at) == (MessageStatus.WAITING, NOON.replace(day=14, hour=8))


def test_a_number_that_may_not_go_this_way_fails_and_nothing_is_tried(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message_id = put(database)
    gateway.unreachable = frozenset({PHONE})

    sender.send_due(now=NOON)

    assert get(database, message_id).failure == "number_not_for_this_gateway"
    assert gateway.sent == []


def test_while_the_account_is_refused_the_queue_is_parked_and_one_message_is_tried_now_and_then(
    database: Database, make_sender: Callable[[int], Sender], gateway: RecordingGateway
) -> None:
    for number in range(20):
        put(database, to=phone(number))
    gateway.outcomes += [Blocked("20003")] * 5
    sender = make_sender(1)

    for passed in range(60):
        sender.send_due(now=NOON + minutes(passed / 10))

    assert len(gateway.sent) == 3 + 1
    for passed in range(6, 60):
        sender.send_due(now=NOON + minutes(passed))
    with database.transaction() as session:
        statuses = session.scalars(select(OutboxMessage.status)).all()
    assert set(statuses) == {MessageStatus.SENT}
    assert len(gateway.sent) == 5 + 20


# -- what may or may not have left ------------------------------------------------------------------------------------


def ambiguous(database: Database, sender: Sender, gateway: RecordingGateway, **changes: object) -> OutboxMessage:
    message_id = put(database, **changes)
    gateway.outcomes.append(Ambiguous("timeout"))
    sender.send_due(now=NOON)
    return get(database, message_id)


def test_a_message_of_unknown_fate_is_not_sent_again_before_the_provider_was_asked(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message = ambiguous(database, sender, gateway)

    assert (message.status, message.due_at) == (MessageStatus.SENDING, NOON + minutes(2))
    sender.send_due(now=NOON + minutes(2) - SECOND)
    assert (len(gateway.sent), gateway.sought) == (1, [])


def test_a_message_that_the_provider_has_is_sent_and_not_sent_again(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message = ambiguous(database, sender, gateway)
    gateway.held[message.fingerprint or ""] = Found("SM9", ProviderState.DELIVERED)

    sender.send_due(now=NOON + minutes(2))

    found = get(database, message.id)
    assert (found.status, found.provider_id) == (MessageStatus.DELIVERED, "SM9")
    assert len(gateway.sent) == 1


def test_a_message_that_the_provider_does_not_have_is_sent_again(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message = ambiguous(database, sender, gateway)

    sender.send_due(now=NOON + minutes(2))

    again = get(database, message.id)
    assert (again.status, again.attempts) == (MessageStatus.SENT, 2)
    assert [sent.reference for sent in gateway.sent] == [message.id] * 2


def test_two_messages_with_the_same_text_are_not_both_proven_by_one(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    first, second = put(database), put(database)
    gateway.outcomes += [Ambiguous("timeout"), Ambiguous("timeout")]
    sender.send_due(now=NOON)
    gateway.held[get(database, first).fingerprint or ""] = Found("SM9", ProviderState.SENT)

    sender.send_due(now=NOON + minutes(2))

    found, again = get(database, first), get(database, second)
    assert (found.provider_id, again.provider_id) == ("SM9", "recorded-3")
    assert len(gateway.sent) == 3


def test_a_reply_with_an_id_that_another_message_was_proven_by_proves_nothing(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    first = ambiguous(database, sender, gateway)
    gateway.held[first.fingerprint or ""] = Found("SM9", ProviderState.SENT)
    second = put(database, now=NOON + minutes(2))
    gateway.outcomes.append(Accepted("SM9"))

    sender.send_due(now=NOON + minutes(2))

    assert get(database, first.id).provider_id == "SM9"
    assert get(database, second).status is MessageStatus.SENDING


def test_a_notice_settles_a_message_of_unknown_fate_without_a_question(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message = ambiguous(database, sender, gateway)
    with database.transaction() as session:
        tell(session, message.id, "SM7", "delivered")

    sender.send_due(now=NOON + minutes(2))

    assert (gateway.sought, len(gateway.sent)) == ([], 1)
    assert get(database, message.id).status is MessageStatus.DELIVERED


def tell(session: Session, message_id: int, sid: str, state: str) -> None:
    notices.take_notice(session, message_id=message_id, provider_id=sid, state=state, failure=None, now=NOON)


def test_a_notice_that_is_faster_than_the_reply_is_not_undone_by_it(
    database: Database, conninfo: str, settings: object
) -> None:
    class Fast(RecordingGateway):
        def send(self, *, to: str, text: str, reference: int) -> Accepted:
            with database.transaction() as session:
                tell(session, reference, "SM5", "delivered")
            return Accepted("SM5")

    message_id = put(database)
    fast = Sender(database=database, gateway=Fast(), conninfo=conninfo, settings=settings)  # type: ignore[arg-type]

    fast.send_due(now=NOON)
    fast.close()

    message = get(database, message_id)
    assert (message.status, message.provider_id) == (MessageStatus.DELIVERED, "SM5")


def test_a_message_that_was_given_to_another_provider_is_not_sent_again_by_this_one(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message = ambiguous(database, sender, gateway)
    gateway.name = "another"

    for hours in range(73):
        sender.send_due(now=NOON + timedelta(hours=hours, minutes=2))

    assert len(gateway.sent) == 1
    assert get(database, message.id).status is MessageStatus.UNKNOWN


def test_what_another_process_is_sending_is_left_alone_until_that_process_ends(
    database: Database, make_sender: Callable[[], Sender], gateway: RecordingGateway, conninfo: str
) -> None:
    sender = make_sender()
    message = ambiguous(database, sender, gateway)
    other = Ownership(conninfo)
    assert other.claim(message.id) is not None

    sender.send_due(now=NOON + timedelta(hours=5))
    assert (gateway.sought, len(gateway.sent)) == ([], 1)

    other.close()
    sender.send_due(now=NOON + timedelta(hours=5))
    assert len(gateway.sent) == 2


def test_one_process_does_not_claim_a_message_twice(conninfo: str) -> None:
    ownership = Ownership(conninfo)

    claim = ownership.claim(7)

    assert claim is not None
    assert ownership.claim(7) is None
    ownership.release(claim)
    assert ownership.claim(7) is not None
    ownership.close()


def test_a_process_whose_connection_has_broken_abandons_its_messages(database: Database, conninfo: str) -> None:
    ownership = Ownership(conninfo)
    claim = ownership.claim(7)
    assert claim is not None
    assert ownership.holds(claim)

    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'truckroll sender'"
            " and datname = current_database()"
        )

    assert not ownership.holds(claim)
    assert ownership.claim(7) is not None
    assert not ownership.holds(claim)
    ownership.close()


def test_a_worker_that_lost_its_lock_before_the_call_does_not_make_it(
    database: Database, gateway: RecordingGateway, conninfo: str, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = put(database)
    frozen = Sender(database=database, gateway=gateway, conninfo=conninfo, settings=settings)  # type: ignore[arg-type]
    monkeypatch.setattr(frozen._ownership, "holds", lambda claim: False)

    frozen.send_due(now=NOON)
    frozen.close()

    assert gateway.sent == []
    assert get(database, message_id).status is MessageStatus.SENDING


# -- what was not heard of again --------------------------------------------------------------------------------------


def test_without_a_notice_the_provider_is_asked_after_ten_minutes(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    message_id = put(database)
    sender.send_due(now=NOON)
    gateway.states["recorded-1"] = Found("recorded-1", ProviderState.DELIVERED)

    sender.send_due(now=NOON + minutes(10) - SECOND)
    assert get(database, message_id).status is MessageStatus.SENT
    sender.send_due(now=NOON + minutes(10))
    assert get(database, message_id).status is MessageStatus.DELIVERED


def test_a_provider_that_stays_silent_is_asked_ever_more_rarely_and_given_up_after_three_days(
    database: Database, sender: Sender
) -> None:
    message_id, asked = put(database), 0
    sender.send_due(now=NOON)

    while get(database, message_id).status is MessageStatus.SENT:
        now = get(database, message_id).due_at
        sender.send_due(now=now)
        asked += 1

    message = get(database, message_id)
    assert (message.status, message.ended_at) == (MessageStatus.UNKNOWN, NOON + timedelta(hours=72))
    assert asked < 15
    assert next_due(database) is None


# -- the sweep --------------------------------------------------------------------------------------------------------


def test_the_sweep_names_the_next_instant_and_enqueues_the_job_then(database: Database) -> None:
    put(database, due_at=NOON + minutes(30))

    assert next_due(database) == NOON + minutes(30)
    assert due.sweep_all(database, sending.SWEEPS, now=NOON) == {"messages": 0}
    assert jobs(database) == 0
    due.sweep_all(database, sending.SWEEPS, now=NOON + minutes(30))
    assert jobs(database) == 1


def jobs(database: Database) -> int:
    with database.transaction() as session:
        return int(session.scalar(text("select count(*) from procrastinate_jobs")) or 0)


def test_other_terms_hold_from_when_an_operator_sets_them(
    database: Database, sender: Sender, gateway: RecordingGateway
) -> None:
    with database.transaction() as session:
        terms = MessageTerms(reconcile_after=timedelta(seconds=20))
        session.add(Policy(name="messages", valid_from=NOON - minutes(1), values=policies.write(terms), author_id=None))

    message = ambiguous(database, sender, gateway)

    assert message.due_at == NOON + timedelta(seconds=20)
