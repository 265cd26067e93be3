"""What was done before for a customer or on a unit (R4), and which guarantee a repair has left (R6a)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from server.core import policies
from server.core.clock import local_day
from server.customers.models import Customer, Equipment, Site
from server.orders import rules
from server.orders.models import Ticket
from server.orders.queries import visible
from server.orders.status import OPEN_TICKET, TicketStatus
from server.orders.terms import IntakeTerms
from server.orders.visit_models import CompletionCard, Visit
from server.orders.words import FINISHED, VisitResult, WorkType
from server.organisation.access import Scope
from server.organisation.models import Region

MOST_ENDED = 5
"""Ended tickets of a customer, or of a unit, that are shown."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A ticket for which no work is owed any more, with what came of its last visit.

    :param time_zone: of its place (an IANA name).
    :param ended_at: when its last visit ended, or the ticket itself where nobody went.
    :param result: of its last visit, None where nobody went.
    :param work_done: what the completion card says, None without one.
    :param guarantee_until: the last day of the repair's own guarantee (R6a), None if it has none, or none any more.
    """

    ticket_id: int
    number: str
    status: TicketStatus
    work_type: WorkType
    product_category: str
    description: str
    customer_id: int
    equipment_id: int | None
    opened_at: datetime
    time_zone: str
    ended_at: datetime | None
    result: VisitResult | None
    work_done: str | None
    guarantee_until: date | None


def of_customers(
    session: Session, customer_ids: Collection[int], *, scope: Scope, now: datetime
) -> dict[int, tuple[Ended, ...]]:
    """Return the newest ended tickets of each of several customers, at most `MOST_ENDED` of each, in one query."""
    found: dict[int, list[Ended]] = {}
    for ended in _found(session, _newest(Customer.id, Ticket.customer_id, customer_ids, scope), now=now):
        found.setdefault(ended.customer_id, []).append(ended)
    return {customer_id: tuple(tickets) for customer_id, tickets in found.items()}


def of_unit(session: Session, equipment_id: int, *, scope: Scope, now: datetime) -> tuple[Ended, ...]:
    """Return the newest ended tickets about a unit, at most `MOST_ENDED`."""
    return _found(session, _newest(Equipment.id, Ticket.equipment_id, [equipment_id], scope), now=now)


def unit_first(of_the_unit: Sequence[Ended], of_the_customer: Sequence[Ended]) -> tuple[Ended, ...]:
    """Return `MOST_ENDED` tickets: those about the unit in question before the customer's others."""
    about_it = {ended.ticket_id for ended in of_the_unit}
    others = (ended for ended in of_the_customer if ended.ticket_id not in about_it)
    return (*of_the_unit, *others)[:MOST_ENDED]


def _newest(
    whose: InstrumentedAttribute[int], column: InstrumentedAttribute[Any], ids: Collection[int], scope: Scope
) -> Select[*tuple[Any, ...]]:
    """Return the query for the newest ended tickets of each of these customers, or units.

    For each of them an index is read from its end until there are enough: a city has tens of thousands.
    """
    owner = select(whose.label("id")).where(whose.in_(ids)).subquery("owner")
    newest = (
        select(Ticket)
        .where(column == owner.c.id, Ticket.status.not_in(OPEN_TICKET), *visible(scope))
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
        .limit(MOST_ENDED)
        .lateral("newest")
    )
    ticket = aliased(Ticket, newest)
    last = (
        select(Visit.result, Visit.finished_at, CompletionCard.work_done)
        .outerjoin(CompletionCard, CompletionCard.visit_id == Visit.id)
        .where(Visit.ticket_id == ticket.id, Visit.result.is_not(None))
        .order_by(Visit.ordinal.desc())
        .limit(1)
        .lateral("last")
    )
    return (
        select(
            ticket,
            last.c.result,
            last.c.finished_at,
            last.c.work_done,
            func.coalesce(Site.time_zone, Region.time_zone).label("time_zone"),
        )
        .select_from(owner)
        .join(newest, true())
        .join(Region, Region.id == ticket.region_id)
        .outerjoin(Site, Site.id == ticket.site_id)
        .outerjoin(last, true())
        .order_by(ticket.opened_at.desc(), ticket.id.desc())
    )


def _found(session: Session, query: Select[*tuple[Any, ...]], *, now: datetime) -> tuple[Ended, ...]:
    terms, _ = policies.in_force(session, IntakeTerms, at=now)
    return tuple(_ended(row, terms, now) for row in session.execute(query))


def _ended(row: Row[*tuple[Any, ...]], terms: IntakeTerms, now: datetime) -> Ended:
    ticket: Ticket = row[0]
    return Ended(
        ticket_id=ticket.id,
        number=ticket.number,
        status=ticket.status,
        work_type=ticket.work_type,
        product_category=ticket.product_category,
        description=ticket.description,
        customer_id=ticket.customer_id,
        equipment_id=ticket.equipment_id,
        opened_at=ticket.opened_at,
        time_zone=row.time_zone,
        ended_at=row.finished_at or ticket.closed_at,
        result=row.result,
        work_done=row.work_done,
        guarantee_until=_guarantee(row, terms, now),
    )


def _guarantee(row: Row[*tuple[Any, ...]], terms: IntakeTerms, now: datetime) -> date | None:
    """Return the last day of the guarantee, as `judging` counts it, while it has not passed."""
    ticket: Ticket = row[0]
    is_repair = ticket.equipment_id is not None and ticket.work_type is WorkType.REPAIR and row.result in FINISHED
    if not is_repair:
        return None
    last_day = rules.repair_guarantee_ends(local_day(row.finished_at, row.time_zone), terms=terms)
    return last_day if local_day(now, row.time_zone) <= last_day else None
