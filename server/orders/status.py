"""What may happen to a ticket, a visit and a completion card."""

from enum import StrEnum
from types import MappingProxyType

from server.core.transitions import Machine


class TicketStatus(StrEnum):
    """Where a ticket is."""

    INCOMPLETE = "incomplete"
    READY = "ready"
    PLANNED = "planned"
    WAITING = "waiting"
    DONE = "done"
    CLOSED = "closed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NOT_ACCEPTED = "not_accepted"


class TicketEvent(StrEnum):
    """What can happen to it."""

    COMPLETE_FACTS = "complete_facts"
    OVERRIDE_FACTS = "override_facts"
    LOSE_FACTS = "lose_facts"
    PLAN = "plan"
    UNPLAN = "unplan"
    WAIT = "wait"
    RESUME = "resume"
    FINISH = "finish"
    NOT_FINISH = "not_finish"
    DECLINE = "decline"
    CANCEL = "cancel"
    NOT_ACCEPT = "not_accept"
    VERIFY = "verify"
    END_UNVERIFIED = "end_unverified"
    REOPEN = "reopen"
    CLOSE_ELSEWHERE = "close_elsewhere"
    """The work was done and closed in another system before it was imported: no visit of ours, no pay."""


_T, _TE = TicketStatus, TicketEvent

TICKET = Machine(
    "ticket",
    _T.INCOMPLETE,
    MappingProxyType(
        {
            (_T.INCOMPLETE, _TE.COMPLETE_FACTS): _T.READY,
            (_T.INCOMPLETE, _TE.OVERRIDE_FACTS): _T.READY,
            (_T.INCOMPLETE, _TE.DECLINE): _T.DECLINED,
            (_T.INCOMPLETE, _TE.CANCEL): _T.CANCELLED,
            (_T.INCOMPLETE, _TE.NOT_ACCEPT): _T.NOT_ACCEPTED,
            (_T.INCOMPLETE, _TE.CLOSE_ELSEWHERE): _T.CLOSED,
            (_T.READY, _TE.CLOSE_ELSEWHERE): _T.CLOSED,
            (_T.READY, _TE.LOSE_FACTS): _T.INCOMPLETE,
            (_T.READY, _TE.PLAN): _T.PLANNED,
            (_T.READY, _TE.WAIT): _T.WAITING,
            (_T.READY, _TE.DECLINE): _T.DECLINED,
            (_T.READY, _TE.CANCEL): _T.CANCELLED,
            (_T.READY, _TE.NOT_ACCEPT): _T.NOT_ACCEPTED,
            (_T.PLANNED, _TE.UNPLAN): _T.READY,
            (_T.PLANNED, _TE.FINISH): _T.DONE,
            (_T.PLANNED, _TE.NOT_FINISH): _T.READY,
            (_T.PLANNED, _TE.WAIT): _T.WAITING,
            (_T.PLANNED, _TE.DECLINE): _T.DECLINED,
            (_T.PLANNED, _TE.CANCEL): _T.CANCELLED,
            (_T.WAITING, _TE.RESUME): _T.READY,
            (_T.WAITING, _TE.DECLINE): _T.DECLINED,
            (_T.WAITING, _TE.CANCEL): _T.CANCELLED,
            (_T.DONE, _TE.VERIFY): _T.CLOSED,
            (_T.DONE, _TE.END_UNVERIFIED): _T.CLOSED,
            (_T.DONE, _TE.REOPEN): _T.READY,
            (_T.CLOSED, _TE.REOPEN): _T.READY,
            (_T.DECLINED, _TE.REOPEN): _T.READY,
            (_T.CANCELLED, _TE.REOPEN): _T.READY,
        }
    ),
)
"""READY with an earlier visit that was not finished waits for its next visit (R27); its history says so."""

OPEN_TICKET = frozenset({_T.INCOMPLETE, _T.READY, _T.PLANNED, _T.WAITING})
"""Work is still owed: a second report about the same place and type is shown this ticket first (R1a)."""


class VisitStatus(StrEnum):
    """Where a visit is."""

    PLANNED = "planned"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    ON_SITE = "on_site"
    DONE = "done"
    NOT_FINISHED = "not_finished"
    CUSTOMER_ABSENT = "customer_absent"
    CUSTOMER_DECLINED = "customer_declined"
    WITHDRAWN = "withdrawn"


class VisitEvent(StrEnum):
    """What can happen to it."""

    OFFER = "offer"
    RELEASE = "release"
    ACCEPT = "accept"
    HAND_BACK = "hand_back"
    LEAVE = "leave"
    CHECK_IN = "check_in"
    FINISH = "finish"
    NOT_FINISH = "not_finish"
    FIND_NOBODY = "find_nobody"
    BE_DECLINED = "be_declined"
    WITHDRAW = "withdraw"


_V, _VE = VisitStatus, VisitEvent
_UNDER_WAY = (_V.ACCEPTED, _V.ON_THE_WAY, _V.ON_SITE)

VISIT = Machine(
    "visit",
    _V.PLANNED,
    MappingProxyType(
        {
            (_V.PLANNED, _VE.OFFER): _V.OFFERED,
            (_V.PLANNED, _VE.WITHDRAW): _V.WITHDRAWN,
            (_V.OFFERED, _VE.ACCEPT): _V.ACCEPTED,
            (_V.OFFERED, _VE.RELEASE): _V.PLANNED,
            (_V.OFFERED, _VE.WITHDRAW): _V.WITHDRAWN,
            (_V.ACCEPTED, _VE.HAND_BACK): _V.PLANNED,
            (_V.ACCEPTED, _VE.LEAVE): _V.ON_THE_WAY,
            (_V.ACCEPTED, _VE.CHECK_IN): _V.ON_SITE,
            (_V.ON_THE_WAY, _VE.CHECK_IN): _V.ON_SITE,
            **{(status, _VE.FINISH): _V.DONE for status in _UNDER_WAY},
            **{(status, _VE.NOT_FINISH): _V.NOT_FINISHED for status in _UNDER_WAY},
            **{(status, _VE.FIND_NOBODY): _V.CUSTOMER_ABSENT for status in _UNDER_WAY},
            **{(status, _VE.BE_DECLINED): _V.CUSTOMER_DECLINED for status in _UNDER_WAY},
            **{(status, _VE.WITHDRAW): _V.WITHDRAWN for status in _UNDER_WAY},
        }
    ),
)
"""Steps that a technician forgot to report are no obstacle to those that follow: what is missing is evidence (R20)."""

LIVE_VISIT = frozenset({_V.PLANNED, _V.OFFERED, *_UNDER_WAY})
"""The technician's time is taken."""
HELD_VISIT = frozenset(_V) - {_V.WITHDRAWN}
"""Whether its time counts against a second booking: everything that is or was really his."""


class CardStatus(StrEnum):
    """Where a completion card is."""

    REPORTED = "reported"
    RECEIVED = "received"
    SENT_BACK = "sent_back"


class CardEvent(StrEnum):
    """What can happen to it."""

    RECEIVE = "receive"
    SEND_BACK = "send_back"


CARD = Machine(
    "completion_card",
    CardStatus.REPORTED,
    MappingProxyType(
        {
            (CardStatus.REPORTED, CardEvent.RECEIVE): CardStatus.RECEIVED,
            (CardStatus.REPORTED, CardEvent.SEND_BACK): CardStatus.SENT_BACK,
            (CardStatus.RECEIVED, CardEvent.SEND_BACK): CardStatus.SENT_BACK,
            (CardStatus.SENT_BACK, CardEvent.RECEIVE): CardStatus.RECEIVED,
        }
    ),
)
