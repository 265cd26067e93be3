"""Everything that can happen to a visit, in one place to call it from.

Each use case locks the ticket first and moves the statuses of visit and ticket together. Where one takes
``technician_id``, the visit must be his; None stands for the desk, which may record any step for anybody (R11).
"""

from server.orders.booking import (
    Window,
    accepted,
    handed_back,
    move,
    offered,
    plan_visit,
    reassign,
    released,
    withdraw,
)
from server.orders.charging import CardClaim, ChargeClaim, PartClaim
from server.orders.completion import be_declined, find_nobody, finish, not_finish
from server.orders.extra_work import answer_extra, ask_extra
from server.orders.hindrances import live_visit
from server.orders.locks import hold_day, hold_days, lock_visit
from server.orders.on_site import check_in, confirm, leave, report_contact
from server.orders.rules import PositionClaim

__all__ = [
    "CardClaim",
    "ChargeClaim",
    "PartClaim",
    "PositionClaim",
    "Window",
    "accepted",
    "answer_extra",
    "ask_extra",
    "be_declined",
    "check_in",
    "confirm",
    "find_nobody",
    "finish",
    "handed_back",
    "hold_day",
    "hold_days",
    "leave",
    "live_visit",
    "lock_visit",
    "move",
    "not_finish",
    "offered",
    "plan_visit",
    "reassign",
    "released",
    "report_contact",
    "withdraw",
]
