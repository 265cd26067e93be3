"""The console's forms of a ticket's facts and place: what they refuse, and what they keep of what was typed (R2a)."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.console import words
from server.core.events import SYSTEM, note
from server.core.places import Position, geodesic_metres
from server.customers.models import Equipment, Site
from server.orders.models import Correction, Ticket
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import NOW, Company
from tests.api.pages import REASON, Desk, form_of, reported, typed
from tests.builders.clocks import StillClock

NEAR = "31.23, 121.44"


@pytest.fixture
def desk(app: Flask, company: Company) -> Desk:
    return Desk(app, company)


@pytest.fixture
def incomplete(api: Person, session: Session, company: Company) -> Ticket:
    """A ticket that lacks its contact's name."""
    return reported(api, session, company, contact_name=None)


def position_of(ticket: Ticket) -> str:
    return f"/console/tickets/{ticket.id}/position"


def test_the_missing_fact_makes_the_ticket_ready_and_its_page_says_what_has_changed(
    desk: Desk, session: Session, incomplete: Ticket
) -> None:
    asked = desk.get(form_of(incomplete)).text

    answer = desk.post(form_of(incomplete), version=incomplete.version, **typed(contact_name="Miller junior"))

    assert asked.index('id="contact_name"') < asked.index('id="customer_name"'), "what is missing does not come first"
    assert answer.status_code == 303
    session.expire_all()
    assert (incomplete.status, incomplete.contact_name, incomplete.missing) == ("ready", "Miller junior", [])
    kept = session.scalars(select(Correction).where(Correction.ticket_id == incomplete.id)).one()
    assert (kept.field, kept.reason, kept.via) == ("contact_name", REASON, "console")
    told = desk.get(answer.headers["Location"]).text
    assert "Status: Incomplete → <strong>Ready</strong>" in told
    assert "Due: – → <strong>" in told


def test_today_leads_straight_to_what_its_queues_ask_for(
    api: Person, session: Session, company: Company, desk: Desk, incomplete: Ticket
) -> None:
    site = bodies.report(company)["site"] | {"address": "2 Mill Lane", "position": None, "position_trusted": False}
    lost = reported(api, session, company, site=site)

    today = desk.get("/console/today").text

    assert f'href="{form_of(incomplete)}"' in today
    assert f'href="{position_of(lost)}"' in today


def test_a_ticket_that_was_changed_meanwhile_is_not_overwritten_and_what_was_typed_stays(
    api: Person, desk: Desk, session: Session, incomplete: Ticket
) -> None:
    read = incomplete.version
    changes = {"wish": "In the evening", "description": "It leaks now", "reason": "The customer called"}
    api.patch(f"/api/v1/tickets/{incomplete.id}", changes, etag=f'"{read}"')
    fields = typed(contact_name="Miller junior", wish="In the morning")
    fields |= {"description": "Look after the pump", "was.description": "Look after the pump"}

    answer = desk.post(form_of(incomplete), version=read, **fields)

    assert answer.status_code == 412
    assert "Changed in between" in answer.text
    assert 'value="Miller junior"' in answer.text
    assert 'value="In the morning"' in answer.text
    assert "It says now: In the evening" in answer.text
    assert "\nIt leaks now</textarea>" in answer.text, "what he had not touched is old"
    session.expire_all()
    assert (incomplete.contact_name, incomplete.wish) == (None, "In the evening")

    again = desk.post(form_of(incomplete), version=incomplete.version, **typed(contact_name="Miller junior"))

    assert again.status_code == 303


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"contact_name": "Miller", "reason": " "}, "reason", "This field is needed."),
        ({"contact_phone": "ring"}, "contact_phone", "No telephone has such a number."),
        ({"purchased_on": "tomorrow"}, "purchased_on", "Write a day as YYYY-MM-DD."),
        ({"serial": "SN-OF-ANOTHER"}, "serial", "under another customer"),
        ({"description": "", "was.description": "Look after the pump"}, "description", "This field is needed."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(
    desk: Desk,
    session: Session,
    company: Company,
    incomplete: Ticket,
    fields: dict[str, str],
    field: str,
    sentence: str,
) -> None:
    other = session.get_one(Ticket, int(company.things["ticket_id"].own))
    session.get_one(Equipment, other.equipment_id).serial = "SN-OF-ANOTHER"
    session.commit()

    answer = desk.post(form_of(incomplete), version=incomplete.version, **(typed(**fields) | fields))

    assert answer.status_code in {409, 422}
    beside = answer.text.partition(f'<span class="error" id="{field}-error">')[2].partition("</span>")[0]
    assert sentence in beside
    session.expire_all()
    assert session.scalar(select(Correction).where(Correction.ticket_id == incomplete.id)) is None


def test_a_form_in_which_nothing_was_changed_says_so(desk: Desk, incomplete: Ticket) -> None:
    answer = desk.post(form_of(incomplete), version=incomplete.version, reason=REASON)

    assert answer.status_code == 422
    assert "Nothing is changed" in answer.text


def test_the_number_that_has_answered_completes_a_report_of_a_station(
    api: Person, desk: Desk, session: Session, company: Company
) -> None:
    ticket = reported(api, session, company, channel="station")
    missing = list(ticket.missing)

    answer = desk.post(form_of(ticket), version=ticket.version, answered="yes", reason=REASON)

    session.expire_all()
    assert (missing, answer.status_code) == (["phone_answered"], 303)
    assert (ticket.status, ticket.missing) == ("ready", [])


def test_a_ticket_that_was_reported_without_an_address_gets_its_place(
    api: Person, desk: Desk, session: Session, company: Company
) -> None:
    ticket = reported(api, session, company, site=None, region_id=company.regions[0].id)
    nowhere = desk.get(position_of(ticket)).text

    answer = desk.post(form_of(ticket), version=ticket.version, **typed(address="5 Weir Street"))

    session.expire_all()
    assert answer.status_code == 303
    assert "A place needs its address first." in nowhere
    assert session.get_one(Site, ticket.site_id).address == "5 Weir Street"


def test_facts_of_a_ticket_that_has_ended_stand(api: Person, desk: Desk, incomplete: Ticket) -> None:
    api.post(f"/api/v1/tickets/{incomplete.id}/cancellation", bodies.REASON)

    answers = [
        desk.get(form_of(incomplete)),
        desk.post(form_of(incomplete), version=99, **typed(contact_name="Miller")),
        desk.get(position_of(incomplete)),
        desk.post(position_of(incomplete), version=99, position=NEAR, reason=REASON),
    ]

    assert [answer.status_code for answer in answers] == [409] * 4


@pytest.mark.parametrize(
    ("position", "sentence"),
    [
        ("the yellow house", "two numbers, such as 31.2304, 121.4737"),
        ("31.23", "two numbers, such as 31.2304, 121.4737"),
        ("121.44, 31.23", "Did you mean 31.23, 121.44?"),
        ("91, 181", "Latitude lies between -90 and 90"),
        ("0, 0", "0, 0 stands for an unknown one"),
        ("40.71, -74.01", "km from the other places of the region"),
        ("", "This field is needed."),
    ],
)
def test_coordinates_that_cannot_be_meant_are_refused_beside_their_field(
    desk: Desk, session: Session, incomplete: Ticket, position: str, sentence: str
) -> None:
    site = session.get_one(Site, incomplete.site_id)
    before = (site.lat, site.lon)

    answer = desk.post(position_of(incomplete), version=incomplete.version, position=position, reason=REASON)

    assert answer.status_code == 422
    assert sentence in answer.text.partition('id="position-error">')[2].partition("</span>")[0]
    session.expire_all()
    assert (site.lat, site.lon) == before


def test_a_place_far_from_the_region_is_kept_when_somebody_says_that_it_is_meant(
    desk: Desk, session: Session, incomplete: Ticket
) -> None:
    fields = {"version": incomplete.version, "position": "40.71, -74.01", "reason": REASON}

    asked = desk.post(position_of(incomplete), **fields)
    answer = desk.post(position_of(incomplete), **fields, far="yes")

    assert 'name="far"' in asked.text
    assert answer.status_code == 303
    session.expire_all()
    assert session.get_one(Site, incomplete.site_id).position == Position(40.71, -74.01)


def test_coordinates_of_a_chinese_map_are_kept_as_what_gps_says(
    desk: Desk, session: Session, incomplete: Ticket
) -> None:
    answer = desk.post(position_of(incomplete), version=incomplete.version, position=NEAR, datum="gcj02", reason=REASON)

    session.expire_all()
    site = session.get_one(Site, incomplete.site_id)
    assert answer.status_code == 303
    assert site.position_trusted
    assert site.position is not None
    assert 300 < geodesic_metres(site.position, Position(31.23, 121.44)) < 700


def test_a_place_that_was_corrected_meanwhile_is_not_located_unseen(
    api: Person, desk: Desk, session: Session, incomplete: Ticket
) -> None:
    read = incomplete.version
    api.patch(f"/api/v1/tickets/{incomplete.id}", {"address": "7 Mill Lane", "reason": REASON}, etag=f'"{read}"')

    answer = desk.post(position_of(incomplete), version=read, position=NEAR, reason=REASON)

    assert answer.status_code == 412
    assert f'value="{NEAR}"' in answer.text
    assert "7 Mill Lane" in answer.text
    session.expire_all()
    assert not session.get_one(Site, incomplete.site_id).position_trusted


def test_the_page_says_of_a_correction_what_is_on_record_and_not_what_an_address_claims(
    api: Person, desk: Desk, session: Session, incomplete: Ticket
) -> None:
    page = f"/console/tickets/{incomplete.id}?done=ticket.corrected"
    forged = f"{page}&before=closed~covered~C~2026-05-04T00:00:00%2B00:00"

    without_correction = desk.get(forged).text
    desk.post(form_of(incomplete), version=incomplete.version, **typed(contact_name="Miller junior"))
    api.post(f"/api/v1/tickets/{incomplete.id}/cancellation", bodies.REASON)
    later, lied_about = desk.get(page).text, desk.get(forged).text

    assert "Judged again." not in without_correction
    assert "Status: Incomplete → <strong>Ready</strong>" in later, "what is now is not what the correction came to"
    assert "Status: Closed" not in lied_about
    assert "Warranty:" not in lied_about


def test_two_corrections_are_told_one_by_one(
    api: Person, desk: Desk, session: Session, still_clock: StillClock, incomplete: Ticket
) -> None:
    desk.post(form_of(incomplete), version=incomplete.version, **typed(contact_name="Miller junior"))
    still_clock.move(timedelta(minutes=5))
    session.expire_all()

    answer = desk.post(form_of(incomplete), version=incomplete.version, **typed(wish="Soon"))

    told = desk.get(answer.headers["Location"]).text.partition("Corrected:")[2].partition("</ul>")[0]
    assert words.say("word.field.wish", locale="en") in told
    assert "Contact" not in told
    assert "→" not in told


def test_a_correction_that_the_version_before_kept_without_its_judgement_tells_none(
    desk: Desk, session: Session, incomplete: Ticket
) -> None:
    note(session, incomplete, "correct", by=SYSTEM, now=NOW, reason=REASON, details={"facts": ["wish"]})
    session.commit()

    answer = desk.get(f"/console/tickets/{incomplete.id}?done=ticket.corrected")

    assert answer.status_code == 200
    assert "Judged again." not in answer.text
