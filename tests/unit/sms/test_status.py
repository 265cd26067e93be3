"""What may happen to an outgoing message."""

import pytest

from server.core.transitions import IllegalTransition
from server.sms.sender import back_off
from server.sms.states import ProviderState, state_of
from server.sms.status import MESSAGE, MessageEvent, MessageStatus
from server.sms.terms import MessageTerms

FINAL = (MessageStatus.DELIVERED, MessageStatus.FAILED, MessageStatus.SUPPRESSED)


@pytest.mark.parametrize("status", FINAL)
@pytest.mark.parametrize("event", list(MessageEvent))
def test_a_final_status_never_changes(status: MessageStatus, event: MessageEvent) -> None:
    with pytest.raises(IllegalTransition):
        MESSAGE.follows(status, event)


def test_a_message_that_the_provider_took_is_never_put_back() -> None:
    for status in (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNKNOWN):
        assert not MESSAGE.allows(status, MessageEvent.PUT_BACK)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("queued", ProviderState.QUEUED),
        ("undelivered", ProviderState.FAILED),
        ("read", ProviderState.DELIVERED),
        ("teleported", None),
    ],
)
def test_a_word_of_the_provider_has_a_state(word: str, state: ProviderState | None) -> None:
    assert state_of(word) is state


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 30), (1, 30), (2, 60), (3, 120), (7, 1800), (500, 1800)])
def test_a_back_off_doubles_up_to_its_limit(attempts: int, seconds: int) -> None:
    assert back_off(attempts, MessageTerms()).total_seconds() == seconds
