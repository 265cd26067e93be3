"""What the desk does with a ticket: let it wait, take it up, note an urge, agree a time; how it ends; hindrances."""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core import policies
from server.core.clock import local_instant
from server.core.due import Sweep
from server.core.errors import Conflict, Invalid
from server.core.events import SYSTEM, Actor, note, record
from server.orders import judging, rules
from server.orders.closing import (
    cancel,
    close_unverified,
    close_verified,
    decline,
    give_up_visit,
    not_accept,
    refuse_if_on_site,
    reopen,
)
from server.orders.hindrances import accept_hindrance, decide_false, live_visit, report_hindrance
from server.orders.hours import working_deadline
from server.orders.locks import lock_ticket
from server.orders.models import Ticket, Urge
from server.orders.status import OPEN_TICKET, TICKET, TicketEvent, TicketStatus, VisitStatus
from server.orders.terms import ClockTerms
from server.orders.words import STOPPING, HindranceReason

__all__ = [
    "SWEEP",
    "accept_hindrance",
    "agree_window",
    "cancel",
    "close_unverified",
    "close_verified",
    "decide_false",
    "decline",
    "not_accept",
    "reopen",
    "report_hindrance",
    "resume",
    "urge",
    "wait_until",
]

_HIS = frozenset({VisitStatus.ACCEPTED, VisitStatus.ON_THE_WAY, VisitStatus.ON_SITE})
_BATCH = 100


class DateNotAhead(Invalid):
    """A ticket waits for a day that is still to come."""

    code = "ticket.date_not_ahead"


def wait_until(
    session: Session, *, ticket_id: int, until: date, reason: HindranceReason, text: str, by: Actor, now: datetime
) -> Ticket:
    """Let a ticket wait for a local day, with its reason; a visit that is ahead of it is withdrawn.

    The customer's own date is where his clock runs from (R18); another reason that stops the clocks stops his
    until the day (R17). Event: `ticket.wait`. It is taken up again when the day begins.

    :raises UnknownTicket: if there is none.
    :raises DateNotAhead: if the day has begun.
    :raises SomebodyIsThere: if a technician is on site.
    :raises IllegalTransition: if it is incomplete, waits already or has ended.
    """
    ticket = lock_ticket(session, ticket_id)
    TICKET.follows(ticket.status, TicketEvent.WAIT)
    refuse_if_on_site(session, ticket)
    known = judging.known_about(session, ticket)
    begins = local_instant(until, 0, 0, judging.time_zone(session, known))
    if begins <= now:
        raise DateNotAhead
    _stop_customers_clock(session, known, reason=reason, begins=begins, now=now)
    ticket.waits_until = begins
    details = {"until": until.isoformat(), "reason": str(reason)}
    record(session, ticket, TicketEvent.WAIT, by=by, now=now, reason=text, details=details)
    give_up_visit(session, ticket, reason=str(TicketEvent.WAIT), by=by, now=now)
    return ticket


def _stop_customers_clock(
    session: Session, known: judging.Known, *, reason: HindranceReason, begins: datetime, now: datetime
) -> None:
    ticket = known.ticket
    if ticket.due_at is None or reason not in STOPPING:
        return
    if reason is HindranceReason.CUSTOMER_DATE:
        terms, _ = policies.in_force(session, ClockTerms, at=now)
        limit = rules.time_limit(terms, work_type=ticket.work_type, zone=judging.zone_of(known))
        ticket.due_at = rules.due_after_customer_date(ticket.due_at, date_begins=begins, limit=limit)
    else:
        ticket.due_at = rules.due_after_stop(ticket.due_at, stopped_at=now, until=begins)


def resume(session: Session, *, ticket_id: int, by: Actor, now: datetime, reason: str | None = None) -> Ticket:
    """Take up a ticket that waits, before its day or without one (event `ticket.resume`).

    :raises UnknownTicket: if there is none.
    :raises IllegalTransition: if it does not wait.
    """
    ticket = lock_ticket(session, ticket_id)
    TICKET.follows(ticket.status, TicketEvent.RESUME)
    _resume(session, ticket, by=by, now=now, reason=reason)
    return ticket


def _resume(session: Session, ticket: Ticket, *, by: Actor, now: datetime, reason: str | None) -> None:
    ticket.waits_until = None
    record(session, ticket, TicketEvent.RESUME, by=by, now=now, reason=reason)


def _resume_due(session: Session, now: datetime) -> int:
    """Take up the tickets whose day has begun; one that somebody holds is left for the next round."""
    tickets = session.scalars(
        select(Ticket)
        .where(Ticket.status == TicketStatus.WAITING, Ticket.waits_until <= now)
        .order_by(Ticket.waits_until, Ticket.id)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for ticket in tickets:
        _resume(session, ticket, by=SYSTEM, now=now, reason=None)
    return len(tickets)


SWEEP = Sweep(
    "tickets.resume",
    select(func.min(Ticket.waits_until)).where(Ticket.status == TicketStatus.WAITING),
    _resume_due,
)
"""Tickets whose waiting is over."""


class NothingToUrge(Conflict):
    """The ticket has ended: an urge about it is a new report or a complaint."""

    code = "ticket.nothing_to_urge"


def urge(session: Session, *, ticket_id: int, text: str | None, by: Actor, now: datetime) -> Urge:
    """Keep that the customer asks again because nothing has happened (R15). Event: `ticket.urge`.

    The technician phones him within an hour; of calling hours, on the site's clock. While nobody has the
    ticket the desk answers for it.

    :raises UnknownTicket: if there is none.
    :raises NothingToUrge: if it has ended.
    """
    ticket = lock_ticket(session, ticket_id)
    if ticket.status not in OPEN_TICKET:
        raise NothingToUrge(number=ticket.number)
    visit = live_visit(session, ticket.id)
    technician_id = visit.technician_id if visit is not None and visit.status in _HIS else None
    terms, _ = policies.in_force(session, ClockTerms, at=now)
    zone = judging.time_zone(session, judging.known_about(session, ticket))
    row = Urge(
        ticket_id=ticket.id,
        technician_id=technician_id,
        urged_at=now,
        contact_due_at=working_deadline(now, within=terms.urge_contact_within, zone=zone, terms=terms),
        text=text,
    )
    session.add(row)
    session.flush()
    details = {"urge_id": row.id, "technician_id": technician_id}
    note(session, ticket, "urge", by=by, now=now, reason=text, details=details)
    return row


class BadWindow(Invalid):
    """An agreed time begins before it ends, and ends after now; both are aware instants."""

    code = "ticket.bad_window"


class VisitElsewhere(Conflict):
    """A visit is planned outside the time that is to be agreed: it is moved or withdrawn first."""

    code = "ticket.visit_outside_window"


class NotOpen(Conflict):
    """The ticket has ended: there is no time to agree."""

    code = "ticket.not_open"


def agree_window(
    session: Session, *, ticket_id: int, start: datetime, end: datetime, by: Actor, now: datetime
) -> Ticket:
    """Keep the time that was agreed with the customer (R9); every plan keeps to it. Event: `ticket.agree_window`.

    A ticket that waited for the desk to call (R27a) is taken up again.

    :raises UnknownTicket: if there is none.
    :raises BadWindow: if the times are naive, reversed or past.
    :raises NotOpen: if the ticket has ended.
    :raises VisitElsewhere: if its visit does not begin within the window.
    """
    if start.tzinfo is None or end.tzinfo is None or not start < end or end - now <= timedelta(0):
        raise BadWindow
    ticket = lock_ticket(session, ticket_id)
    if ticket.status not in OPEN_TICKET:
        raise NotOpen(number=ticket.number)
    visit = live_visit(session, ticket.id)
    if visit is not None and not start <= visit.starts_at <= end:
        raise VisitElsewhere(visit_id=visit.id)
    ticket.agreed_from, ticket.agreed_to = start, end
    details = {"from": start.isoformat(), "to": end.isoformat()}
    note(session, ticket, "agree_window", by=by, now=now, details=details)
    if ticket.status is TicketStatus.WAITING and ticket.waits_until is None:
        _resume(session, ticket, by=by, now=now, reason="agree_window")
    return ticket
