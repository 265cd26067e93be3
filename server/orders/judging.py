"""Judging a ticket by its facts: what is missing, whether the warranty covers it, who pays, when it is due."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core import policies
from server.core.clock import local_day
from server.core.events import Actor
from server.customers.models import Customer, Equipment, Site
from server.customers.special_sales import is_special_sale
from server.orders import rules
from server.orders.models import Ticket, WarrantyJudgement
from server.orders.terms import ClockTerms, IntakeTerms
from server.orders.visit_models import Visit
from server.orders.words import FINISHED, WorkType
from server.organisation.models import Region


@dataclass(frozen=True, slots=True)
class Policies:
    """The terms that a judgement is made by, and the version of the clocks' that the ticket keeps."""

    intake: IntakeTerms
    clocks: ClockTerms
    clocks_id: int


def policies_at(session: Session, at: datetime) -> Policies:
    """Return the terms in force at an instant, looked up at once: every report that comes in needs both.

    :raises NoPolicy: if one of them has no version that is valid.
    """
    found = policies.all_in_force(session, IntakeTerms, ClockTerms, at=at)
    (intake, _), (clocks, clocks_id) = found
    return Policies(intake, clocks, clocks_id)


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What is known of a unit that was in no file a moment ago: nobody can have repaired it for us.

    :param special_sale: whether it was sold without warranty (R6).
    """

    special_sale: bool


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a ticket's facts are read from."""

    ticket: Ticket
    customer: Customer
    site: Site | None
    unit: Equipment | None


def known_about(session: Session, ticket: Ticket) -> Known:
    """Return a ticket with its customer, place and unit."""
    return Known(
        ticket,
        session.get_one(Customer, ticket.customer_id),
        session.get_one(Site, ticket.site_id) if ticket.site_id is not None else None,
        session.get_one(Equipment, ticket.equipment_id) if ticket.equipment_id is not None else None,
    )


def time_zone(session: Session, known: Known) -> str:
    """Return the time zone of the ticket's place, or of its region where no place is known (an IANA name)."""
    return known.site.time_zone if known.site is not None else session.get_one(Region, known.ticket.region_id).time_zone


def start_clock(known: Known, *, terms: Policies, at: datetime) -> None:
    """Let the customer's clock run from the instant the facts were complete (R16); it never starts twice."""
    ticket = known.ticket
    if ticket.facts_complete_at is not None:
        return
    limit = rules.time_limit(terms.clocks, work_type=ticket.work_type, zone=zone_of(known))
    ticket.facts_complete_at = at
    ticket.policy_id = terms.clocks_id
    ticket.due_at = rules.due_time(complete_at=at, limit=limit, partner_deadline=ticket.partner_deadline_at)


def zone_of(known: Known) -> str | None:
    """Return the price zone of the ticket's place, None where no place is known."""
    return str(known.site.zone) if known.site is not None else None


def missing(known: Known, *, terms: IntakeTerms) -> list[str]:
    """Return the facts that a ticket lacks (R2), the answered telephone among them (R1)."""
    ticket, site, unit = known.ticket, known.site, known.unit
    required = rules.required_facts(
        terms, work_type=ticket.work_type, charge_category=ticket.charge_category, profile=ticket.profile
    )
    given: dict[str, object] = {
        "customer_name": known.customer.name,
        "address": site and site.address,
        "contact_name": ticket.contact_name,
        "contact_phone": ticket.contact_phone,
        "model": unit and unit.model,
        "serial": unit and unit.serial,
        "purchased_on": unit and unit.purchased_on,
        "description": ticket.description,
        "wish": ticket.wish,
        rules.ANSWERED: ticket.answered_at,
    }
    if ticket.channel in rules.ANSWER_FIRST:
        required = (*required, rules.ANSWERED)
    return list(rules.missing_facts(required, given=given, read_on_site=tuple(ticket.read_on_site)))


def coverage(
    session: Session, known: Known, *, terms: IntakeTerms, on: date, first_look: FirstLook | None = None
) -> rules.Coverage:
    """Return whether the warranty covers the ticket's work on a local day (R6, R6a).

    :param first_look: what was found of a unit that is new to us; without it everything is asked.
    """
    ticket, unit = known.ticket, known.unit
    if not rules.concerns_warranty(work_type=ticket.work_type, profile=ticket.profile):
        return rules.NOT_APPLICABLE
    if first_look is not None:
        special_sale, guarantee_until = first_look.special_sale, None
    else:
        special_sale = is_special_sale(session, unit.serial if unit else None)
        guarantee_until = _guarantee_until(session, known, terms)
    return rules.judge_warranty(
        _as_unit(unit) if unit else None,
        on=on,
        special_sale=special_sale,
        guarantee_until=guarantee_until,
        read_on_site=tuple(ticket.read_on_site),
        terms=terms,
    )


def _as_unit(unit: Equipment) -> rules.Unit:
    return rules.Unit(
        serial=unit.serial,
        purchased_on=unit.purchased_on,
        labour_until=unit.labour_warranty_until,
        parts_until=unit.parts_warranty_until,
        expenses_until=unit.expenses_warranty_until,
    )


def _guarantee_until(session: Session, known: Known, terms: IntakeTerms) -> date | None:
    """Return the last day of the guarantee that an earlier repair of the unit carries (R6a), if there is one.

    Every repair inside the guarantee counts as the same fault unless the customer says that it is a new one.
    """
    ticket, unit = known.ticket, known.unit
    if unit is None or ticket.new_fault or ticket.work_type is not WorkType.REPAIR:
        return None
    finished_at = session.scalar(
        select(func.max(Visit.finished_at))
        .join(Ticket, Ticket.id == Visit.ticket_id)
        .where(
            Ticket.equipment_id == unit.id,
            Ticket.id != ticket.id,
            Ticket.work_type == WorkType.REPAIR,
            Visit.result.in_(FINISHED),
            Visit.finished_at <= ticket.opened_at,
        )
    )
    if finished_at is None:
        return None
    return rules.repair_guarantee_ends(local_day(finished_at, time_zone(session, known)), terms=terms)


def keep_judgement(
    session: Session, ticket: Ticket, judged: rules.Coverage, *, by: Actor, now: datetime
) -> WarrantyJudgement:
    """Add a judgement of the warranty to the ticket's record (R6) and make its verdict the ticket's."""
    ticket.warranty = judged.verdict
    row = WarrantyJudgement(
        ticket=ticket,
        ticket_id=ticket.id,
        verdict=judged.verdict,
        labour=judged.labour,
        parts=judged.parts,
        expenses=judged.expenses,
        grounds=judged.grounds,
        judged_at=now,
        actor_kind=by.kind,
        actor_id=by.id,
    )
    session.add(row)
    return row
