"""How statuses look: a colour, an icon and a word, so that colour never stands alone."""

from types import MappingProxyType

_REST, _MOVE, _WAIT, _GOOD, _BAD, _SPECIAL = "", "move", "wait", "good", "bad", "special"

LOOKS = MappingProxyType(
    {
        "ticket.incomplete": (_WAIT, "pencil"),
        "ticket.ready": (_REST, "circle"),
        "ticket.planned": (_MOVE, "calendar"),
        "ticket.waiting": (_WAIT, "pause"),
        "ticket.done": (_SPECIAL, "phone"),
        "ticket.closed": (_GOOD, "check"),
        "ticket.declined": (_REST, "cross"),
        "ticket.cancelled": (_REST, "cross"),
        "ticket.not_accepted": (_REST, "stop"),
        "visit.planned": (_REST, "calendar"),
        "visit.offered": (_MOVE, "send"),
        "visit.accepted": (_MOVE, "check"),
        "visit.on_the_way": (_MOVE, "truck"),
        "visit.on_site": (_MOVE, "wrench"),
        "visit.done": (_GOOD, "check"),
        "visit.not_finished": (_WAIT, "pause"),
        "visit.customer_absent": (_BAD, "alert"),
        "visit.customer_declined": (_REST, "cross"),
        "visit.withdrawn": (_REST, "cross"),
        "offer.open": (_MOVE, "send"),
        "offer.accepted": (_GOOD, "check"),
        "offer.declined": (_WAIT, "cross"),
        "offer.expired": (_WAIT, "clock"),
        "offer.withdrawn": (_REST, "cross"),
        "offer.handed_back": (_WAIT, "cross"),
        "plan.queued": (_WAIT, "clock"),
        "plan.solving": (_MOVE, "clock"),
        "plan.proposed": (_SPECIAL, "star"),
        "plan.published": (_GOOD, "check"),
        "plan.cancelled": (_REST, "cross"),
        "plan.failed": (_BAD, "alert"),
        "message.waiting": (_WAIT, "clock"),
        "message.sending": (_MOVE, "send"),
        "message.sent": (_MOVE, "send"),
        "message.delivered": (_GOOD, "check"),
        "message.failed": (_BAD, "alert"),
        "message.suppressed": (_REST, "stop"),
        "message.unknown": (_WAIT, "info"),
        "completion_card.reported": (_WAIT, "document"),
        "completion_card.received": (_GOOD, "check"),
        "completion_card.sent_back": (_BAD, "alert"),
        "customer_callback.waiting": (_WAIT, "phone"),
        "customer_callback.surveyed": (_MOVE, "message"),
        "customer_callback.passed": (_GOOD, "check"),
        "customer_callback.failed": (_BAD, "alert"),
        "customer_callback.unreachable": (_WAIT, "info"),
        "customer_callback.reconfirmed": (_GOOD, "check-circle"),
        "customer_callback.not_confirmed": (_BAD, "stop"),
        "customer_callback.lapsed": (_BAD, "clock"),
        "statement.draft": (_WAIT, "pencil"),
        "statement.audited": (_MOVE, "check"),
        "statement.published": (_SPECIAL, "send"),
        "statement.approved": (_GOOD, "check"),
        "statement.paid": (_GOOD, "coins"),
        "verdict.open": (_REST, "circle"),
        "verdict.pay": (_GOOD, "check"),
        "verdict.reduced": (_WAIT, "pencil"),
        "verdict.hold": (_SPECIAL, "pause"),
        "verdict.refuse": (_BAD, "stop"),
    }
)
"""By `kind.status`: colour and icon."""


def look(kind: str, status: str) -> tuple[str, str]:
    """Return the class and the icon of a status; one that nobody thought of is plain."""
    return LOOKS.get(f"{kind}.{status}", (_REST, "dot"))
