"""The forms that Twilio posts: which fields we read, and what each must look like.

A signature has no delimiters: `{A: 1, B: 2}` and `{A: "1B2"}` are signed alike. So a request that was signed once can
be cut anew into other names and values (fault 7). Against that every field that we read stands exactly once and in its
strict form, an unknown one has a name that could be one and is ignored, and no field but the text of a message may
contain what looks like a field that we read: the rest of a cut request would have to hide there. What still can be cut
off is the end of a text, and that request carries the id of a message that was taken in before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from werkzeug.datastructures import MultiDict

from server.core.errors import Forbidden, Invalid

_ACCOUNT = re.compile(r"AC[0-9a-f]{32}")
_MESSAGE = re.compile(r"(?:SM|MM)[0-9a-f]{32}")
_ADDRESS = re.compile(r"\+?[0-9]{3,17}")
_OURS = re.compile(r"\+?[0-9]{3,17}|[A-Za-z0-9 ]{1,11}|MG[0-9a-f]{32}")
_STATE = re.compile(r"[a-z_]{3,24}")
_BODY = re.compile(r".{0,1600}", re.DOTALL)
_CODE = re.compile(r"\d{0,6}")

_INBOUND = MappingProxyType(
    {"AccountSid": _ACCOUNT, "MessageSid": _MESSAGE, "From": _ADDRESS, "To": _OURS, "Body": _BODY}
)
_STATUS = MappingProxyType({"AccountSid": _ACCOUNT, "MessageSid": _MESSAGE, "MessageStatus": _STATE})
_OPTIONAL = MappingProxyType({"ErrorCode": _CODE, "SmsSid": _MESSAGE, "SmsMessageSid": _MESSAGE})

_NAME = re.compile(r"[A-Z][A-Za-z0-9]{1,63}")
_HIDDEN = re.compile(
    r"AccountSidAC|(?:Message|Sms)SidSM|(?:Message|Sms)SidMM|MessageStatus[a-z]|From\+?\d|To\+?\d|ErrorCode\d|Body"
)
_MOST_FIELDS = 60


class ForgedRequest(Forbidden):
    """The request is not signed by the provider for this address, or is about another account."""

    code = "hook.forged"


class MalformedRequest(Invalid):
    """The request is signed, but a field is missing, doubled, or not of its form."""

    code = "hook.malformed"
    status = 400


@dataclass(frozen=True, slots=True)
class InboundForm:
    """A text that somebody sent us."""

    account: str
    message: str
    phone: str
    body: str


@dataclass(frozen=True, slots=True)
class StatusForm:
    """What became of a message of ours."""

    account: str
    message: str
    state: str
    failure: str | None


def inbound(fields: MultiDict[str, str]) -> InboundForm:
    """Read the form of a text.

    :raises MalformedRequest: if a field is missing, doubled, or not of its form.
    """
    read = _read(fields, _INBOUND)
    return InboundForm(read["AccountSid"], read["MessageSid"], read["From"], read["Body"].replace("\x00", "\ufffd"))


def status(fields: MultiDict[str, str]) -> StatusForm:
    """Read the form of a notice.

    :raises MalformedRequest: if a field is missing, doubled, or not of its form.
    """
    read = _read(fields, _STATUS)
    return StatusForm(read["AccountSid"], read["MessageSid"], read["MessageStatus"], read.get("ErrorCode") or None)


def _read(fields: MultiDict[str, str], wanted: Mapping[str, re.Pattern[str]]) -> dict[str, str]:
    if len(fields) > _MOST_FIELDS:
        raise MalformedRequest(field="")
    forms = {**_OPTIONAL, **wanted}
    for name, values in fields.lists():
        form = forms.get(name)
        if len(values) != 1 or not _NAME.fullmatch(name):
            raise MalformedRequest(field=name[:40] if _NAME.fullmatch(name) else "")
        if (form is not None and not form.fullmatch(values[0])) or (form is not _BODY and _HIDDEN.search(values[0])):
            raise MalformedRequest(field=name)
    missing = sorted(set(wanted) - set(fields))
    if missing:
        raise MalformedRequest(field=missing[0])
    read = {name: fields[name] for name in forms if name in fields}
    if {read.get("SmsSid", read["MessageSid"]), read.get("SmsMessageSid", read["MessageSid"])} != {read["MessageSid"]}:
        raise MalformedRequest(field="SmsSid")
    return read
