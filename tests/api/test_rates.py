"""How often anybody may ask: callers by who they are, everybody else by his address; told as any other refusal."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.organisation.models import Role
from server.web import rates
from server.web.rates import Rate, Rates
from tests.api.asking import Person
from tests.api.cast import Company

HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


class Still:
    """A monotonic clock that stands still until it is moved."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def still() -> Still:
    return Still()


@pytest.fixture
def limited(app: Flask, still: Still) -> Iterator[Flask]:
    """The application with three requests a minute for a caller, and two for an address."""
    before = app.extensions[rates._KEY]
    app.extensions[rates._KEY] = Rates(Rate(3, monotonic=still), Rate(2, monotonic=still))
    yield app
    app.extensions[rates._KEY] = before


def statuses(ask: Callable[[], Any], times: int) -> list[int]:
    found = []
    for _ in range(times):
        answer = ask()
        found.append(answer.status_code)
        answer.close()  # a file is given piece by piece
    return found


def get(client: FlaskClient, path: str, *, address: str = HERE, **headers: str) -> Any:
    return client.get(path, headers=headers, environ_base={"REMOTE_ADDR": address})


def test_a_caller_beyond_his_rate_is_told_how_long_to_wait(limited: Flask, company: Company, still: Still) -> None:
    desk = Person(limited, company, Role.DISPATCHER)
    assert statuses(lambda: desk.get("/api/v1/me"), 3) == [200, 200, 200]

    answer = desk.get("/api/v1/me")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "20")
    assert answer.content_type == "application/problem+json"
    assert (answer.json["code"], answer.json["details"]) == ("request.too_many", {"retry_after": 20})
    assert "Try again in 20 seconds" in answer.json["detail"]
    still.at += 20
    assert statuses(lambda: desk.get("/api/v1/me"), 2) == [200, 429]


def test_callers_behind_one_address_do_not_slow_each_other_down(limited: Flask, company: Company) -> None:
    desk, auditor = Person(limited, company, Role.DISPATCHER), Person(limited, company, Role.AUDITOR)
    technician = Person(limited, company, None)
    statuses(lambda: limited.test_client().get("/console/login"), 5)

    assert statuses(lambda: desk.get("/api/v1/me"), 4) == [200, 200, 200, 429]
    assert auditor.get("/api/v1/me").status_code == 200
    assert technician.get("/mobile/v1/visits").status_code == 200


def test_the_console_and_the_api_have_one_allowance_together(limited: Flask, company: Company) -> None:
    client = limited.test_client()
    client.set_cookie("truckroll_session", company.caller(Role.DISPATCHER).cookie)
    desk = Person(limited, company, Role.DISPATCHER)
    statuses(lambda: desk.get("/api/v1/me"), 2)

    assert statuses(lambda: client.get("/console/tickets"), 2) == [200, 429]


def test_a_page_says_it_in_words_and_still_knows_who_reads_it(limited: Flask, company: Company) -> None:
    client = limited.test_client()
    client.set_cookie("truckroll_session", company.caller(Role.DISPATCHER).cookie)
    statuses(lambda: client.get("/console/tickets"), 3)

    answer = client.get("/console/tickets", headers={"Accept-Language": "zh"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "20")
    assert "The dispatcher" in answer.text
    assert "20" in answer.text


@pytest.mark.parametrize("path", ["/console/login", "/c/abc", "/api/v1/tickets", "/nowhere", "/mobile/v1/visits"])
def test_who_is_not_known_is_counted_by_his_address_wherever_he_knocks(limited: Flask, path: str) -> None:
    client = limited.test_client()
    first = statuses(lambda: get(client, path), 2)

    assert 429 not in first
    assert get(client, path).status_code == 429
    assert get(client, path, address=ELSEWHERE).status_code == first[0]


def test_who_guesses_tokens_is_counted_by_his_address(limited: Flask) -> None:
    client = limited.test_client()
    guesses = [get(client, "/api/v1/me", Authorization=f"Bearer guess-{number}").status_code for number in range(3)]

    assert guesses == [401, 401, 429]


def test_all_of_a_network_of_ipv6_is_one_address(limited: Flask) -> None:
    client = limited.test_client()
    addresses = [f"2001:db8:0:1::{number:x}" for number in range(3)]

    answers = [get(client, "/console/login", address=address).status_code for address in addresses]

    assert answers == [200, 200, 429]
    assert get(client, "/console/login", address="2001:db8:0:2::1").status_code == 200


@pytest.mark.parametrize(("language", "words"), [("en", "Too many requests"), ("zh", "请求过多")])
def test_a_customer_is_asked_for_patience_on_a_page_like_the_others(limited: Flask, language: str, words: str) -> None:
    client = limited.test_client()
    statuses(lambda: get(client, "/c/abc"), 2)

    answer = get(client, "/c/abc", **{"Accept-Language": language})

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert answer.content_type == "text/html; charset=utf-8"
    assert words in answer.text


def test_what_machines_ask_and_files_are_not_counted(limited: Flask, company: Company) -> None:
    client = limited.test_client()
    style = company.things["built"].own

    for path in ("/healthz", "/readyz", "/openapi.json", "/docs", f"/c/look/{style}", f"/static/built/{style}"):
        assert set(statuses(lambda path=path: get(client, path), 5)) == {200}, path


def test_a_provider_is_not_slowed_down(limited: Flask) -> None:
    client = limited.test_client()

    def send() -> Any:
        return client.post("/hooks/twilio/inbound", data={"Body": "1"}, environ_base={"REMOTE_ADDR": HERE})

    assert set(statuses(send, 5)) == {403}


@pytest.mark.parametrize("path", ["/openapi.json", "/mobile/openapi.json"])
def test_every_operation_of_the_documents_says_that_it_may_be_too_much(app: Flask, path: str) -> None:
    document = json.loads(app.test_client().get(path).text)
    operations = [
        operation for item in document["paths"].values() for operation in item.values() if "responses" in operation
    ]

    assert len(operations) > 10
    assert all("429" in operation["responses"] for operation in operations)
    told = document["components"]["responses"]["TOO_MANY_REQUESTS"]
    assert told["headers"]["Retry-After"]["schema"] == {"type": "integer", "minimum": 1}
    assert list(told["content"]) == ["application/problem+json"]
