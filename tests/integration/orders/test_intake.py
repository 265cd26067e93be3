"""Reports become tickets, or facts of tickets that are open (R1, R1a, R2, R4, R6)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.core.places import Position
from server.customers.files import BadTelephone, NewCustomer, NewSite, NewUnit
from server.customers.models import Customer, CustomerPhone, Equipment, Site, Zone
from server.customers.special_sales import list_special_sale
from server.orders import closing, intake, visits
from server.orders.models import Ticket, TicketReport, WarrantyJudgement
from server.orders.status import TicketStatus
from server.orders.words import Channel, ChargeCategory, HindranceReason, VisitResult, WarrantyVerdict, WorkType
from tests import builders as a
from tests.builders import NOON


def take_in(session: Session, report: intake.NewReport, **values: object) -> intake.Registered:
    return intake.register(session, replace(report, **values), by=a.BY_SYSTEM, now=NOON)  # type: ignore[arg-type]


def how_many(session: Session, kind: type) -> int:
    return session.scalar(select(func.count()).select_from(kind)) or 0


def events(session: Session, ticket: Ticket) -> list[str]:
    return list(
        session.scalars(select(DomainEvent.kind).where(DomainEvent.ticket_id == ticket.id).order_by(DomainEvent.id))
    )


def test_a_complete_report_is_ready_and_the_customers_clock_runs_from_the_report(session: Session) -> None:
    made_at = NOON - timedelta(minutes=20)

    ticket = a.a_ticket(session, opened_at=made_at)

    assert ticket.status is TicketStatus.READY
    assert ticket.missing == []
    assert ticket.facts_complete_at == made_at
    assert ticket.due_at == made_at + timedelta(days=3)
    assert ticket.duration == timedelta(minutes=60)
    assert events(session, ticket) == ["ticket.register", "ticket.complete_facts"]


def test_a_report_that_lacks_facts_is_incomplete_and_no_clock_runs(session: Session) -> None:
    ticket = a.a_ticket(session, wish=None, contact_phone=" ".strip() or None)

    assert ticket.status is TicketStatus.INCOMPLETE
    assert ticket.missing == ["contact_phone", "wish"]
    assert ticket.due_at is None
    assert events(session, ticket) == ["ticket.register"]


def test_public_work_needs_place_contact_and_task_and_has_no_warranty(session: Session) -> None:
    ticket = a.a_ticket(
        session,
        profile="public_work",
        channel=Channel.PUBLIC_WORK,
        contact_phone=None,
        wish=None,
        equipment=None,
    )

    assert ticket.status is TicketStatus.READY
    assert ticket.warranty is WarrantyVerdict.NOT_APPLICABLE
    assert ticket.charge_category is ChargeCategory.B
    assert how_many(session, WarrantyJudgement) == 0


def test_a_report_by_a_payee_waits_until_the_customers_number_has_answered(session: Session) -> None:
    technician = a.a_technician(session)

    by_station = a.a_ticket(session, channel=Channel.STATION)
    by_technician = a.a_ticket(session, by=a.by_technician(technician))

    assert by_station.missing == by_technician.missing == ["phone_answered"]
    assert by_technician.channel is Channel.STATION


def test_the_same_report_again_changes_nothing(session: Session) -> None:
    report = a.a_report(session, source="city", external_id="101")
    first = take_in(session, report)
    count = how_many(session, DomainEvent)

    again = take_in(session, report)

    assert again.ticket is first.ticket
    assert (again.added, again.again) == (False, True)
    assert how_many(session, DomainEvent) == count


def test_a_second_report_about_the_place_and_work_becomes_an_added_fact(session: Session) -> None:
    report = a.a_report(session, equipment=None, work_type=WorkType.MAINTENANCE)
    first = take_in(session, report)

    second = take_in(session, report, source="city", external_id="102", description="It smells now")
    again = take_in(session, report, source="city", external_id="102")

    assert second.ticket is first.ticket
    assert second.added
    assert (again.added, again.again) == (True, True)
    texts = session.scalars(select(TicketReport.text).where(TicketReport.ticket_id == first.ticket.id))
    assert sorted(texts) == ["It does not cool any more.", "It smells now"]
    assert events(session, first.ticket)[-1] == "ticket.fact_added"


@pytest.mark.parametrize(
    "other", [{"work_type": WorkType.PATROL}, {"product_category": "boiler"}, {"second_ticket_reason": "the roof too"}]
)
def test_other_work_another_thing_or_a_reason_makes_a_second_ticket(session: Session, other: dict[str, object]) -> None:
    report = a.a_report(session, equipment=None, work_type=WorkType.MAINTENANCE)
    first = take_in(session, report)

    second = take_in(session, report, **other)

    assert second.ticket is not first.ticket
    assert not second.added


def test_two_units_at_one_place_are_two_tickets_and_one_unit_is_one(session: Session) -> None:
    report = a.a_report(session)
    customer, site = session.get_one(Customer, report.customer), session.get_one(Site, report.site)
    first = take_in(session, report)

    other_unit = take_in(session, report, equipment=a.a_unit(session, customer=customer, site=site).id)
    same_unit = take_in(session, report, work_type=WorkType.UPGRADE)

    assert not other_unit.added
    assert same_unit.ticket is first.ticket


def test_after_the_ticket_has_ended_a_report_is_a_new_one(session: Session) -> None:
    report = a.a_report(session)
    first = take_in(session, report)
    closing.cancel(session, ticket_id=first.ticket.id, reason="sold it", by=a.BY_SYSTEM, now=NOON)

    second = take_in(session, report)

    assert second.ticket is not first.ticket


NEW = NewCustomer(name="Lin Wei 林伟", phones=("+1 200 555 0110",), locale="zh")


def new_place(session: Session, **values: object) -> NewSite:
    region = a.a_region(session)
    known = {"address": "1 Plum Garden Road", "region_id": region.id, "time_zone": a.ZONE, "zone": Zone.OUT_OF_TOWN}
    return NewSite(**known | values)  # type: ignore[arg-type]


def test_a_new_customer_gets_a_file_with_phone_place_and_unit_on_the_day_of_the_report(session: Session) -> None:
    unit = NewUnit(category="boiler", model="B-1", serial="B-1-77", purchased_on=date(2026, 1, 1))
    report = a.a_report(session, customer=NEW, site=new_place(session), equipment=unit)

    ticket = take_in(session, report).ticket

    assert session.get_one(Customer, ticket.customer_id).name == "Lin Wei 林伟"
    assert session.scalars(select(CustomerPhone.number)).all() == ["+12005550110"]
    assert session.get_one(Site, ticket.site_id).zone is Zone.OUT_OF_TOWN
    assert session.get_one(Equipment, ticket.equipment_id).serial == "B-1-77"
    assert ticket.due_at == NOON + timedelta(days=7)


@pytest.mark.parametrize("whose", ["stranger", "known"])
def test_a_history_begins_with_the_report_whoever_it_is_about(session: Session, whose: str) -> None:
    place = new_place(session)
    if whose == "known":
        take_in(session, a.a_report(session, customer=NEW, site=place, equipment=None))
    unit = NewUnit(category="boiler", model="B-1", purchased_on=date(2026, 1, 1))

    registered = take_in(
        session,
        a.a_report(session, customer=NEW, site=place, equipment=unit, work_type=WorkType.UPGRADE),
        second_ticket_reason="another boiler",
    )

    steps = session.execute(
        select(DomainEvent.kind, DomainEvent.before, DomainEvent.after)
        .where(DomainEvent.ticket_id == registered.ticket.id)
        .order_by(DomainEvent.id)
    )
    assert [tuple(step) for step in steps] == [
        ("ticket.register", "incomplete", "incomplete"),
        ("ticket.complete_facts", "incomplete", "ready"),
    ]
    assert registered.opened is not None
    assert [event.kind for event in registered.opened.history] == ["ticket.register", "ticket.complete_facts"]


def test_a_caller_is_recognised_by_phone_and_name_and_his_place_and_unit_by_what_they_are(session: Session) -> None:
    place, unit = new_place(session), NewUnit(category="boiler", model="B-1", purchased_on=date(2026, 1, 1))
    first = take_in(session, a.a_report(session, customer=NEW, site=place, equipment=unit)).ticket
    customer = replace(NEW, name=" lin wei 林伟 ", phones=("+12005550110", "+12005550111"))

    second = take_in(session, a.a_report(session, customer=customer, site=place, equipment=unit))

    assert second.added
    assert second.ticket is first
    assert (how_many(session, Customer), how_many(session, Site), how_many(session, Equipment)) == (1, 1, 1)
    assert how_many(session, CustomerPhone) == 2


def test_another_person_with_the_same_telephone_has_a_file_of_his_own(session: Session) -> None:
    place = new_place(session)
    take_in(session, a.a_report(session, customer=NEW, site=place, equipment=None))

    take_in(session, a.a_report(session, customer=replace(NEW, name="Lin Tao"), site=place, equipment=None))

    assert how_many(session, Customer) == 2


def test_a_trusted_position_replaces_an_untrusted_one_and_not_the_other_way(session: Session) -> None:
    place = new_place(session, source="city", external_id="P1", position=Position(30.1, 120.1))
    site = session.get_one(Site, take_in(session, a.a_report(session, customer=NEW, site=place)).ticket.site_id)

    take_in(
        session, a.a_report(session, customer=NEW, site=replace(place, position=Position(30.2, 120.2), trusted=True))
    )
    take_in(session, a.a_report(session, customer=NEW, site=replace(place, position=Position(30.3, 120.3))))

    assert site.position == Position(30.2, 120.2)
    assert site.position_trusted


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"external_id": "1"}, intake.ReportNeedsSource),
        ({"opened_at": NOON + timedelta(seconds=1)}, intake.ReportFromTheFuture),
        ({"site": None, "equipment": None}, intake.RegionMissing),
        ({"site": None, "equipment": None, "region_id": 10**12}, intake.UnknownRegion),
        (
            {"site": NewSite(address="1 X", region_id=10**12, time_zone=a.ZONE), "equipment": None},
            intake.UnknownRegion,
        ),
        ({"contact_phone": "call me"}, BadTelephone),
        ({"customer": replace(NEW, phones=("12",)), "site": None}, BadTelephone),
    ],
)
def test_a_report_that_cannot_be_is_refused_and_leaves_nothing(
    session: Session, values: dict[str, object], refusal: type[Exception]
) -> None:
    report = a.a_report(session)
    customers = how_many(session, Customer)

    with pytest.raises(refusal):
        take_in(session, report, **values)

    assert how_many(session, Ticket) == 0
    assert how_many(session, Customer) == customers


def test_a_report_without_a_place_belongs_to_the_region_that_is_named(session: Session) -> None:
    region = a.a_region(session)

    ticket = a.a_ticket(session, site=None, equipment=None, region_id=region.id)

    assert ticket.region_id == region.id
    assert "address" in ticket.missing


def test_the_special_sale_list_decides_before_the_purchase_date(session: Session) -> None:
    unit = a.a_unit(session, purchased_on=date(2026, 11, 1))
    assert unit.serial is not None
    list_special_sale(session, serial=unit.serial, kind="display")

    ticket = a.a_ticket(session, customer=unit.customer_id, equipment=unit.id)

    assert ticket.warranty is WarrantyVerdict.NOT_COVERED
    assert ticket.charge_category is ChargeCategory.A
    assert session.scalars(select(WarrantyJudgement.grounds)).all() == ["special_sale"]


@pytest.mark.parametrize(
    ("days_later", "new_fault", "category"),
    [(90, False, ChargeCategory.C), (91, False, ChargeCategory.A), (90, True, ChargeCategory.A)],
)
def test_a_repair_guarantees_its_unit_for_90_days_unless_it_is_another_fault(
    session: Session, days_later: int, new_fault: bool, category: ChargeCategory
) -> None:
    old = a.a_unit(session, purchased_on=date(2010, 1, 1))
    first = a.a_ticket(session, customer=old.customer_id, equipment=old.id)
    a.a_finished_visit(session, ticket=first)
    later = NOON + timedelta(days=days_later)

    second = a.a_ticket(
        session, customer=old.customer_id, equipment=old.id, site=first.site_id, now=later, new_fault=new_fault
    )

    assert second.charge_category is category


def test_a_visit_that_did_not_finish_the_work_guarantees_nothing(session: Session) -> None:
    old = a.a_unit(session, purchased_on=date(2010, 1, 1))
    first = a.a_ticket(session, customer=old.customer_id, equipment=old.id)
    visit = a.an_accepted_visit(session, ticket=first)
    visits.not_finish(
        session,
        visit_id=visit.id,
        technician_id=None,
        result=VisitResult.PART_MISSING,
        reason=HindranceReason.PART_ON_ORDER,
        text="compressor",
        until=None,
        by=a.BY_SYSTEM,
        now=NOON + timedelta(hours=3),
    )
    closing.cancel(session, ticket_id=first.id, reason="too long", by=a.BY_SYSTEM, now=NOON + timedelta(days=1))

    second = a.a_ticket(
        session, customer=old.customer_id, equipment=old.id, site=first.site_id, now=NOON + timedelta(days=2)
    )

    assert second.warranty is WarrantyVerdict.NOT_COVERED
