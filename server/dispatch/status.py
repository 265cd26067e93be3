"""What may happen to a plan and to an offer."""

from enum import StrEnum
from types import MappingProxyType

from server.core.transitions import Machine


class PlanStatus(StrEnum):
    """Where a plan is."""

    QUEUED = "queued"
    SOLVING = "solving"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    FAILED = "failed"


class PlanEvent(StrEnum):
    """What can happen to it."""

    START = "start"
    PROPOSE = "propose"
    PUBLISH = "publish"
    CANCEL = "cancel"
    FAIL = "fail"


_P, _PE = PlanStatus, PlanEvent

PLAN = Machine(
    "plan",
    _P.QUEUED,
    MappingProxyType(
        {
            (_P.QUEUED, _PE.START): _P.SOLVING,
            (_P.QUEUED, _PE.CANCEL): _P.CANCELLED,
            (_P.QUEUED, _PE.FAIL): _P.FAILED,
            (_P.SOLVING, _PE.PROPOSE): _P.PROPOSED,
            (_P.SOLVING, _PE.CANCEL): _P.CANCELLED,
            (_P.SOLVING, _PE.FAIL): _P.FAILED,
            (_P.PROPOSED, _PE.PUBLISH): _P.PUBLISHED,
            (_P.PROPOSED, _PE.CANCEL): _P.CANCELLED,
        }
    ),
)
"""A plan is a proposal until it is published; what is published stays as it was decided."""


class OfferStatus(StrEnum):
    """Where an offer is."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    HANDED_BACK = "handed_back"


class OfferEvent(StrEnum):
    """What can happen to it."""

    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    HAND_BACK = "hand_back"


_O, _OE = OfferStatus, OfferEvent

OFFER = Machine(
    "offer",
    _O.OPEN,
    MappingProxyType(
        {
            (_O.OPEN, _OE.ACCEPT): _O.ACCEPTED,
            (_O.OPEN, _OE.DECLINE): _O.DECLINED,
            (_O.OPEN, _OE.EXPIRE): _O.EXPIRED,
            (_O.OPEN, _OE.WITHDRAW): _O.WITHDRAWN,
            (_O.ACCEPTED, _OE.HAND_BACK): _O.HANDED_BACK,
            (_O.ACCEPTED, _OE.WITHDRAW): _O.WITHDRAWN,
        }
    ),
)
"""Accepting is binding; handing back is possible until departure, with a reason, and counted (R11)."""


class DeclineReason(StrEnum):
    """Why a technician declines or hands back."""

    TOO_FAR = "too_far"
    NOT_MY_SKILL = "not_my_skill"
    NO_TIME = "no_time"
    NO_PART = "no_part"
    ILL = "ill"
    VEHICLE = "vehicle"
    OTHER = "other"
