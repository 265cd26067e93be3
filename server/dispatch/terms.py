"""The policy of offers and planning, with the handbook's defaults."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class DispatchTerms:
    """How offers and plans work (R9, R11)."""

    policy_name: ClassVar[str] = "dispatch"

    offer_open: timedelta = timedelta(minutes=30)
    offer_open_urgent: timedelta = timedelta(minutes=10)
    offer_rounds: int = 3
    window: timedelta = timedelta(hours=2)
    """Width of the window a customer is promised around the announced minute."""
    drop_cost_seconds: int = 20_000
    """What leaving a normal ticket out of a plan costs, in seconds of travel; times the priority's factor."""
    drop_percent_by_priority: dict[str, int] = field(
        default_factory=lambda: {"urgent": 400, "high": 200, "normal": 100, "low": 50}
    )
    """The priority's factor, in percent."""
    drop_percent_agreed: int = 200
    """How much dearer it is to leave out a ticket whose date was agreed with the customer (R9)."""
    drop_factor_percent_per_day: int = 50
    """How much dearer leaving out gets for every day a ticket has waited (R9)."""
    late_cost_per_hour: int = 1_800
    """What an hour after the due time costs, in seconds of travel (R16)."""
    candidates: int = 6
    """How many others a plan names for a visit, should the first decline."""
    incomplete_shown_after: timedelta = timedelta(hours=24)
    """An incomplete ticket older than this is shown to the dispatcher as something that needs a human."""
