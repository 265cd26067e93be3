"""Visits and offers over HTTP: what the desk records for a technician who telephones."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.organisation.models import Role
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import Company
from tests.api.things import HOUR
from tests.builders.clocks import StillClock


@pytest.fixture
def desk(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.DISPATCHER)


@pytest.fixture
def visit(company: Company) -> str:
    """The address of a visit that was accepted."""
    return f"/api/v1/visits/{company.things['visit_id'].own}"


@pytest.fixture
def offer(company: Company) -> str:
    """The address of the offer that was accepted for it."""
    return f"/api/v1/offers/{company.things['offer_id'].own}"


@pytest.fixture
def open_offer(desk: Person, company: Company) -> str:
    """The address of an offer that waits for its answer."""
    ticket = desk.post("/api/v1/tickets", bodies.report(company)).headers["Location"]
    desk.post(f"{ticket}/visits", bodies.assignment(company))
    (waiting,) = desk.get("/api/v1/offers", status="open").json["items"]
    return f"/api/v1/offers/{waiting['id']}"


def test_a_visit_goes_from_the_call_to_the_card(desk: Person, visit: str, company: Company) -> None:
    assert desk.post(f"{visit}/contact").json["contacted_at"] is not None
    assert desk.post(f"{visit}/departure").json["status"] == "on_the_way"
    arrival = desk.post(f"{visit}/check-in", bodies.CHECK_IN)
    assert (arrival.status_code, arrival.json["outcome"]) == (201, "inside")
    card = desk.post(f"{visit}/completion", bodies.CARD)
    assert (card.status_code, card.json["status"]) == (201, "reported")

    shown = desk.get(visit).json
    assert (shown["visit"]["status"], shown["card"]["id"]) == ("done", card.json["id"])
    assert desk.get(f"/api/v1/tickets/{company.things['ticket_id'].own}").json["callbacks"][0]["status"] == "waiting"


def test_a_check_in_without_a_position_is_evidence_and_no_obstacle(desk: Person, visit: str) -> None:
    assert desk.post(f"{visit}/check-in", {}).json["outcome"] == "no_position"
    assert desk.get(visit).json["visit"]["status"] == "on_site"


def test_a_step_that_cannot_follow_is_refused(desk: Person, visit: str) -> None:
    desk.post(f"{visit}/departure")

    again = desk.post(f"{visit}/departure")

    assert (again.status_code, again.json["code"]) == (409, "status.illegal_transition")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"result": "customer_absent"}, "visit.wrong_result"),
        ({"ended_at": "2026-05-04T07:00:00Z"}, "card.contradiction"),
        ({"charges": [{"kind": "labour", "text": "Work", "price": bodies.MONEY}]}, "card.charges_not_authorised"),
        (
            {
                "result": "done_company_part",
                "parts": [
                    {
                        "name": "Seal",
                        "number": "NONE",
                        "quantity": 1,
                        "source": "company",
                        "price": {"amount": 0, "currency": "CNY"},
                    }
                ],
            },
            "card.unknown_part",
        ),
    ],
)
def test_a_card_that_cannot_be_true_is_refused(desk: Person, visit: str, change: dict[str, object], code: str) -> None:
    answer = desk.post(f"{visit}/completion", bodies.CARD | change)

    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert desk.get(visit).json["card"] is None


def test_authorised_extra_work_may_be_charged(desk: Person, visit: str, company: Company) -> None:
    extra = company.things["extra_work_id"].own
    assert desk.post(f"{visit}/extra-work/{extra}/answer", {"authorised": True}).json["authorised"] is True

    price = {"amount": 1000, "currency": "CNY"}
    charge = {"kind": "labour", "text": "A new seal", "price": price, "extra_work_id": extra}
    card = desk.post(f"{visit}/completion", bodies.CARD | {"charges": [charge]})

    assert card.status_code == 201
    assert desk.get(visit).json["charges"][0]["extra_work_id"] == extra


def test_extra_work_is_answered_once_and_belongs_to_its_visit(desk: Person, visit: str, company: Company) -> None:
    extra = company.things["extra_work_id"]
    desk.post(f"{visit}/extra-work/{extra.own}/answer", {"authorised": False})

    answer = desk.post(f"{visit}/extra-work/{extra.own}/answer", {"authorised": True})

    assert (answer.status_code, answer.json["code"]) == (409, "extra_work.answered")
    assert desk.post(f"{visit}/extra-work/{extra.other}/answer", {"authorised": True}).status_code == 404


def test_extra_work_that_costs_nothing_is_refused(desk: Person, visit: str) -> None:
    answer = desk.post(f"{visit}/extra-work", bodies.EXTRA | {"price": {"amount": 0, "currency": "CNY"}})

    assert (answer.status_code, answer.json["code"]) == (422, "extra_work.bad_price")


def test_a_visit_that_is_not_finished_leaves_its_ticket_open(desk: Person, visit: str, company: Company) -> None:
    answer = desk.post(f"{visit}/unfinished", bodies.UNFINISHED)

    assert (answer.json["status"], answer.json["result"]) == ("not_finished", "part_missing")
    assert desk.get(f"/api/v1/tickets/{company.things['ticket_id'].own}").json["status"] == "ready"


@pytest.mark.parametrize(("action", "status"), [("absence", "customer_absent"), ("refusal", "customer_declined")])
def test_a_visit_ends_at_the_door(desk: Person, visit: str, action: str, status: str) -> None:
    answer = desk.post(f"{visit}/{action}", {"text": "Rang twice"})

    assert (answer.json["status"], answer.json["note"]) == (status, "Rang twice")


def test_a_withdrawn_visit_frees_its_technician_and_its_ticket(desk: Person, visit: str, company: Company) -> None:
    assert desk.post(f"{visit}/withdrawal", bodies.REASON).json["status"] == "withdrawn"
    assert desk.get(f"/api/v1/tickets/{company.things['ticket_id'].own}").json["status"] == "ready"
    assert desk.post(f"{visit}/withdrawal", bodies.REASON).status_code == 409


def test_a_visit_is_moved_to_another_hour_and_offered_anew(desk: Person, visit: str, company: Company) -> None:
    answer = desk.post(f"{visit}/assignment", bodies.assignment(company))

    assert (answer.json["status"], answer.json["starts_at"]) == ("offered", "2026-05-05T06:00:00Z")


def test_a_visit_is_not_given_to_a_technician_of_another_region(desk: Person, visit: str, company: Company) -> None:
    body = {**bodies.assignment(company), "technician_id": company.technicians[1].id}

    answer = desk.post(f"{visit}/assignment", body)

    assert (answer.status_code, answer.json["code"]) == (404, "technician.unknown")


def test_visits_are_listed_by_day_technician_and_status(desk: Person, company: Company) -> None:
    own = company.things["visit_id"].own
    technician_id = company.technicians[0].id

    def ids(**query: object) -> list[int]:
        return [one["id"] for one in desk.get("/api/v1/visits", **query).json["items"]]

    assert ids(day="2026-05-05") == [own]
    assert ids(day="2026-05-06") == []
    assert own in ids(technician_id=technician_id, region_id=company.regions[0].id)
    assert ids(status="accepted") == [own]
    assert ids(technician_id=company.technicians[1].id) == []


def test_the_desk_accepts_for_a_technician_who_telephones(desk: Person, open_offer: str, session: Session) -> None:
    answer = desk.post(f"{open_offer}/acceptance")

    assert answer.json["status"] == "accepted"
    event = session.scalars(select(DomainEvent).where(DomainEvent.kind == "offer.accept")).all()[-1]
    assert (str(event.actor_kind), str(event.via)) == ("staff", "api")
    assert desk.post(f"{open_offer}/acceptance").json["code"] == "offer.closed"


def test_a_declined_offer_says_why_and_its_ticket_needs_a_human(desk: Person, open_offer: str) -> None:
    assert desk.post(f"{open_offer}/decline", {"reason": "bored"}).status_code == 422

    answer = desk.post(f"{open_offer}/decline", {"reason": "too_far", "remark": "Two hours"})

    assert (answer.json["status"], answer.json["decline_reason"]) == ("declined", "too_far")
    assert "no_technician" in [one["kind"] for one in desk.get("/api/v1/escalations").json["items"]]


def test_an_offer_whose_time_is_up_is_not_accepted(desk: Person, open_offer: str, still_clock: StillClock) -> None:
    still_clock.move(16 * HOUR)

    answer = desk.post(f"{open_offer}/acceptance")

    assert (answer.status_code, answer.json["code"]) == (409, "offer.closed")


def test_handing_back_is_over_once_the_technician_has_left(desk: Person, visit: str, offer: str) -> None:
    desk.post(f"{visit}/departure")

    answer = desk.post(f"{offer}/hand-back", {"reason": "vehicle"})

    assert (answer.status_code, answer.json["code"]) == (409, "offer.already_left")
