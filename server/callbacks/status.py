"""What may happen to a customer callback."""

from enum import StrEnum
from types import MappingProxyType

from server.core.transitions import Machine


class CallbackStatus(StrEnum):
    """Where a customer callback is."""

    WAITING = "waiting"
    SURVEYED = "surveyed"
    PASSED = "passed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    RECONFIRMED = "reconfirmed"
    NOT_CONFIRMED = "not_confirmed"
    LAPSED = "lapsed"


class CallbackEvent(StrEnum):
    """What can happen to it."""

    ATTEMPT = "attempt"
    SURVEY = "survey"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    GIVE_UP = "give_up"
    RECONFIRM = "reconfirm"
    NOT_CONFIRM = "not_confirm"
    LAPSE = "lapse"


_S, _E = CallbackStatus, CallbackEvent

CALLBACK = Machine(
    "customer_callback",
    _S.WAITING,
    MappingProxyType(
        {
            (_S.WAITING, _E.ATTEMPT): _S.WAITING,
            (_S.WAITING, _E.PASS): _S.PASSED,
            (_S.WAITING, _E.FAIL): _S.FAILED,
            (_S.WAITING, _E.SURVEY): _S.SURVEYED,
            (_S.WAITING, _E.GIVE_UP): _S.UNREACHABLE,
            (_S.SURVEYED, _E.PASS): _S.PASSED,
            (_S.SURVEYED, _E.FAIL): _S.FAILED,
            (_S.SURVEYED, _E.GIVE_UP): _S.UNREACHABLE,
            (_S.FAILED, _E.RECONFIRM): _S.RECONFIRMED,
            (_S.FAILED, _E.NOT_CONFIRM): _S.NOT_CONFIRMED,
            (_S.UNREACHABLE, _E.PASS): _S.PASSED,
            (_S.UNREACHABLE, _E.FAIL): _S.FAILED,
            (_S.UNREACHABLE, _E.RECONFIRM): _S.RECONFIRMED,
            (_S.UNREACHABLE, _E.NOT_CONFIRM): _S.NOT_CONFIRMED,
            (_S.UNREACHABLE, _E.LAPSE): _S.LAPSED,
            (_S.LAPSED, _E.PASS): _S.PASSED,
            (_S.LAPSED, _E.RECONFIRM): _S.RECONFIRMED,
        }
    ),
)
"""Nobody was left to call and nobody decided for 30 days: lapsed, which an appeal can still turn (R35).

PASSED and RECONFIRMED are final, because a paid line rests on them. Without any telephone there is
nothing to try: the supervisor is asked at once.
"""

PAYABLE = frozenset({_S.PASSED, _S.RECONFIRMED})
"""No labour is paid on anything else (R39)."""


AT_SUPERVISOR = frozenset({_S.FAILED, _S.UNREACHABLE})
"""The regional supervisor re-confirms or does not (R35)."""


class Respondent(StrEnum):
    """Who confirms an outcome (R32)."""

    CUSTOMER = "customer"
    OWNING_PARTY = "owning_party"
    """The shop or branch that a pre-sale unit or internal work belongs to."""
    RESPONSIBLE_CONTACT = "responsible_contact"
    """Of imported public work."""


class FailReason(StrEnum):
    """Why a customer callback failed (R35)."""

    STILL_BROKEN = "still_broken"
    NOT_DONE = "not_done"
    NOBODY_CAME = "nobody_came"
    OVERCHARGED = "overcharged"
    RUDE = "rude"
    CONTRADICTION = "contradiction"


RETURN_VISIT = frozenset({FailReason.STILL_BROKEN, FailReason.NOT_DONE, FailReason.NOBODY_CAME})
"""Somebody must come again: the same step opens a return visit (R35)."""
COMPLAINT = frozenset({FailReason.OVERCHARGED, FailReason.RUDE})
"""The same step opens a complaint with a named handler (R35)."""
