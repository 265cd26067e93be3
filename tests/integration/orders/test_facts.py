"""Corrections: kept with what was before, and the ticket is judged again (R2, R2a, R6)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.places import Position
from server.core.transitions import IllegalTransition
from server.customers.files import BadTelephone
from server.customers.models import Customer, Equipment, Site, Zone
from server.orders import closing, facts, visits
from server.orders.facts import Changes
from server.orders.locks import UnknownTicket
from server.orders.models import Correction, Ticket, WarrantyJudgement
from server.orders.status import TicketStatus
from server.orders.words import Channel, ChargeCategory, WarrantyVerdict
from tests import builders as a
from tests.builders import NOON

LATER = NOON + timedelta(hours=1)


def correct(session: Session, ticket: Ticket, **changes: object) -> Ticket:
    return facts.correct(
        session,
        ticket_id=ticket.id,
        version=None,
        changes=Changes(**changes),  # type: ignore[arg-type]
        reason="customer says so",
        by=a.BY_CUSTOMER,
        now=LATER,
    )


def test_a_correction_keeps_who_said_what_and_what_it_was_before(session: Session) -> None:
    ticket = a.a_ticket(session, description="It leaks")

    correct(session, ticket, description="It leaks a lot")

    row = session.scalars(select(Correction)).one()
    assert (row.field, row.before, row.after) == ("description", {"value": "It leaks"}, {"value": "It leaks a lot"})
    assert (row.at, row.reason, row.via) == (LATER, "customer says so", a.BY_CUSTOMER.via)


def test_the_missing_fact_makes_the_ticket_ready_and_starts_the_clock_then(session: Session) -> None:
    ticket = a.a_ticket(session, wish=None)

    correct(session, ticket, wish="Today please")

    assert ticket.status is TicketStatus.READY
    assert ticket.missing == []
    assert ticket.due_at == LATER + timedelta(days=3)


def test_the_clock_never_restarts_when_facts_are_lost_and_found_again(session: Session) -> None:
    ticket = a.a_ticket(session)
    due = ticket.due_at

    correct(session, ticket, wish=None)
    lost = (ticket.status, list(ticket.missing))
    correct(session, ticket, wish="Today")

    assert lost == (TicketStatus.INCOMPLETE, ["wish"])
    assert ticket.status is TicketStatus.READY
    assert ticket.due_at == due


def test_a_planned_ticket_stays_planned_when_a_fact_is_lost(session: Session) -> None:
    visit = a.a_visit(session)
    ticket = session.get_one(Ticket, visit.ticket_id)

    correct(session, ticket, wish=None)

    assert ticket.status is TicketStatus.PLANNED
    assert ticket.missing == ["wish"]


def test_a_corrected_purchase_date_judges_warranty_and_who_pays_anew(session: Session) -> None:
    ticket = a.a_ticket(session)

    correct(session, ticket, purchased_on=date(2020, 1, 1))

    assert ticket.warranty is WarrantyVerdict.NOT_COVERED
    assert ticket.charge_category is ChargeCategory.A
    verdicts = session.scalars(select(WarrantyJudgement.verdict).order_by(WarrantyJudgement.id)).all()
    assert verdicts == [WarrantyVerdict.COVERED, WarrantyVerdict.NOT_COVERED]


def test_once_somebody_is_there_who_pays_does_not_change_by_itself(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    ticket = session.get_one(Ticket, visit.ticket_id)
    visits.check_in(
        session, visit_id=visit.id, technician_id=None, claim=None, code_proof=False, by=a.BY_SYSTEM, now=LATER
    )

    correct(session, ticket, purchased_on=date(2020, 1, 1))

    assert ticket.warranty is WarrantyVerdict.NOT_COVERED
    assert ticket.charge_category is ChargeCategory.C


def test_another_zone_moves_the_due_time(session: Session) -> None:
    ticket = a.a_ticket(session)

    correct(session, ticket, zone=Zone.OUT_OF_TOWN)

    assert ticket.due_at == NOON + timedelta(days=7)


def test_a_new_address_is_not_planned_with_until_somebody_says_where_it_is(session: Session) -> None:
    ticket = a.a_ticket(session)
    site = session.get_one(Site, ticket.site_id)

    correct(session, ticket, address="8 Camphor Avenue")
    untrusted = site.position_trusted
    facts.locate(session, ticket_id=ticket.id, position=Position(30.31, 120.2), trusted=True, by=a.BY_SYSTEM, now=LATER)

    assert untrusted is False
    assert site.position_trusted
    assert site.position == Position(30.31, 120.2)
    fields = session.scalars(select(Correction.field).order_by(Correction.id)).all()
    assert fields == ["address", "position"]


def test_a_serial_that_the_file_has_makes_the_ticket_be_about_that_unit(session: Session) -> None:
    ticket = a.a_ticket(session)
    stub = ticket.equipment_id
    other = a.a_unit(session, customer=session.get_one(Customer, ticket.customer_id), serial="REAL-1")

    correct(session, ticket, serial="REAL-1", model="PX-50")

    assert ticket.equipment_id == other.id
    assert other.model == "PX-50"
    assert stub is not None
    assert session.get_one(Equipment, stub).serial != "REAL-1"


def test_the_serial_of_another_customers_unit_is_refused(session: Session) -> None:
    ticket = a.a_ticket(session)
    a.a_unit(session, serial="REAL-2")

    with pytest.raises(facts.SerialOfAnother):
        correct(session, ticket, serial="REAL-2")


def test_a_ticket_without_a_unit_gets_one_when_its_model_becomes_known(session: Session) -> None:
    ticket = a.a_ticket(session, equipment=None)

    correct(session, ticket, model="PX-35", purchased_on=date(2026, 6, 1))

    assert ticket.equipment_id is not None
    assert ticket.status is TicketStatus.READY
    assert ticket.warranty is WarrantyVerdict.COVERED


def test_two_who_correct_the_same_version_do_not_overwrite_each_other(session: Session) -> None:
    ticket = a.a_ticket(session)
    seen = ticket.version
    correct(session, ticket, address="8 Camphor Avenue")

    with pytest.raises(facts.TicketOutdated):
        facts.correct(
            session,
            ticket_id=ticket.id,
            version=seen,
            changes=Changes(wish="Never"),
            reason="mine",
            by=a.BY_SYSTEM,
            now=LATER,
        )


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, facts.NothingChanged),
        ({"description": "It does not cool any more."}, facts.NothingChanged),
        ({"contact_phone": "ring"}, BadTelephone),
    ],
)
def test_a_correction_that_changes_nothing_or_cannot_be_is_refused(
    session: Session, changes: dict[str, object], refusal: type[Exception]
) -> None:
    ticket = a.a_ticket(session)

    with pytest.raises(refusal):
        correct(session, ticket, **changes)


def test_facts_of_a_place_need_a_place(session: Session) -> None:
    ticket = a.a_ticket(session, site=None, equipment=None, region_id=a.a_region(session).id)

    with pytest.raises(facts.SiteMissing):
        correct(session, ticket, zone=Zone.OUT_OF_TOWN)


def test_the_address_of_a_ticket_that_had_none_makes_its_place(session: Session) -> None:
    region = a.a_region(session)
    ticket = a.a_ticket(session, site=None, equipment=None, region_id=region.id)

    correct(session, ticket, address="8 Camphor Avenue", zone=Zone.OUT_OF_TOWN)

    site = session.get_one(Site, ticket.site_id)
    assert (site.address, site.zone, site.region_id) == ("8 Camphor Avenue", Zone.OUT_OF_TOWN, region.id)
    assert (site.customer_id, site.position_trusted) == (ticket.customer_id, False)
    assert "address" not in ticket.missing
    rows = session.scalars(select(Correction).order_by(Correction.id)).all()
    assert [(row.field, row.before["value"]) for row in rows] == [("address", ""), ("zone", "urban")]


def test_the_record_of_an_ended_ticket_stands(session: Session) -> None:
    ticket = a.a_ticket(session)
    closing.cancel(session, ticket_id=ticket.id, reason="sold it", by=a.BY_SYSTEM, now=NOON)

    with pytest.raises(facts.TicketClosed):
        correct(session, ticket, wish="Come back")


def test_a_correction_needs_a_reason_and_a_ticket(session: Session) -> None:
    ticket = a.a_ticket(session)
    change = {"version": None, "changes": Changes(wish="x"), "by": a.BY_SYSTEM, "now": LATER}

    with pytest.raises(facts.ReasonMissing):
        facts.correct(session, ticket_id=ticket.id, reason=" ", **change)  # type: ignore[arg-type]
    with pytest.raises(UnknownTicket):
        facts.correct(session, ticket_id=10**12, reason="because", **change)  # type: ignore[arg-type]


def test_a_supervisor_lets_an_incomplete_ticket_pass_and_it_stays_passed(session: Session) -> None:
    ticket = a.a_ticket(session, wish=None)

    facts.override(session, ticket_id=ticket.id, reason="we know him", by=a.BY_SYSTEM, now=LATER)
    correct(session, ticket, description="It leaks")

    assert ticket.status is TicketStatus.READY
    assert ticket.missing == ["wish"]
    assert ticket.due_at == LATER + timedelta(days=3)


def test_only_an_incomplete_ticket_is_overridden(session: Session) -> None:
    ticket = a.a_ticket(session)

    with pytest.raises(IllegalTransition):
        facts.override(session, ticket_id=ticket.id, reason="hurry", by=a.BY_SYSTEM, now=LATER)


def test_the_answered_telephone_completes_a_payees_report(session: Session) -> None:
    ticket = a.a_ticket(session, channel=Channel.STATION)

    facts.confirm_answer(session, ticket_id=ticket.id, by=a.BY_SYSTEM, now=LATER)
    facts.confirm_answer(session, ticket_id=ticket.id, by=a.BY_SYSTEM, now=LATER + timedelta(hours=1))

    assert ticket.status is TicketStatus.READY
    assert ticket.answered_at == LATER
