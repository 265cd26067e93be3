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


class LineKind(StrEnum):
    """What a line is for."""

    LABOUR = "labour"
    VISIT = "visit"
    EXTRA = "extra"
    CARRIED = "carried"


class DeductionKind(StrEnum):
    """Which rule takes something off."""

    REPEATED_URGE = "repeated_urge"
    FALSE_REPORT = "false_report"
    LATE_CARD = "late_card"
    PRICE_UNTRUE = "price_untrue"
    NO_FAULT_FOUND = "no_fault_found"
