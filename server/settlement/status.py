"""What may happen to a statement, and the verdicts on its lines."""

from enum import StrEnum
from types import MappingProxyType

from server.core.transitions import Machine


class StatementStatus(StrEnum):
    """Where a statement is."""

    DRAFT = "draft"
    AUDITED = "audited"
    PUBLISHED = "published"
    APPROVED = "approved"
    PAID = "paid"


class StatementEvent(StrEnum):
    """What can happen to it."""

    AUDIT = "audit"
    REOPEN = "reopen"
    PUBLISH = "publish"
    APPROVE = "approve"
    PAY = "pay"


_S, _E = StatementStatus, StatementEvent

STATEMENT = Machine(
    "statement",
    _S.DRAFT,
    MappingProxyType(
        {
            (_S.DRAFT, _E.AUDIT): _S.AUDITED,
            (_S.AUDITED, _E.REOPEN): _S.DRAFT,
            (_S.AUDITED, _E.PUBLISH): _S.PUBLISHED,
            (_S.PUBLISHED, _E.REOPEN): _S.DRAFT,
            (_S.PUBLISHED, _E.APPROVE): _S.APPROVED,
            (_S.APPROVED, _E.PAY): _S.PAID,
        }
    ),
)
"""A paid statement never changes: corrections are entries of a later month (R41)."""


class Verdict(StrEnum):
    """What the auditor decided on a line (R38)."""

    OPEN = "open"
    PAY = "pay"
    REDUCED = "reduced"
    HOLD = "hold"
    REFUSE = "refuse"


PAID_VERDICTS = frozenset({Verdict.PAY, Verdict.REDUCED})
UNDECIDED = frozenset({Verdict.OPEN, Verdict.HOLD})
"""Such a line takes and gives nothing in its month; it returns in a later one (R37, R38)."""
CLOSED_STATEMENT = frozenset({_S.APPROVED, _S.PAID})
"""What is new about its month goes into a later one (R41)."""


class LineKind(StrEnum):
    """What a line is for."""

    LABOUR = "labour"
    """A visit that finished its ticket's work."""
    VISIT = "visit"
    """A visit with another result."""
    EXTRA = "extra"
    LATER = "later"
    """A deduction that was found after the line it belongs to had been decided."""
    REST = "rest"
    """What deductions take beyond the price of their line."""
    CARRIED = "carried"
    """The negative sum of an earlier statement."""


VISIT_LINES = frozenset({LineKind.LABOUR, LineKind.VISIT})
AUDITED_LINES = frozenset({LineKind.LABOUR, LineKind.VISIT, LineKind.EXTRA, LineKind.LATER})
"""A person decides on these; the others follow from them."""


class DeductionKind(StrEnum):
    """Which rule takes something off."""

    REPEATED_URGE = "repeated_urge"
    FALSE_REPORT = "false_report"
    LATE_CARD = "late_card"
    PRICE_UNTRUE = "price_untrue"
    NO_FAULT_FOUND = "no_fault_found"


class Reason(StrEnum):
    """Why a line is open, reduced, held or refused (R38, R39)."""

    CALLBACK_MISSING = "callback_missing"
    CALLBACK_WAITING = "callback_waiting"
    CALLBACK_FAILED = "callback_failed"
    CALLBACK_UNREACHABLE = "callback_unreachable"
    CALLBACK_NOT_CONFIRMED = "callback_not_confirmed"
    CALLBACK_UNDECIDED = "callback_undecided"
    """Unreachable and undecided for 30 days (R35)."""
    CARD_MISSING = "card_missing"
    CARD_NOT_RECEIVED = "card_not_received"
    CARD_SENT_BACK = "card_sent_back"
    NO_PRICE = "no_price"
    OTHER_CURRENCY = "other_currency"
    PAID_BEFORE = "paid_before"
    SERIAL_PAID_BEFORE = "serial_paid_before"
    FINISHED_BY_LATER_VISIT = "finished_by_later_visit"
    OTHER_VISIT_PRICE_ZERO = "other_visit_price_zero"
    HOLD_EXPIRED = "hold_expired"
    FOUND_LATER = "found_later"
    REPEATED_URGE = "repeated_urge"
    FALSE_REPORT = "false_report"
    LATE_CARD = "late_card"
    PRICE_UNTRUE = "price_untrue"
    NO_FAULT_FOUND = "no_fault_found"
    EVIDENCE_MISSING = "evidence_missing"
    """Something that the remark names."""
    EVIDENCE_CONTRADICTS = "evidence_contradicts"
    """As the remark says."""
