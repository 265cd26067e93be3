"""Texts through Twilio, or through the provider on this machine that speaks as Twilio does.

How a message of unknown fate is found. Twilio offers no key of ours with a message and no deduplication. But it
lists messages by number, with the text and the time it was made; and each of our messages is taken, committed,
before Twilio can have it. So the message, if Twilio has it, is among those to this number made since it was taken,
whose text is ours to the letter, and whose id is not known to be another message of ours. If one is there, it has
left; if two of ours have the same text, each id proves one of them and no more, and it does not matter which.

The limit: it takes Twilio's list to be complete after `reconcile_after`, and the text to be listed as it was sent:
"smart encoding" is switched off with every message, and a trial account, which puts words before the text, is not
for production.

Times are compared with five minutes of tolerance for clocks that differ. Under simulated time they cannot be compared
at all, because the provider has the real one: there the ids of all our messages to the number are known and the
provider has no others, so the text alone is enough.
"""

import logging
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from server.config import TwilioSettings
from server.core.numbers import is_fiction
from server.sms.codes import BLOCKING
from server.sms.provider import (
    Absent,
    Accepted,
    Ambiguous,
    Answer,
    Blocked,
    Found,
    NotSent,
    Outcome,
    Refused,
    Sought,
    TooMany,
    Unclear,
    fingerprint,
)
from server.sms.states import ProviderState, state_of

TIMEOUT_SECONDS = 10.0
STATUS_PATH = "/hooks/twilio/status"

_CLOCKS_DIFFER = timedelta(minutes=5)
_MOST_LISTED = 1000
_HOST = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class Patience:
    """How a provider that says "too many" is asked again within one call, in seconds of real time.

    Each wait is twice the one before, give or take a tenth, until their sum would exceed `most`.
    """

    first: float = 0.1
    most: float = 3.0


class _Throttled(Exception):
    """Twilio answered 429; the library's own exception would lose the header that says how long to wait."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("too many requests")
        self.retry_after = retry_after


class _HttpClient(TwilioHttpClient):  # type: ignore[misc] # the library has no types
    """The library's HTTP, towards a base address of ours and with a limit on every call."""

    def __init__(self, api_base: str, timeout: float) -> None:
        super().__init__(timeout=timeout, max_retries=0)
        self._base = urlsplit(api_base)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send a request to the base address instead of the library's.

        :raises _Throttled: if the provider says that we ask too fast.
        """
        if url.startswith(_HOST):
            asked = urlsplit(url)
            url = urlunsplit((self._base.scheme, self._base.netloc, asked.path, asked.query, ""))
        response = super().request(method, url, *args, **kwargs)
        if response.status_code == requests.codes.too_many_requests:
            raise _Throttled(_seconds((response.headers or {}).get("Retry-After")))
        return response


class TwilioGateway:
    """Twilio, by its own library.

    :param public_url: where Twilio reaches us; its notices about a message go to a path that carries our id.
    :param dated: whether the provider's times may be compared with ours: not under simulated time.
    """

    name = "twilio"

    def __init__(
        self,
        settings: TwilioSettings,
        *,
        public_url: str,
        dated: bool = True,
        timeout: float = TIMEOUT_SECONDS,
        patience: Patience = Patience(),
    ) -> None:
        logging.getLogger("twilio.http_client").setLevel(logging.WARNING)
        self._settings = settings
        self._public_url = public_url
        self._dated = dated
        self._timeout = timeout
        self._patience = patience
        self._threads = threading.local()

    def reaches(self, phone: str) -> bool:
        """Return whether a number may go to this provider: fiction to the local one, any other to the real one."""
        return is_fiction(phone) == self._settings.is_local

    def send(self, *, to: str, text: str, reference: int) -> Outcome:
        """Hand a text over; after "too many" ask again within a few seconds, and after nothing else.

        :raises ValueError: if the number may not be given to this provider: nobody asked `reaches()`.
        """
        if not self.reaches(to):
            raise ValueError("fiction is for the local provider, and only fiction")
        waited, pause = 0.0, self._patience.first
        while True:
            outcome = self._post(to, text, reference)
            asked = outcome.retry_after or 0.0 if isinstance(outcome, TooMany) else 0.0
            wait = max(pause * random.uniform(0.9, 1.1), asked)  # noqa: S311 - spreads retries
            if not isinstance(outcome, TooMany) or waited + wait > self._patience.most:
                return outcome
            time.sleep(wait)
            waited, pause = waited + wait, pause * 2

    def look_up(self, sought: Sought) -> Answer:
        """Look for a message among those that Twilio has for its number; see above for why that is proof."""
        since = sought.taken_at - _CLOCKS_DIFFER if self._dated else None
        try:
            for listed in self._list(sought.to, since):
                if (
                    listed.sid
                    and listed.sid not in sought.known
                    and fingerprint(listed.body or "") == sought.fingerprint
                ):
                    return _found(listed)
        except (_Throttled, TwilioException, requests.RequestException, ValueError) as error:
            return Unclear(type(error).__name__)
        return Absent()

    def state(self, provider_id: str) -> Answer:
        """Ask for one message."""
        try:
            return _found(self._client().messages(provider_id).fetch())
        except TwilioRestException as error:
            return Absent() if error.status == requests.codes.not_found else Unclear(str(error.code or error.status))
        except (_Throttled, TwilioException, requests.RequestException, ValueError) as error:
            return Unclear(type(error).__name__)

    def _post(self, to: str, text: str, reference: int) -> Outcome:
        service = self._settings.messaging_service
        sender = {"messaging_service_sid": service} if service else {"from_": self._settings.sender}
        callback = f"{self._public_url}{STATUS_PATH}/{reference}"
        try:
            message = self._client().messages.create(
                to=to, body=text, status_callback=callback, smart_encoded=False, **sender
            )
        except _Throttled as error:
            return TooMany(error.retry_after)
        except TwilioRestException as error:
            return _outcome_of(error)
        except (requests.ConnectionError, requests.Timeout) as error:
            return NotSent("no connection") if _never_connected(error) else Ambiguous(type(error).__name__)
        except (TwilioException, requests.RequestException, ValueError, KeyError) as error:
            # An answer that cannot be read is no answer.
            return Ambiguous(type(error).__name__)
        return Accepted(message.sid, _state(message)) if message.sid else Ambiguous("no id")

    def _list(self, to: str, since: datetime | None) -> Iterator[MessageInstance]:
        # Not narrowed by the day it was sent, because a message that Twilio still holds back has none.
        for listed in self._client().messages.stream(to=to, limit=_MOST_LISTED, page_size=_MOST_LISTED):
            made = listed.date_created
            if since is None or made is None or made.astimezone(UTC) >= since:
                yield listed

    def _client(self) -> Client:
        """Return the library's client of this thread: its HTTP session is not made for several."""
        client: Client | None = getattr(self._threads, "client", None)
        if client is None:
            tokens = self._settings.auth_tokens
            http = _HttpClient(self._settings.api_base, self._timeout)
            # The first token is the one in force; the others are being rotated out and check signatures only.
            client = Client(self._settings.account_sid, tokens[0] if tokens else "", http_client=http)
            self._threads.client = client
        return client


def _found(message: MessageInstance) -> Found:
    code = message.error_code
    return Found(str(message.sid), _state(message), str(code) if code else None)


def _state(message: MessageInstance) -> ProviderState:
    return state_of(str(message.status)) or ProviderState.QUEUED


def _outcome_of(error: TwilioRestException) -> Outcome:
    code = str(error.code or error.status)
    if code in BLOCKING or error.status in (requests.codes.unauthorized, requests.codes.forbidden):
        return Blocked(code)
    if error.status == requests.codes.request_timeout or not 400 <= error.status < 500:
        return Ambiguous(f"HTTP {error.status}")
    return Refused(code)


def _never_connected(error: requests.RequestException) -> bool:
    """Return whether the connection did not come about, so that nothing can have been sent over it."""
    cause: object = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError | NameResolutionError)


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() else None
