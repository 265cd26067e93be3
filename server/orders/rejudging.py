"""Judging a ticket again after its facts were corrected (R2a)."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from server.core.clock import local_day
from server.core.events import Actor, record
from server.orders import judging, rules
from server.orders.judging import Known, Policies
from server.orders.models import Ticket
from server.orders.status import TicketEvent, TicketStatus
from server.orders.visit_models import Visit
from server.orders.words import WarrantyVerdict

_MATTER_TO_WARRANTY = frozenset({"serial", "purchased_on", "read_on_site", "new_fault"})


def judge_again(
    session: Session, ticket: Ticket, *, zone_before: str | None, changed: list[str], by: Actor, now: datetime
) -> None:
    """Judge a ticket anew after facts of it were changed: warranty, who pays, due time, what is missing (R2a).

    :param zone_before: the price zone that its limit was taken from.
    :param changed: the names of the facts that are others now.
    """
    session.flush()
    known, terms = judging.known_about(session, ticket), judging.policies_at(session, now)
    _judge_warranty_again(session, known, terms, changed=changed, by=by, now=now)
    _move_due_time(known, terms, zone_before=zone_before)
    missed_before = set(ticket.missing)
    ticket.missing = judging.missing(known, terms=terms.intake)
    # Facts of the place or the unit are the ticket's too: whoever read it before has an old version now.
    flag_modified(ticket, "missing")
    if not ticket.missing:
        judging.start_clock(known, terms=terms, at=now)
    if ticket.status is TicketStatus.INCOMPLETE and not ticket.missing:
        record(session, ticket, TicketEvent.COMPLETE_FACTS, by=by, now=now)
    elif ticket.status is TicketStatus.READY and set(ticket.missing) - missed_before:
        # What a supervisor has let pass stays passed; something else is missing now.
        record(session, ticket, TicketEvent.LOSE_FACTS, by=by, now=now, details={"missing": list(ticket.missing)})


def _judge_warranty_again(
    session: Session, known: Known, terms: Policies, *, changed: list[str], by: Actor, now: datetime
) -> None:
    ticket = known.ticket
    today = local_day(ticket.opened_at, judging.time_zone(session, known))
    judged = judging.coverage(session, known, terms=terms.intake, on=today)
    ticket.charge_category = rules.rejudged_category(
        ticket.charge_category, before=ticket.warranty, coverage=judged, work_began=_work_began(session, ticket.id)
    )
    if judged.verdict is not ticket.warranty or (
        _MATTER_TO_WARRANTY & set(changed) and judged.verdict is not WarrantyVerdict.NOT_APPLICABLE
    ):
        judging.keep_judgement(session, ticket, judged, by=by, now=now)


def _work_began(session: Session, ticket_id: int) -> bool:
    return bool(session.scalar(select(exists().where(Visit.ticket_id == ticket_id, Visit.arrived_at.is_not(None)))))


def _move_due_time(known: Known, terms: Policies, *, zone_before: str | None) -> None:
    ticket = known.ticket
    if ticket.due_at is None or judging.zone_of(known) == zone_before:
        return
    ticket.due_at = rules.due_after_new_limit(
        ticket.due_at,
        before=rules.time_limit(terms.clocks, work_type=ticket.work_type, zone=zone_before),
        after=rules.time_limit(terms.clocks, work_type=ticket.work_type, zone=judging.zone_of(known)),
        partner_deadline=ticket.partner_deadline_at,
    )
