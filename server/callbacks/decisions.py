"""The regional supervisor's word on a failed or unreachable customer callback (R35)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.callbacks import outcomes
from server.callbacks.models import CustomerCallback
from server.callbacks.status import AT_SUPERVISOR, CallbackEvent, CallbackStatus
from server.core.errors import Conflict, Forbidden
from server.core.events import Actor, ActorKind, DomainEvent, note, record
from server.orders.models import Ticket
from server.orders.status import TicketEvent
from server.organisation.access import EVERYTHING, Scope

_SUPPORT = "support"


class NotASupervisor(Forbidden):
    """A verdict on a callback is given by a member of staff, under his own name."""

    code = "callback.not_a_supervisor"


class EvidenceMissing(Conflict):
    """A re-confirmation names what it rests on."""

    code = "callback.evidence_missing"


class SecondPersonNeeded(Conflict):
    """Who dispatched this ticket by override re-confirms only with a second person."""

    code = "callback.second_person"


class NothingToSupport(Conflict):
    """Only a failed or unreachable customer callback waits for a supervisor."""

    code = "callback.nothing_to_support"


def reconfirm(
    session: Session,
    *,
    callback_id: int,
    evidence: str,
    without_customer: bool,
    by: Actor,
    now: datetime,
    scope: Scope = EVERYTHING,
) -> CustomerCallback:
    """Re-confirm a failed or unreachable callback: its labour may be settled (R35).

    :param evidence: what it rests on: the dispatch order and the customer, or check-in, signature, photos.
    :param without_customer: that the customer's voice is not among it; such a line is always in the auditor's sample.
    :raises UnknownCallback: if it does not exist for this scope.
    :raises IllegalTransition: if it is neither failed nor unreachable.
    :raises EvidenceMissing: if nothing is named.
    :raises SecondPersonNeeded: if he dispatched the ticket by override and nobody else supports him.
    """
    person, ticket, callback = _begin(session, callback_id=callback_id, evidence=evidence, by=by, scope=scope)
    if _dispatched_by_override(session, ticket, person):
        callback.reconfirmed_with = _supporter(session, callback, but=person)
        if callback.reconfirmed_with is None:
            raise SecondPersonNeeded(callback_id=callback_id)
    callback.reconfirmed_by, callback.reconfirmed_at = person, now
    callback.decided_at, callback.without_customer, callback.evidence = now, without_customer, evidence
    record(session, callback, CallbackEvent.RECONFIRM, by=by, now=now, reason=evidence)
    outcomes.passed(session, ticket, callback, by=by, now=now)
    return callback


def not_confirm(
    session: Session, *, callback_id: int, evidence: str, by: Actor, now: datetime, scope: Scope = EVERYTHING
) -> CustomerCallback:
    """Decide that a failed or unreachable outcome is not confirmed: it is not paid (R35).

    :raises UnknownCallback: if it does not exist for this scope.
    :raises IllegalTransition: if it is neither failed nor unreachable.
    :raises EvidenceMissing: if no ground is named.
    """
    person, ticket, callback = _begin(session, callback_id=callback_id, evidence=evidence, by=by, scope=scope)
    callback.reconfirmed_by, callback.reconfirmed_at = person, now
    callback.decided_at, callback.evidence = now, evidence
    callback.without_customer = callback.status is CallbackStatus.UNREACHABLE
    record(session, callback, CallbackEvent.NOT_CONFIRM, by=by, now=now, reason=evidence)
    outcomes.ended_unverified(session, ticket, callback, by=by, now=now)
    return callback


def support(
    session: Session, *, callback_id: int, by: Actor, now: datetime, scope: Scope = EVERYTHING
) -> CustomerCallback:
    """Stand by as the second person of a re-confirmation, after a look at the same evidence (R35).

    :raises UnknownCallback: if it does not exist for this scope.
    :raises NothingToSupport: if it waits for no supervisor.
    """
    _, callback = outcomes.lock(session, callback_id=callback_id, scope=scope)
    _person(by)
    if callback.status not in AT_SUPERVISOR | {CallbackStatus.LAPSED}:
        raise NothingToSupport(callback_id=callback_id, status=str(callback.status))
    note(session, callback, _SUPPORT, by=by, now=now)
    return callback


def _begin(
    session: Session, *, callback_id: int, evidence: str, by: Actor, scope: Scope
) -> tuple[int, Ticket, CustomerCallback]:
    person = _person(by)
    if not evidence.strip():
        raise EvidenceMissing
    ticket, callback = outcomes.lock(session, callback_id=callback_id, scope=scope)
    return person, ticket, callback


def _person(by: Actor) -> int:
    if by.kind is not ActorKind.STAFF or by.id is None:
        raise NotASupervisor
    return by.id


def _dispatched_by_override(session: Session, ticket: Ticket, person: int) -> bool:
    overridden = select(DomainEvent.id).where(
        DomainEvent.ticket_id == ticket.id,
        DomainEvent.kind == f"{Ticket.machine.name}.{TicketEvent.OVERRIDE_FACTS}",
        DomainEvent.actor_kind == ActorKind.STAFF,
        DomainEvent.actor_id == person,
    )
    return session.scalar(overridden.limit(1)) is not None


def _supporter(session: Session, callback: CustomerCallback, *, but: int) -> int | None:
    name = CustomerCallback.machine.name
    return session.scalar(
        select(DomainEvent.actor_id)
        .where(
            DomainEvent.subject == name,
            DomainEvent.subject_id == callback.id,
            DomainEvent.kind == f"{name}.{_SUPPORT}",
            DomainEvent.actor_id != but,
        )
        .order_by(DomainEvent.id.desc())
        .limit(1)
    )
