"""Which event makes which message. The composition root puts these handlers after those of the other packages."""

from collections.abc import Mapping
from types import MappingProxyType

from server.conversation import barred, to_customers, to_technicians, verification
from server.core.events import Handler

_VISIT_OVER: tuple[Handler, ...] = (to_technicians.on_visit_over, to_customers.on_visit_over)

HANDLERS: Mapping[str, tuple[Handler, ...]] = MappingProxyType(
    {
        "offer.sent": (to_technicians.on_offer_sent,),
        "offer.decline": (to_technicians.on_offer_answered,),
        "offer.hand_back": (to_technicians.on_offer_answered,),
        "offer.expire": (to_technicians.on_offer_expired,),
        "offer.withdraw": (to_technicians.on_offer_withdrawn,),
        "visit.accept": (to_technicians.on_accepted, to_customers.on_window_firm),
        "visit.move": (to_technicians.on_accepted, to_customers.on_window_firm),
        "visit.confirm": (to_customers.on_confirmed,),
        "visit.leave": (to_customers.on_left,),
        "visit.ask_extra": (to_customers.on_extra_asked,),
        "visit.answer_extra": (to_technicians.on_extra_answered, to_customers.on_extra_answered),
        "visit.finish": _VISIT_OVER,
        "visit.not_finish": _VISIT_OVER,
        "visit.find_nobody": (*_VISIT_OVER, to_customers.on_nobody_there),
        "visit.be_declined": _VISIT_OVER,
        "visit.withdraw": (to_technicians.on_visit_withdrawn, to_customers.on_visit_withdrawn),
        "ticket.escalate": (to_customers.on_escalated,),
        "ticket.urge": (to_technicians.on_urge,),
        "ticket.cancel": (to_customers.on_ticket_ended,),
        "ticket.decline": (to_customers.on_ticket_ended,),
        "ticket.not_accept": (to_customers.on_ticket_ended,),
        "ticket.verify": (to_customers.on_ticket_ended,),
        "ticket.end_unverified": (to_customers.on_ticket_ended,),
        "customer_callback.ask": (verification.on_ask,),
        "customer_callback.survey": (verification.on_survey,),
        "customer_callback.pass": (verification.on_decided,),
        "customer_callback.fail": (verification.on_decided,),
        "customer_callback.reconfirm": (verification.on_decided,),
        "customer_callback.not_confirm": (verification.on_decided,),
        "customer_callback.lapse": (verification.on_decided,),
        "message.suppress": (barred.on_message_ended,),
        "message.fail": (barred.on_message_ended,),
        "statement.publish": (to_technicians.on_statement_published,),
    }
)
"""By kind of event, what is done in its transaction."""
