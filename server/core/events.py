"""History: every change of a status and every noted fact is one row, written with the change itself.

A status changes only through `record()`, by the transition table of its kind. The same rows feed the
history shown to people, the event stream, web hooks and reports, and they are how a lower package
speaks upward: the composition root names who handles which kind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.core.db import Base, Identified, Json
from server.core.transitions import Machine


class ActorKind(StrEnum):
    """Who can have done something."""

    STAFF = "staff"
    TECHNICIAN = "technician"
    CUSTOMER = "customer"
    SYSTEM = "system"


class Via(StrEnum):
    """By which way a deed reached the product."""

    API = "api"
    CONSOLE = "console"
    APP = "app"
    SMS = "sms"
    LINK = "link"
    IMPORT = "import"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something, and by which way."""

    kind: ActorKind
    id: int | None
    via: Via


SYSTEM = Actor(ActorKind.SYSTEM, None, Via.SYSTEM)
"""The product itself: clocks that ran out, plans that were published by schedule."""


class Recorded(Protocol):
    """A row whose status is driven by a machine."""

    machine: ClassVar[Machine]
    id: Any
    status: Any

    @property
    def about_ticket(self) -> int | None:
        """Return the id of the ticket whose history this belongs to, if any."""
        ...


class DomainEvent(Identified, Base):
    """One thing that happened: what, to what, when, who, why. Never changed, never deleted."""

    __tablename__ = "domain_event"
    __table_args__ = (
        Index("ix_domain_event_subject", "subject", "subject_id", "id"),
        Index("ix_domain_event_ticket", "ticket_id", "id", postgresql_where="ticket_id is not null"),
        Index("ix_domain_event_kind", "kind", "id"),
    )

    kind: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[int]
    ticket_id: Mapped[int | None]
    at: Mapped[datetime]
    actor_kind: Mapped[ActorKind]
    actor_id: Mapped[int | None]
    via: Mapped[Via]
    before: Mapped[str | None]
    after: Mapped[str | None]
    reason: Mapped[str | None]
    details: Mapped[Json] = mapped_column(default=dict)


Handler = Callable[[Session, DomainEvent], None]
"""Something done in the same transaction as the event."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """Which packages listen to which kinds of event.

    :param at_once: called inside the transaction of the event, in the order given.
    :param later: names of jobs, enqueued on the same connection with the event's id: committed with it or not at all.
    """

    at_once: Mapping[str, tuple[Handler, ...]] = field(default_factory=lambda: MappingProxyType({}))
    later: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    enqueue: Callable[[Session, str, int], None] | None = None


HANDLERS_KEY = "handlers"
"""Under which a session's ``info`` carries the handlers."""


def record(
    session: Session,
    subject: Recorded,
    event: StrEnum,
    *,
    by: Actor,
    now: datetime,
    reason: str | None = None,
    details: Json | None = None,
) -> DomainEvent:
    """Change a status as its table allows, keep who, when and why, and tell those who listen.

    :raises IllegalTransition: if the event may not happen in the present status; nothing is changed then.
    """
    before = subject.status
    subject.status = type(subject).machine.follows(before, event)
    return _append(session, subject, f"{type(subject).machine.name}.{event}", by, now, (str(before), reason, details))


def note(
    session: Session,
    subject: Recorded,
    event: StrEnum | str,
    *,
    by: Actor,
    now: datetime,
    reason: str | None = None,
    details: Json | None = None,
) -> DomainEvent:
    """Keep that something happened to a thing without a change of its status, and tell those who listen."""
    kind = f"{type(subject).machine.name}.{event}"
    return _append(session, subject, kind, by, now, (str(subject.status), reason, details))


def _append(
    session: Session, subject: Recorded, kind: str, by: Actor, now: datetime, words: tuple[str, str | None, Json | None]
) -> DomainEvent:
    before, reason, details = words
    heard = _is_heard(session, kind)
    if heard or subject.id is None:
        session.flush()  # a new subject gets its id, and a violated constraint speaks before anybody listens
    row = DomainEvent(
        kind=kind,
        subject=type(subject).machine.name,
        subject_id=subject.id,
        ticket_id=subject.about_ticket,
        at=now,
        actor_kind=by.kind,
        actor_id=by.id,
        via=by.via,
        before=before,
        after=str(subject.status),
        reason=reason,
        details=details or {},
    )
    session.add(row)
    if heard:
        session.flush()
        _tell(session, row)
    return row


def _is_heard(session: Session, kind: str) -> bool:
    """Return whether anybody listens: an event that nobody hears is written together with the next statements."""
    handlers: Handlers | None = session.info.get(HANDLERS_KEY)
    return handlers is not None and bool(handlers.at_once.get(kind) or handlers.later.get(kind))


def _tell(session: Session, row: DomainEvent) -> None:
    handlers: Handlers = session.info.get(HANDLERS_KEY) or Handlers()
    for handle in handlers.at_once.get(row.kind, ()):
        handle(session, row)
    if handlers.enqueue is not None:
        for job in handlers.later.get(row.kind, ()):
            handlers.enqueue(session, job, row.id)
