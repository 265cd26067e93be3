"""The policy of customer callbacks, with the handbook's defaults."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class CallbackTerms:
    """When customers are called and when we stop trying (R32-R36)."""

    policy_name: ClassVar[str] = "callbacks"

    first_attempt_within: timedelta = timedelta(hours=24)
    latest_within: timedelta = timedelta(days=3)
    attempts: int = 3
    calling_from_hour: int = 8
    calling_to_hour: int = 20
    rest_from_hour: int = 12
    rest_to_hour: int = 14
    survey_open: timedelta = timedelta(days=3)
    undecided_until: timedelta = timedelta(days=30)
    """Unreachable and undecided this long: refused with that reason (R35)."""
    complaint_answer_within: timedelta = timedelta(hours=24)
