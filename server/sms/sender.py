"""Send what is due, each message exactly once, though any process may die or freeze at any moment.

A message is *taken* by a process that holds its lock, committed as `sending`, and only then handed to the provider,
with no pooled connection held. The reply ends it, or puts it back if it certainly did not leave. A message that is
`sending` although nobody holds its lock may or may not have left: it is looked up (`server.sms.lookups`), never just
sent again.

The instant is given. Real time is spent inside the provider's call alone, in time-outs and short waits.
"""

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from server.config import Settings
from server.core.db import Database
from server.core.due import Sweep
from server.core.events import SYSTEM, note, record
from server.core.policies import in_force
from server.sms import inbound, outbox, privacy_numbers, templates
from server.sms.circuit import Circuit
from server.sms.codes import OPTED_OUT
from server.sms.lookups import LookUps
from server.sms.models import OutboxMessage
from server.sms.moving import locked, move
from server.sms.notices import RACES, is_anothers, learn
from server.sms.ownership import Claim, Ownership
from server.sms.provider import Accepted, Ambiguous, Blocked, Gateway, NotSent, Outcome, Refused, TooMany, fingerprint
from server.sms.quiet import leaves_at
from server.sms.segments import segments
from server.sms.status import MessageEvent, MessageStatus
from server.sms.terms import MessageTerms

log = structlog.get_logger(__name__)

BATCH = 200
"""Messages of one pass. What is left gets a job of its own, which reads the clock anew."""
LANES = 4
"""Telephones served at the same time by one process."""


@dataclass(frozen=True, slots=True)
class _Taken:
    message_id: int
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class _Due:
    message_id: int
    phone: str


@dataclass(frozen=True, slots=True)
class _Pass:
    """One look at what is due: its instant, and the terms in force then."""

    now: datetime
    terms: MessageTerms


class Sender:
    """Sends for one process.

    :param conninfo: PostgreSQL's own address, not that of a pooler in transaction mode.
    :param lanes: telephones served at once; the messages of each leave in their order.
    """

    def __init__(
        self, *, database: Database, gateway: Gateway, conninfo: str, settings: Settings, lanes: int | None = None
    ) -> None:
        self._database = database
        self._gateway = gateway
        self._company = settings.company
        self._ownership = Ownership(conninfo)
        self._circuit = Circuit()
        self._lanes = lanes if lanes is not None else LANES
        self._look_ups = LookUps(database, gateway, self._ownership)

    def send_due(self, *, now: datetime) -> int:
        """Send what is due, look up what may have left, ask about what was not heard of; return how many moved.

        :raises psycopg.OperationalError: if the database cannot be reached; what was begun is looked up later.
        :raises BehindPooler: if the address leads to a pooler that shares connections.
        """
        with self._database.glance() as session:
            asked = self._look_ups.due(session, now=now)
        moved = self._look_ups.settle(asked, now=now) if asked else 0
        with self._database.glance() as session:
            terms, _ = in_force(session, MessageTerms, at=now)
            due = self._due(session, now)
        sent = self._send(due, _Pass(now, terms))
        if len(due) == BATCH and sent:
            with self._database.transaction() as session:
                outbox.wake(session)
        return moved + sent

    def close(self) -> None:
        """Give every lock back."""
        self._ownership.close()

    def _due(self, session: Session, now: datetime) -> list[_Due]:
        room = self._circuit.room(now, most=BATCH)
        if room == 0:
            return []
        rows = session.execute(_WAITING, {"now": now, "room": room})
        return [_Due(message_id, phone) for message_id, phone in rows]

    def _send(self, due: list[_Due], during: _Pass) -> int:
        """Serve telephones side by side, and the messages of each in their order."""
        stop = threading.Event()
        by_phone = [list(rows) for _, rows in groupby(sorted(due, key=lambda row: row.phone), lambda row: row.phone)]
        if self._lanes == 1 or len(by_phone) < 2:
            return sum(self._serve(rows, stop, during) for rows in by_phone)
        with ThreadPoolExecutor(self._lanes, thread_name_prefix="sender") as pool:
            return sum(pool.map(lambda rows: self._serve(rows, stop, during), by_phone))

    def _serve(self, rows: Iterable[_Due], stop: threading.Event, during: _Pass) -> int:
        moved = 0
        for row in rows:
            if stop.is_set():
                break
            claim = self._ownership.claim(row.message_id)
            if claim is None:
                continue
            try:
                moved += self._send_one(claim, stop, during)
            finally:
                self._ownership.release(claim)
        return moved

    def _send_one(self, claim: Claim, stop: threading.Event, during: _Pass) -> bool:
        """Take a message, hand it over, keep the outcome; return whether it moved."""
        taken = self._database.attempt(lambda session: self._take(session, claim.message_id, during))
        if not isinstance(taken, _Taken):
            return taken
        # A process that was frozen may wake up here without its lock: then the message is not its own any more.
        if not self._ownership.holds(claim):
            log.warning("a message is abandoned: the connection of the locks has broken", message=claim.message_id)
            return False
        outcome = self._gateway.send(to=taken.to, text=taken.text, reference=taken.message_id)
        self._database.attempt(lambda session: self._settle(session, taken.message_id, outcome, during), races=RACES)
        if isinstance(outcome, Blocked):
            self._circuit.was_blocked(outcome.code, now=during.now, terms=during.terms)
        elif isinstance(outcome, Accepted | Refused):
            self._circuit.went_through()
        if isinstance(outcome, TooMany) or self._circuit.is_open():
            stop.set()
        return True

    def _take(self, session: Session, message_id: int, during: _Pass) -> _Taken | bool:
        """Mark a message as being sent, or say whether it moved otherwise: it may not leave now, or not at all."""
        now, terms = during.now, during.terms
        message = locked(session, message_id)
        if message.status is not MessageStatus.WAITING or message.due_at > now:
            return False
        if self._may_not_leave(session, message, terms, now):
            return True
        text = templates.render(message.template, message.parameters, locale=message.locale, company=self._company)
        message.taken_at = now
        message.due_at = now + terms.reconcile_after
        message.attempts += 1
        message.provider, message.provider_id = self._gateway.name, None
        message.fingerprint, message.segments = fingerprint(text), segments(text)
        record(session, message, MessageEvent.TAKE, by=SYSTEM, now=now)
        return _Taken(message_id, message.phone, text)

    def _may_not_leave(self, session: Session, message: OutboxMessage, terms: MessageTerms, now: datetime) -> bool:
        """Postpone, suppress or fail a message that may not leave at this instant."""
        if message.valid_until is not None and message.valid_until < now:
            _end(session, message, MessageEvent.FAIL, "expired", now)
        elif outbox.is_suppressed(session, message.phone):
            _end(session, message, MessageEvent.SUPPRESS, "opted_out", now)
        elif privacy_numbers.is_unbound(session, message.phone):
            _end(session, message, MessageEvent.SUPPRESS, privacy_numbers.UNBOUND, now)
        elif not self._gateway.reaches(message.phone):
            _end(session, message, MessageEvent.FAIL, "number_not_for_this_gateway", now)
        elif message.quiet_zone is not None:
            # It was due before the quiet hours, and nobody sent it in time.
            leaves = leaves_at(now, now=now, zone=message.quiet_zone, terms=terms)
            if leaves <= now:
                return False
            message.due_at = leaves
        else:
            return False
        return True

    def _settle(self, session: Session, message_id: int, outcome: Outcome, during: _Pass) -> None:
        """Keep what came of handing a message over. A notice may have been faster and have told more."""
        now, terms = during.now, during.terms
        message = locked(session, message_id)
        match outcome:
            case Accepted():
                _accept(session, message, outcome, terms, now)
            case Refused(code=code) if message.status is MessageStatus.SENDING:
                _end(session, message, MessageEvent.FAIL, code, now)
                if code == OPTED_OUT:
                    inbound.suppress(session, message.phone, source="provider", now=now)
            case NotSent() | TooMany() | Blocked() if message.status is MessageStatus.SENDING:
                _put_back(session, message, outcome, terms, now)
            case Ambiguous(reason=reason):
                note(session, message, "ambiguous", by=SYSTEM, now=now, reason=reason)


def _accept(session: Session, message: OutboxMessage, outcome: Accepted, terms: MessageTerms, now: datetime) -> None:
    if is_anothers(session, message, outcome.provider_id):
        # A look-up has given this id to a message with the same text: then it is that one, and this one is looked up.
        message.due_at = now + terms.reconcile_after
        note(session, message, "ambiguous", by=SYSTEM, now=now, reason="claimed")
        return
    learn(session, message, provider_id=outcome.provider_id, state=outcome.state, failure=None, now=now)
    message.due_at = now + terms.ask_provider_after


def _put_back(
    session: Session, message: OutboxMessage, outcome: NotSent | TooMany | Blocked, terms: MessageTerms, now: datetime
) -> None:
    """Let a message that certainly did not leave wait; only one that never reaches the provider fails in the end."""
    if isinstance(outcome, NotSent) and message.attempts >= terms.attempts:
        _end(session, message, MessageEvent.FAIL, "provider_not_reached", now)
        return
    wait = back_off(message.attempts, terms)
    if isinstance(outcome, TooMany) and outcome.retry_after is not None:
        wait = max(wait, timedelta(seconds=outcome.retry_after))
    message.due_at = now + wait
    record(session, message, MessageEvent.PUT_BACK, by=SYSTEM, now=now, reason=type(outcome).__name__)


def back_off(attempts: int, terms: MessageTerms) -> timedelta:
    """Return how long a message waits after so many sends that came to nothing: doubled each time, up to a limit."""
    doublings = min(max(attempts - 1, 0), 20)
    return min(terms.first_back_off * (1 << doublings), terms.longest_back_off)


def _end(session: Session, message: OutboxMessage, event: MessageEvent, failure: str, now: datetime) -> None:
    message.failure, message.ended_at = failure, now
    move(session, message, event, now=now, reason=failure)


_WAITING = (
    select(OutboxMessage.id, OutboxMessage.phone)
    .where(OutboxMessage.status == MessageStatus.WAITING, OutboxMessage.due_at <= bindparam("now"))
    .order_by(OutboxMessage.due_at, OutboxMessage.id)
    .limit(bindparam("room"))
)
_EARLIEST = select(func.min(OutboxMessage.due_at)).where(
    OutboxMessage.status.in_([MessageStatus.WAITING, MessageStatus.SENDING, MessageStatus.SENT])
)


def _deal_with(session: Session, now: datetime) -> int:
    """Enqueue the job that deals with what is due: a provider is never called inside a transaction."""
    due_at = session.scalar(_EARLIEST)
    if due_at is not None and due_at <= now:
        outbox.wake(session)
    return 0


SWEEPS = (Sweep("messages", _EARLIEST, _deal_with),)
"""Messages whose back-off is over, that may or may not have left, or that were not heard of again."""
