"""What may happen to an outgoing message."""

from enum import StrEnum
from types import MappingProxyType

from server.core.transitions import Machine


class MessageStatus(StrEnum):
    """Where an outgoing message is."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"


class MessageEvent(StrEnum):
    """What can happen to it."""

    TAKE = "take"
    PUT_BACK = "put_back"
    ACCEPT = "accept"
    DELIVER = "deliver"
    FAIL = "fail"
    SUPPRESS = "suppress"
    GIVE_UP = "give_up"


_S, _E = MessageStatus, MessageEvent

MESSAGE = Machine(
    "message",
    _S.WAITING,
    MappingProxyType(
        {
            (_S.WAITING, _E.TAKE): _S.SENDING,
            (_S.WAITING, _E.SUPPRESS): _S.SUPPRESSED,
            (_S.WAITING, _E.FAIL): _S.FAILED,
            # A provider's list did not have it yet, it was put back, and then a notice proves that it did leave.
            (_S.WAITING, _E.ACCEPT): _S.SENT,
            (_S.WAITING, _E.DELIVER): _S.DELIVERED,
            (_S.SENDING, _E.PUT_BACK): _S.WAITING,
            (_S.SENDING, _E.ACCEPT): _S.SENT,
            (_S.SENDING, _E.DELIVER): _S.DELIVERED,
            (_S.SENDING, _E.FAIL): _S.FAILED,
            (_S.SENDING, _E.GIVE_UP): _S.UNKNOWN,
            (_S.SENT, _E.DELIVER): _S.DELIVERED,
            (_S.SENT, _E.FAIL): _S.FAILED,
            (_S.SENT, _E.GIVE_UP): _S.UNKNOWN,
            (_S.UNKNOWN, _E.DELIVER): _S.DELIVERED,
            (_S.UNKNOWN, _E.FAIL): _S.FAILED,
        }
    ),
)
"""A delivered, failed or suppressed message never changes again, however late a notice comes (fault 2, 4)."""
