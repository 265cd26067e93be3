"""What the provider calls: only what it signed counts, and nothing that anybody sends is ever an error of ours."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from server.app import create_app
from server.core.db import Database
from server.core.events import SYSTEM, record
from server.sms.models import InboundMessage, MessageNotice, OutboxMessage
from server.sms.signatures import sign
from server.sms.status import MessageEvent, MessageStatus
from server.webhooks import twilio
from tests.builders.clocks import StillClock
from tests.integration.sms import builders
from tests.integration.sms.builders import ACCOUNT, NOON, OLD_TOKEN, PHONE, TOKEN, queue

BASE = "https://desk.example.org"
INBOUND = "/hooks/twilio/inbound"
SID = "SM" + "1" * 32


class OneConnection(Database):
    """A database whose every transaction is a savepoint on the test's own connection."""

    def __init__(self, connection: Connection) -> None:
        self.engine = connection.engine
        self._sessions = sessionmaker(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)


@pytest.fixture
def app(rolled_back: Connection, database_url: str) -> Flask:
    return create_app(
        builders.settings(database_url),
        database=OneConnection(rolled_back),
        clock=StillClock(NOON),
        pages=(twilio.blueprint,),
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def inbound_form(**changes: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "Body": "1 427",
        "From": PHONE,
        "FromCity": "SPRINGFIELD",
        "MessageSid": SID,
        "NumMedia": "0",
        "SmsSid": SID,
        "To": "+12125550100",
        **changes,
    }


def status_form(state: str = "delivered", **changes: str) -> dict[str, str]:
    return {"AccountSid": ACCOUNT, "MessageSid": SID, "MessageStatus": state, "To": PHONE, **changes}


def post(
    client: FlaskClient, path: str, form: dict[str, str], *, token: str = TOKEN, headers: dict[str, str] | None = None
) -> TestResponse:
    signature = sign(url=BASE + path, fields=MultiDict(form), token=token)
    return client.post(path, data=form, headers={"X-Twilio-Signature": signature, **(headers or {})})


def kept(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(InboundMessage)) or 0


def sending(session: Session) -> OutboxMessage:
    message = queue(session)
    message.taken_at, message.provider = NOON, "twilio"
    record(session, message, MessageEvent.TAKE, by=SYSTEM, now=NOON)
    session.commit()
    return message


def test_a_text_is_taken_in_and_the_provider_is_told_nothing(client: FlaskClient, session: Session) -> None:
    answer = post(client, INBOUND, inbound_form())

    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert answer.text.endswith("<Response/>")
    message = session.scalars(select(InboundMessage)).one()
    assert (message.provider, message.phone, message.body, message.received_at) == ("twilio", PHONE, "1 427", NOON)
    assert session.scalar(text("select count(*) from procrastinate_jobs where task_name = 'conversation.read'")) == 1


def test_a_text_delivered_again_is_answered_alike_and_does_nothing(client: FlaskClient, session: Session) -> None:
    answers = [post(client, INBOUND, inbound_form()) for _ in range(5)]

    assert {(answer.status_code, answer.data) for answer in answers} == {(200, answers[0].data)}
    assert kept(session) == 1


def test_a_notice_moves_its_message(client: FlaskClient, session: Session) -> None:
    message = sending(session)

    answer = post(client, f"/hooks/twilio/status/{message.id}", status_form("undelivered", ErrorCode="30006"))

    assert answer.status_code == 200
    session.refresh(message)
    assert (message.status, message.failure, message.provider_id) == (MessageStatus.FAILED, "30006", SID)


def test_a_notice_about_a_message_that_we_do_not_have_is_not_asked_for_again(client: FlaskClient) -> None:
    assert post(client, "/hooks/twilio/status/987654321", status_form()).status_code == 200


@pytest.mark.parametrize("path", ["/hooks/twilio/status/0", "/hooks/twilio/status/9" + "9" * 30, "/hooks/twilio/x"])
def test_an_address_that_is_none_is_not_found(client: FlaskClient, path: str) -> None:
    assert post(client, path, status_form()).status_code == 404


Forge = Callable[[dict[str, str], str], tuple[dict[str, str], dict[str, str], str]]


def _other(signature: str, at: int) -> str:
    return signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1 :]


def header(value: str) -> Forge:
    return lambda form, signature: (form, {"X-Twilio-Signature": value}, INBOUND)


def changed(**fields: str) -> Forge:
    return lambda form, signature: ({**form, **fields}, {"X-Twilio-Signature": signature}, INBOUND)


def without(name: str) -> Forge:
    return lambda form, signature: (
        {key: value for key, value in form.items() if key != name},
        {"X-Twilio-Signature": signature},
        INBOUND,
    )


def signed_for(url: str, token: str = TOKEN) -> Forge:
    return lambda form, signature: (
        form,
        {"X-Twilio-Signature": sign(url=url, fields=MultiDict(form), token=token)},
        INBOUND,
    )


def claiming(**headers: str) -> Forge:
    """Sign for the host that the request claims to be for, as a caller behind a careless proxy would."""
    host = next(iter(headers.values()))
    return lambda form, signature: (
        form,
        {
            **{name.replace("_", "-"): value for name, value in headers.items()},
            "X-Twilio-Signature": sign(url=f"https://{host}{INBOUND}", fields=MultiDict(form), token="attacker"),
        },
        INBOUND,
    )


FORGERIES: dict[str, Forge] = {
    "no header": lambda form, signature: (form, {}, INBOUND),
    "empty header": header(""),
    "blank header": header(" "),
    "one letter": header("A"),
    "10 kB": header("A" * 10_240),
    "not base64": header("!" * 28),
    "hex": header("0" * 40),
    "null word": header("null"),
    "base64 of nothing": header("2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
    "latin letters": header("é" * 28),
    "cut by one": lambda form, signature: (form, {"X-Twilio-Signature": signature[:-1]}, INBOUND),
    "longer by one": lambda form, signature: (form, {"X-Twilio-Signature": signature + "A"}, INBOUND),
    "twice": lambda form, signature: (form, {"X-Twilio-Signature": f"{signature}, {signature}"}, INBOUND),
    "small letters": lambda form, signature: (form, {"X-Twilio-Signature": signature.lower()}, INBOUND),
    "first letter": lambda form, signature: (form, {"X-Twilio-Signature": _other(signature, 0)}, INBOUND),
    "middle letter": lambda form, signature: (form, {"X-Twilio-Signature": _other(signature, 14)}, INBOUND),
    "other header": lambda form, signature: (form, {"X-Signature": signature}, INBOUND),
    "in the address": lambda form, signature: (form, {}, f"{INBOUND}?X-Twilio-Signature={signature}"),
    "other body": changed(Body="2 427"),
    "other sender": changed(From="+12125550124"),
    "other receiver": changed(To="+12125550101"),
    "other message": changed(MessageSid="SM" + "2" * 32),
    "other account": changed(AccountSid="AC" + "1" * 32),
    "field added": changed(Extra="1"),
    "blank added to the body": changed(Body="1 427 "),
    "no body": without("Body"),
    "no sender": without("From"),
    "no city": without("FromCity"),
    "signed for http": signed_for(f"http://desk.example.org{INBOUND}"),
    "signed for another host": signed_for(f"https://evil.example.org{INBOUND}"),
    "signed for another path": signed_for(f"{BASE}/hooks/twilio/status/1"),
    "signed with a slash": signed_for(f"{BASE}{INBOUND}/"),
    "signed with a query": signed_for(f"{BASE}{INBOUND}?a=1"),
    "signed for the test's host": signed_for(f"http://localhost{INBOUND}"),
    "signed with a wrong token": signed_for(f"{BASE}{INBOUND}", "c" * 32),
    "signed with an empty token": signed_for(f"{BASE}{INBOUND}", ""),
    "signed with the account": signed_for(f"{BASE}{INBOUND}", ACCOUNT),
    "signed with both tokens": signed_for(f"{BASE}{INBOUND}", TOKEN + OLD_TOKEN),
    "X-Forwarded-Host": claiming(X_Forwarded_Host="evil.example.org"),
    "Host": claiming(Host="evil.example.org"),
    "X-Original-Host": claiming(X_Original_Host="evil.example.org"),
}


def test_there_are_at_least_forty_forgeries() -> None:
    assert len(FORGERIES) >= 40


@pytest.mark.parametrize("name", FORGERIES)
def test_what_the_provider_did_not_sign_is_refused_and_nothing_is_kept(
    client: FlaskClient, session: Session, name: str
) -> None:
    form = inbound_form()
    signature = sign(url=BASE + INBOUND, fields=MultiDict(form), token=TOKEN)
    data, headers, path = FORGERIES[name](form, signature)

    answer = client.post(path, data=data, headers=headers)

    assert answer.status_code == 403
    assert answer.get_json()["code"] == "hook.forged"
    assert kept(session) == 0


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_a_body_that_is_no_form_is_refused(client: FlaskClient, content_type: str) -> None:
    answer = client.post(INBOUND, data=b"\xff\x00{}", content_type=content_type, headers={"X-Twilio-Signature": "x"})

    assert answer.status_code in {400, 403}


def test_a_body_that_is_too_long_is_refused(client: FlaskClient) -> None:
    answer = client.post(
        INBOUND, data=b"Body=" + b"x" * (twilio.LONGEST_BODY + 1), content_type="application/x-www-form-urlencoded"
    )

    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example.org"},
        {"X-Forwarded-Proto": "http"},
        {"X-Forwarded-For": "203.0.113.7"},
        {"Forwarded": "host=evil.example.org;proto=http"},
        {"Host": "127.0.0.1:8000"},
    ],
)
def test_what_a_proxy_or_caller_claims_about_the_address_does_not_matter(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert post(client, INBOUND, inbound_form(), headers=headers).status_code == 200


def test_while_the_token_is_rotated_both_are_good(client: FlaskClient) -> None:
    for token in (TOKEN, OLD_TOKEN):
        assert post(client, INBOUND, inbound_form(), token=token).status_code == 200


def test_a_signed_request_about_another_account_is_refused(client: FlaskClient, session: Session) -> None:
    answer = post(client, INBOUND, inbound_form(AccountSid="AC" + "1" * 32))

    assert (answer.status_code, kept(session)) == (403, 0)


@pytest.mark.parametrize("changes", [{"From": "<script>"}, {"MessageSid": "SM1"}, {"Body": "x" * 1601}, {"SmsSid": ""}])
def test_a_signed_form_that_is_out_of_form_is_refused(
    client: FlaskClient, session: Session, changes: dict[str, str]
) -> None:
    answer = post(client, INBOUND, inbound_form(**changes))

    assert (answer.status_code, answer.get_json()["code"], kept(session)) == (400, "hook.malformed", 0)


def test_no_form_at_all_is_an_error_of_ours(client: FlaskClient) -> None:
    generator = random.Random(11)
    pieces = ["\x00", "\ud7ff", "中", "😀", "%", "&", "=", "<", "'", "\\", "A" * 500, "0", "-1", "null", " "]

    for _ in range(200):
        form = inbound_form()
        for name in generator.sample(sorted(form), 2):
            form[name] = "".join(generator.choices(pieces, k=generator.randrange(4)))

        assert post(client, INBOUND, form).status_code in {200, 400, 403}
        assert post(client, "/hooks/twilio/status/1", {**form, "MessageStatus": "sent"}).status_code in {200, 400, 403}


def test_an_old_request_that_is_replayed_has_no_effect(app: Flask, client: FlaskClient, session: Session) -> None:
    post(client, INBOUND, inbound_form())
    app.extensions["truckroll"].clock.at = NOON + timedelta(days=1)

    assert post(client, INBOUND, inbound_form()).status_code == 200
    assert kept(session) == 1


def test_every_notice_is_kept_also_when_it_comes_twice(client: FlaskClient, session: Session) -> None:
    message = sending(session)

    for state in ("sent", "sent", "delivered"):
        post(client, f"/hooks/twilio/status/{message.id}", status_form(state))

    assert session.scalar(select(func.count()).select_from(MessageNotice)) == 3


def test_a_get_is_not_taken(client: FlaskClient) -> None:
    assert client.get(INBOUND).status_code == 405
