"""What the pages of callback agents and supervisors show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.orm import Session

from server.callbacks import rules
from server.callbacks.models import CallbackAttempt, Complaint, CustomerCallback
from server.callbacks.outcomes import UnknownCallback
from server.callbacks.scope import visible
from server.callbacks.status import AT_SUPERVISOR, CallbackStatus
from server.core.events import DomainEvent
from server.customers.models import Customer, Site
from server.orders.models import Ticket
from server.orders.visit_models import CardCharge, CardPart, CheckIn, CompletionCard, Visit
from server.organisation.access import Scope
from server.technicians.models import Technician


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a list of customer callbacks."""

    callback: CustomerCallback
    ticket: Ticket
    customer: Customer


@dataclass(frozen=True, slots=True)
class After:
    """Where the page before ended."""

    due_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list, and where the next one begins; None at the end."""

    items: tuple[Entry, ...]
    next: After | None


def queue(session: Session, *, scope: Scope, limit: int = 50, after: After | None = None) -> Page:
    """Return who is still to be called, worst first: the earliest due first attempt heads the list."""
    return _page(session, CustomerCallback.status == CallbackStatus.WAITING, scope=scope, limit=limit, after=after)


def at_supervisor(session: Session, *, scope: Scope, limit: int = 50, after: After | None = None) -> Page:
    """Return what waits for the regional supervisor: failed and unreachable, oldest first (R35)."""
    return _page(session, CustomerCallback.status.in_(AT_SUPERVISOR), scope=scope, limit=limit, after=after)


def _page(session: Session, which: ColumnElement[bool], *, scope: Scope, limit: int, after: After | None) -> Page:
    query = (
        select(CustomerCallback, Ticket, Customer)
        .join(Ticket, Ticket.id == CustomerCallback.ticket_id)
        .join(Customer, Customer.id == Ticket.customer_id)
        .where(which, visible(scope))
        .order_by(CustomerCallback.due_at, CustomerCallback.id)
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(tuple_(CustomerCallback.due_at, CustomerCallback.id) > (after.due_at, after.id))
    rows = [Entry(*row) for row in session.execute(query)]
    more = len(rows) > limit
    rows = rows[:limit]
    last = rows[-1].callback if more else None
    return Page(tuple(rows), After(last.due_at, last.id) if last else None)


def listed(
    session: Session,
    *,
    scope: Scope,
    status: CallbackStatus | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> Sequence[CustomerCallback]:
    """Return customer callbacks, earliest due first, and one more than the limit if there are more.

    :param after: (due_at, id) of the last one of the page before.
    """
    query = select(CustomerCallback).where(visible(scope))
    query = query.order_by(CustomerCallback.due_at, CustomerCallback.id).limit(limit + 1)
    if status is not None:
        query = query.where(CustomerCallback.status == status)
    if after is not None:
        query = query.where(tuple_(CustomerCallback.due_at, CustomerCallback.id) > after)
    return session.scalars(query).all()


def of_ticket(session: Session, *, ticket_id: int, scope: Scope) -> tuple[CustomerCallback, ...]:
    """Return the customer callbacks of a ticket that the caller may see, oldest first."""
    query = select(CustomerCallback).where(CustomerCallback.ticket_id == ticket_id, visible(scope))
    return tuple(session.scalars(query.order_by(CustomerCallback.id)))


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is needed to make one call, or to re-confirm one: the person asked to decide sees one page.

    :param script: which answers to ask for, in order (R34).
    :param newer_phone: a number changed after intake: only a supervisor calls it (R33).
    """

    callback: CustomerCallback
    ticket: Ticket
    customer: Customer
    site: Site | None
    visit: Visit | None
    technician: Technician | None
    check_ins: tuple[CheckIn, ...]
    card: CompletionCard | None
    parts: tuple[CardPart, ...]
    charges: tuple[CardCharge, ...]
    attempts: tuple[CallbackAttempt, ...]
    complaint: Complaint | None
    history: tuple[DomainEvent, ...]
    script: tuple[str, ...]
    newer_phone: str | None


def sheet(session: Session, *, callback_id: int, scope: Scope) -> Sheet:
    """Return everything about one customer callback.

    :raises UnknownCallback: if it does not exist for this scope.
    """
    found = session.execute(
        select(CustomerCallback, Ticket, Customer)
        .join(Ticket, Ticket.id == CustomerCallback.ticket_id)
        .join(Customer, Customer.id == Ticket.customer_id)
        .where(CustomerCallback.id == callback_id, visible(scope))
    ).one_or_none()
    if found is None:
        raise UnknownCallback(callback_id=callback_id)
    callback, ticket, customer = found
    visit = session.get(Visit, callback.visit_id) if callback.visit_id else None
    card = session.scalar(select(CompletionCard).where(CompletionCard.visit_id == visit.id)) if visit else None
    return Sheet(
        callback=callback,
        ticket=ticket,
        customer=customer,
        site=session.get(Site, ticket.site_id) if ticket.site_id else None,
        visit=visit,
        technician=session.get(Technician, visit.technician_id) if visit else None,
        check_ins=tuple(session.scalars(select(CheckIn).where(CheckIn.visit_id == visit.id))) if visit else (),
        card=card,
        parts=tuple(session.scalars(select(CardPart).where(CardPart.card_id == card.id))) if card else (),
        charges=tuple(session.scalars(select(CardCharge).where(CardCharge.card_id == card.id))) if card else (),
        attempts=_attempts(session, callback),
        complaint=session.scalar(select(Complaint).where(Complaint.callback_id == callback.id)),
        history=_history(session, callback),
        script=rules.script(callback.outcome),
        newer_phone=ticket.contact_phone if ticket.contact_phone not in (None, callback.phone) else None,
    )


def _attempts(session: Session, callback: CustomerCallback) -> tuple[CallbackAttempt, ...]:
    query = select(CallbackAttempt).where(CallbackAttempt.callback_id == callback.id)
    return tuple(session.scalars(query.order_by(CallbackAttempt.id)))


def _history(session: Session, callback: CustomerCallback) -> tuple[DomainEvent, ...]:
    query = select(DomainEvent).where(
        DomainEvent.subject == CustomerCallback.machine.name, DomainEvent.subject_id == callback.id
    )
    return tuple(session.scalars(query.order_by(DomainEvent.id)))


@dataclass(frozen=True, slots=True)
class Figures:
    """How well outcomes are verified: counts of the callbacks opened in a span of time.

    ``attempted`` were called or answered at all, ``in_time`` first by their due instant.
    """

    opened: int
    attempted: int
    in_time: int
    passed: int
    failed: int
    unreachable: int
    reconfirmed: int
    not_confirmed: int
    lapsed: int

    @property
    def coverage(self) -> float | None:
        """Return the share that was attempted; None where nothing was opened (R32: 1.0 is the aim)."""
        return self.attempted / self.opened if self.opened else None

    @property
    def pass_rate(self) -> float | None:
        """Return the share of passes among what customers decided; None where they decided nothing.

        What failed first counts as failed, whatever a supervisor made of it later.
        """
        decided = self.passed + self.failed
        return self.passed / decided if decided else None


def figures(session: Session, *, scope: Scope, since: datetime, until: datetime) -> Figures:
    """Count the callbacks opened from an instant up to, not including, another."""
    first = (
        select(CallbackAttempt.callback_id, func.min(CallbackAttempt.called_at).label("at"))
        .group_by(CallbackAttempt.callback_id)
        .subquery()
    )
    status = CustomerCallback.status

    def where(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(condition)

    row = session.execute(
        select(
            func.count(),
            where(first.c.at.is_not(None)),
            where(first.c.at <= CustomerCallback.due_at),
            where(status == CallbackStatus.PASSED),
            where(CustomerCallback.fail_reason.is_not(None)),
            where(status == CallbackStatus.UNREACHABLE),
            where(status == CallbackStatus.RECONFIRMED),
            where(status == CallbackStatus.NOT_CONFIRMED),
            where(status == CallbackStatus.LAPSED),
        )
        .select_from(CustomerCallback)
        .outerjoin(first, first.c.callback_id == CustomerCallback.id)
        .where(and_(CustomerCallback.created_at >= since, CustomerCallback.created_at < until), visible(scope))
    ).one()
    return Figures(*row)


def overdue(session: Session, *, scope: Scope, now: datetime, longer_than: timedelta = timedelta(0)) -> Sequence[int]:
    """Return the ids of callbacks whose first attempt is overdue by more than a duration, worst first."""
    query = select(CustomerCallback.id).where(
        CustomerCallback.status == CallbackStatus.WAITING,
        CustomerCallback.due_at < now - longer_than,
        ~select(CallbackAttempt.id).where(CallbackAttempt.callback_id == CustomerCallback.id).exists(),
        visible(scope),
    )
    return session.scalars(query.order_by(CustomerCallback.due_at, CustomerCallback.id)).all()
