"""The policy of retention: how long what is personal is kept."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class RetentionTerms:
    """After how long what is personal goes, while the record that money and history rest on stays (fault 72).

    Parameters of messages that are secrets (log-in codes, customers' links) have no term: they go with the message.
    """

    policy_name: ClassVar[str] = "retention"

    check_in_positions: timedelta = timedelta(days=30)
    """From the check-in; its distance, accuracy and outcome stay."""
    plan_problems: timedelta = timedelta(days=30)
    """From the request of a plan: the positions that it was computed with. What it proposed and why stays."""
    texts: timedelta = timedelta(days=180)
    """Bodies of texts that came in, with the remarks about them, and parameters of texts that went out, each from
    its end. Longer than any appeal, hold or return visit can look back."""
    idempotency_answers: timedelta = timedelta(hours=24)
    """Answers kept for repeated requests, except those about money."""
    privacy_numbers: timedelta = timedelta(days=15)
    """From the end of the ticket that a privacy number is bound to."""
    look_every: timedelta = timedelta(hours=1)
    """How often it is looked for what has outlived its time."""
