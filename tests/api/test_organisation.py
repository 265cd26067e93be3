"""The company's shape: accounts, regions, stations, policies."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from server.core import policies
from server.orders.terms import VisitTerms
from server.organisation import staff
from server.organisation.models import Role
from server.organisation.staff import LastAdministrator
from server.web.fields import written
from tests.api import world
from tests.api.world import Company
from tests.builders.clocks import StillClock


class _Desk:
    """An administrator at work."""

    def __init__(self, client: FlaskClient, company: Company) -> None:
        self.client, self.headers, self.calls = client, company.caller(Role.ADMINISTRATOR).headers, 0

    def post(self, path: str, body: Any = None) -> Any:
        self.calls += 1
        headers = self.headers | {"Idempotency-Key": f"call-{self.calls}"}
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def put(self, path: str, body: Any, version: int = 1) -> Any:
        return self.client.put(f"/api/v1{path}", json=body, headers=self.headers | {"If-Match": f'"{version}"'})


@pytest.fixture
def desk(client: FlaskClient, company: Company) -> _Desk:
    return _Desk(client, company)


def _eve(**changes: Any) -> dict[str, Any]:
    return {"login": "eve", "password": "a staple of horses", "name": "Eve", "roles": ["auditor"]} | changes


def test_a_new_account_can_log_in_and_never_shows_its_password(desk: _Desk) -> None:
    answer = desk.post("/staff", _eve())

    assert answer.status_code == 201
    assert not {"password", "password_hash"} & answer.json.keys()
    given = desk.client.post("/api/v1/tokens", json={"login": "eve", "password": "a staple of horses", "label": "x"})
    assert given.status_code == 201


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"login": "AUDITOR"}, 409, "staff.login_taken"),
        ({"roles": ["auditor", "finance"]}, 422, "staff.roles_clash"),
        ({"roles": ["station_clerk"]}, 422, "staff.station_needed"),
        ({"roles": []}, 422, "request.rules_broken"),
        ({"roles": ["root"]}, 422, "request.rules_broken"),
        ({"roles": ["auditor", "auditor"]}, 422, "request.rules_broken"),
        ({"region_id": world.MISSING}, 404, "region.unknown"),
        ({"station_id": world.MISSING}, 404, "station.unknown"),
        ({"password": "eve eve eve"}, 422, "staff.weak_password"),
        ({"password_hash": "x"}, 422, "request.rules_broken"),
        ({"disabled_at": None}, 422, "request.rules_broken"),
        ({"id": 1}, 422, "request.rules_broken"),
    ],
)
def test_an_account_that_cannot_be_is_refused(desk: _Desk, changes: dict[str, Any], status: int, code: str) -> None:
    answer = desk.post("/staff", _eve(**changes))

    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_the_last_administrator_stays(desk: _Desk, company: Company) -> None:
    me = company.staff[Role.ADMINISTRATOR].id
    demotion = {"name": "Was administrator", "roles": ["auditor"]}

    assert desk.post(f"/staff/{me}/closure").json["code"] == "staff.last_administrator"
    assert desk.put(f"/staff/{me}", demotion).json["code"] == "staff.last_administrator"

    desk.post("/staff", _eve(roles=["administrator"]))

    assert desk.put(f"/staff/{me}", demotion).status_code == 200


def test_a_closed_administrator_does_not_count_as_one(session: Session, company: Company) -> None:
    other = staff.add(
        session,
        staff.StaffData(name="Other", roles=(Role.ADMINISTRATOR,)),
        login="other",
        password_hash="x",
        now=world.NOW,
    )
    staff.close(session, staff_id=other.id, now=world.NOW)

    with pytest.raises(LastAdministrator):
        staff.close(session, staff_id=company.staff[Role.ADMINISTRATOR].id, now=world.NOW)


def test_an_account_that_was_opened_again_logs_in_anew(desk: _Desk, company: Company) -> None:
    auditor = company.staff[Role.AUDITOR].id
    old = company.caller(Role.AUDITOR).headers
    desk.post(f"/staff/{auditor}/closure")
    desk.post(f"/staff/{auditor}/reopening")

    assert desk.client.get("/api/v1/me", headers=old).status_code == 401


def test_two_regions_or_stations_never_share_a_name(desk: _Desk, company: Company) -> None:
    region = {"name": "South", "time_zone": "Asia/Shanghai"}
    station = {"name": "Station South", "phone": "+12025550103", "region_id": company.regions[0].id}

    assert desk.post("/regions", region).json["code"] == "region.name_taken"
    assert desk.put(f"/regions/{company.regions[0].id}", region).json["code"] == "region.name_taken"
    assert desk.post("/stations", station).json["code"] == "station.name_taken"
    mine = company.stations[0]
    assert desk.put(f"/stations/{mine.id}", station, mine.version).json["code"] == "station.name_taken"


def test_a_station_belongs_to_a_region_that_exists(desk: _Desk) -> None:
    answer = desk.post("/stations", {"name": "Nowhere", "phone": "+12025550103", "region_id": world.MISSING})

    assert (answer.status_code, answer.json["code"]) == (404, "region.unknown")


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.STATION])
def test_who_is_confined_sees_his_own_part_only(client: FlaskClient, company: Company, role: Role) -> None:
    headers = company.caller(role).headers

    stations = client.get("/api/v1/stations", headers=headers).json["items"]
    regions = client.get("/api/v1/regions", headers=headers).json["items"]

    assert [station["name"] for station in stations] == ["Station North"]
    assert [region["name"] for region in regions] == ["North"]


def test_another_policy_holds_from_its_instant_and_not_before(
    desk: _Desk, session: Session, still_clock: StillClock
) -> None:
    begins = world.NOW + timedelta(days=1)
    new = {"values": {"fence_metres": 500}, "valid_from": written(begins), "reason": "Wider yards"}

    answer = desk.post("/policies/visits/versions", new)

    assert answer.status_code == 201
    assert answer.json["values"]["trusted_accuracy_metres"] == VisitTerms().trusted_accuracy_metres
    before, _ = policies.in_force(session, VisitTerms, at=begins - timedelta(microseconds=1))
    after, _ = policies.in_force(session, VisitTerms, at=begins)
    assert (before.fence_metres, after.fence_metres) == (300, 500)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"valid_from": written(world.NOW - timedelta(seconds=1))}, 422, "policy.in_the_past"),
        ({"values": {"fence": 1}}, 422, "policy.bad_values"),
        ({"values": {"fence_metres": "300"}}, 422, "policy.bad_values"),
        ({"values": {"fence_metres": -1}}, 422, "policy.bad_values"),
        ({"values": {"fence_metres": True}}, 422, "policy.bad_values"),
        ({"values": {"card_grace": "a day"}}, 422, "policy.bad_values"),
        ({"values": {"card_grace": 10**30}}, 422, "request.rules_broken"),
        ({"values": {"card_work_types": 5}}, 422, "policy.bad_values"),
        ({"values": []}, 422, "request.rules_broken"),
        ({"reason": ""}, 422, "request.rules_broken"),
    ],
)
def test_a_version_that_could_not_be_read_again_is_refused(
    desk: _Desk, changes: dict[str, Any], status: int, code: str
) -> None:
    new = {"values": {}, "valid_from": written(world.NOW), "reason": "As before"} | changes

    answer = desk.post("/policies/visits/versions", new)

    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_two_versions_never_begin_at_one_instant(desk: _Desk) -> None:
    new = {"values": {}, "valid_from": written(world.NOW), "reason": "As before"}

    answers = [desk.post("/policies/visits/versions", new) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 409]
