"""Every word that the product itself writes into history: what stays of reasons and details after an erasure."""

from dataclasses import fields
from enum import StrEnum
from types import ModuleType

import server.callbacks.status
import server.conversation.models
import server.core.events
import server.customers.models
import server.dispatch.escalations
import server.dispatch.status
import server.orders.status
import server.orders.words
import server.organisation.models
import server.settlement.status
import server.sms.status
import server.technicians.status
from server.callbacks.rules import CANCELLED, DECLINED
from server.conversation.barred import CUSTOMER_OPTED_OUT
from server.conversation.customer_answers import WANTS_TO_MOVE, WANTS_TO_REBOOK
from server.conversation.to_technicians import OPTED_OUT
from server.orders.facts import Changes

_MODULES: tuple[ModuleType, ...] = (
    server.callbacks.status,
    server.conversation.models,
    server.core.events,
    server.customers.models,
    server.dispatch.escalations,
    server.dispatch.status,
    server.orders.status,
    server.orders.words,
    server.organisation.models,
    server.settlement.status,
    server.sms.status,
    server.technicians.status,
)
_OTHERS = frozenset(
    {
        # of contradictions between an interview and the card
        "nobody_came",
        "not_done",
        "not_working",
        "outcome_denied",
        "other_day",
        "charged_more",
        "charged_less",
        "parts_unseen",
        "parts_not_on_card",
        "no",
        "None",
        "True",
        "False",
        # reasons that sweeps and other steps give
        CANCELLED,
        DECLINED,
        OPTED_OUT,
        CUSTOMER_OPTED_OUT,
        WANTS_TO_MOVE,
        WANTS_TO_REBOOK,
        "agree_window",
        "expired",
        "handed_back",
        "no_phone",
        "survey_unanswered",
        "undecided",
        "opted_out",
        # what is escalated
        "limit_passed",
        "no_position",
        "unread_message",
        "not_reached",
        # complaints
        "overcharged",
        "rude",
    }
)


def _members(module: ModuleType) -> frozenset[str]:
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, StrEnum)]
    return frozenset(str(member) for kind in kinds for member in kind)


CODES = frozenset(
    {*(code for module in _MODULES for code in _members(module)), *(field.name for field in fields(Changes)), *_OTHERS}
)
"""Nobody's name, place or words: a text that is not one of these was typed by somebody."""
