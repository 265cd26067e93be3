"""One thing of the caller's, or the same refusal as for one that does not exist (fault 51); pages of visits and cards.

Who changes something looks it up here first, in the transaction of the change; the use case then locks it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.orders.cards import UnknownCard
from server.orders.extra_work import UnknownExtraWork
from server.orders.hindrances import UnknownHindrance
from server.orders.locks import UnknownTicket, UnknownVisit
from server.orders.models import Hindrance, Ticket
from server.orders.queries import visible
from server.orders.status import CardStatus, VisitStatus
from server.orders.visit_models import CardCharge, CardPart, CompletionCard, ExtraWork, Visit
from server.orders.visit_queries import of_technicians
from server.organisation.access import Scope
from server.technicians.models import Technician


def ticket_of(session: Session, ticket_id: int, *, scope: Scope) -> Ticket:
    """Return a ticket of the caller's.

    :raises UnknownTicket: if there is none for him.
    """
    ticket = session.scalar(select(Ticket).where(Ticket.id == ticket_id, *visible(scope)))
    if ticket is None:
        raise UnknownTicket
    return ticket


def history(
    session: Session, ticket_id: int, *, scope: Scope, after: int | None = None, limit: int = 50
) -> Sequence[DomainEvent]:
    """Return what happened to a ticket, oldest first, and one more than the limit if there is more.

    Somebody who sees only some visits of a ticket is shown only what these, or the ticket itself, are about.

    :param after: id of the last one of the page before.
    :raises UnknownTicket: if there is none for the caller.
    """
    ticket_of(session, ticket_id, scope=scope)
    found = select(DomainEvent).where(DomainEvent.ticket_id == ticket_id).order_by(DomainEvent.id).limit(limit + 1)
    if scope.station_id is not None or scope.technician_id is not None:
        own = _visits(scope).with_only_columns(Visit.id).where(Visit.ticket_id == ticket_id)
        found = found.where(
            or_(
                DomainEvent.subject == Ticket.machine.name,
                and_(DomainEvent.subject == Visit.machine.name, DomainEvent.subject_id.in_(own)),
            )
        )
    if after is not None:
        found = found.where(DomainEvent.id > after)
    return session.scalars(found).all()


def visit_of(session: Session, visit_id: int, *, scope: Scope) -> Visit:
    """Return a visit of the caller's.

    :raises UnknownVisit: if there is none for him.
    """
    visit = session.scalar(_visits(scope).where(Visit.id == visit_id))
    if visit is None:
        raise UnknownVisit
    return visit


def hindrance_of(session: Session, hindrance_id: int, *, scope: Scope) -> Hindrance:
    """Return a reported hindrance of one of the caller's tickets.

    :raises UnknownHindrance: if there is none for him.
    """
    found = session.scalar(
        select(Hindrance)
        .join(Ticket, Ticket.id == Hindrance.ticket_id)
        .where(Hindrance.id == hindrance_id, *visible(scope))
    )
    if found is None:
        raise UnknownHindrance
    return found


def card_of(session: Session, card_id: int, *, scope: Scope) -> CompletionCard:
    """Return a completion card of the caller's.

    :raises UnknownCard: if there is none for him.
    """
    card = session.scalar(_cards(scope).where(CompletionCard.id == card_id))
    if card is None:
        raise UnknownCard
    return card


def extra_work_of(session: Session, extra_work_id: int, *, visit_id: int, scope: Scope) -> ExtraWork:
    """Return extra work of one of the caller's visits.

    :raises UnknownExtraWork: if there is none for him.
    """
    visit = session.scalar(_visits(scope).where(Visit.id == visit_id))
    extra = session.get(ExtraWork, extra_work_id)
    if visit is None or extra is None or extra.visit_id != visit.id:
        raise UnknownExtraWork
    return extra


@dataclass(frozen=True, slots=True)
class CardSheet:
    """A completion card with what it lists."""

    card: CompletionCard
    parts: tuple[CardPart, ...]
    charges: tuple[CardCharge, ...]


def card_sheet(session: Session, card_id: int, *, scope: Scope) -> CardSheet:
    """Return a completion card with parts and charges.

    :raises UnknownCard: if there is none for the caller.
    """
    card = card_of(session, card_id, scope=scope)
    parts = select(CardPart).where(CardPart.card_id == card_id).order_by(CardPart.id)
    charges = select(CardCharge).where(CardCharge.card_id == card_id).order_by(CardCharge.id)
    return CardSheet(card, tuple(session.scalars(parts)), tuple(session.scalars(charges)))


def cards(
    session: Session, *, scope: Scope, status: CardStatus | None = None, after: int | None = None, limit: int = 50
) -> Sequence[CompletionCard]:
    """Return completion cards in the order they were reported, and one more than the limit if there are more.

    :param after: id of the last one of the page before.
    """
    found = _cards(scope).order_by(CompletionCard.id).limit(limit + 1)
    if status is not None:
        found = found.where(CompletionCard.status == status)
    if after is not None:
        found = found.where(CompletionCard.id > after)
    return session.scalars(found).all()


@dataclass(frozen=True, slots=True)
class VisitFilter:
    """Which visits a list shows; None shows all.

    :param start: with ``end``, the instants between which they begin.
    """

    start: datetime | None = None
    end: datetime | None = None
    technician_id: int | None = None
    station_id: int | None = None
    region_id: int | None = None
    status: VisitStatus | None = None


def visits(
    session: Session,
    *,
    scope: Scope,
    wanted: VisitFilter,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> Sequence[Visit]:
    """Return visits by their start, and one more than the limit if there are more.

    :param after: (starts_at, id) of the last one of the page before.
    """
    found = _visits(scope).order_by(Visit.starts_at, Visit.id).limit(limit + 1)
    if wanted.start is not None:
        found = found.where(Visit.starts_at >= wanted.start)
    if wanted.end is not None:
        found = found.where(Visit.starts_at < wanted.end)
    if wanted.technician_id is not None:
        found = found.where(Visit.technician_id == wanted.technician_id)
    if wanted.station_id is not None:
        found = found.where(Technician.station_id == wanted.station_id)
    if wanted.region_id is not None:
        found = found.where(Ticket.region_id == wanted.region_id)
    if wanted.status is not None:
        found = found.where(Visit.status == wanted.status)
    if after is not None:
        found = found.where(tuple_(Visit.starts_at, Visit.id) > after)
    return session.scalars(found).all()


def _visits(scope: Scope) -> Select[Visit]:
    return (
        select(Visit)
        .join(Ticket, Ticket.id == Visit.ticket_id)
        .join(Technician, Technician.id == Visit.technician_id)
        .where(*of_technicians(scope))
    )


def _cards(scope: Scope) -> Select[CompletionCard]:
    return (
        select(CompletionCard)
        .join(Visit, Visit.id == CompletionCard.visit_id)
        .join(Ticket, Ticket.id == CompletionCard.ticket_id)
        .join(Technician, Technician.id == Visit.technician_id)
        .where(*of_technicians(scope))
    )
