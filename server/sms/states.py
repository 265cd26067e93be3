"""What providers say about a message, ranked: notices come in any order, doubled, or not at all (fault 2)."""

from enum import StrEnum


class ProviderState(StrEnum):
    """What a provider says has become of a message."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Return whether nothing can follow."""
        return self in (ProviderState.DELIVERED, ProviderState.FAILED)


_WORDS = {
    "accepted": ProviderState.QUEUED,
    "scheduled": ProviderState.QUEUED,
    "queued": ProviderState.QUEUED,
    "sending": ProviderState.SENDING,
    "sent": ProviderState.SENT,
    "partially_delivered": ProviderState.SENT,
    "delivered": ProviderState.DELIVERED,
    "read": ProviderState.DELIVERED,
    "undelivered": ProviderState.FAILED,
    "failed": ProviderState.FAILED,
    "canceled": ProviderState.FAILED,
}


def state_of(word: str) -> ProviderState | None:
    """Return the state behind a provider's word, or None for a word we do not know."""
    return _WORDS.get(word)
