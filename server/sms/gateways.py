"""The ways a text leaves: the two that need no network, and the one that the settings ask for."""

from dataclasses import dataclass, field

import structlog

from server.config import GatewayKind, Settings
from server.core.numbers import masked
from server.sms.provider import Absent, Accepted, Answer, Found, Gateway, Outcome, Sought, Unclear
from server.sms.states import ProviderState
from server.sms.twilio_gateway import TwilioGateway

__all__ = ["ConsoleGateway", "Gateway", "RecordingGateway", "Sent", "gateway_of"]

log = structlog.get_logger(__name__)


def gateway_of(settings: Settings) -> Gateway:
    """Return the way out for messages that the settings name."""
    if settings.gateway is GatewayKind.TWILIO:
        return TwilioGateway(settings.twilio, public_url=settings.public_url, dated=not settings.simulated)
    return ConsoleGateway()


class ConsoleGateway:
    """Writes texts to the log of the process instead of sending them: for the first steps on a developer's machine."""

    name = "console"

    def reaches(self, phone: str) -> bool:
        """Return True: nothing leaves."""
        return True

    def send(self, *, to: str, text: str, reference: int) -> Outcome:
        """Write the text; the number is masked."""
        log.info("text message", to=masked(to), text=text, message=reference)
        return Accepted(f"console-{reference}", ProviderState.DELIVERED)

    def look_up(self, sought: Sought) -> Answer:
        """Say that it is not there: what was written before a process died has reached nobody."""
        return Absent()

    def state(self, provider_id: str) -> Answer:
        """Say that what was written was delivered."""
        return Found(provider_id, ProviderState.DELIVERED)


@dataclass(frozen=True, slots=True)
class Sent:
    """A text that a recording gateway was given."""

    to: str
    text: str
    reference: int


@dataclass(slots=True)
class RecordingGateway:
    """Keeps what it is given and answers as it is told: for tests, never to be patched.

    :param outcomes: answers to the next sends, first to last; then every text is accepted.
    :param held: what the provider has of messages whose send was ambiguous, by fingerprint.
    :param states: what is answered about a message, by the provider's id.
    """

    name: str = "recording"
    sent: list[Sent] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    held: dict[str, Answer] = field(default_factory=dict)
    states: dict[str, Answer] = field(default_factory=dict)
    sought: list[Sought] = field(default_factory=list)
    unreachable: frozenset[str] = frozenset()

    def reaches(self, phone: str) -> bool:
        """Return whether the number is not one of those that this way refuses."""
        return phone not in self.unreachable

    def send(self, *, to: str, text: str, reference: int) -> Outcome:
        """Keep the text and give the next answer."""
        self.sent.append(Sent(to, text, reference))
        return self.outcomes.pop(0) if self.outcomes else Accepted(f"recorded-{len(self.sent)}")

    def look_up(self, sought: Sought) -> Answer:
        """Answer from what is held."""
        self.sought.append(sought)
        answer = self.held.get(sought.fingerprint, Absent())
        if isinstance(answer, Found) and answer.provider_id in sought.known:
            return Absent()
        return answer

    def state(self, provider_id: str) -> Answer:
        """Answer as told, else that nobody knows."""
        return self.states.get(provider_id, Unclear("not told"))
