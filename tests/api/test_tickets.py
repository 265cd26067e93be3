"""Tickets over HTTP: taken in, found, corrected, and what the desk does with one."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.orders.models import Correction, Ticket, TicketReport
from server.organisation.models import Role
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import Company


@pytest.fixture
def desk(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.DISPATCHER)


@pytest.fixture
def supervisor(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.SUPERVISOR)


@pytest.fixture
def planned(company: Company) -> str:
    """The address of a ticket whose visit was accepted."""
    return f"/api/v1/tickets/{company.things['ticket_id'].own}"


@pytest.fixture
def ready(desk: Person, company: Company) -> str:
    """The address of a ticket that waits to be planned."""
    return str(desk.post("/api/v1/tickets", bodies.report(company)).headers["Location"])


@pytest.fixture
def incomplete(desk: Person, company: Company) -> str:
    """The address of a ticket that lacks its contact."""
    body = {name: value for name, value in bodies.report(company).items() if name != "contact_name"}
    return str(desk.post("/api/v1/tickets", body).headers["Location"])


def test_a_report_becomes_a_ticket_that_is_ready(desk: Person, company: Company) -> None:
    answer = desk.post("/api/v1/tickets", bodies.report(company))

    assert answer.status_code == 201
    assert answer.json["added"] is False
    ticket = answer.json["ticket"]
    assert ticket["status"] == "ready"
    assert ticket["missing"] == []
    assert ticket["site"]["address"] == "1 Mill Lane"
    assert ticket["contact_phone"] == "+12…170"
    assert desk.get(answer.headers["Location"]).json["number"] == ticket["number"]


def test_a_second_report_about_the_same_becomes_a_fact_of_the_first(
    desk: Person, company: Company, session: Session
) -> None:
    first = desk.post("/api/v1/tickets", bodies.report(company)).json["ticket"]

    second = desk.post("/api/v1/tickets", bodies.report(company) | {"description": "It leaks now"})

    assert second.json["added"] is True
    assert second.json["ticket"]["id"] == first["id"]
    assert len(second.json["ticket"]["reports"]) == 2
    assert len(session.scalars(select(TicketReport).where(TicketReport.ticket_id == first["id"])).all()) == 2


def test_the_same_request_sent_again_takes_nothing_in_twice(desk: Person, company: Company, session: Session) -> None:
    before = len(session.scalars(select(TicketReport)).all())

    answers = [desk.post("/api/v1/tickets", bodies.report(company), key="once") for _ in range(2)]

    assert answers[0].json == answers[1].json
    assert len(session.scalars(select(TicketReport)).all()) == before + 1


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"customer": {}}, "customer", "needed"),
        ({"customer": {"id": 1, "name": "Both"}}, "customer", "either"),
        ({"site": {"address": "Somewhere"}}, "site", "needed"),
        ({"equipment": {"serial": "SN"}}, "equipment", "needed"),
        ({"duration": 0}, "duration", "between"),
        ({"skill_level": 0}, "skill_level", "between"),
        ({"work_type": "plumbing"}, "work_type", "one_of"),
        ({"contact_phone": "nobody"}, "contact_phone", "phone"),
        ({"status": "closed"}, "status", "unknown"),
    ],
)
def test_a_report_that_breaks_a_rule_is_refused_with_field_and_rule(
    desk: Person, company: Company, change: dict[str, object], field: str, rule: str
) -> None:
    answer = desk.post("/api/v1/tickets", bodies.report(company) | change)

    assert answer.status_code == 422
    assert {(one["field"], one["rule"]) for one in answer.json["details"]["fields"]} == {(field, rule)}


def test_a_report_about_another_regions_place_is_refused(desk: Person, company: Company) -> None:
    body = bodies.report(company)
    there = {**body, "site": {**body["site"], "region_id": company.regions[1].id}}
    somebody = {**body, "customer": {"id": company.things["customer_id"].other}}
    place = {**body, "site": {"id": company.things["site_id"].other}}

    assert desk.post("/api/v1/tickets", there).json["code"] == "report.unknown_region"
    assert desk.post("/api/v1/tickets", somebody).json["code"] == "customer.unknown"
    assert desk.post("/api/v1/tickets", place).json["code"] == "site.unknown"


def test_tickets_are_found_by_number_status_and_page_by_page(desk: Person, planned: str, ready: str) -> None:
    number = desk.get(planned).json["number"]

    assert [one["number"] for one in desk.get("/api/v1/tickets", q=number).json["items"]] == [number]
    assert {one["status"] for one in desk.get("/api/v1/tickets", status="ready").json["items"]} == {"ready"}
    seen, after = [], None
    while True:
        page = desk.get("/api/v1/tickets", limit=1, **({"after": after} if after else {})).json
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [one["id"] for one in desk.get("/api/v1/tickets").json["items"]]
    assert len(seen) == 3


def test_tickets_of_another_region_are_not_listed(desk: Person, company: Company) -> None:
    items = desk.get("/api/v1/tickets").json["items"]

    assert {one["region_id"] for one in items} == {company.regions[0].id}


def test_a_station_finds_the_tickets_of_its_technicians_only(app: Flask, company: Company, ready: str) -> None:
    station = Person(app, company, Role.STATION)

    assert company.things["ticket_id"].own in {one["id"] for one in station.get("/api/v1/tickets").json["items"]}
    assert station.get(ready).status_code == 404


def test_a_correction_names_its_version_and_is_kept(desk: Person, planned: str, session: Session) -> None:
    shown = desk.get(planned)

    answer = desk.patch(planned, {"wish": "Soon", "reason": "Asked back"}, etag=shown.headers["ETag"])

    assert answer.status_code == 200
    assert answer.json["wish"] == "Soon"
    assert answer.headers["ETag"] != shown.headers["ETag"]
    kept = session.scalars(select(Correction).where(Correction.field == "wish")).one()
    assert (kept.before, kept.after, kept.reason) == ({"value": None}, {"value": "Soon"}, "Asked back")


def test_a_correction_of_an_old_version_gets_the_present_one(desk: Person, planned: str) -> None:
    answer = desk.patch(planned, {"wish": "Soon", "reason": "Asked back"}, etag='"0"')

    assert answer.status_code == 412
    assert answer.json["code"] == "version.outdated"
    assert answer.json["current"]["wish"] is None


def test_a_correction_that_changes_nothing_is_refused(desk: Person, planned: str) -> None:
    etag = desk.get(planned).headers["ETag"]

    answer = desk.patch(planned, {"contact_name": "Smith", "reason": "Asked back"}, etag=etag)

    assert (answer.status_code, answer.json["code"]) == (422, "correction.empty")


def test_a_corrected_telephone_is_masked_in_the_record(desk: Person, planned: str) -> None:
    etag = desk.get(planned).headers["ETag"]

    answer = desk.patch(planned, {"contact_phone": "+12025550199", "reason": "Asked back"}, etag=etag)

    (correction,) = answer.json["corrections"]
    assert correction["before"] == {"value": "+12…160"}
    assert correction["after"] == {"value": "+12…199"}


def test_missing_facts_make_a_ticket_ready_when_they_are_told(desk: Person, incomplete: str) -> None:
    shown = desk.get(incomplete)
    assert (shown.json["status"], shown.json["missing"]) == ("incomplete", ["contact_name"])

    body = {"contact_name": "Miller", "reason": "Asked back"}
    answer = desk.patch(incomplete, body, etag=shown.headers["ETag"])

    assert (answer.json["status"], answer.json["missing"]) == ("ready", [])


def test_a_supervisor_lets_an_incomplete_ticket_pass_and_a_dispatcher_may_not(
    desk: Person, supervisor: Person, incomplete: str
) -> None:
    assert desk.post(f"{incomplete}/override", bodies.REASON).status_code == 403

    answer = supervisor.post(f"{incomplete}/override", bodies.REASON)

    assert answer.json["status"] == "ready"
    assert answer.json["missing"] == ["contact_name"]
    assert supervisor.post(f"{incomplete}/override", bodies.REASON).status_code == 409


def test_a_place_that_was_looked_up_may_be_planned_with(desk: Person, ready: str, session: Session) -> None:
    answer = desk.post(f"{ready}/position", bodies.POSITION)

    assert answer.json["site"]["position"] == {"lat": 31.2, "lon": 121.4}
    assert answer.json["site"]["position_trusted"] is True
    kept = session.scalars(select(Correction).where(Correction.field == "position")).one()
    assert kept.reason == "Looked up"
    assert desk.post(f"{ready}/position", {**bodies.POSITION, "lat": 0, "lon": 0}).status_code == 422


@pytest.mark.parametrize(
    ("action", "status"), [("cancellation", "cancelled"), ("decline", "declined"), ("rejection", "not_accepted")]
)
def test_a_ticket_ends_with_a_reason_and_only_once(desk: Person, ready: str, action: str, status: str) -> None:
    assert desk.post(f"{ready}/{action}", {"reason": " "}).status_code == 422

    assert desk.post(f"{ready}/{action}", bodies.REASON).json["status"] == status

    again = desk.post(f"{ready}/{action}", bodies.REASON)
    assert (again.status_code, again.json["code"]) == (409, "status.illegal_transition")


def test_cancelling_a_planned_ticket_withdraws_its_visit_and_asks_the_customer(desk: Person, planned: str) -> None:
    answer = desk.post(f"{planned}/cancellation", bodies.REASON)

    assert [visit["status"] for visit in answer.json["visits"]] == ["withdrawn"]
    assert [callback["outcome"] for callback in answer.json["callbacks"]] == ["cancelled"]


def test_a_ticket_waits_for_a_day_to_come_and_is_taken_up_before(desk: Person, ready: str) -> None:
    past = desk.post(f"{ready}/wait", {**bodies.WAIT, "until": "2026-05-01T00:00:00Z"})
    assert (past.status_code, past.json["code"]) == (422, "ticket.date_not_ahead")

    waiting = desk.post(f"{ready}/wait", bodies.WAIT)
    assert (waiting.json["status"], waiting.json["waits_until"]) == ("waiting", "2026-05-19T16:00:00Z")

    assert desk.post(f"{ready}/resumption", bodies.REASON).json["status"] == "ready"


def test_an_urge_is_kept_and_answered_by_a_call(desk: Person, planned: str, company: Company) -> None:
    urge = desk.post(f"{planned}/urges", {"text": "Nobody has come yet"})
    assert (urge.status_code, urge.json["contacted_at"]) == (201, None)
    assert urge.json["technician_id"] == company.technicians[0].id

    desk.post(f"/api/v1/visits/{company.things['visit_id'].own}/contact")

    (kept,) = desk.get(planned).json["urges"]
    assert kept["contacted_at"] is not None


def test_an_urge_about_a_ticket_that_has_ended_is_refused(desk: Person, ready: str) -> None:
    desk.post(f"{ready}/cancellation", bodies.REASON)

    answer = desk.post(f"{ready}/urges", {})

    assert (answer.status_code, answer.json["code"]) == (409, "ticket.nothing_to_urge")


def test_an_agreed_time_is_kept_and_a_senseless_one_refused(desk: Person, ready: str) -> None:
    backwards = {"from": bodies.AGREEMENT["to"], "to": bodies.AGREEMENT["from"]}
    assert desk.post(f"{ready}/agreement", backwards).json["code"] == "ticket.bad_window"

    answer = desk.post(f"{ready}/agreement", bodies.AGREEMENT)

    assert (answer.json["agreed_from"], answer.json["agreed_to"]) == ("2026-05-05T01:00:00Z", "2026-05-05T05:00:00Z")


def test_a_false_report_is_a_supervisors_finding_and_is_found_once(
    desk: Person, supervisor: Person, company: Company
) -> None:
    path = f"/api/v1/hindrances/{company.things['hindrance_id'].own}/falsehood"
    assert desk.post(path, bodies.EVIDENCE).status_code == 403

    found = supervisor.post(path, bodies.EVIDENCE)

    assert found.json["false_by"] == company.staff[Role.SUPERVISOR].id
    assert supervisor.post(path, bodies.EVIDENCE).json["code"] == "hindrance.decided"


def test_a_visit_by_hand_is_offered_to_its_technician(
    desk: Person, ready: str, company: Company, session: Session
) -> None:
    visit = desk.post(f"{ready}/visits", bodies.assignment(company))

    assert visit.status_code == 201
    assert (visit.json["status"], visit.json["by_hand"]) == ("offered", True)
    assert desk.get("/api/v1/offers", status="open").json["items"][0]["visit_id"] == visit.json["id"]
    assert desk.get(ready).json["status"] == "planned"


def test_a_visit_by_hand_that_nobody_can_keep_is_refused(desk: Person, ready: str, company: Company) -> None:
    body = bodies.assignment(company)
    over = {**body, "starts_at": "2026-05-01T00:00:00Z"}
    taken = {**body, "starts_at": "2026-05-05T02:00:00Z", "reason": "He says he can"}
    night = {**body, "starts_at": "2026-05-05T20:00:00Z"}
    stranger = {**body, "technician_id": company.technicians[1].id}

    assert desk.post(f"{ready}/visits", over).json["code"] == "dispatch.in_the_past"
    assert desk.post(f"{ready}/visits", taken).json["code"] == "visit.slot_taken"
    assert desk.post(f"{ready}/visits", night).json["code"] == "dispatch.not_reachable"
    assert desk.post(f"{ready}/visits", stranger).json["code"] == "technician.unknown"


def test_the_history_tells_what_happened_in_order(desk: Person, planned: str) -> None:
    kinds = [event["kind"] for event in desk.get(f"{planned}/history").json["items"]]

    assert kinds.index("ticket.register") < kinds.index("visit.plan") < kinds.index("offer.accept")


def test_a_station_sees_nothing_of_other_stations_in_a_history(
    app: Flask, company: Company, session: Session, planned: str
) -> None:
    station = Person(app, company, Role.STATION)

    subjects = {event["subject"] for event in station.get(f"{planned}/history").json["items"]}

    assert subjects == {"ticket", "visit"}
    assert session.get_one(Ticket, company.things["ticket_id"].own) is not None
