"""Plans over HTTP: asked for, looked at, published, thrown away."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from server.core.events import SYSTEM, record
from server.dispatch.models import Plan, PlanOmission, PlanStop
from server.dispatch.status import PlanEvent
from server.organisation.models import Role
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import NOW, Company
from tests.api.things import HOUR, TOMORROW
from tests.builders.settings import settings_for


@pytest.fixture
def desk(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.DISPATCHER)


def _proposed(session: Session, plan_id: int, *, ticket: dict[str, int], technician_id: int) -> None:
    """Let a plan propose one visit and leave out another ticket, as the solver's job would."""
    plan = session.get_one(Plan, plan_id)
    for event in (PlanEvent.START, PlanEvent.PROPOSE):
        record(session, plan, event, by=SYSTEM, now=NOW)
    plan.watched = {"tickets": {str(ticket["id"]): ticket["version"]}, "technicians": {}}
    plan.findings = {"items": [{"code": "no_position", "ticket_id": 1}]}
    starts_at = TOMORROW + 4 * HOUR
    session.add(
        PlanStop(
            plan_id=plan_id,
            ticket_id=ticket["id"],
            technician_id=technician_id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=30),
            travel_seconds=600,
        )
    )
    session.commit()


def test_a_plan_is_asked_for_and_solved_later(desk: Person, company: Company) -> None:
    answer = desk.post("/api/v1/plans", bodies.plan(company))

    assert answer.status_code == 201
    assert (answer.json["status"], answer.json["seed"]) == ("queued", 1)
    assert answer.json["seconds"] == settings_for().solver_seconds
    shown = desk.get(answer.headers["Location"]).json
    assert (shown["stops"], shown["omissions"], shown["findings"]) == ([], [], [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"first_day": "2026-05-07", "last_day": "2026-05-06"}, "plan.bad_request"),
        ({"first_day": "2026-05-01", "last_day": "2026-05-02"}, "plan.bad_request"),
        ({"first_day": "2026-05-05", "last_day": "2026-06-30"}, "plan.bad_request"),
        ({"seconds": 0}, "request.rules_broken"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    desk: Person, company: Company, change: dict[str, object], code: str
) -> None:
    answer = desk.post("/api/v1/plans", bodies.plan(company) | change)

    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_another_region_is_not_planned(desk: Person, company: Company) -> None:
    answer = desk.post("/api/v1/plans", bodies.plan(company) | {"region_id": company.regions[1].id})

    assert (answer.status_code, answer.json["code"]) == (404, "region.unknown")


def test_a_proposal_becomes_visits_and_offers(desk: Person, company: Company, session: Session) -> None:
    ticket = desk.post("/api/v1/tickets", bodies.report(company)).json["ticket"]
    plan = desk.post("/api/v1/plans", bodies.plan(company)).json
    _proposed(session, plan["id"], ticket=ticket, technician_id=company.technicians[0].id)
    assert desk.get(f"/api/v1/plans/{plan['id']}").json["findings"] == [{"code": "no_position", "ticket_id": 1}]

    answer = desk.post(f"/api/v1/plans/{plan['id']}/publication")

    assert answer.json["skipped"] == []
    (visit_id,) = answer.json["visits"]
    assert desk.get(f"/api/v1/visits/{visit_id}").json["visit"]["status"] == "offered"
    (stop,) = desk.get(f"/api/v1/plans/{plan['id']}").json["stops"]
    assert stop["visit_id"] == visit_id


def test_a_visit_whose_ticket_has_changed_is_skipped_and_told(desk: Person, company: Company, session: Session) -> None:
    ticket = desk.post("/api/v1/tickets", bodies.report(company)).json["ticket"]
    plan = desk.post("/api/v1/plans", bodies.plan(company)).json
    _proposed(session, plan["id"], ticket=ticket, technician_id=company.technicians[0].id)
    desk.post(f"/api/v1/tickets/{ticket['id']}/cancellation", bodies.REASON)

    answer = desk.post(f"/api/v1/plans/{plan['id']}/publication")

    assert answer.json == {"visits": [], "skipped": [{"ticket_id": ticket["id"], "reason": "ticket_changed"}]}


def test_a_plan_that_is_no_proposal_is_not_published(desk: Person, company: Company) -> None:
    path = f"/api/v1/plans/{company.things['plan_id'].own}"

    assert desk.post(f"{path}/publication").json["code"] == "status.illegal_transition"
    assert desk.post(f"{path}/cancellation").json["status"] == "cancelled"
    assert desk.post(f"{path}/cancellation").status_code == 409


def test_what_is_left_out_is_shown_with_its_reason(desk: Person, company: Company, session: Session) -> None:
    plan_id, ticket_id = company.things["plan_id"].own, company.things["ticket_id"].own
    session.add(PlanOmission(plan_id=plan_id, ticket_id=ticket_id, reason="no_skill", details={"skill": "gas"}))
    session.commit()

    omissions = desk.get(f"/api/v1/plans/{plan_id}").json["omissions"]

    assert omissions == [{"ticket_id": ticket_id, "reason": "no_skill", "details": {"skill": "gas"}}]


def test_plans_of_the_own_region_are_listed_the_newest_first(desk: Person, company: Company) -> None:
    newest = desk.post("/api/v1/plans", bodies.plan(company)).json["id"]

    items = desk.get("/api/v1/plans").json["items"]

    assert [one["id"] for one in items] == [newest, company.things["plan_id"].own]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The source of travel times gave no usable answer. All 6 ways of this plan are estimated"),
        ("zh", "行车时间来源没有给出可用的答复。本计划的全部 6 段路程均按直线距离估算"),
    ],
)
def test_the_page_of_a_plan_says_that_its_travel_times_are_estimated(
    desk: Person, app: Flask, company: Company, session: Session, language: str, sentence: str
) -> None:
    plan_id = desk.post("/api/v1/plans", bodies.plan(company)).json["id"]
    ticket = desk.get(f"/api/v1/tickets/{company.things['ticket_id'].own}").json
    _proposed(session, plan_id, ticket=ticket, technician_id=company.technicians[0].id)
    failed = {"code": "travel_source_failed", "source": "osrm/driving", "legs": 6, "cause": "unreachable"}
    plan = session.get_one(Plan, plan_id)
    plan.findings = {"items": [*plan.findings["items"], failed], "count": 2}
    session.commit()
    client = app.test_client()
    client.set_cookie("truckroll_session", company.caller(Role.DISPATCHER).cookie)
    client.set_cookie("language", language)

    told = client.get(f"/console/plans/{plan_id}").text

    assert sentence in told
    assert "osrm/driving, unreachable" in told
    assert "no_position" not in told
