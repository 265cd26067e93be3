"""The intake form recognises whoever calls (R4), and says where the report will go (R1a)."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.customers.models import Customer, CustomerPhone, Site
from server.orders.models import Ticket, TicketReport
from server.organisation.models import Role
from tests import builders as a
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import NOW, Company
from tests.api.pages import Desk

FORM = "/console/tickets/new"
LOOK_UP = "/console/tickets/new/caller"
PHONE, SERIAL = "+12025550170", "SN-PUMP-1"


@pytest.fixture
def desk(app: Flask, company: Company) -> Desk:
    return Desk(app, company)


@pytest.fixture
def open_ticket(app: Flask, session: Session, company: Company) -> Ticket:
    """An open patrol of Miller's pump."""
    body = bodies.report(company) | {"equipment": {"category": "pump", "serial": SERIAL}}
    answer = Person(app, company, Role.DISPATCHER).post("/api/v1/tickets", body)
    return session.get_one(Ticket, answer.json["ticket"]["id"])


def chosen_of(page: str) -> dict[str, str]:
    """Return what a chosen customer's form holds: the customer, the place and the unit that are selected."""
    found = dict(re.findall(r'type="hidden" name="(customer_id)" value="(\d+)"', page))
    for name in ("site_id", "equipment_id"):
        inside = page.partition(f'<select id="{name}"')[2].partition("</select>")[0]
        selected = re.search(r'value="(\d*)" selected', inside)
        found |= {name: selected[1]} if selected else {}
    return found


def typed(company: Company, **changes: Any) -> dict[str, Any]:
    return bodies.typed_report(company) | changes


@pytest.mark.parametrize("fields", [{"phone": PHONE}, {"phone": "+1 (202) 555-0170"}, {"serial": SERIAL}])
def test_a_caller_is_recognised_by_telephone_or_serial_number(
    desk: Desk, open_ticket: Ticket, fields: dict[str, str]
) -> None:
    page = desk.post(LOOK_UP, **fields).text

    found = page.partition('id="known-found"')[2].partition("</ul>")[0]
    assert [word for word in ("Miller", "1 Mill Lane", SERIAL, open_ticket.number) if word not in found] == []


@pytest.mark.parametrize(
    ("fields", "says_so"),
    [({"phone": "+12025550199"}, True), ({"serial": "SN-NOBODY"}, True), ({"phone": "+1202"}, False), ({}, False)],
)
def test_somebody_unknown_is_said_quietly_and_only_when_enough_was_typed(
    desk: Desk, open_ticket: Ticket, fields: dict[str, str], says_so: bool
) -> None:
    answer = desk.post(LOOK_UP, **fields)

    assert answer.status_code == 200
    assert ("Not known yet" in answer.text) is says_so
    assert open_ticket.number not in answer.text


def test_nobody_of_another_region_and_nobody_who_was_erased_is_recognised(
    desk: Desk, session: Session, company: Company, open_ticket: Ticket
) -> None:
    foreign = session.get_one(Ticket, int(company.things["ticket_id"].other))
    session.get_one(Customer, open_ticket.customer_id).erased_at = NOW
    session.commit()
    his = session.scalars(select(CustomerPhone.number).where(CustomerPhone.customer_id == foreign.customer_id)).one()

    pages = [desk.post(LOOK_UP, phone=phone).text for phone in (his, PHONE)]

    assert ["Not known yet" in page for page in pages] == [True, True]


def test_no_more_than_five_customers_are_proposed(desk: Desk, session: Session, company: Company, app: Flask) -> None:
    api = Person(app, company, Role.DISPATCHER)
    for number in range(6):
        report = bodies.report(company)
        report["customer"] = {"name": f"Neighbour {number}", "phones": [PHONE]}
        api.post("/api/v1/tickets", report)

    page = desk.post(LOOK_UP, phone=PHONE).text

    assert page.count('name="choose" value="') == 5


def test_choosing_a_customer_fills_the_form_and_tells_of_the_open_ticket_and_can_be_undone(
    desk: Desk, company: Company, open_ticket: Ticket
) -> None:
    fields = typed(company, name="", address="Somewhere else", description="It leaks")

    chosen = desk.post(LOOK_UP, **fields, choose=open_ticket.customer_id).text
    held = {**fields, **chosen_of(chosen), "name": "Miller", "name_filled": "Miller"}
    undone = desk.post(LOOK_UP, **held, choose="").text

    assert chosen_of(chosen) == {
        "customer_id": str(open_ticket.customer_id),
        "site_id": str(open_ticket.site_id),
        "equipment_id": str(open_ticket.equipment_id),
    }
    assert 'id="name" name="name" type="text" value="Miller"' in chosen
    assert f"There is an open ticket {open_ticket.number} about this" in chosen
    assert chosen_of(undone) == {}
    assert 'id="name" name="name" type="text" value=""' in undone
    assert 'value="Somewhere else"' in undone
    assert "It leaks</textarea>" in undone
    assert open_ticket.number in undone, "he is not proposed again"


def test_the_announcement_follows_what_is_chosen(desk: Desk, company: Company, open_ticket: Ticket) -> None:
    chosen = {"customer_id": open_ticket.customer_id, "site_id": open_ticket.site_id}
    announced = []
    for changes in ({"equipment_id": open_ticket.equipment_id}, {}, {"work_type": "repair"}):
        page = desk.post(LOOK_UP, **typed(company, **chosen, **changes)).text
        announced.append("There is an open ticket" in page)

    assert announced == [True, True, False]


def test_the_report_of_a_chosen_customer_is_added_to_the_open_ticket(
    desk: Desk, session: Session, company: Company, open_ticket: Ticket
) -> None:
    places = session.scalar(select(func.count()).select_from(Site))
    chosen = {
        "customer_id": open_ticket.customer_id,
        "site_id": open_ticket.site_id,
        "equipment_id": open_ticket.equipment_id,
    }
    # What stands in fields that are not asked any more does not matter.
    fields = typed(company, name="His wife", address="Somewhere else", product_category="", lat="x", **chosen)

    answer = desk.post(FORM, **fields)

    assert answer.status_code == 303
    assert f"/{open_ticket.id}?done=ticket.fact_added" in answer.headers["Location"]
    reports = select(func.count()).select_from(TicketReport).where(TicketReport.ticket_id == open_ticket.id)
    assert session.scalar(reports) == 2
    assert session.scalar(select(func.count()).select_from(Site)) == places


def test_a_second_ticket_is_opened_with_a_reason(
    desk: Desk, session: Session, company: Company, open_ticket: Ticket
) -> None:
    chosen = {"customer_id": open_ticket.customer_id, "site_id": open_ticket.site_id}

    answer = desk.post(FORM, **typed(company, **chosen, second_ticket_reason="Another pump beside it"))

    assert "done=ticket.registered" in answer.headers["Location"]
    of_customer = select(func.count()).select_from(Ticket).where(Ticket.customer_id == open_ticket.customer_id)
    assert session.scalar(of_customer) == 2


@pytest.mark.parametrize("name", ["customer_id", "site_id", "equipment_id", "region_id"])
def test_nothing_of_another_part_of_the_company_can_be_chosen(
    desk: Desk, session: Session, company: Company, open_ticket: Ticket, name: str
) -> None:
    foreign = session.get_one(Ticket, int(company.things["ticket_id"].other))
    before = session.scalar(select(func.count()).select_from(TicketReport))
    chosen = {"customer_id": open_ticket.customer_id, name: getattr(foreign, name)}

    answer = desk.post(FORM, **typed(company, **chosen))

    assert answer.status_code in {404, 422}
    assert session.scalar(select(func.count()).select_from(TicketReport)) == before


def test_a_unit_of_somebody_else_is_not_taken_for_the_customers(
    desk: Desk, session: Session, company: Company, open_ticket: Ticket
) -> None:
    somebody = session.get_one(Ticket, int(company.things["ticket_id"].own))
    chosen = {"customer_id": open_ticket.customer_id, "equipment_id": somebody.equipment_id}

    answer = desk.post(FORM, **typed(company, **chosen))

    assert answer.status_code == 404
    assert "Look after the pump</textarea>" in answer.text


@pytest.fixture
def repaired(session: Session, company: Company) -> Ticket:
    """A repair in the callers' own region, ten days ago."""
    then = NOW - timedelta(days=10)
    customer = a.a_customer(session, phone=PHONE, name="Miller", now=then)
    site = a.a_site(session, customer=customer, region=company.regions[0])
    unit = a.a_unit(session, customer=customer, site=site, serial=SERIAL, purchased_on=date(2020, 1, 1))
    ticket = a.a_ticket(session, customer=customer.id, site=site.id, equipment=unit.id, now=then)
    a.a_finished_visit(session, ticket=ticket, now=then, finished_at=then + timedelta(hours=3))
    session.commit()
    return ticket


@pytest.mark.parametrize("fields", [{"phone": PHONE}, {"serial": SERIAL}])
def test_a_caller_is_recognised_with_what_was_done_before(desk: Desk, repaired: Ticket, fields: dict[str, str]) -> None:
    found = desk.post(LOOK_UP, **fields).text.partition('id="known-found"')[2].partition("</ul>")[0]

    assert "Earlier tickets (1)" in found
    expected = (repaired.number, "Plugged in again, trial run", "Done without part", "Guarantee until Thu 23 Jul 2026")
    assert [word for word in expected if word not in found] == []


@pytest.mark.parametrize(
    ("changes", "is_told"), [({}, True), ({"work_type": "maintenance"}, False), ({"equipment_id": ""}, False)]
)
def test_the_guarantee_of_a_repair_is_told_for_the_unit_that_was_chosen(
    desk: Desk, company: Company, repaired: Ticket, changes: dict[str, str], is_told: bool
) -> None:
    chosen = {
        "customer_id": repaired.customer_id,
        "site_id": repaired.site_id,
        "equipment_id": repaired.equipment_id,
        "work_type": "repair",
    }

    page = desk.post(LOOK_UP, **typed(company, **(chosen | changes))).text

    about = page.partition('id="about-found"')[2].partition('for="description"')[0]
    assert (f"Repaired under {repaired.number}. Until Thu 23 Jul 2026" in about) is is_told
    assert ('name="new_fault"' in about) is is_told


@pytest.mark.parametrize(("said", "category"), [({}, "C"), ({"new_fault": "yes"}, "A")])
def test_the_same_fault_is_free_and_another_one_is_not(
    desk: Desk, session: Session, company: Company, repaired: Ticket, said: dict[str, str], category: str
) -> None:
    chosen = {
        "customer_id": repaired.customer_id,
        "site_id": repaired.site_id,
        "equipment_id": repaired.equipment_id,
        "work_type": "repair",
    }

    answer = desk.post(FORM, **typed(company, **chosen, **said))

    assert "done=ticket.registered" in answer.headers["Location"]
    again = session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
    assert (again.equipment_id, again.charge_category) == (repaired.equipment_id, category)


def test_what_was_said_of_a_fault_goes_with_the_customer_who_is_let_go(
    desk: Desk, company: Company, repaired: Ticket
) -> None:
    held = {"customer_id": repaired.customer_id, "new_fault": "yes", "choose": ""}

    assert "new_fault" not in desk.post(LOOK_UP, **typed(company, **held)).text


def test_a_look_up_is_sent_and_never_asked_for_in_an_address(desk: Desk) -> None:
    page = desk.get(FORM).text

    assert "hx-get" not in page
    assert f'hx-post="{LOOK_UP}"' in page
    assert desk.get(LOOK_UP).headers["Location"] == FORM
