"""The queue of customer callbacks: what opens one, and who calls next."""

from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from server.callbacks import rules
from server.callbacks.models import CustomerCallback
from server.callbacks.scope import visible
from server.callbacks.status import CallbackEvent, CallbackStatus, Respondent
from server.callbacks.terms import CallbackTerms
from server.core.errors import Invalid
from server.core.events import SYSTEM, Actor, ActorKind, DomainEvent, note, record
from server.core.policies import in_force
from server.customers.models import CustomerPhone, Equipment, Site
from server.orders.models import Correction, Ticket
from server.orders.status import TicketStatus, VisitStatus
from server.orders.visit_models import Visit
from server.orders.words import Channel, ChargeCategory
from server.organisation.access import EVERYTHING, Scope
from server.organisation.models import Region

_ENDED_WITHOUT_VISIT = {TicketStatus.CANCELLED: rules.CANCELLED, TicketStatus.DECLINED: rules.DECLINED}


def open_for_visit(session: Session, event: DomainEvent) -> None:
    """Open the verification of a visit's outcome with the customer (R32).

    Handles `visit.finish`, `visit.not_finish`, `visit.find_nobody`, `visit.be_declined`. A second event about the same
    visit changes nothing.
    """
    visit = session.get_one(Visit, event.subject_id)
    if session.scalar(select(CustomerCallback.id).where(CustomerCallback.visit_id == visit.id)) is not None:
        return
    ticket = session.get_one(Ticket, visit.ticket_id)
    # Who declines on site ends visit and ticket in one step: of whichever was told first, one callback is made.
    twin = session.scalar(
        select(CustomerCallback).where(
            CustomerCallback.ticket_id == ticket.id,
            CustomerCallback.visit_id.is_(None),
            CustomerCallback.status == CallbackStatus.WAITING,
            CustomerCallback.created_at == event.at,
        )
    )
    if twin is not None:
        twin.visit_id, twin.outcome = visit.id, str(visit.result)
        _ask(session, twin, ticket, now=event.at)
        return
    _open(session, ticket, visit=visit, outcome=str(visit.result), now=event.at)


def open_for_ticket(session: Session, event: DomainEvent) -> None:
    """Open the verification of a ticket that ended cancelled or declined and not by a visit (R32).

    Handles `ticket.cancel` and `ticket.decline`. Where the customer declined on site, the visit's callback verifies it.
    """
    ticket = session.get_one(Ticket, event.subject_id)
    by_visit = select(Visit.id).where(
        Visit.ticket_id == ticket.id,
        Visit.status == VisitStatus.CUSTOMER_DECLINED,
        Visit.finished_at == event.at,
    )
    waiting = select(CustomerCallback.id).where(
        CustomerCallback.ticket_id == ticket.id,
        CustomerCallback.visit_id.is_(None),
        CustomerCallback.status.in_((CallbackStatus.WAITING, CallbackStatus.SURVEYED)),
    )
    outcome = _ENDED_WITHOUT_VISIT.get(ticket.status)
    if outcome is None or session.scalar(by_visit) is not None or session.scalar(waiting) is not None:
        return
    _open(session, ticket, visit=None, outcome=outcome, now=event.at)


def _open(session: Session, ticket: Ticket, *, visit: Visit | None, outcome: str, now: datetime) -> CustomerCallback:
    terms, _ = in_force(session, CallbackTerms, at=now)
    zone = time_zone(session, ticket)
    window = rules.next_window(now, tried=(), terms=terms, zone=zone)
    callback = CustomerCallback(
        ticket_id=ticket.id,
        visit_id=visit.id if visit else None,
        outcome=outcome,
        respondent=_respondent(session, ticket),
        phone=_phone_at_intake(session, ticket),
        due_at=rules.first_due(now, terms=terms, zone=zone),
        call_after=window.opens,
        call_before=window.closes,
        created_at=now,
    )
    session.add(callback)
    note(session, callback, "open", by=SYSTEM, now=now, details={"outcome": outcome})
    if callback.phone is None:
        callback.lapses_at = now + terms.undecided_until
        record(session, callback, CallbackEvent.GIVE_UP, by=SYSTEM, now=now, reason="no_phone")
    else:
        _ask(session, callback, ticket, now=now)
    return callback


def _ask(session: Session, callback: CustomerCallback, ticket: Ticket, *, now: datetime) -> None:
    """Ask yes or no by text message before anybody calls, where the report puts the reason on the customer (R32)."""
    if callback.phone is None or not rules.asks_first(callback.outcome):
        return
    terms, _ = in_force(session, CallbackTerms, at=callback.created_at)
    zone = time_zone(session, ticket)
    window = rules.next_window(now + terms.ask_open, tried=(), terms=terms, zone=zone)
    callback.call_after, callback.call_before, callback.asked_at = window.opens, window.closes, now
    note(session, callback, "ask", by=SYSTEM, now=now, details={"outcome": callback.outcome})


def time_zone(session: Session, ticket: Ticket) -> str:
    """Return the time zone of a ticket's site; where no site is known, of its region."""
    site = session.get(Site, ticket.site_id) if ticket.site_id is not None else None
    return site.time_zone if site else session.get_one(Region, ticket.region_id).time_zone


def _respondent(session: Session, ticket: Ticket) -> Respondent:
    if ticket.channel is Channel.PUBLIC_WORK:
        return Respondent.RESPONSIBLE_CONTACT
    unit = session.get(Equipment, ticket.equipment_id) if ticket.equipment_id is not None else None
    if ticket.charge_category is ChargeCategory.D or (unit is not None and unit.pre_sale):
        return Respondent.OWNING_PARTY
    return Respondent.CUSTOMER


def _phone_at_intake(session: Session, ticket: Ticket) -> str | None:
    """Return the number given at intake, whatever it was changed to later; else the first one on file (R33)."""
    changed = session.scalar(
        select(Correction)
        .where(Correction.ticket_id == ticket.id, Correction.field == "contact_phone")
        .order_by(Correction.id)
        .limit(1)
    )
    given = changed.before.get("contact_phone", changed.before.get("value")) if changed else ticket.contact_phone
    if given or ticket.contact_phone:
        return str(given or ticket.contact_phone)
    return session.scalar(
        select(CustomerPhone.number)
        .where(CustomerPhone.customer_id == ticket.customer_id)
        .order_by(CustomerPhone.id)
        .limit(1)
    )


class NotAnAgent(Invalid):
    """Calls are made by somebody who works at a desk."""

    code = "callback.not_an_agent"


def next_call(session: Session, *, by: Actor, now: datetime, scope: Scope = EVERYTHING) -> CustomerCallback | None:
    """Hand the worst call that may be made now to an agent, and to nobody else for a while; None if there is none.

    Who asks again before he has reported gets the same call. The worst is the one whose first attempt is, or was, due
    earliest.

    :raises NotAnAgent: if a machine or a technician asks.
    """
    if by.kind is not ActorKind.STAFF or by.id is None:
        raise NotAnAgent
    free = or_(CustomerCallback.claimed_until.is_(None), CustomerCallback.claimed_until <= now)
    mine = and_(CustomerCallback.claimed_by == by.id, CustomerCallback.claimed_until > now)
    callable_now = and_(CustomerCallback.call_after <= now, CustomerCallback.call_before > now)
    callback = session.scalar(
        select(CustomerCallback)
        .where(
            CustomerCallback.status == CallbackStatus.WAITING,
            or_(mine, and_(free, callable_now)),
            visible(scope),
        )
        .order_by(mine.desc().nulls_last(), CustomerCallback.due_at, CustomerCallback.id)
        .limit(1)
        # Two agents who ask at the same moment: the second passes over the row that the first holds.
        .with_for_update(of=CustomerCallback, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if callback is not None:
        terms, _ = in_force(session, CallbackTerms, at=callback.created_at)
        callback.claimed_by, callback.claimed_until = by.id, now + terms.claim
        session.flush()
    return callback
