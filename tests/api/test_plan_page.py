"""The page of a plan: how far it is, and how far from perfect it can be."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from server.core.db import Json
from server.core.events import SYSTEM, record
from server.dispatch.models import Plan
from server.dispatch.proposal import SLOWER_SEARCH
from server.dispatch.status import PlanEvent
from server.organisation.models import Role
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import NOW, Company
from tests.api.pages import Desk


@pytest.fixture
def plan(app: Flask, company: Company, session: Session) -> Plan:
    made = Person(app, company, Role.DISPATCHER).post("/api/v1/plans", bodies.plan(company)).json
    return session.get_one(Plan, made["id"])


def page_of(plan: Plan, app: Flask, company: Company, session: Session, *, language: str = "en") -> str:
    session.commit()
    return Desk(app, company, language=language).get(f"/console/plans/{plan.id}").text


@pytest.mark.parametrize(
    ("progress", "told"),
    [
        ({"compiling": True}, "once after an installation"),
        ({"cost": 900, "unserved": 3, "seconds": 1.5}, "Left out so far: 3"),
    ],
)
def test_a_plan_under_way_says_how_far_it_is(
    app: Flask, company: Company, session: Session, plan: Plan, progress: Json, told: str
) -> None:
    record(session, plan, PlanEvent.START, by=SYSTEM, now=NOW)
    plan.progress = progress

    assert told in page_of(plan, app, company, session)


@pytest.mark.parametrize(
    ("bound", "told", "untold"),
    [
        (962, ["≤", "3.8 %", "proven"], ["none is better"]),
        (1000, ["0.0 %", "proven: none is better"], ["≤"]),
        (None, ["Travel"], ["Could still be gained"]),
    ],
)
def test_a_proposal_says_how_much_could_still_be_gained(
    app: Flask, company: Company, session: Session, plan: Plan, bound: int | None, told: list[str], untold: list[str]
) -> None:
    for event in (PlanEvent.START, PlanEvent.PROPOSE):
        record(session, plan, event, by=SYSTEM, now=NOW)
    plan.cost, plan.bound = 1000, bound

    text = page_of(plan, app, company, session)

    assert [word for word in told if word not in text] == []
    assert [word for word in untold if word in text] == []


def test_a_proposal_of_the_slower_search_says_so(app: Flask, company: Company, session: Session, plan: Plan) -> None:
    for event in (PlanEvent.START, PlanEvent.PROPOSE):
        record(session, plan, event, by=SYSTEM, now=NOW)
    assert "no compiler" not in page_of(plan, app, company, session)
    plan.findings = {"items": [{"code": SLOWER_SEARCH, "error": False}], "count": 1}

    assert "no compiler" in page_of(plan, app, company, session)


def test_what_could_be_gained_is_rounded_up_for_a_proof_must_hold(
    app: Flask, company: Company, session: Session, plan: Plan
) -> None:
    for event in (PlanEvent.START, PlanEvent.PROPOSE):
        record(session, plan, event, by=SYSTEM, now=NOW)
    plan.cost, plan.bound = 100_000, 99_990

    assert "0.1 %" in page_of(plan, app, company, session, language="zh")
