"""What happens to a text between the product and a telephone."""

from dataclasses import dataclass

from server.config import TwilioSettings
from server.sms.fake_twilio.faults import Dice
from server.sms.fake_twilio.store import Message, Store
from server.sms.reserved import OPT_IN, OPT_OUT, as_word

UNREACHABLE_FOR_EVER, UNREACHABLE_NOW_AND_THEN = "5550101", "5550103"
"""Telephones whose numbers end so: the first never gets a text (30006), the second every other one (30003)."""

_NEVER, _NOT_NOW = 30006, 30003


@dataclass(frozen=True, slots=True)
class Line:
    """The provider: its file, its customer, its bad days."""

    store: Store
    twilio: TwilioSettings
    inbound_url: str
    dice: Dice

    def take(self, *, to: str, sender: str, body: str, callback: str | None) -> Message:
        """Take a text for a telephone, bring it there, and tell how far it came."""
        message = self.store.add(
            direction="outbound-api", phone=to, ours=sender, body=body, status="queued", callback=callback
        )
        error = self._error(to)
        arrived = "delivered" if error is None else "undelivered"
        states = ("delivered", "sent") if self.dice.falls("late_sent") and error is None else ("sent", arrived)
        self.store.move(message.sid, status=arrived, error_code=error)
        for state in states:
            self._tell(message, state, error if state == "undelivered" else None)
        return message

    def send(self, *, phone: str, body: str) -> Message:
        """Bring a text from a telephone to the product."""
        word = as_word(body)
        if word in OPT_OUT or word in OPT_IN:
            self.store.stop(phone, stopped=word in OPT_OUT)
        message = self.store.add(
            direction="inbound", phone=phone, ours=self._our_number(phone), body=body, status="received"
        )
        fields = {
            "AccountSid": self.twilio.account_sid,
            "ApiVersion": "2010-04-01",
            "Body": body,
            "From": phone,
            "FromCountry": "GB" if phone.startswith("+44") else "US",
            "MessageSid": message.sid,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "To": message.ours,
        }
        self.store.owe(phone=phone, url=self.inbound_url, fields=fields)
        return message

    def _our_number(self, phone: str) -> str:
        written = [message.ours for message in self.store.after(0, phone=phone) if not message.is_inbound]
        return written[-1] if written else self.twilio.sender or self.twilio.messaging_service

    def _error(self, phone: str) -> int | None:
        if phone.endswith(UNREACHABLE_FOR_EVER):
            return _NEVER
        if phone.endswith(UNREACHABLE_NOW_AND_THEN) and self.store.sent_to(phone) % 2 == 1:
            return _NOT_NOW
        return None

    def _tell(self, message: Message, state: str, error: int | None) -> None:
        if message.callback is None or self.dice.falls("lost_notices"):
            return
        fields = {
            "AccountSid": self.twilio.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message.ours,
            "MessageSid": message.sid,
            "MessageStatus": state,
            "SmsSid": message.sid,
            "SmsStatus": state,
            "To": message.phone,
        }
        if error is not None:
            fields["ErrorCode"] = str(error)
        for _ in range(2 if self.dice.falls("doubled_notices") else 1):
            self.store.owe(phone=message.phone, url=message.callback, fields=fields)
