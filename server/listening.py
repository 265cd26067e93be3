"""Who hears of which event, and what falls due: the composition of the domain packages, without any edge."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from server.callbacks import queue
from server.callbacks import sweeps as callback_sweeps
from server.config import Settings
from server.conversation import messages
from server.conversation.wording import WORDING_KEY, Wording
from server.core.due import Sweep
from server.core.events import HANDLERS_KEY, Handler, Handlers
from server.dispatch import handlers as dispatch
from server.dispatch import sweeps as dispatch_sweeps
from server.orders import desk
from server.organisation import attempts
from server.privacy import retention
from server.sms import sender
from server.technicians import login

_DISPATCH: Mapping[str, tuple[Handler, ...]] = {
    "ticket.cancel": (dispatch.on_ticket_left,),
    "ticket.decline": (dispatch.on_ticket_left,),
    "ticket.wait": (dispatch.on_ticket_left,),
    "visit.withdraw": (dispatch.on_visit_given_up,),
    "visit.release": (dispatch.on_visit_given_up,),
    "visit.hand_back": (dispatch.on_visit_given_up,),
    "visit.accept": (dispatch.on_visit_accepted,),
    "absence.report": (dispatch.on_absence,),
    "technician.leave": (dispatch.on_technician_left,),
}
_CALLBACKS: Mapping[str, tuple[Handler, ...]] = {
    "visit.finish": (queue.open_for_visit,),
    "visit.not_finish": (queue.open_for_visit,),
    "visit.find_nobody": (queue.open_for_visit,),
    "visit.be_declined": (queue.open_for_visit,),
    "ticket.cancel": (queue.open_for_ticket,),
    "ticket.decline": (queue.open_for_ticket,),
}


def together(*tables: Mapping[str, tuple[Handler, ...]]) -> Mapping[str, tuple[Handler, ...]]:
    """Return one table of handlers; of several that hear of one event, those of the earlier table go first."""
    merged: dict[str, tuple[Handler, ...]] = {}
    for table in tables:
        for kind, handlers in table.items():
            merged[kind] = (*merged.get(kind, ()), *handlers)
    return MappingProxyType(merged)


def session_info(settings: Settings) -> dict[str, Any]:
    """Return what every session of an installation carries along: who listens, and what its messages call it."""
    wording = Wording(settings.company, settings.public_url, settings.currency, settings.locale)
    return {HANDLERS_KEY: HANDLERS, WORDING_KEY: wording}


HANDLERS = Handlers(at_once=together(_DISPATCH, _CALLBACKS, messages.HANDLERS))
"""First the record is put right, then people are told what it now says."""

SWEEPS: tuple[Sweep, ...] = (
    desk.SWEEP,
    *dispatch_sweeps.SWEEPS,
    *callback_sweeps.SWEEPS,
    *sender.SWEEPS,
    attempts.SWEEP,
    login.SWEEP,
    retention.SWEEP,
)
"""Everything that falls due."""
