"""Today: the queues of somebody at a desk, each with its count and its worst items first."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Row, Select, String, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from server.callbacks.models import Complaint, CustomerCallback
from server.callbacks.scope import visible as visible_callbacks
from server.callbacks.status import AT_SUPERVISOR, CallbackStatus
from server.conversation.models import HumanReading
from server.core.policies import in_force
from server.customers.models import Site
from server.dispatch.models import Escalation, Offer
from server.dispatch.status import OfferStatus
from server.dispatch.terms import DispatchTerms
from server.orders.models import Hindrance, Ticket, Urge
from server.orders.queries import visible
from server.orders.status import OPEN_TICKET, CardStatus, TicketStatus, VisitStatus
from server.orders.visit_models import CompletionCard, Visit
from server.orders.visit_queries import of_technicians
from server.organisation.access import Scope
from server.organisation.models import Role
from server.technicians.models import Technician

ITEMS = 20
"""Items of a queue that are shown; the count says how many there are."""
_SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that waits: since when, or until when, as its queue says.

    :param thing: the word of the glossary for what ``id`` names.
    """

    thing: str
    id: int
    ticket_id: int | None
    at: datetime | None
    what: str


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for one kind of attention."""

    name: str
    count: int
    items: tuple[Item, ...]


Rows = Select[Any]
"""Thing, id, ticket, instant, words: the worst first."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a queue is asked for: whose part of the company, at which instant, by which terms."""

    scope: Scope
    now: datetime
    terms: DispatchTerms


_Maker = Callable[[_Asked], Rows]


def today(session: Session, *, scope: Scope, roles: Collection[Role], now: datetime) -> tuple[Queue, ...]:
    """Return the queues that are for somebody with these roles, the most urgent kind first; empty ones too."""
    terms, _ = in_force(session, DispatchTerms, at=now)
    asked = _Asked(scope, now, terms)
    made = []
    for name, (make, readers) in _QUEUES.items():
        if readers.isdisjoint(roles):
            continue
        rows = make(asked)
        count = session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
        items = _items(session.execute(rows.limit(ITEMS)).all()) if count else ()
        made.append(Queue(name, count, items))
    return tuple(made)


def _items(rows: Sequence[Row[Any]]) -> tuple[Item, ...]:
    return tuple(Item(row.thing, row.id, row.ticket_id, row.at, row.what) for row in rows)


def _rows(thing: str, id_: Any, ticket_id: Any, at: Any, what: Any) -> Rows:
    return select(
        literal(thing).label("thing"), id_.label("id"), ticket_id.label("ticket_id"), at.label("at"), what.label("what")
    )


def _escalations(asked: _Asked) -> Rows:
    rows = _rows("escalation", Escalation.id, Escalation.ticket_id, Escalation.raised_at, Escalation.kind)
    rows = rows.where(Escalation.settled_at.is_(None)).order_by(Escalation.raised_at, Escalation.id)
    return rows.where(Escalation.region_id == asked.scope.region_id) if asked.scope.region_id is not None else rows


def _urges(asked: _Asked) -> Rows:
    rows = _rows("urge", Urge.id, Urge.ticket_id, Urge.contact_due_at, func.coalesce(Urge.text, ""))
    return (
        rows.join(Ticket, Ticket.id == Urge.ticket_id)
        .where(Urge.contacted_at.is_(None), Ticket.status.in_(OPEN_TICKET), *visible(asked.scope))
        .order_by(Urge.contact_due_at, Urge.id)
    )


def _overdue(asked: _Asked) -> Rows:
    """Open tickets whose due time is over, or will be within a day."""
    return (
        _ticket_rows(Ticket.due_at)
        .where(Ticket.status.in_(OPEN_TICKET), Ticket.due_at <= asked.now + _SOON, *visible(asked.scope))
        .order_by(Ticket.due_at, Ticket.id)
    )


def _ticket_rows(at: Any) -> Rows:
    return _rows("ticket", Ticket.id, Ticket.id, at, cast(Ticket.status, String))


def _incomplete(asked: _Asked) -> Rows:
    return (
        _rows("ticket", Ticket.id, Ticket.id, Ticket.opened_at, func.array_to_string(Ticket.missing, ", "))
        .where(Ticket.status == TicketStatus.INCOMPLETE, *visible(asked.scope))
        .order_by(Ticket.opened_at, Ticket.id)
    )


def _stale(asked: _Asked) -> Rows:
    """Tickets that have lacked facts for longer than the policy allows: the desk has got no further (R2, R16a)."""
    return _incomplete(asked).where(Ticket.opened_at <= asked.now - asked.terms.incomplete_shown_after)


def _unplaced(asked: _Asked) -> Rows:
    """Ready tickets that no plan can place, because nobody knows for sure where they are."""
    since = func.coalesce(Ticket.facts_complete_at, Ticket.opened_at)
    return (
        _ticket_rows(since)
        .outerjoin(Site, Site.id == Ticket.site_id)
        .where(
            Ticket.status == TicketStatus.READY,
            or_(Site.id.is_(None), Site.lat.is_(None), Site.position_trusted.is_(False)),
            *visible(asked.scope),
        )
        .order_by(since, Ticket.id)
    )


def _ready(asked: _Asked) -> Rows:
    return (
        _ticket_rows(Ticket.due_at)
        .where(Ticket.status == TicketStatus.READY, *visible(asked.scope))
        .order_by(Ticket.due_at.nulls_last(), Ticket.id)
    )


def _readings(asked: _Asked) -> Rows:
    rows = _rows("reading", HumanReading.id, HumanReading.ticket_id, HumanReading.waits_since, literal(""))
    rows = rows.where(HumanReading.read_at.is_(None)).order_by(HumanReading.waits_since, HumanReading.id)
    if asked.scope.region_id is None:
        return rows
    here = select(Ticket.id).where(Ticket.region_id == asked.scope.region_id)
    return rows.where(or_(HumanReading.ticket_id.is_(None), HumanReading.ticket_id.in_(here)))


def _visit_rows(scope: Scope) -> Rows:
    return (
        _rows("visit", Visit.id, Visit.ticket_id, Visit.starts_at, cast(Visit.status, String))
        .join(Ticket, Ticket.id == Visit.ticket_id)
        .join(Technician, Technician.id == Visit.technician_id)
        .where(*of_technicians(scope))
        .order_by(Visit.starts_at, Visit.id)
    )


def _late(asked: _Asked) -> Rows:
    """Visits whose minute has come, and nobody has arrived."""
    not_there = (VisitStatus.OFFERED, VisitStatus.ACCEPTED, VisitStatus.ON_THE_WAY)
    return _visit_rows(asked.scope).where(Visit.status.in_(not_there), Visit.starts_at <= asked.now)


def _offers(asked: _Asked) -> Rows:
    return (
        _rows("offer", Offer.id, Offer.ticket_id, Offer.expires_at, cast(Offer.round, String))
        .join(Ticket, Ticket.id == Offer.ticket_id)
        .join(Technician, Technician.id == Offer.technician_id)
        .where(Offer.status == OfferStatus.OPEN, *of_technicians(asked.scope))
        .order_by(Offer.expires_at, Offer.id)
    )


def _hindrances(asked: _Asked) -> Rows:
    rows = _rows("hindrance", Hindrance.id, Hindrance.ticket_id, Hindrance.reported_at, cast(Hindrance.reason, String))
    undecided = (Hindrance.counts, Hindrance.accepted_at.is_(None), Hindrance.false_at.is_(None))
    return (
        rows.join(Ticket, Ticket.id == Hindrance.ticket_id)
        .where(*undecided, Ticket.status.in_(OPEN_TICKET), *visible(asked.scope))
        .order_by(Hindrance.reported_at, Hindrance.id)
    )


def _cards(asked: _Asked) -> Rows:
    rows = _rows(
        "completion_card",
        CompletionCard.id,
        CompletionCard.ticket_id,
        CompletionCard.card_due_at,
        cast(CompletionCard.status, String),
    )
    return (
        rows.join(Visit, Visit.id == CompletionCard.visit_id)
        .join(Ticket, Ticket.id == CompletionCard.ticket_id)
        .join(Technician, Technician.id == Visit.technician_id)
        .where(CompletionCard.status.in_((CardStatus.REPORTED, CardStatus.SENT_BACK)), *of_technicians(asked.scope))
        .order_by(CompletionCard.card_due_at.nulls_last(), CompletionCard.id)
    )


def _callback_rows(scope: Scope) -> Rows:
    return (
        _rows(
            "customer_callback",
            CustomerCallback.id,
            CustomerCallback.ticket_id,
            CustomerCallback.due_at,
            CustomerCallback.outcome,
        )
        .where(visible_callbacks(scope))
        .order_by(CustomerCallback.due_at, CustomerCallback.id)
    )


def _callbacks(asked: _Asked) -> Rows:
    return _callback_rows(asked.scope).where(CustomerCallback.status == CallbackStatus.WAITING)


def _unverified(asked: _Asked) -> Rows:
    return _callback_rows(asked.scope).where(CustomerCallback.status.in_(AT_SUPERVISOR))


def _complaints(asked: _Asked) -> Rows:
    rows = _rows("complaint", Complaint.id, Complaint.ticket_id, Complaint.answer_due_at, Complaint.kind)
    return (
        rows.join(Ticket, Ticket.id == Complaint.ticket_id)
        .where(Complaint.decided_at.is_(None), *visible(asked.scope))
        .order_by(Complaint.answer_due_at, Complaint.id)
    )


_DESK = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
_STATION = frozenset({Role.STATION, Role.STATION_CLERK})
_QUEUES: Mapping[str, tuple[_Maker, frozenset[Role]]] = MappingProxyType(
    {
        "escalations": (_escalations, _DESK),
        "late_visits": (_late, _DESK | _STATION),
        "urges": (_urges, _DESK | _STATION),
        "overdue_tickets": (_overdue, _DESK),
        "complaints": (_complaints, frozenset({Role.SUPERVISOR})),
        "stale_tickets": (_stale, frozenset({Role.SUPERVISOR})),
        "unverified_outcomes": (_unverified, frozenset({Role.SUPERVISOR})),
        "readings": (_readings, _DESK),
        "incomplete_tickets": (_incomplete, _DESK),
        "unplaced_tickets": (_unplaced, _DESK),
        "ready_tickets": (_ready, _DESK),
        "open_offers": (_offers, _DESK | _STATION),
        "hindrances": (_hindrances, _DESK),
        "callbacks": (_callbacks, frozenset({Role.CALLBACK_AGENT})),
        "cards": (_cards, frozenset({Role.DISPATCHER}) | _STATION),
    }
)
"""Every queue in the order of its urgency, and for whom it is."""
