"""Logging in to the API: quick for who knows the password, slow for who guesses (faults 45-47)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.organisation import attempts, passwords
from server.organisation.models import ApiToken, LoginAttempt, Role, Staff
from server.web import context
from tests.api import world
from tests.api.world import PASSWORD, Company
from tests.builders.clocks import StillClock

_TOKENS = "/api/v1/tokens"


def _log_in(client: FlaskClient, **changes: Any) -> Any:
    address = changes.pop("address", "198.51.100.7")
    body = {"login": "dispatcher", "password": PASSWORD, "label": "tests"} | changes
    return client.post(_TOKENS, json=body, environ_base={"REMOTE_ADDR": address})


def _me(client: FlaskClient, token: str) -> Any:
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture(autouse=True)
def _somebody_works_here(company: Company) -> Company:
    return company


def test_a_password_gives_a_token_and_the_token_tells_who_one_is(client: FlaskClient, session: Session) -> None:
    answer = _log_in(client, login="DISPATCHER")

    assert answer.status_code == 201
    assert _me(client, answer.json["token"]).json["roles"] == ["dispatcher"]
    assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 0


def test_the_database_never_holds_the_token_itself(client: FlaskClient, session: Session) -> None:
    token = _log_in(client).json["token"]

    stored = session.scalars(select(ApiToken).order_by(ApiToken.id.desc())).first()
    assert stored is not None
    assert token.encode() not in stored.token_hash
    assert len(stored.token_hash) == 32


@pytest.mark.parametrize(
    "changes", [{"password": "wrong horse battery"}, {"login": "nobody"}, {"password": PASSWORD + " "}]
)
def test_whether_login_or_password_is_wrong_is_not_told(client: FlaskClient, changes: dict[str, str]) -> None:
    answer = _log_in(client, **changes)

    assert (answer.status_code, answer.json["code"]) == (401, "auth.wrong_login")


def test_an_unknown_login_costs_a_hash_like_a_known_one(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    fits = passwords.fits

    def counting(password: str, stored: str) -> bool:
        looked_at.append(stored)
        return fits(password, stored)

    monkeypatch.setattr(passwords, "fits", counting)
    _log_in(client, login="nobody")

    assert looked_at == [passwords.NOBODYS]
    assert passwords.NOBODYS.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_closed_account_opens_nothing_from_the_next_request_on(
    client: FlaskClient, session: Session, company: Company
) -> None:
    token = _log_in(client).json["token"]
    session.execute(update(Staff).where(Staff.login == "dispatcher").values(disabled_at=world.NOW))
    session.commit()

    assert _me(client, token).status_code == 401
    assert _log_in(client).status_code == 401


def test_a_role_that_was_taken_away_opens_nothing_from_the_next_request_on(
    client: FlaskClient, session: Session, company: Company
) -> None:
    headers = company.caller(Role.ADMINISTRATOR).headers
    assert client.get("/api/v1/staff", headers=headers).status_code == 200

    session.execute(update(Staff).where(Staff.login == "administrator").values(roles=["auditor"]))
    session.commit()

    assert client.get("/api/v1/staff", headers=headers).status_code == 403


def test_a_revoked_token_opens_nothing_from_the_next_request_on(client: FlaskClient) -> None:
    given = _log_in(client).json
    headers = {"Authorization": f"Bearer {given['token']}", "Idempotency-Key": "once"}

    assert client.post(f"{_TOKENS}/{given['id']}/revocation", headers=headers).status_code == 204
    assert _me(client, given["token"]).status_code == 401


def test_a_token_ends_at_its_instant(client: FlaskClient, still_clock: StillClock) -> None:
    token = _log_in(client, expires_in=60).json["token"]

    still_clock.move(timedelta(seconds=59))
    assert _me(client, token).status_code == 200
    still_clock.move(timedelta(seconds=1))
    assert _me(client, token).status_code == 401


def test_only_a_whole_token_in_the_header_counts(client: FlaskClient, company: Company) -> None:
    caller = company.caller(Role.DISPATCHER)
    token, cookie = caller.bearer, caller.cookie
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {token[:-1]}",
        f"Bearer {token}x",
        f"Bearer {token.swapcase()}",
        f"Bearer {token[1:]}",
        f"Basic {token}",
        f"Bearer {cookie}",
        f"Bearer {company.technician.bearer}",
        "Bearer " + "x" * 10_000,
        "Bearer \udce9",
        token,
    ]

    answers = [
        client.get("/api/v1/me", headers={"Authorization": value} if value else {}) for value in [*wrong[:-2], token]
    ]
    answers.append(client.get(f"/api/v1/me?access_token={token}"))
    client.set_cookie("truckroll_session", cookie)
    answers.append(client.get("/api/v1/me"))

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}


def test_a_token_of_staff_opens_nothing_of_the_technicians(client: FlaskClient, company: Company) -> None:
    answer = client.get("/mobile/v1/me", headers=company.caller(Role.ADMINISTRATOR).headers)

    assert answer.status_code == 401


def test_the_eleventh_wrong_password_of_five_minutes_is_not_looked_at(
    client: FlaskClient, still_clock: StillClock
) -> None:
    for number in range(10):
        assert _log_in(client, password="wrong horse", address=f"198.51.100.{number}").status_code == 401

    answer = _log_in(client, address="198.51.100.99")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
    assert _log_in(client, login="auditor", address="198.51.100.99").status_code == 201

    still_clock.move(attempts.WINDOW - timedelta(seconds=1))
    assert _log_in(client, address="198.51.100.99").headers["Retry-After"] == "1"
    still_clock.move(timedelta(seconds=1))
    assert _log_in(client, address="198.51.100.99").status_code == 201


def test_the_eleventh_attempt_from_one_address_is_not_looked_at_whatever_the_login(client: FlaskClient) -> None:
    for number in range(10):
        assert _log_in(client, login=f"guess{number}").status_code == 401

    assert _log_in(client).status_code == 429
    assert _log_in(client, address="203.0.113.1").status_code == 201


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
    ],
)
def test_an_ipv6_network_is_one_place(first: str, second: str, together: bool) -> None:
    one, other = (
        attempts.attempt(attempts.PASSWORDS, name="a", address=address, salt="s") for address in (first, second)
    )

    assert (one.address == other.address) is together


def test_an_attempt_is_kept_without_the_login_or_the_address(client: FlaskClient, session: Session) -> None:
    _log_in(client, login="nobody", password="secret horse")

    keys = session.scalars(select(LoginAttempt.key)).all()
    assert len(keys) == 3
    assert not any(word in key for key in keys for word in ("nobody", "198.51", "secret"))


def test_all_together_are_slowed_down_after_a_thousand_failures(client: FlaskClient, session: Session) -> None:
    session.add_all([LoginAttempt(key="password by all", at=world.NOW) for _ in range(1_000)])
    session.commit()

    assert _log_in(client).status_code == 429


def test_old_attempts_are_swept_and_young_ones_stay(session: Session) -> None:
    session.add_all([LoginAttempt(key="k", at=world.NOW - attempts.WINDOW), LoginAttempt(key="k", at=world.NOW)])
    session.flush()

    assert attempts.SWEEP.next_due(session) == world.NOW
    assert attempts.SWEEP.deal_with(session, world.NOW) == 1
    assert attempts.SWEEP.deal_with(session, world.NOW) == 0
    assert attempts.SWEEP.next_due(session) == world.NOW + attempts.WINDOW


def test_a_third_hash_at_once_is_refused_and_counts_as_no_attempt(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    hashes = app.extensions[context.KEY].hashes
    with hashes, hashes:
        answer = _log_in(client)

    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (503, "auth.busy", "1")
    assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 0
    assert _log_in(client).status_code == 201


def test_a_hash_is_free_again_after_a_wrong_password(client: FlaskClient) -> None:
    answers = [_log_in(client, password="wrong horse").status_code for _ in range(4)]

    assert answers == [401] * 4


@pytest.mark.parametrize("count", [9, 10, 11])
def test_attempts_at_the_same_moment_are_counted_one_by_one(app_on_its_own: Flask, count: int) -> None:
    state = app_on_its_own.extensions[context.KEY]
    attempt = attempts.attempt(attempts.PASSWORDS, name="a", address="198.51.100.7", salt="s")

    def begin(_: int) -> bool:
        try:
            with state.database.transaction() as session:
                attempts.begin(session, attempt, now=world.NOW)
        except attempts.TooManyAttempts:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        let_through = sum(pool.map(begin, range(count)))

    assert let_through == min(count, 10)


def test_one_changes_ones_password_and_every_token_ends(client: FlaskClient, company: Company) -> None:
    headers = company.caller(Role.DISPATCHER).headers | {"Idempotency-Key": "change"}
    body = {"present": PASSWORD, "next": "another horse battery"}

    assert client.post("/api/v1/me/password", json=body, headers=headers).status_code == 204

    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert _log_in(client).status_code == 401
    assert _log_in(client, password="another horse battery").status_code == 201


@pytest.mark.parametrize("password", ["short pas", "x" * 201, "the Dispatcher is here"])
def test_a_weak_password_is_refused(client: FlaskClient, company: Company, password: str) -> None:
    headers = company.caller(Role.DISPATCHER).headers | {"Idempotency-Key": "change"}

    answer = client.post("/api/v1/me/password", json={"present": PASSWORD, "next": password}, headers=headers)

    assert answer.status_code == 422
