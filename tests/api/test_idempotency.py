"""A change that is asked for twice happens once (faults 40, 41)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from server.organisation import regions
from server.organisation.models import Region, Role
from server.web import context, idempotency
from server.web.models import IdempotencyKey
from tests.api import world
from tests.api.world import Caller, Company
from tests.builders.clocks import StillClock

_WEST = {"name": "West", "time_zone": "Asia/Shanghai"}


@pytest.fixture
def administrator(company: Company) -> Caller:
    return company.caller(Role.ADMINISTRATOR)


def _add(client: FlaskClient, caller: Caller, *, key: str | None = "k-1", **changes: Any) -> Any:
    headers = caller.headers | ({} if key is None else {"Idempotency-Key": key})
    return client.post("/api/v1/regions", json=_WEST | changes, headers=headers)


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Region).where(Region.name == "West")) or 0


def test_the_same_request_again_gets_the_same_answer_and_changes_nothing(
    client: FlaskClient, administrator: Caller, session: Session
) -> None:
    first, second = _add(client, administrator), _add(client, administrator)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert first.headers["Location"] == second.headers["Location"] == f"/api/v1/regions/{first.json['id']}"
    assert first.headers["ETag"] == second.headers["ETag"] == '"1"'
    assert "Idempotent-Replay" not in first.headers
    assert second.headers["Idempotent-Replay"] == "true"
    assert _count(session) == 1


def test_another_body_under_the_same_key_is_refused(client: FlaskClient, administrator: Caller) -> None:
    _add(client, administrator)

    answer = _add(client, administrator, name="East")

    assert (answer.status_code, answer.json["code"]) == (422, "idempotency.key_reused")


def test_a_change_without_a_key_is_refused(client: FlaskClient, administrator: Caller) -> None:
    answer = _add(client, administrator, key=None)

    assert (answer.status_code, answer.json["code"]) == (428, "idempotency.key_needed")


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 129, "ключ"])
def test_a_key_is_short_visible_ascii(client: FlaskClient, administrator: Caller, key: str) -> None:
    answer = _add(client, administrator, key=key.encode().decode("latin-1"))

    assert (answer.status_code, answer.json["code"]) == (400, "idempotency.bad_key")


def test_the_same_key_of_another_caller_or_for_another_thing_is_another_key(
    client: FlaskClient, company: Company, administrator: Caller
) -> None:
    headers = administrator.headers | {"Idempotency-Key": "k-1"}
    one, other = company.staff[Role.AUDITOR].id, company.staff[Role.FINANCE].id

    answers = [
        client.post(f"/api/v1/staff/{staff_id}/closure", headers=headers).json["id"] for staff_id in (one, other)
    ]

    assert answers == [one, other]


def test_a_request_that_was_refused_may_be_tried_again_under_its_key(
    client: FlaskClient, administrator: Caller, session: Session
) -> None:
    region = regions.add(session, regions.RegionData(name="West", time_zone="Asia/Shanghai"))
    session.commit()
    assert _add(client, administrator).status_code == 409

    region.name = "Far West"
    session.commit()

    assert _add(client, administrator).status_code == 201


def test_what_failed_in_the_middle_leaves_neither_the_change_nor_the_key(
    client: FlaskClient, administrator: Caller, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise OperationalError("commit", {}, Exception("gone"))

    with monkeypatch.context() as broken:
        broken.setattr(idempotency, "_storable", fail)
        assert _add(client, administrator).status_code == 503

    assert _count(session) == 0
    assert _add(client, administrator).status_code == 201


def test_of_twelve_at_the_same_moment_one_is_executed_and_all_get_its_answer(app_on_its_own: Flask) -> None:
    database = app_on_its_own.extensions[context.KEY].database
    with database.transaction() as session:
        administrator = world.build(session).caller(Role.ADMINISTRATOR)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: _add(app_on_its_own.test_client(), administrator), range(12)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replay" not in answer.headers for answer in answers) == 1
    with database.transaction() as session:
        assert _count(session) == 1


def test_a_secret_in_an_answer_is_given_once_and_never_stored(app: Flask) -> None:
    answer = app.json.response({"id": 1, "token": "secret", "label": "x"})

    assert idempotency._storable(answer, frozenset({"token"})) == {"id": 1, "token": None, "label": "x"}


def test_answers_are_forgotten_after_a_day_except_those_about_money(
    client: FlaskClient, administrator: Caller, session: Session, still_clock: StillClock
) -> None:
    _add(client, administrator, key="usual")
    _add(client, administrator, key="money", name="East")
    row = session.scalars(select(IdempotencyKey).where(IdempotencyKey.key == "money")).one()
    row.keep = True
    session.flush()

    assert idempotency.forget(session, world.NOW - timedelta(microseconds=1), most=10) == 0
    assert idempotency.forget(session, world.NOW, most=10) == 1
    assert session.scalars(select(IdempotencyKey.key)).all() == ["money"]
