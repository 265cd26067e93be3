"""The technician's API: his offers, his visits, his pay, and nobody else's."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.organisation.models import Role
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import Company


@pytest.fixture
def technician(app: Flask, company: Company) -> Person:
    return Person(app, company, None)


@pytest.fixture
def visit(company: Company) -> str:
    return f"/mobile/v1/visits/{company.things['visit_id'].own}"


@pytest.fixture
def offered(app: Flask, company: Company) -> int:
    """The id of a visit that was offered to the technician."""
    desk = Person(app, company, Role.DISPATCHER)
    ticket = desk.post("/api/v1/tickets", bodies.report(company)).headers["Location"]
    return int(desk.post(f"{ticket}/visits", bodies.assignment(company)).json["id"])


def test_the_day_lists_what_is_his(technician: Person, company: Company) -> None:
    assert technician.get("/mobile/v1/visits").json["items"] == []

    (row,) = technician.get("/mobile/v1/visits", day="2026-05-05").json["items"]

    assert (row["id"], row["customer_name"]) == (company.things["visit_id"].own, "Smith")


def test_an_offer_names_work_place_and_time_and_nobody(technician: Person, offered: int) -> None:
    (offer,) = technician.get("/mobile/v1/offers").json["items"]

    assert (offer["visit_id"], offer["address"], offer["starts_at"]) == (
        offered,
        "1 Mill Lane",
        "2026-05-05T06:00:00Z",
    )
    assert "contact_name" not in offer


def test_he_accepts_an_offer_and_hands_it_back(technician: Person, offered: int, session: Session) -> None:
    (offer,) = technician.get("/mobile/v1/offers").json["items"]
    path = f"/mobile/v1/offers/{offer['id']}"

    assert technician.post(f"{path}/acceptance").json["status"] == "accepted"
    assert technician.post(f"{path}/acceptance").json["code"] == "offer.closed"
    assert technician.post(f"{path}/hand-back", bodies.DECLINE).json["status"] == "handed_back"
    event = session.scalars(select(DomainEvent).where(DomainEvent.kind == "offer.hand_back")).one()
    assert (str(event.actor_kind), str(event.via)) == ("technician", "app")


def test_he_declines_with_a_reason(technician: Person, offered: int) -> None:
    (offer,) = technician.get("/mobile/v1/offers").json["items"]

    answer = technician.post(f"/mobile/v1/offers/{offer['id']}/decline", {"reason": "too_far"})

    assert answer.json["decline_reason"] == "too_far"


def test_a_visit_goes_from_the_call_to_the_card(technician: Person, visit: str) -> None:
    assert technician.post(f"{visit}/phone-reveal").json["phones"] == ["+12025550160", "+12025550150"]
    technician.post(f"{visit}/contact")
    assert technician.post(f"{visit}/departure").json["status"] == "on_the_way"
    assert technician.post(f"{visit}/check-in", bodies.CHECK_IN).json["outcome"] == "inside"
    assert technician.post(f"{visit}/extra-work", bodies.EXTRA).json["authorised"] is None
    card = technician.post(f"{visit}/completion", bodies.CARD)

    assert (card.status_code, card.json["status"]) == (201, "reported")
    shown = technician.get(visit).json
    assert (shown["visit"]["status"], shown["order"]["contact_phone"]) == ("done", "+12…160")


def test_work_that_is_over_is_not_reported_again(technician: Person, visit: str) -> None:
    technician.post(f"{visit}/unfinished", bodies.UNFINISHED)

    answer = technician.post(f"{visit}/completion", bodies.CARD)

    assert (answer.status_code, answer.json["code"]) == (409, "status.illegal_transition")


def test_a_card_charges_only_what_the_customer_authorised(technician: Person, visit: str) -> None:
    charge = {"kind": "labour", "text": "Work", "price": bodies.MONEY}

    answer = technician.post(f"{visit}/completion", bodies.CARD | {"charges": [charge]})

    assert (answer.status_code, answer.json["code"]) == (422, "card.charges_not_authorised")
    assert answer.json["details"]["lines"] == ["charges.0"]


@pytest.mark.parametrize(("action", "status"), [("absence", "customer_absent"), ("refusal", "customer_declined")])
def test_a_visit_ends_at_the_door(technician: Person, visit: str, action: str, status: str) -> None:
    assert technician.post(f"{visit}/{action}", {"text": "Rang twice"}).json["status"] == status


def test_a_planned_visit_of_which_nobody_told_him_is_not_there(
    technician: Person, app: Flask, company: Company
) -> None:
    withdrawn = company.things["visit_id"].own
    Person(app, company, Role.DISPATCHER).post(f"/api/v1/visits/{withdrawn}/withdrawal", bodies.REASON)

    assert technician.get(f"/mobile/v1/visits/{withdrawn}").status_code == 404
    assert technician.post(f"/mobile/v1/visits/{withdrawn}/departure").status_code == 404


def test_he_sees_his_own_pay_agrees_or_objects(technician: Person, company: Company) -> None:
    (entry,) = technician.get("/mobile/v1/statements").json["items"]
    path = f"/mobile/v1/statements/{entry['id']}"
    assert entry["id"] == company.things["statement_id"].own

    (line,) = technician.get(f"{path}/lines").json["items"]
    appeal = technician.post(f"{path}/appeals", {"line_id": line["id"], "text": "It is there"})

    assert (line["verdict"], line["reasons"]) == ("hold", ["card_not_received"])
    assert (appeal.status_code, appeal.json["line_id"]) == (201, line["id"])
    assert technician.post(f"{path}/agreement").json["agreed_at"] is not None


def test_an_objection_to_a_line_of_another_is_refused(technician: Person, company: Company) -> None:
    path = f"/mobile/v1/statements/{company.things['statement_id'].own}/appeals"

    answer = technician.post(path, {"line_id": company.things["line_id"].other, "text": "Mine"})

    assert (answer.status_code, answer.json["code"]) == (404, "statement.unknown_line")
