"""Customer callbacks, complaints and cards over HTTP: what was done is verified with the customer."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.callbacks.models import CallbackAttempt
from server.core.events import DomainEvent
from server.organisation.models import Role
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import Company
from tests.api.things import HOUR
from tests.builders.clocks import StillClock


@pytest.fixture
def agent(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.CALLBACK_AGENT)


@pytest.fixture
def supervisor(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.SUPERVISOR)


@pytest.fixture
def clerk(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.STATION_CLERK)


@pytest.fixture
def callback(company: Company) -> str:
    """The address of a callback about finished work that waits for its call."""
    return f"/api/v1/callbacks/{company.things['callback_id'].own}"


@pytest.fixture
def card(company: Company) -> str:
    """The address of a card that was reported and not handed in yet."""
    return f"/api/v1/cards/{company.things['card_id'].own}"


FAIL = {"reached": True, "answers": {"came": True, "working": False}, "verdict": "fail", "fail_reason": "still_broken"}


def test_an_agent_is_handed_a_call_with_script_card_and_telephone(agent: Person, company: Company) -> None:
    handed = agent.post("/api/v1/callbacks/next")

    assert handed.status_code == 200
    assert handed.json["callback"]["claimed_by"] == company.staff[Role.CALLBACK_AGENT].id
    assert handed.json["script"][0] == "came"
    assert handed.json["card"]["work_done"] == "Looked after the pump"
    assert handed.json["phone"] == "+12025550160"
    assert agent.post("/api/v1/callbacks/next").json["callback"]["id"] == handed.json["callback"]["id"]


def test_nobody_is_called_outside_calling_hours(agent: Person, still_clock: StillClock) -> None:
    still_clock.move(8 * HOUR)

    answer = agent.post("/api/v1/callbacks/next")

    assert (answer.status_code, answer.data) == (204, b"")


def test_the_answer_to_a_repeated_request_for_a_call_holds_no_telephone(agent: Person) -> None:
    first, second = (agent.post("/api/v1/callbacks/next", key="once") for _ in range(2))

    assert first.json["phone"] is not None
    assert second.json["phone"] is None


def test_a_pass_closes_the_ticket(agent: Person, callback: str) -> None:
    answer = agent.post(f"{callback}/attempts", bodies.ATTEMPT)

    assert (answer.status_code, answer.json["reached"]) == (201, True)
    shown = agent.get(callback).json
    assert shown["callback"]["status"] == "passed"
    assert [attempt["answers"]["satisfied"] for attempt in shown["attempts"]] == [5]


def test_a_verdict_is_given_once(agent: Person, callback: str, session: Session) -> None:
    agent.post(f"{callback}/attempts", bodies.ATTEMPT)

    answer = agent.post(f"{callback}/attempts", FAIL)

    assert (answer.status_code, answer.json["code"]) == (409, "callback.decided")
    assert len(session.scalars(select(CallbackAttempt)).all()) == 1


def test_a_report_of_a_call_sent_twice_counts_once_even_after_a_day(
    agent: Person, callback: str, session: Session, still_clock: StillClock
) -> None:
    agent.post(f"{callback}/attempts", bodies.ATTEMPT, key="once")
    still_clock.move(30 * HOUR)

    again = agent.post(f"{callback}/attempts", bodies.ATTEMPT, key="once")

    assert again.status_code == 201
    assert again.headers["Idempotent-Replay"] == "true"
    assert len(session.scalars(select(CallbackAttempt)).all()) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reached": True}, "callback.unclear"),
        ({"reached": False, "verdict": "pass"}, "callback.unclear"),
        ({"reached": True, "verdict": "fail"}, "callback.fail_reason"),
        ({"reached": True, "promised_at": "2026-05-01T00:00:00Z"}, "callback.bad_promise"),
        ({"reached": True, "answers": {"satisfied": 6}, "verdict": "pass"}, "request.rules_broken"),
    ],
)
def test_a_call_whose_outcome_makes_no_sense_is_refused(
    agent: Person, callback: str, body: dict[str, object], code: str
) -> None:
    answer = agent.post(f"{callback}/attempts", body)

    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_a_pass_against_what_the_customer_said_is_refused(agent: Person, callback: str) -> None:
    answer = agent.post(f"{callback}/attempts", {"reached": True, "answers": {"came": False}, "verdict": "pass"})

    assert (answer.status_code, answer.json["code"]) == (409, "callback.contradicted")
    assert "nobody_came" in answer.json["details"]["contradictions"]


def test_a_call_that_somebody_else_was_handed_is_not_reported_by_me(
    app: Flask, company: Company, agent: Person, session: Session
) -> None:
    handed = agent.post("/api/v1/callbacks/next").json["callback"]["id"]
    other = company.staff[Role.AUDITOR]
    other.roles = [str(Role.CALLBACK_AGENT)]
    session.commit()

    answer = Person(app, company, Role.AUDITOR).post(f"/api/v1/callbacks/{handed}/attempts", bodies.ATTEMPT)

    assert (answer.status_code, answer.json["code"]) == (409, "callback.claimed")


def test_a_fail_waits_for_the_supervisor_who_confirms_or_does_not(
    agent: Person, supervisor: Person, callback: str
) -> None:
    agent.post(f"{callback}/attempts", FAIL)
    assert (
        supervisor.post(f"{callback}/reconfirmation", {"evidence": " ", "without_customer": False}).status_code == 422
    )

    answer = supervisor.post(f"{callback}/reconfirmation", bodies.RECONFIRMATION)

    assert answer.json["status"] == "reconfirmed"
    assert supervisor.post(f"{callback}/refusal", bodies.EVIDENCE).status_code == 409


def test_an_outcome_that_is_not_confirmed_stays_unpaid(agent: Person, supervisor: Person, callback: str) -> None:
    agent.post(f"{callback}/attempts", FAIL)

    assert supervisor.post(f"{callback}/refusal", bodies.EVIDENCE).json["status"] == "not_confirmed"


def test_callbacks_are_listed_by_status_with_masked_telephones(agent: Person, company: Company) -> None:
    items = agent.get("/api/v1/callbacks", status="waiting").json["items"]

    ids = company.things["callback_id"]
    assert {one["id"] for one in items} == {ids.own, ids.other}
    assert {one["phone"] for one in items} == {"+12…160", "+12…161"}


def test_a_supervisor_sees_the_callbacks_of_his_region_only(supervisor: Person, company: Company) -> None:
    items = supervisor.get("/api/v1/callbacks").json["items"]

    assert [one["id"] for one in items] == [company.things["callback_id"].own]


def test_a_complaint_ends_with_a_decision_and_only_once(supervisor: Person, company: Company) -> None:
    path = f"/api/v1/complaints/{company.things['complaint_id'].own}/decision"
    assert [one["id"] for one in supervisor.get("/api/v1/complaints", open="true").json["items"]] == [
        company.things["complaint_id"].own
    ]

    assert supervisor.post(path, {"decision": "We are sorry"}).json["decision"] == "We are sorry"

    assert supervisor.post(path, {"decision": "Or not"}).json["code"] == "complaint.decided"
    assert supervisor.get("/api/v1/complaints", open="true").json["items"] == []
    assert len(supervisor.get("/api/v1/complaints", open="false").json["items"]) == 1


def test_a_card_is_received_once_and_may_be_sent_back(clerk: Person, card: str, session: Session) -> None:
    assert clerk.post(f"{card}/receipt").json["status"] == "received"
    assert clerk.post(f"{card}/receipt").status_code == 409

    back = clerk.post(f"{card}/return", bodies.REASON)

    assert (back.json["status"], back.json["sent_back_reason"]) == ("sent_back", bodies.REASON["reason"])
    assert clerk.post(f"{card}/receipt").json["status"] == "received"
    events = session.scalars(select(DomainEvent.kind).where(DomainEvent.subject == "completion_card")).all()
    assert events.count("completion_card.receive") == 2


def test_a_clerk_sees_the_cards_of_his_own_station(clerk: Person, company: Company) -> None:
    items = clerk.get("/api/v1/cards", status="reported").json["items"]

    assert [one["id"] for one in items] == [company.things["card_id"].own]
    assert clerk.get(f"/api/v1/cards/{items[0]['id']}").json["card"]["work_done"] == "Looked after the pump"
