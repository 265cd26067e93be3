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


class CallbackEvent(StrEnum):
    """What can happen to it."""

    ATTEMPT = "attempt"
    SURVEY = "survey"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    GIVE_UP = "give_up"
    RECONFIRM = "reconfirm"
    NOT_CONFIRM = "not_confirm"


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
            (_S.SURVEYED, _E.PASS): _S.PASSED,
            (_S.SURVEYED, _E.FAIL): _S.FAILED,
            (_S.SURVEYED, _E.GIVE_UP): _S.UNREACHABLE,
            (_S.FAILED, _E.RECONFIRM): _S.RECONFIRMED,
            (_S.FAILED, _E.NOT_CONFIRM): _S.NOT_CONFIRMED,
            (_S.UNREACHABLE, _E.PASS): _S.PASSED,
            (_S.UNREACHABLE, _E.FAIL): _S.FAILED,
            (_S.UNREACHABLE, _E.RECONFIRM): _S.RECONFIRMED,
            (_S.UNREACHABLE, _E.NOT_CONFIRM): _S.NOT_CONFIRMED,
        }
    ),
)

PAYABLE = frozenset({_S.PASSED, _S.RECONFIRMED})
"""No labour is paid on anything else (R39)."""


class FailReason(StrEnum):
    """Why a customer callback failed (R35)."""

    STILL_BROKEN = "still_broken"
    NOT_DONE = "not_done"
    NOBODY_CAME = "nobody_came"
    OVERCHARGED = "overcharged"
    RUDE = "rude"
    CONTRADICTION = "contradiction"
