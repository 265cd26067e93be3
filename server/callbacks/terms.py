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
    ask_open: timedelta = timedelta(hours=4)
    """How long a yes/no by text message waits for its answer before somebody calls (R32)."""
    claim: timedelta = timedelta(minutes=15)
    """How long a call that was handed out is nobody else's."""
    promise_open: timedelta = timedelta(hours=1)
    """How long after a promised hour the call may still be made as promised."""
    survey_open: timedelta = timedelta(days=3)
    undecided_until: timedelta = timedelta(days=30)
    """Unreachable and undecided this long: refused with that reason (R35)."""
    complaint_answer_within: timedelta = timedelta(hours=24)
