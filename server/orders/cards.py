"""The completion card at the station clerk's desk: received, or sent back for correction (R19)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core import policies
from server.core.errors import Invalid, NotFound
from server.core.events import Actor, ActorKind, record
from server.orders.locks import lock_ticket
from server.orders.status import CARD, CardEvent
from server.orders.terms import VisitTerms
from server.orders.visit_models import CompletionCard


class UnknownCard(NotFound):
    """No such completion card for the caller."""

    code = "card.unknown"


class WhatIsWrong(Invalid):
    """A card that is sent back says what is to be corrected."""

    code = "card.reason_missing"


def receive(session: Session, *, card_id: int, by: Actor, now: datetime) -> CompletionCard:
    """Keep that a card was handed in: what R19 counts to. Event: `completion_card.receive`.

    A card that was sent back keeps its first receipt if it comes back corrected within a day; otherwise
    it counts as handed in now.

    :raises UnknownCard: if there is none.
    :raises IllegalTransition: if it was received already.
    """
    card = _held(session, card_id)
    CARD.follows(card.status, CardEvent.RECEIVE)
    terms, _ = policies.in_force(session, VisitTerms, at=now)
    late = card.sent_back_at is not None and now > card.sent_back_at + terms.card_corrected_within
    if card.received_at is None or late:
        card.received_at = now
        card.received_by = by.id if by.kind is ActorKind.STAFF else None
    record(session, card, CardEvent.RECEIVE, by=by, now=now)
    return card


def send_back(session: Session, *, card_id: int, reason: str, by: Actor, now: datetime) -> CompletionCard:
    """Send a card back for correction (R19). Event: `completion_card.send_back`.

    :raises UnknownCard: if there is none.
    :raises WhatIsWrong: if no reason is given.
    :raises IllegalTransition: if it was sent back already.
    """
    if not reason.strip():
        raise WhatIsWrong
    card = _held(session, card_id)
    CARD.follows(card.status, CardEvent.SEND_BACK)
    # It has been in the clerk's hands: that is its first receipt, even if nobody had written it down.
    if card.received_at is None:
        card.received_at = now
        card.received_by = by.id if by.kind is ActorKind.STAFF else None
    card.sent_back_at, card.sent_back_reason = now, reason
    record(session, card, CardEvent.SEND_BACK, by=by, now=now, reason=reason)
    return card


def _held(session: Session, card_id: int) -> CompletionCard:
    ticket_id = session.scalar(select(CompletionCard.ticket_id).where(CompletionCard.id == card_id))
    if ticket_id is None:
        raise UnknownCard
    lock_ticket(session, ticket_id)
    return session.get_one(CompletionCard, card_id, populate_existing=True)
