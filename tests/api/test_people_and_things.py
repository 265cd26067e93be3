"""Technicians, customers, what the work needs, and what waits at a desk, over HTTP."""

from datetime import date, timedelta
from typing import Any

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
def desk(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.DISPATCHER)


@pytest.fixture
def administrator(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.ADMINISTRATOR)


@pytest.fixture
def technician(company: Company) -> str:
    return f"/api/v1/technicians/{company.technicians[0].id}"


def test_a_technician_is_added_changed_and_leaves(desk: Person, company: Company) -> None:
    made = desk.post("/api/v1/technicians", bodies.technician(company))
    assert (made.status_code, made.json["phone"]) == (201, "+12…113")
    path = made.headers["Location"]

    changed = desk.put(path, bodies.technician(company) | {"name": "Cem B."}, etag=desk.get(path).headers["ETag"])
    left = desk.post(f"{path}/departure")

    assert changed.json["name"] == "Cem B."
    assert left.json["status"] == "left"
    assert desk.post(f"{path}/departure").status_code == 409
    assert made.json["id"] not in {one["id"] for one in desk.get("/api/v1/technicians").json["items"]}


def test_a_technicians_change_of_an_old_version_is_refused(desk: Person, technician: str, company: Company) -> None:
    answer = desk.put(technician, bodies.technician(company), etag='"99"')

    assert (answer.status_code, answer.json["code"]) == (412, "version.outdated")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"phone": "+12025550111"}, 409, "technician.phone_taken"),
        ({"phone": "12"}, 422, "request.rules_broken"),
        ({"station_id": 987_654_321}, 404, "station.unknown"),
    ],
)
def test_a_technician_who_cannot_be_is_not_added(
    desk: Person, company: Company, change: dict[str, object], status: int, code: str
) -> None:
    answer = desk.post("/api/v1/technicians", bodies.technician(company) | change)

    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_technician_is_not_added_to_a_station_of_another_region(desk: Person, company: Company) -> None:
    body = bodies.technician(company) | {"station_id": company.stations[1].id}

    assert desk.post("/api/v1/technicians", body).json["code"] == "station.unknown"


def test_technicians_are_listed_with_what_they_can_do(desk: Person, technician: str, company: Company) -> None:
    etag = desk.get(technician).headers["ETag"]
    answer = desk.put(f"{technician}/skills/cooling", {"level": 3, "expires_on": "2027-01-31"}, etag=etag)
    assert answer.status_code == 200

    (listed,) = desk.get("/api/v1/technicians").json["items"]

    assert listed["id"] == company.technicians[0].id
    assert [(skill["code"], skill["level"], skill["expires_on"]) for skill in listed["skills"]] == [
        ("cooling", 3, "2027-01-31")
    ]
    assert desk.put(f"{technician}/skills/flying", {"level": 3}, etag=etag).json["code"] == "technician.unknown_skill"


def test_shifts_do_not_overlap_and_are_found_by_time(desk: Person, technician: str) -> None:
    made = desk.post(f"{technician}/shifts", bodies.SHIFTS)
    again = desk.post(f"{technician}/shifts", bodies.SHIFTS)

    assert made.status_code == 201
    assert (again.status_code, again.json["code"]) == (409, "technician.shift_overlaps")
    query: dict[str, Any] = {"from": "2026-05-07T05:00:00Z", "to": "2026-05-07T06:00:00Z"}
    assert [one["id"] for one in desk.get("/api/v1/shifts", **query).json["items"]] == [made.json["items"][0]["id"]]


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ({"starts_at": "2026-05-07T10:00:00Z", "ends_at": "2026-05-07T10:00:00Z"}, "technician.unreal_interval"),
        ({"starts_at": "2026-05-07T10:00:00Z", "ends_at": "2026-05-09T10:00:00Z"}, "technician.unreal_interval"),
        (
            {
                "starts_at": "2026-05-07T10:00:00Z",
                "ends_at": "2026-05-07T12:00:00Z",
                "pause": {"earliest": "2026-05-07T11:50:00Z", "latest": "2026-05-07T11:50:00Z", "length": 1800},
            },
            "technician.break_outside_shift",
        ),
    ],
)
def test_a_shift_that_cannot_be_worked_is_refused(
    desk: Person, technician: str, time: dict[str, object], code: str
) -> None:
    answer = desk.post(f"{technician}/shifts", {"items": [time]})

    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_a_shift_is_taken_away_and_is_somebodys_own(desk: Person, technician: str, company: Company) -> None:
    shifts = company.things["shift_id"]

    assert desk.post(f"{technician}/shifts/{shifts.own}/removal").status_code == 204
    assert desk.post(f"{technician}/shifts/{shifts.other}/removal").json["code"] == "technician.unknown_shift"


def test_whoever_falls_ill_loses_his_visits_of_that_time(desk: Person, technician: str, company: Company) -> None:
    body = {"starts_at": "2026-05-05T00:00:00Z", "ends_at": "2026-05-06T00:00:00Z", "kind": "ill"}

    answer = desk.post(f"{technician}/absences", body)

    assert (answer.status_code, answer.json["status"]) == (201, "reported")
    visit = desk.get(f"/api/v1/visits/{company.things['visit_id'].own}").json["visit"]
    assert visit["status"] == "withdrawn"
    assert "no_technician" in {one["kind"] for one in desk.get("/api/v1/escalations").json["items"]}
    cancelled = desk.post(f"/api/v1/absences/{answer.json['id']}/cancellation")
    assert cancelled.json["status"] == "cancelled"
    assert desk.post(f"/api/v1/absences/{answer.json['id']}/cancellation").status_code == 409


def test_customers_are_found_by_telephone_and_name_and_shown_masked(desk: Person, company: Company) -> None:
    own = company.things["customer_id"].own

    assert own in {one["id"] for one in desk.get("/api/v1/customers", phone="+12025550150").json["items"]}
    assert own in {one["id"] for one in desk.get("/api/v1/customers", q="smi").json["items"]}
    shown = desk.get(f"/api/v1/customers/{own}").json
    assert [phone["number"] for phone in shown["phones"]] == ["+12…150"]
    assert {site["region_id"] for site in shown["sites"]} == {company.regions[0].id}


def test_a_telephone_in_full_is_asked_for_and_that_is_kept(desk: Person, company: Company, session: Session) -> None:
    path = f"/api/v1/customers/{company.things['customer_id'].own}/phone-reveal"

    assert desk.post(path).json["phones"] == ["+12025550150"]

    event = session.scalars(select(DomainEvent).where(DomainEvent.kind == "customer.reveal_phones")).one()
    assert (event.subject_id, event.actor_id) == (
        company.things["customer_id"].own,
        company.staff[Role.DISPATCHER].id,
    )


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/api/v1/skills", bodies.SKILL, "skill.known"),
        ("/api/v1/parts", bodies.PART, "part.known"),
        ("/api/v1/special-sales", bodies.SALE, "special_sale.listed"),
    ],
)
def test_a_thing_of_the_lists_is_added_once(
    administrator: Person, path: str, body: dict[str, object], code: str
) -> None:
    first, second = (administrator.post(path, body) for _ in range(2))

    assert (first.status_code, second.status_code, second.json["code"]) == (201, 409, code)
    assert first.json["id"] in {one["id"] for one in administrator.get(path).json["items"]}


def test_a_van_has_one_plate_and_one_driver(desk: Person, company: Company) -> None:
    body = bodies.van(company) | {"technician_id": company.technicians[0].id}
    assert desk.post("/api/v1/vans", body).status_code == 201

    assert desk.post("/api/v1/vans", body).json["code"] == "van.plate_taken"
    assert desk.post("/api/v1/vans", body | {"plate": "TR-2"}).json["code"] == "van.driver_taken"
    stranger = bodies.van(company) | {"plate": "TR-3", "technician_id": company.technicians[1].id}
    assert desk.post("/api/v1/vans", stranger).json["code"] == "technician.unknown"


def test_a_part_gets_its_price_from_a_day_on(administrator: Person, company: Company) -> None:
    path = f"/api/v1/parts/{company.things['part_id'].own}/prices"

    assert administrator.post(path, bodies.PART_PRICE).json == bodies.PART_PRICE

    first_day = date.fromisoformat(str(bodies.PART_PRICE["valid_from"]))
    shown = [administrator.get(path, day=day.isoformat()).json for day in (first_day, first_day - timedelta(days=1))]
    assert [one["price"] for one in shown] == [bodies.PART_PRICE["price"], None]


def test_a_text_is_read_once_with_its_thread_beside_it(desk: Person, company: Company) -> None:
    path = f"/api/v1/readings/{company.things['reading_id'].own}"
    (waiting,) = desk.get("/api/v1/readings").json["items"]
    assert (waiting["body"], waiting["phone"]) == ("My dog ate the pump", "+12…160")
    assert desk.get(path).json["reading"]["id"] == waiting["id"]

    assert desk.post(f"{path}/settlement", bodies.REMARK).json["remark"] == bodies.REMARK["remark"]

    assert desk.post(f"{path}/settlement", bodies.REMARK).json["code"] == "reading.already_read"
    assert desk.get("/api/v1/readings").json["items"] == []


def test_an_escalation_is_settled_once(desk: Person, company: Company) -> None:
    path = f"/api/v1/escalations/{company.things['escalation_id'].own}/settlement"

    assert desk.post(path, bodies.REMARK).json["settled_by"] == company.staff[Role.DISPATCHER].id

    assert desk.post(path, bodies.REMARK).json["code"] == "escalation.already_settled"


def test_today_shows_each_role_its_queues_with_the_worst_first(app: Flask, company: Company, desk: Person) -> None:
    def queues(person: Person) -> dict[str, Any]:
        return {queue["name"]: queue for queue in person.get("/api/v1/today").json["queues"]}

    mine = queues(desk)
    assert mine["escalations"]["count"] == 1
    assert mine["readings"]["items"][0]["id"] == company.things["reading_id"].own
    assert mine["hindrances"]["count"] == 0  # reported before the sixth hour after dispatch: it does not count
    assert mine["cards"]["items"][0]["id"] == company.things["card_id"].own
    assert set(queues(Person(app, company, Role.CALLBACK_AGENT))) == {"callbacks"}
    assert queues(Person(app, company, Role.CALLBACK_AGENT))["callbacks"]["count"] == 2
    assert queues(Person(app, company, Role.FINANCE)) == {}
    assert queues(Person(app, company, Role.SUPERVISOR))["complaints"]["count"] == 1


def test_the_ready_ticket_that_is_due_first_heads_its_queue(desk: Person, company: Company) -> None:
    made = desk.post("/api/v1/tickets", bodies.report(company)).json["ticket"]["id"]

    (queue,) = [one for one in desk.get("/api/v1/today").json["queues"] if one["name"] == "ready_tickets"]

    assert [item["id"] for item in queue["items"]] == [made]
