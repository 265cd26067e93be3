"""How a ticket ends, and how it is taken up again."""

from datetime import datetime

from sqlalchemy.orm import Session

from server.core.errors import Conflict
from server.core.events import Actor, record
from server.orders import booking, judging, rules
from server.orders.facts import ReasonMissing
from server.orders.hindrances import live_visit
from server.orders.locks import lock_ticket
from server.orders.models import Ticket
from server.orders.status import TICKET, TicketEvent, VisitStatus


class SomebodyIsThere(Conflict):
    """The technician is at the customer's: the visit is ended with its result, not the ticket behind his back."""

    code = "ticket.technician_on_site"


def cancel(session: Session, *, ticket_id: int, reason: str, by: Actor, now: datetime) -> Ticket:
    """Cancel a ticket; a visit that nobody has arrived at is withdrawn (event `ticket.cancel`).

    :raises UnknownTicket: if there is none.
    :raises ReasonMissing: if no reason is given.
    :raises SomebodyIsThere: if a technician is on site.
    :raises IllegalTransition: if it has ended.
    """
    return _end(session, ticket_id, TicketEvent.CANCEL, reason=reason, by=by, now=now)


def decline(session: Session, *, ticket_id: int, reason: str, by: Actor, now: datetime) -> Ticket:
    """End a ticket because the customer declined before anybody came (R7; event `ticket.decline`).

    :raises UnknownTicket: if there is none.
    :raises ReasonMissing: if no reason is given.
    :raises SomebodyIsThere: if a technician is on site: then the visit is declined (`visits.be_declined`).
    :raises IllegalTransition: if it has ended.
    """
    return _end(session, ticket_id, TicketEvent.DECLINE, reason=reason, by=by, now=now)


def not_accept(session: Session, *, ticket_id: int, reason: str, by: Actor, now: datetime) -> Ticket:
    """Keep a report without acting on it (R1a): not ours, spam, a test (event `ticket.not_accept`).

    :raises UnknownTicket: if there is none.
    :raises ReasonMissing: if no reason is given.
    :raises IllegalTransition: if it was planned already, or has ended.
    """
    return _end(session, ticket_id, TicketEvent.NOT_ACCEPT, reason=reason, by=by, now=now)


def _end(session: Session, ticket_id: int, event: TicketEvent, *, reason: str, by: Actor, now: datetime) -> Ticket:
    if not reason.strip():
        raise ReasonMissing
    ticket = lock_ticket(session, ticket_id)
    TICKET.follows(ticket.status, event)
    refuse_if_on_site(session, ticket)
    ticket.closed_at, ticket.waits_until = now, None
    record(session, ticket, event, by=by, now=now, reason=reason)
    give_up_visit(session, ticket, reason=str(event), by=by, now=now)
    return ticket


def refuse_if_on_site(session: Session, ticket: Ticket) -> None:
    """Refuse to take a ticket away from a technician who stands at the customer's; the caller holds the ticket.

    :raises SomebodyIsThere: if one does.
    """
    visit = live_visit(session, ticket.id)
    if visit is not None and visit.status is VisitStatus.ON_SITE:
        raise SomebodyIsThere(number=ticket.number, visit_id=visit.id)


def give_up_visit(session: Session, ticket: Ticket, *, reason: str, by: Actor, now: datetime) -> None:
    """Withdraw the visit that is still ahead of a ticket, unless somebody who listened has; the caller holds it."""
    visit = live_visit(session, ticket.id)
    if visit is not None:
        booking.withdraw(session, visit_id=visit.id, reason=reason, by=by, now=now)


def close_verified(session: Session, *, ticket_id: int, by: Actor, now: datetime, reason: str | None = None) -> Ticket:
    """Close a ticket whose outcome the customer has confirmed (R35; event `ticket.verify`).

    :raises UnknownTicket: if there is none.
    :raises IllegalTransition: if it is not done.
    """
    return _close(session, ticket_id, TicketEvent.VERIFY, reason=reason, by=by, now=now)


def close_unverified(session: Session, *, ticket_id: int, reason: str, by: Actor, now: datetime) -> Ticket:
    """Close a ticket whose outcome could not be confirmed in time (R35; event `ticket.end_unverified`).

    :raises UnknownTicket: if there is none.
    :raises IllegalTransition: if it is not done.
    """
    return _close(session, ticket_id, TicketEvent.END_UNVERIFIED, reason=reason, by=by, now=now)


def _close(
    session: Session, ticket_id: int, event: TicketEvent, *, reason: str | None, by: Actor, now: datetime
) -> Ticket:
    ticket = lock_ticket(session, ticket_id)
    TICKET.follows(ticket.status, event)
    ticket.closed_at = now
    record(session, ticket, event, by=by, now=now, reason=reason)
    return ticket


def reopen(session: Session, *, ticket_id: int, reason: str, by: Actor, now: datetime) -> Ticket:
    """Take a ticket that had ended up again (R35: still broken, not done, nobody came; event `ticket.reopen`).

    The work that is owed now is due within the limit from now on: the customer's first clock has ended.

    :raises UnknownTicket: if there is none.
    :raises ReasonMissing: if no reason is given.
    :raises IllegalTransition: if it is open, or was never accepted.
    """
    if not reason.strip():
        raise ReasonMissing
    ticket = lock_ticket(session, ticket_id)
    TICKET.follows(ticket.status, TicketEvent.REOPEN)
    known, terms = judging.known_about(session, ticket), judging.policies_at(session, now)
    limit = rules.time_limit(terms.clocks, work_type=ticket.work_type, zone=judging.zone_of(known))
    ticket.due_at = rules.due_time(complete_at=now, limit=limit)
    ticket.facts_complete_at = ticket.facts_complete_at or now
    ticket.closed_at = ticket.agreed_from = ticket.agreed_to = None
    record(session, ticket, TicketEvent.REOPEN, by=by, now=now, reason=reason)
    return ticket
