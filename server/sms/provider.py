"""What every provider of text messages must offer, and the values in which it answers."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.sms.states import ProviderState


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the message."""

    provider_id: str
    state: ProviderState = ProviderState.QUEUED


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never send this message; the code says why."""

    code: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """The provider refuses our account, and so every message of ours, until somebody mends that."""

    code: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The message did not reach the provider: no connection came about."""

    reason: str


@dataclass(frozen=True, slots=True)
class TooMany:
    """The provider did not look at it, because we ask too fast.

    :param retry_after: seconds to wait, where the provider named them.
    """

    retry_after: float | None


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Nobody knows whether the provider has it: no answer, a broken one, or an error of the provider's own."""

    reason: str


Outcome = Accepted | Refused | Blocked | NotSent | TooMany | Ambiguous


@dataclass(frozen=True, slots=True)
class Found:
    """The provider has the message."""

    provider_id: str
    state: ProviderState
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The provider answered and does not have the message."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The provider did not answer the question."""

    reason: str


Answer = Found | Absent | Unclear


@dataclass(frozen=True, slots=True)
class Sought:
    """A message of which nobody knows whether it left.

    :param provider: whom it was given to, if to anybody.
    :param fingerprint: of the text as it was sent, see `fingerprint()`.
    :param taken_at: when it was about to leave; the provider cannot have it from before.
    :param known: the provider's ids that are proven to be other messages of ours to this number.
    """

    provider: str
    to: str
    fingerprint: str
    taken_at: datetime
    known: frozenset[str]


class Gateway(Protocol):
    """A provider of text messages. Nothing here raises for what a provider does: it is said as a value."""

    @property
    def name(self) -> str:
        """Return the word that rows are marked with."""
        ...

    def reaches(self, phone: str) -> bool:
        """Return whether a number may go this way: a real provider never dials fiction, a local one nothing else."""
        ...

    def send(self, *, to: str, text: str, reference: int) -> Outcome:
        """Hand a text over once. No try of its own after an ambiguous outcome.

        :param reference: our id of the message; the address the provider calls back carries it.
        """
        ...

    def look_up(self, sought: Sought) -> Answer:
        """Find out whether the provider has a message that nobody knows the fate of."""
        ...

    def state(self, provider_id: str) -> Answer:
        """Ask what became of a message that the provider took."""
        ...


def fingerprint(text: str) -> str:
    """Return by what a text is recognised in a provider's list without being kept."""
    return hashlib.sha256(text.encode()).hexdigest()
