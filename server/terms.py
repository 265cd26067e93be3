"""Every policy of the product: which are seeded when a database is made."""

from server.callbacks.terms import CallbackTerms
from server.core.policies import Terms
from server.dispatch.terms import DispatchTerms
from server.orders.terms import ClockTerms, IntakeTerms, VisitTerms
from server.privacy.terms import RetentionTerms
from server.settlement.terms import SettlementTerms
from server.sms.terms import MessageTerms

ALL_TERMS: tuple[type[Terms], ...] = (
    IntakeTerms,
    ClockTerms,
    VisitTerms,
    DispatchTerms,
    MessageTerms,
    CallbackTerms,
    SettlementTerms,
    RetentionTerms,
)
