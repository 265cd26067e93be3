"""The gateway and the local provider, over HTTP: each outcome is what it is."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from werkzeug.datastructures import MultiDict

from server.sms.fake_twilio.store import Store
from server.sms.provider import (
    Absent,
    Accepted,
    Ambiguous,
    Blocked,
    Found,
    NotSent,
    Refused,
    Sought,
    TooMany,
    Unclear,
    fingerprint,
)
from server.sms.signatures import is_signed
from server.sms.states import ProviderState
from server.sms.twilio_gateway import Patience, TwilioGateway
from tests.integration.sms.builders import ACCOUNT, PHONE, TOKEN, phone
from tests.integration.sms.provider import Listener, Provider, listening, providing, twilio

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def provider(tmp_path: Path, listener: Listener) -> Iterator[Provider]:
    with providing(tmp_path, f"{listener.url}/hooks/twilio/inbound") as provider:
        yield provider


@pytest.fixture
def gateway(provider: Provider, listener: Listener) -> TwilioGateway:
    return provider.gateway(listener.url)


def sought(text: str, *, to: str = PHONE, taken_at: datetime = LONG_AGO, known: frozenset[str] = frozenset()) -> Sought:
    return Sought(provider="twilio", to=to, fingerprint=fingerprint(text), taken_at=taken_at, known=known)


def test_a_text_is_accepted_and_its_notices_come_signed_to_the_address_with_our_id(
    gateway: TwilioGateway, listener: Listener
) -> None:
    outcome = gateway.send(to=PHONE, text="hello", reference=42)

    assert isinstance(outcome, Accepted)
    got = listener.wait_for(2)
    assert [(path, form["MessageStatus"], form["MessageSid"]) for path, form, _ in got] == [
        ("/hooks/twilio/status/42", "sent", outcome.provider_id),
        ("/hooks/twilio/status/42", "delivered", outcome.provider_id),
    ]
    for path, form, signature in got:
        assert is_signed(url=listener.url + path, fields=MultiDict(form), signature=signature, tokens=[TOKEN])


def test_a_notice_that_was_not_taken_comes_again(gateway: TwilioGateway, listener: Listener) -> None:
    listener.answers += [500, 503]

    gateway.send(to=PHONE, text="hello", reference=1)

    assert [form["MessageStatus"] for _, form, _ in listener.wait_for(2)] == ["sent", "delivered"]


def test_what_became_of_a_text_can_be_asked(gateway: TwilioGateway, listener: Listener) -> None:
    sent = gateway.send(to=PHONE, text="hello", reference=1)
    assert isinstance(sent, Accepted)

    assert gateway.state(sent.provider_id) == Found(sent.provider_id, ProviderState.DELIVERED)
    assert gateway.state("SM" + "0" * 32) == Absent()


def test_the_telephone_that_is_never_reached_has_a_code(gateway: TwilioGateway, listener: Listener) -> None:
    sent = gateway.send(to="+12125550101", text="hello", reference=1)
    assert isinstance(sent, Accepted)

    assert gateway.state(sent.provider_id) == Found(sent.provider_id, ProviderState.FAILED, "30006")
    assert listener.wait_for(2)[-1][1]["ErrorCode"] == "30006"


def test_the_telephone_that_is_off_now_and_then_gets_every_other_text(gateway: TwilioGateway) -> None:
    states = []
    for number in range(4):
        sent = gateway.send(to="+12125550103", text=f"hello {number}", reference=number)
        assert isinstance(sent, Accepted)
        states.append(gateway.state(sent.provider_id).state)  # type: ignore[union-attr]

    assert states == [ProviderState.FAILED, ProviderState.DELIVERED] * 2


@pytest.mark.parametrize(("text", "code"), [("", "21602"), ("x" * 1601, "21617")])
def test_a_text_that_is_wrong_is_refused_for_good(gateway: TwilioGateway, text: str, code: str) -> None:
    assert gateway.send(to=PHONE, text=text, reference=1) == Refused(code)


def test_a_telephone_that_said_stop_is_refused_for_good_until_it_says_start(
    gateway: TwilioGateway, provider: Provider, listener: Listener
) -> None:
    provider.line.send(phone=PHONE, body="stop")
    assert gateway.send(to=PHONE, text="hello", reference=1) == Refused("21610")

    provider.line.send(phone=PHONE, body="START")
    assert isinstance(gateway.send(to=PHONE, text="hello", reference=1), Accepted)


def test_a_wrong_token_blocks_the_account(provider: Provider) -> None:
    settings = twilio(provider.url)
    wrong = type(settings)(ACCOUNT, ("c" * 32,), settings.sender, "", provider.url)

    assert TwilioGateway(wrong, public_url="http://127.0.0.1:9").send(to=PHONE, text="x", reference=1) == Blocked(
        "20003"
    )


def test_a_number_of_a_person_never_goes_to_the_local_provider_nor_fiction_to_the_real_one(provider: Provider) -> None:
    local = provider.gateway("http://127.0.0.1:9")
    real = TwilioGateway(twilio("https://api.twilio.com"), public_url="https://desk.example.org")

    assert (local.reaches(PHONE), local.reaches("+8613800138000")) == (True, False)
    assert (real.reaches(PHONE), real.reaches("+8613800138000")) == (False, True)
    with pytest.raises(ValueError, match="fiction"):
        real.send(to=PHONE, text="x", reference=1)


def test_the_local_provider_itself_refuses_a_number_of_a_person(provider: Provider) -> None:
    answer = requests.post(
        f"{provider.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        data={"To": "+8613800138000", "From": "+12125550100", "Body": "x"},
        auth=(ACCOUNT, TOKEN),
        timeout=5,
    )

    assert (answer.status_code, answer.json()["code"]) == (400, 21211)


def test_too_many_is_waited_out_within_the_call_and_then_said(gateway: TwilioGateway, provider: Provider) -> None:
    provider.fail(too_many=1.0)

    assert gateway.send(to=PHONE, text="hello", reference=1) == TooMany(1.0)
    assert provider.line.store.after(0) == []


def test_after_too_many_a_text_is_taken_in_the_same_call(provider: Provider, listener: Listener) -> None:
    provider.fail(too_many=0.5, seed=1)
    gateway = TwilioGateway(twilio(provider.url), public_url=listener.url, patience=Patience(first=0.001, most=30.0))

    outcomes = [gateway.send(to=PHONE, text=str(number), reference=number) for number in range(2)]

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(provider.line.store.after(0)) == 2


@pytest.mark.parametrize("fault", ["errors_after_accept", "lost_replies"])
def test_an_error_after_the_text_was_taken_is_ambiguous_and_the_text_is_found(
    gateway: TwilioGateway, provider: Provider, fault: str
) -> None:
    provider.fail(**{fault: 1.0})

    outcome = gateway.send(to=PHONE, text="hello", reference=1)

    assert isinstance(outcome, Ambiguous)
    (message,) = provider.line.store.after(0)
    assert gateway.look_up(sought("hello")) == Found(message.sid, ProviderState.DELIVERED)


def test_a_reply_that_takes_too_long_is_ambiguous(provider: Provider, listener: Listener) -> None:
    provider.fail(reply_delay=4.0)

    outcome = provider.gateway(listener.url, timeout=0.2).send(to=PHONE, text="hello", reference=1)

    assert outcome == Ambiguous("ReadTimeout")
    assert len(provider.line.store.after(0)) == 1


def test_a_provider_that_cannot_be_reached_has_certainly_not_taken_the_text() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    gateway = TwilioGateway(twilio(url), public_url="http://127.0.0.1:9")

    assert gateway.send(to=PHONE, text="hello", reference=1) == NotSent("no connection")
    assert gateway.look_up(sought("hello")) == Unclear("ConnectionError")
    assert gateway.state("SM1") == Unclear("ConnectionError")


def test_a_provider_that_answers_nonsense_is_ambiguous(listener: Listener) -> None:
    gateway = TwilioGateway(twilio(listener.url), public_url="http://127.0.0.1:9")
    listener.answers += [302]

    assert isinstance(gateway.send(to=PHONE, text="hello", reference=1), Ambiguous)


# -- the look-up ------------------------------------------------------------------------------------------------------


def test_a_text_is_found_by_its_letters_and_number(gateway: TwilioGateway, provider: Provider) -> None:
    for number in range(3):
        gateway.send(to=phone(number), text="hello", reference=number)
    wanted = provider.line.store.after(0)[1]

    assert gateway.look_up(sought("hello", to=phone(1))) == Found(wanted.sid, ProviderState.DELIVERED)
    assert gateway.look_up(sought("hello ", to=phone(1))) == Absent()
    assert gateway.look_up(sought("hello", to=phone(7))) == Absent()


def test_a_text_that_is_known_to_be_another_message_is_not_found(gateway: TwilioGateway) -> None:
    first = gateway.send(to=PHONE, text="hello", reference=1)
    second = gateway.send(to=PHONE, text="hello", reference=2)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)

    assert gateway.look_up(sought("hello", known=frozenset({second.provider_id}))) == Found(
        first.provider_id, ProviderState.DELIVERED
    )
    assert gateway.look_up(sought("hello", known=frozenset({first.provider_id, second.provider_id}))) == Absent()


def test_a_text_from_before_the_message_was_taken_is_not_found_but_under_simulated_time_times_do_not_count(
    provider: Provider, listener: Listener, gateway: TwilioGateway
) -> None:
    gateway.send(to=PHONE, text="hello", reference=1)
    (message,) = provider.line.store.after(0)
    later = sought("hello", taken_at=message.created_at + timedelta(minutes=10))

    assert gateway.look_up(later) == Absent()
    assert gateway.look_up(sought("hello", taken_at=message.created_at + timedelta(minutes=4))) != Absent()
    assert provider.gateway(listener.url, dated=False).look_up(later) == Found(message.sid, ProviderState.DELIVERED)


def test_the_list_is_read_page_by_page(provider: Provider, gateway: TwilioGateway) -> None:
    for number in range(7):
        gateway.send(to=PHONE, text=str(number), reference=number)
    client = gateway._client()

    bodies = [message.body for message in client.messages.stream(to=PHONE, page_size=3)]

    assert bodies == ["6", "5", "4", "3", "2", "1", "0"]


def test_while_the_provider_says_too_many_a_look_up_is_unclear(gateway: TwilioGateway, provider: Provider) -> None:
    provider.fail(too_many=1.0)

    assert gateway.look_up(sought("hello")) in (Absent(), Unclear("_Throttled"))


# -- telephones -------------------------------------------------------------------------------------------------------


def test_a_text_from_a_telephone_comes_in_signed(provider: Provider, listener: Listener) -> None:
    answer = requests.post(f"{provider.url}/phones/{PHONE}/messages", json={"body": "1 427 好"}, timeout=5)

    assert answer.status_code == 201
    ((path, form, signature),) = listener.wait_for(1)
    assert (path, form["From"], form["Body"], form["AccountSid"]) == (
        "/hooks/twilio/inbound",
        PHONE,
        "1 427 好",
        ACCOUNT,
    )
    assert is_signed(url=listener.url + path, fields=MultiDict(form), signature=signature, tokens=[TOKEN])


def test_the_texts_of_one_telephone_come_in_in_their_order(provider: Provider, listener: Listener) -> None:
    listener.answers += [503] * 3

    for number in range(5):
        provider.line.send(phone=PHONE, body=str(number))

    assert [form["Body"] for _, form, _ in listener.wait_for(5)] == ["0", "1", "2", "3", "4"]


def test_a_conductor_reads_on_from_where_it_was(provider: Provider, gateway: TwilioGateway) -> None:
    gateway.send(to=PHONE, text="one", reference=1)
    first = requests.get(f"{provider.url}/messages", timeout=5).json()
    gateway.send(to=phone(3), text="two", reference=2)

    second = requests.get(f"{provider.url}/messages", params={"after": first["last"], "wait": 5}, timeout=9).json()

    assert [item["body"] for item in first["items"]] == ["one"]
    assert [(item["body"], item["phone"]) for item in second["items"]] == [("two", phone(3))]
    of_one = requests.get(f"{provider.url}/phones/{PHONE}/messages?after=0", timeout=5).json()
    assert [item["body"] for item in of_one["items"]] == ["one"]
    assert requests.get(f"{provider.url}/messages?after={second['last']}", timeout=5).json()["items"] == []


def test_the_provider_is_idle_when_every_web_hook_was_taken(
    provider: Provider, gateway: TwilioGateway, listener: Listener
) -> None:
    listener.answers += [503]
    gateway.send(to=PHONE, text="one", reference=1)
    assert requests.get(f"{provider.url}/idle", timeout=5).json() == {"idle": False, "pending": 2}

    listener.wait_for(2)
    with provider.line.store.changed:
        provider.line.store.changed.wait_for(lambda: provider.line.store.owed() == 0, timeout=5)

    assert requests.get(f"{provider.url}/idle", timeout=5).json() == {"idle": True, "pending": 0}


def test_a_provider_that_is_started_again_has_its_messages_and_what_it_owes(tmp_path: Path) -> None:
    with providing(tmp_path, "http://127.0.0.1:9/hooks/twilio/inbound") as provider:
        provider.line.send(phone=PHONE, body="are you there?")
        assert provider.line.store.owed() == 1

    with listening() as listener:
        store = Store(tmp_path / "provider.sqlite")
        assert ([message.body for message in store.after(0)], store.owed()) == (["are you there?"], 1)
        store.close()
        assert listener.got == []


def test_notices_can_be_lost_doubled_and_out_of_order(
    provider: Provider, gateway: TwilioGateway, listener: Listener
) -> None:
    provider.fail(lost_notices=1.0)
    gateway.send(to=PHONE, text="lost", reference=1)
    assert provider.line.store.owed() == 0

    provider.fail(doubled_notices=1.0, late_sent=1.0)
    gateway.send(to=PHONE, text="odd", reference=2)

    assert [form["MessageStatus"] for _, form, _ in listener.wait_for(4)] == ["delivered", "delivered", "sent", "sent"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/phones/+8613800138000/messages", {"body": "x"}),
        ("POST", f"/phones/{PHONE}/messages", {"body": ""}),
        ("POST", f"/phones/{PHONE}/messages", {"body": 7}),
        ("POST", f"/phones/{PHONE}/messages", ["x"]),
        ("PUT", f"/phones/{PHONE}", {"name": 7}),
        ("PUT", f"/phones/{PHONE}", {"name": "Anna", "kind": "king"}),
        ("PUT", "/faults", {"colour": 1}),
        ("PUT", "/faults", {"too_many": "often"}),
    ],
)
def test_a_control_request_that_makes_no_sense_is_refused(
    provider: Provider, method: str, path: str, body: object
) -> None:
    assert requests.request(method, provider.url + path, json=body, timeout=5).status_code == 400


# -- the page ---------------------------------------------------------------------------------------------------------


def test_a_newcomer_reads_and_answers_on_the_page(
    provider: Provider, gateway: TwilioGateway, listener: Listener
) -> None:
    gateway.send(to=PHONE, text="Reply 1 427 to accept <b>", reference=1)
    requests.put(f"{provider.url}/phones/{PHONE}", json={"name": "Anna Berg", "kind": "technician"}, timeout=5)

    listed = requests.get(f"{provider.url}/?lang=en", timeout=5).text
    answered = requests.post(f"{provider.url}/telephones/{PHONE}?lang=en", data={"body": "1 427"}, timeout=5)

    assert "Anna Berg" in listed
    assert "Technician" in listed
    assert "Reply 1 427 to accept &lt;b&gt;" in listed
    assert answered.history[0].status_code == 303
    assert ">1 427</p>" in answered.text
    assert ("/hooks/twilio/inbound", "1 427") in [(path, form.get("Body")) for path, form, _ in listener.wait_for(3)]


@pytest.mark.parametrize(("header", "word"), [("en", "Telephones"), ("zh-CN,zh", "手机短信"), ("fr", "Telephones")])
def test_the_page_speaks_the_readers_language(provider: Provider, header: str, word: str) -> None:
    assert f"<h1>{word}</h1>" in requests.get(provider.url, headers={"Accept-Language": header}, timeout=5).text


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(provider: Provider) -> None:
    answer = requests.get(f"{provider.url}/telephones/{PHONE}", timeout=5)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in answer.text
    assert "http" not in answer.text.replace(provider.url, "")
    for name in ("telephones.css", "telephones.js", "telephone.svg"):
        assert requests.get(f"{provider.url}/static/{name}", timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example.org"}, 400),
    ],
)
def test_another_site_cannot_write_in_a_technicians_name(
    provider: Provider, headers: dict[str, str], status: int
) -> None:
    answer = requests.post(
        f"{provider.url}/telephones/{PHONE}", data={"body": "1 427"}, headers=headers, timeout=5, allow_redirects=False
    )

    assert answer.status_code == status
    assert provider.line.store.after(0) == []
