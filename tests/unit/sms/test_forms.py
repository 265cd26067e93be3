"""Forms of the provider: what is signed cannot be cut anew into something else (fault 7)."""

import random
from collections.abc import Iterator

import pytest
from werkzeug.datastructures import MultiDict

from server.sms.signatures import sign
from server.webhooks.forms import InboundForm, MalformedRequest, inbound, status

ACCOUNT = "AC" + "0" * 32
SID = "SM" + "1" * 32
URL = "https://desk.example.org/hooks/twilio/inbound"


def text(**changes: str) -> dict[str, str]:
    return {
        "AccountSid": ACCOUNT,
        "ApiVersion": "2010-04-01",
        "Body": "1 427",
        "From": "+12125550123",
        "FromCity": "SPRINGFIELD",
        "MessageSid": SID,
        "NumMedia": "0",
        "SmsSid": SID,
        "SmsStatus": "received",
        "To": "+12125550100",
        **changes,
    }


def test_a_text_is_read() -> None:
    assert inbound(MultiDict(text())) == InboundForm(ACCOUNT, SID, "+12125550123", "1 427")


def test_a_field_that_we_do_not_know_is_ignored() -> None:
    assert inbound(MultiDict(text(Colour="red"))) == InboundForm(ACCOUNT, SID, "+12125550123", "1 427")


@pytest.mark.parametrize(
    "changes",
    [
        {"From": "+121255501234567890"},
        {"From": ""},
        {"From": "+12125550123From+12125550124"},
        {"MessageSid": "SM12"},
        {"MessageSid": "SM" + "A" * 32},
        {"AccountSid": "AC"},
        {"SmsSid": "SM" + "2" * 32},
        {"Body": "x" * 1601},
        {"FromCity": "X From+12125550124"},
        {"from": "+12125550124"},
        {"Bad-Name": "1"},
        {"To": ""},
    ],
)
def test_a_text_with_a_field_out_of_form_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(MalformedRequest):
        inbound(MultiDict(text(**changes)))


@pytest.mark.parametrize("name", ["AccountSid", "MessageSid", "From", "To", "Body"])
def test_a_text_without_a_field_that_we_read_is_refused(name: str) -> None:
    fields = text()
    del fields[name]

    with pytest.raises(MalformedRequest):
        inbound(MultiDict(fields))


def test_a_field_that_stands_twice_is_refused() -> None:
    fields = MultiDict(text())
    fields.add("From", "+12125550124")

    with pytest.raises(MalformedRequest):
        inbound(fields)


def test_a_text_may_be_empty_and_may_hold_whatever_can_be_typed() -> None:
    assert inbound(MultiDict(text(Body=""))).body == ""
    assert inbound(MultiDict(text(Body="From+1 你好 \x00 😀"))).body == "From+1 你好 \ufffd 😀"


@pytest.mark.parametrize("state", ["Delivered", "", "delivered1", "x" * 30])
def test_a_notice_with_an_odd_state_is_refused(state: str) -> None:
    with pytest.raises(MalformedRequest):
        status(MultiDict({"AccountSid": ACCOUNT, "MessageSid": SID, "MessageStatus": state}))


BODIES = [
    "1 427",
    "2 427 too far",
    "From+12125550999",
    "1 427From+12125550999MessageSidSM" + "9" * 32,
    "你好",
    "To+1",
    "",
]


def reshaped(fields: dict[str, str], generator: random.Random) -> Iterator[MultiDict[str, str]]:
    """Yield forms that are signed as this one is: names and values cut at other places of the same text."""
    pairs = sorted(fields.items())
    for index, (name, value) in enumerate(pairs):
        others = [pair for at, pair in enumerate(pairs) if at != index]
        if value:
            cut = generator.randrange(1, len(value) + 1)
            yield MultiDict([*others, (name + value[:cut], value[cut:])])
        yield MultiDict([*others, (name[:-1], name[-1] + value)])
        if index + 1 < len(pairs):
            follower = pairs[index + 1]
            rest = [pair for pair in others if pair != follower]
            yield MultiDict([*rest, (name, value + follower[0] + follower[1])])
        for capital in [at for at in range(1, len(value)) if value[at].isupper()]:
            end = generator.randrange(capital + 1, len(value) + 1)
            yield MultiDict([*others, (name, value[:capital]), (value[capital:end], value[end:])])


def swallowing(fields: dict[str, str]) -> Iterator[MultiDict[str, str]]:
    """Yield forms whose text pretends to hold the later fields, with the true ones hidden in a field we do not read."""
    hidden = "".join(name + fields[name] for name in sorted(fields) if name > "Body")
    pretended = f"From+12125550999MessageSidSM{'9' * 32}To+12125550100"
    for filler in ("Zzz", "Fromx", "Tox"):
        yield MultiDict(
            [
                ("AccountSid", fields["AccountSid"]),
                ("ApiVersion", fields["ApiVersion"]),
                ("Body", "1 427"),
                ("From", "+12125550999"),
                ("MessageSid", "SM" + "9" * 32),
                ("To", "+12125550100"),
                (filler, hidden),
            ]
        )
    yield MultiDict([*fields.items(), ("Tz", pretended)])


def signed_text(fields: MultiDict[str, str]) -> str:
    return sign(url=URL, fields=fields, token="t")


def test_a_signed_text_cannot_be_cut_into_another_one() -> None:
    generator = random.Random(7)
    tried = 0

    for body in BODIES * 30:
        original = text(Body=body, MessageSid=SID)
        wanted = inbound(MultiDict(original))
        for changed in reshaped(original, generator):
            if signed_text(changed) != signed_text(MultiDict(original)):
                continue  # not signed: refused before anybody reads it
            tried += 1
            try:
                found = inbound(changed)
            except MalformedRequest:
                continue
            # Who, to whom and which message are as they were; the end of a text may be lost, and that id is known.
            assert (found.account, found.message, found.phone) == (wanted.account, wanted.message, wanted.phone)
            assert wanted.body.startswith(found.body)

    assert tried > 500


def test_a_text_that_pretends_to_hold_the_other_fields_is_refused() -> None:
    for changed in swallowing(text()):
        with pytest.raises(MalformedRequest):
            inbound(changed)
