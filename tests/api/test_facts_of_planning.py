"""What planning and paying need in the form of a ticket's facts: who pays, which skill, how long (R2, R2a, R5)."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.orders.models import Correction, Ticket
from tests import builders as a
from tests.api.asking import Person
from tests.api.cast import Company
from tests.api.pages import REASON, Desk, form_of, reported, typed

NOW_ON_FORM = {"was.charge_category": "A", "was.skill": "", "was.skill_level": "1", "was.duration": "30"}
"""What the form of a patrol says."""


@pytest.fixture
def desk(app: Flask, company: Company) -> Desk:
    return Desk(app, company)


@pytest.fixture
def ticket(api: Person, session: Session, company: Company) -> Ticket:
    return reported(api, session, company)


def send(desk: Desk, ticket: Ticket, **fields: str) -> str:
    answer = desk.post(form_of(ticket), version=ticket.version, reason=REASON, **(NOW_ON_FORM | fields))
    return answer.text if answer.status_code != 303 else ""


def test_who_pays_the_skill_and_the_planned_time_are_corrected_and_kept(
    desk: Desk, session: Session, ticket: Ticket
) -> None:
    gas = a.a_skill(session, "gas_fitting")
    session.commit()
    fields = {"charge_category": "B", "skill": gas.code, "skill_level": "2", "duration": "75"}
    asked = desk.get(form_of(ticket)).text

    refused = send(desk, ticket, **fields)
    told = desk.get(f"/console/tickets/{ticket.id}").text

    session.expire_all()
    assert refused == ""
    assert f"75 min, {gas.name_en} (level 2)" in told
    assert f'<option value="{gas.code}">{gas.name_en}</option>' in asked
    assert 'id="duration" name="duration" type="text" value="30"' in asked
    assert (ticket.charge_category, ticket.skill, ticket.skill_level) == ("B", "gas_fitting", 2)
    assert ticket.duration == timedelta(minutes=75)
    rows = session.scalars(select(Correction).where(Correction.ticket_id == ticket.id))
    assert {row.field: row.after["value"] for row in rows} == {
        "charge_category": "B",
        "skill": "gas_fitting",
        "skill_level": 2,
        "duration": 4500,
    }


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("charge_category", "E", "A, B, C, D"),
        ("skill", "flying", "one of"),
        ("skill_level", "0", "between 1 and 9"),
        ("skill_level", "10", "between 1 and 9"),
        ("skill_level", "high", "whole number"),
        ("duration", "0", "between 1 and 20"),
        ("duration", "20161", "between 1 and 20"),
        ("duration", "1.5", "whole number"),
        ("duration", "9" * 5000, "whole number"),
        ("duration", "", "This field is needed."),
    ],
)
def test_what_no_plan_could_use_is_refused_beside_its_field(
    desk: Desk, session: Session, ticket: Ticket, field: str, text: str, sentence: str
) -> None:
    page = send(desk, ticket, **{field: text})

    beside = page.partition(f'<span class="error" id="{field}-error">')[2].partition("</span>")[0]
    assert sentence.lower() in beside.lower()
    session.expire_all()
    assert session.scalar(select(Correction).where(Correction.ticket_id == ticket.id)) is None


@pytest.mark.parametrize("minutes", ["1", "20160"])
def test_work_lasts_from_a_minute_to_a_fortnight(desk: Desk, session: Session, ticket: Ticket, minutes: str) -> None:
    send(desk, ticket, duration=minutes)

    session.expire_all()
    assert ticket.duration == timedelta(minutes=int(minutes))


def test_a_skill_that_nobody_knows_any_more_stays_until_somebody_changes_it(
    desk: Desk, api: Person, session: Session, company: Company
) -> None:
    ticket = reported(api, session, company, skill="lost_art")

    asked = desk.get(form_of(ticket)).text
    answer = desk.post(form_of(ticket), version=ticket.version, **typed(wish="Soon"))

    session.expire_all()
    assert '<option value="lost_art" selected>' in asked
    assert (answer.status_code, ticket.skill, ticket.wish) == (303, "lost_art", "Soon")


def test_a_skill_that_is_not_needed_is_taken_away(desk: Desk, api: Person, session: Session, company: Company) -> None:
    ticket = reported(api, session, company, skill="lost_art")

    send(desk, ticket, **{"was.skill": "lost_art", "skill": ""})

    session.expire_all()
    assert ticket.skill is None


def test_internal_work_needs_fewer_facts(desk: Desk, api: Person, session: Session, company: Company) -> None:
    ticket = reported(api, session, company, work_type="repair")
    missing = list(ticket.missing)

    send(desk, ticket, charge_category="D")

    session.expire_all()
    assert missing == ["model", "purchased_on", "wish"]
    assert (ticket.status, ticket.missing) == ("ready", [])
