"""Signatures of web hooks."""

import base64
import hashlib
import hmac

import pytest
from werkzeug.datastructures import MultiDict

from server.sms.signatures import is_signed, sign

URL = "https://desk.example.org/hooks/twilio/inbound"
TOKEN = "0123456789abcdef0123456789abcdef"
FIELDS = MultiDict({"To": "+12125550100", "From": "+12125550123", "Body": "1 427", "MessageSid": "SM" + "0" * 32})

# Made once with a second implementation of the published procedure, and kept.
GOLDEN = [
    (
        "12345",
        "https://mycompany.com/myapp.php?foo=1&bar=2",
        {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        },
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    ),
]


@pytest.mark.parametrize(("token", "url", "fields", "signature"), GOLDEN)
def test_the_published_example_is_signed_as_published(
    token: str, url: str, fields: dict[str, str], signature: str
) -> None:
    assert sign(url=url, fields=MultiDict(fields), token=token) == signature


@pytest.mark.parametrize(
    "fields",
    [{}, {"Body": ""}, {"Body": "你好 😀"}, {"b": "2", "a": "1", "B": "3"}, {"Body": "a=b&c=d\n"}],
    ids=["nothing", "empty", "chinese", "order", "delimiters"],
)
def test_a_signature_is_the_address_and_the_sorted_fields_under_the_token(fields: dict[str, str]) -> None:
    text = URL + "".join(name + fields[name] for name in sorted(fields))
    expected = base64.b64encode(hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()

    assert sign(url=URL, fields=MultiDict(fields), token=TOKEN) == expected


@pytest.mark.parametrize("given", [None, "", "x", "=" * 28, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "é" * 28, "A" * 10_240])
def test_a_signature_that_is_missing_or_odd_is_none(given: str | None) -> None:
    assert not is_signed(url=URL, fields=FIELDS, signature=given, tokens=[TOKEN])


def test_while_a_token_is_rotated_both_are_good_and_then_the_old_one_is_not() -> None:
    old, new = "a" * 32, "b" * 32
    signed_with_old = sign(url=URL, fields=FIELDS, token=old)
    signed_with_new = sign(url=URL, fields=FIELDS, token=new)

    assert is_signed(url=URL, fields=FIELDS, signature=signed_with_old, tokens=[new, old])
    assert is_signed(url=URL, fields=FIELDS, signature=signed_with_new, tokens=[new, old])
    assert not is_signed(url=URL, fields=FIELDS, signature=signed_with_old, tokens=[new])


def test_without_a_token_nothing_is_signed() -> None:
    assert not is_signed(url=URL, fields=FIELDS, signature=sign(url=URL, fields=FIELDS, token=""), tokens=[])
