"""A technician's telephone logs in with a code by text message (fault 48)."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.sms.models import OutboxMessage
from server.technicians import login
from server.technicians.models import LoginCode, Technician, TechnicianToken
from tests.api import world
from tests.api.world import Company
from tests.builders.clocks import StillClock

_PHONE = "+12025550111"


@pytest.fixture(autouse=True)
def _somebody_works_here(company: Company) -> Company:
    return company


def _ask(client: FlaskClient, phone: str = _PHONE, address: str = "198.51.100.7") -> Any:
    return client.post("/mobile/v1/login-codes", json={"phone": phone}, environ_base={"REMOTE_ADDR": address})


def _redeem(client: FlaskClient, request: str, code: str) -> Any:
    return client.post("/mobile/v1/tokens", json={"request": request, "code": code})


def _sent(session: Session) -> str:
    message = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc())).first()
    assert message is not None
    assert (message.phone, message.template) == (_PHONE, "login.code")
    return str(message.parameters["code"])


def _wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_code_of_the_message_logs_the_device_in(client: FlaskClient, session: Session, company: Company) -> None:
    asked = _ask(client)
    given = _redeem(client, asked.json["request"], _sent(session))

    assert (asked.status_code, given.status_code) == (202, 201)
    assert given.json["technician_id"] == company.technicians[0].id
    me = client.get("/mobile/v1/me", headers={"Authorization": f"Bearer {given.json['token']}"})
    assert me.json == {"id": company.technicians[0].id, "name": "Ann", "locale": "en"}


def test_a_code_is_told_by_message_only(client: FlaskClient, session: Session) -> None:
    asked = _ask(client)

    assert _sent(session) not in asked.get_data(as_text=True)
    assert asked.json.keys() == {"request", "expires_at"}


def test_whether_a_telephone_is_a_technicians_is_not_told(client: FlaskClient, session: Session) -> None:
    known, unknown = _ask(client), _ask(client, phone="+12025550299")

    assert (known.status_code, known.json.keys()) == (unknown.status_code, unknown.json.keys())
    assert known.json["expires_at"] == unknown.json["expires_at"]
    assert len(known.json["request"]) == len(unknown.json["request"])
    phones = session.scalars(select(OutboxMessage.phone).where(OutboxMessage.template == "login.code")).all()
    assert phones == [_PHONE]


def test_a_code_opens_one_device_only(client: FlaskClient, session: Session) -> None:
    request = _ask(client).json["request"]
    code = _sent(session)

    assert [_redeem(client, request, code).status_code for _ in range(2)] == [201, 401]


def test_a_code_is_worth_nothing_to_another_device(client: FlaskClient, session: Session) -> None:
    _ask(client)
    code = _sent(session)
    other = _ask(client, phone="+12025550199").json["request"]

    assert _redeem(client, other, code).status_code == 401


def test_the_fifth_wrong_code_is_the_last(client: FlaskClient, session: Session) -> None:
    request = _ask(client).json["request"]
    code = _sent(session)

    for _ in range(login.TRIES):
        assert _redeem(client, request, _wrong(code)).status_code == 401

    assert _redeem(client, request, code).status_code == 401
    assert session.scalars(select(LoginCode.tries)).all() == [login.TRIES]


def test_four_wrong_codes_leave_one_try(client: FlaskClient, session: Session) -> None:
    request = _ask(client).json["request"]
    code = _sent(session)

    for _ in range(login.TRIES - 1):
        _redeem(client, request, _wrong(code))

    assert _redeem(client, request, code).status_code == 201


@pytest.mark.parametrize(("after", "status"), [(login.CODE_LASTS - timedelta(seconds=1), 201), (login.CODE_LASTS, 401)])
def test_a_code_ends_after_ten_minutes(
    client: FlaskClient, session: Session, still_clock: StillClock, after: timedelta, status: int
) -> None:
    request = _ask(client).json["request"]
    still_clock.move(after)

    assert _redeem(client, request, _sent(session)).status_code == status


def test_a_fourth_code_within_five_minutes_is_refused_for_any_telephone(client: FlaskClient) -> None:
    for phone in (_PHONE, "+12025550199"):
        assert [_ask(client, phone).status_code for _ in range(4)] == [202, 202, 202, 429]


def test_no_more_than_ten_codes_a_day_are_sent(client: FlaskClient, session: Session, still_clock: StillClock) -> None:
    for _ in range(login.CODES_A_DAY + 1):
        assert _ask(client).status_code == 202
        still_clock.move(timedelta(minutes=10))

    assert session.scalar(select(func.count()).select_from(LoginCode)) == login.CODES_A_DAY
    still_clock.move(timedelta(days=1))
    _ask(client)
    assert session.scalar(select(func.count()).select_from(LoginCode)) == login.CODES_A_DAY + 1


def test_who_logs_out_is_out_from_the_next_request_on(client: FlaskClient, company: Company) -> None:
    headers = company.technician.headers | {"Idempotency-Key": "k"}

    assert client.post("/mobile/v1/tokens/revocation", headers=headers).status_code == 204
    assert client.get("/mobile/v1/me", headers=headers).status_code == 401


def test_who_has_left_is_out_from_the_next_request_on(client: FlaskClient, session: Session, company: Company) -> None:
    technician = session.get_one(Technician, company.technicians[0].id)
    technician.status, technician.left_at = type(technician.status).LEFT, world.NOW
    session.commit()

    assert client.get("/mobile/v1/me", headers=company.technician.headers).status_code == 401
    assert _ask(client).status_code == 202
    assert session.scalar(select(func.count()).select_from(LoginCode)) == 0


def test_neither_code_nor_token_is_stored_as_it_is(client: FlaskClient, session: Session) -> None:
    request = _ask(client).json["request"]
    code = _sent(session)
    token = _redeem(client, request, code).json["token"]

    (stored,) = session.scalars(select(LoginCode.code_hash)).all()
    assert code.encode() not in stored
    assert all(token.encode() not in found for found in session.scalars(select(TechnicianToken.token_hash)))


def test_old_codes_are_swept_a_day_after_they_ended(client: FlaskClient, session: Session) -> None:
    _ask(client)
    due = world.NOW + login.CODE_LASTS + timedelta(days=1)

    assert login.SWEEP.next_due(session) == due
    assert login.SWEEP.deal_with(session, due - timedelta(seconds=1)) == 0
    assert login.SWEEP.deal_with(session, due) == 1
    assert login.SWEEP.next_due(session) is None
