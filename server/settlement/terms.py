"""The policy of settlement, with the handbook's defaults."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from server.core.money import Money


@dataclass(frozen=True, slots=True)
class SettlementTerms:
    """What deductions cost and how long things stay open (R17, R19, R38, R40)."""

    policy_name: ClassVar[str] = "settlement"

    false_report: Money = field(default_factory=lambda: Money(5000, "CNY"))
    late_card_period: timedelta = timedelta(hours=3)
    late_card_per_period: Money = field(default_factory=lambda: Money(100, "CNY"))
    late_card_counts_begun: bool = True
    """Whether a period begun counts in full; otherwise only full periods count."""
    late_card_at_most: Money = field(default_factory=lambda: Money(5000, "CNY"))
    desk_from_hour: int = 8
    desk_to_hour: int = 18
    """Lateness of a card counts while the desk is open."""
    objection: timedelta = timedelta(days=5)
    """How long a payee may look at a draft before it can be approved (R40)."""
    hold: timedelta = timedelta(days=60)
