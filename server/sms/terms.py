"""The policy of text messages, with the handbook's defaults."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class MessageTerms:
    """Quiet hours, back-off and look-ups (R12, faults.md section 4)."""

    policy_name: ClassVar[str] = "messages"

    quiet_from_hour: int = 21
    quiet_to_hour: int = 8
    ask_provider_after: timedelta = timedelta(minutes=10)
    """No notice by then: the provider is asked."""
    give_up_after: timedelta = timedelta(hours=72)
    reconcile_after: timedelta = timedelta(minutes=2)
    """A message that may or may not have left is looked up after this, before any resend."""
    first_back_off: timedelta = timedelta(seconds=30)
    """After a send that came to nothing; doubled with every further one."""
    longest_back_off: timedelta = timedelta(minutes=30)
    attempts: int = 12
    """So many sends without reaching the provider, and the message has failed."""
    blocked_in_a_row: int = 3
    """So many refusals of our account, one after another, and nothing is sent for a while (fault 16)."""
    probe_after: timedelta = timedelta(minutes=5)
    """After this a single message is tried."""
