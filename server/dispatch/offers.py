"""Offers: dispatch orders that wait for a technician's answer (R11)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.due import Sweep
from server.core.errors import Conflict, NotFound
from server.core.events import SYSTEM, Actor, note, record
from server.core.policies import in_force
from server.dispatch import next_round
from server.dispatch.models import Offer
from server.dispatch.rules import QuietHours, expiry
from server.dispatch.status import DeclineReason, OfferEvent, OfferStatus
from server.dispatch.terms import DispatchTerms
from server.orders import booking
from server.orders.locks import lock_ticket
from server.orders.models import Ticket
from server.orders.visit_models import Visit
from server.orders.words import Priority
from server.organisation.models import Region
from server.sms.terms import MessageTerms


@dataclass(frozen=True, slots=True)
class Conditions:
    """The policies that offers of one moment are sent under; read once for many offers."""

    terms: DispatchTerms
    hours: MessageTerms


def conditions(session: Session, *, now: datetime) -> Conditions:
    """Return the policies in force."""
    return Conditions(in_force(session, DispatchTerms, at=now)[0], in_force(session, MessageTerms, at=now)[0])


def send(
    session: Session,
    *,
    visit: Visit,
    round: int,  # noqa: A002 - the word of R11
    by: Actor,
    now: datetime,
    under: Conditions | None = None,
) -> Offer:
    """Offer a planned visit to its technician (`offer.sent`). The caller holds the ticket.

    :param round: 1 for the first who is asked.
    :raises IllegalTransition: if the visit is not planned.
    """
    ticket = session.get_one(Ticket, visit.ticket_id)
    rules = under or conditions(session, now=now)
    zone = session.get_one(Region, ticket.region_id).time_zone
    expires_at = expiry(
        sent_at=now,
        urgent=ticket.priority is Priority.URGENT,
        starts_at=visit.starts_at,
        quiet=QuietHours(rules.hours.quiet_from_hour, rules.hours.quiet_to_hour, zone),
        terms=rules.terms,
    )
    booking.offered(session, visit=visit, by=by, now=now)
    offer = Offer(
        visit_id=visit.id,
        ticket_id=visit.ticket_id,
        technician_id=visit.technician_id,
        round=round,
        sent_at=now,
        expires_at=expires_at,
    )
    session.add(offer)
    note(session, offer, "sent", by=by, now=now, details={"technician_id": visit.technician_id, "round": round})
    return offer


class UnknownOffer(NotFound):
    """There is no such offer for this technician."""

    code = "offer.unknown"


class OfferClosed(Conflict):
    """Somebody, or the clock, was faster: the offer was answered, has expired, or was withdrawn."""

    code = "offer.closed"


def accept(session: Session, *, offer_id: int, technician_id: int | None, by: Actor, now: datetime) -> Offer:
    """Give the visit to the technician: his job receipt. It is binding (R11).

    :param technician_id: whose offer it must be; None when the desk records the answer for him.
    :raises UnknownOffer: if the offer is not this technician's.
    :raises OfferClosed: if it was answered, withdrawn, or its time is up.
    """
    offer, visit = _locked(session, offer_id=offer_id, technician_id=technician_id)
    _demand_open(offer, now=now)
    offer.answered_at = now
    record(session, offer, OfferEvent.ACCEPT, by=by, now=now)
    booking.accepted(session, visit=visit, sent_at=offer.sent_at, by=by, now=now)
    return offer


def decline(
    session: Session,
    *,
    offer_id: int,
    technician_id: int | None,
    reason: DeclineReason,
    remark: str | None,
    by: Actor,
    now: datetime,
) -> Offer:
    """Note that the technician will not go, and why; the next candidate is asked, or a human decides.

    :raises UnknownOffer: if the offer is not this technician's.
    :raises OfferClosed: if it was answered, withdrawn, or its time is up.
    """
    offer, visit = _locked(session, offer_id=offer_id, technician_id=technician_id)
    _demand_open(offer, now=now)
    offer.answered_at, offer.decline_reason, offer.remark = now, reason, remark
    record(session, offer, OfferEvent.DECLINE, by=by, now=now, reason=reason)
    _pass_on(session, visit=visit, rounds_used=offer.round, reason="declined", now=now)
    return offer


class AlreadyLeft(Conflict):
    """The technician is on his way, or further: handing back is over."""

    code = "offer.already_left"


def hand_back(
    session: Session,
    *,
    offer_id: int,
    technician_id: int | None,
    reason: DeclineReason,
    remark: str | None,
    by: Actor,
    now: datetime,
) -> Offer:
    """Take an accepted visit back before departure, with a reason; counted and shown (R11). The next is asked.

    :raises UnknownOffer: if the offer is not this technician's.
    :raises OfferClosed: if it is not an accepted one.
    :raises AlreadyLeft: if he has left for the customer.
    """
    offer, visit = _locked(session, offer_id=offer_id, technician_id=technician_id)
    if offer.status is not OfferStatus.ACCEPTED:
        raise OfferClosed(offer_id=offer_id, status=offer.status)
    if not next_round.may_be_passed_on(visit):
        raise AlreadyLeft(offer_id=offer_id, status=visit.status)
    offer.decline_reason, offer.remark = reason, remark
    record(session, offer, OfferEvent.HAND_BACK, by=by, now=now, reason=reason)
    _pass_on(session, visit=visit, rounds_used=offer.round, reason="handed_back", now=now)
    return offer


def withdraw_for_visit(session: Session, *, visit_id: int, reason: str, by: Actor, now: datetime) -> None:
    """Withdraw whatever is open or accepted for a visit: it will not take place, or somebody else makes it.

    The caller holds the ticket.
    """
    for offer in session.scalars(
        select(Offer)
        .where(Offer.visit_id == visit_id, Offer.status.in_([OfferStatus.OPEN, OfferStatus.ACCEPTED]))
        .execution_options(populate_existing=True)
    ):
        record(session, offer, OfferEvent.WITHDRAW, by=by, now=now, reason=reason)


def reoffer(session: Session, *, visit: Visit, reason: str, by: Actor, now: datetime) -> None:
    """Take a visit from a technician who cannot go, and ask the next candidate, or a human.

    The rounds begin anew: it was not a no. The caller holds the ticket.
    """
    withdraw_for_visit(session, visit_id=visit.id, reason=reason, by=by, now=now)
    _pass_on(session, visit=visit, rounds_used=0, reason=reason, now=now)


def take_back(session: Session, *, visit: Visit, reason: str, by: Actor, now: datetime) -> None:
    """Withdraw the offer of a visit and make it free to be given to somebody else. The caller holds the ticket."""
    withdraw_for_visit(session, visit_id=visit.id, reason=reason, by=by, now=now)
    next_round.release(session, visit, reason=reason, by=by, now=now)


def _locked(session: Session, *, offer_id: int, technician_id: int | None) -> tuple[Offer, Visit]:
    """Return the offer and its visit with the ticket held.

    The ticket is the lock of everything below it: of two who answer at the same moment, the second waits
    here and then finds the offer answered.
    """
    found = session.execute(select(Offer.ticket_id, Offer.technician_id).where(Offer.id == offer_id)).one_or_none()
    if found is None or technician_id not in {None, found.technician_id}:
        raise UnknownOffer(offer_id=offer_id)
    lock_ticket(session, found.ticket_id)
    offer = session.get_one(Offer, offer_id, populate_existing=True)
    return offer, session.get_one(Visit, offer.visit_id, populate_existing=True)


def _demand_open(offer: Offer, *, now: datetime) -> None:
    """Refuse an answer that comes too late; the instant of expiry itself is too late."""
    if offer.status is not OfferStatus.OPEN:
        raise OfferClosed(offer_id=offer.id, status=offer.status)
    if now >= offer.expires_at:
        raise OfferClosed(offer_id=offer.id, status=OfferStatus.EXPIRED)


def _pass_on(session: Session, *, visit: Visit, rounds_used: int, reason: str, now: datetime) -> None:
    """Ask the next candidate, or put the ticket before a human."""
    moved = next_round.find(session, visit=visit, rounds_used=rounds_used, reason=reason, now=now)
    if moved is not None:
        send(session, visit=moved, round=rounds_used + 1, by=SYSTEM, now=now)


def _expire_one(session: Session, now: datetime) -> int:
    """Expire the offer whose time has been up longest, and ask the next candidate.

    One a transaction: it holds a ticket and then technicians' days, and must not hold them while it waits
    for another ticket.
    """
    due = session.execute(
        select(Offer.id)
        .where(Offer.status == OfferStatus.OPEN, Offer.expires_at <= now)
        .order_by(Offer.expires_at, Offer.id)
        .limit(1)
    ).scalar_one_or_none()
    if due is None:
        return 0
    offer, visit = _locked(session, offer_id=due, technician_id=None)
    if offer.status is OfferStatus.OPEN:  # it may have been answered while we waited for the ticket
        record(session, offer, OfferEvent.EXPIRE, by=SYSTEM, now=now)
        _pass_on(session, visit=visit, rounds_used=offer.round, reason="expired", now=now)
    return 1


SWEEP = Sweep("offer_expiry", select(func.min(Offer.expires_at)).where(Offer.status == OfferStatus.OPEN), _expire_one)
