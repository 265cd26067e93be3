"""Delivers web hooks: signed, a telephone's in order, again and again until they are taken."""

import threading

import structlog
import urllib3

from server.sms.fake_twilio.store import Hook, Store
from server.sms.signatures import sign

log = structlog.get_logger(__name__)

LANES = 4
_TIMEOUT_SECONDS = 15.0
_FIRST_WAIT, _LONGEST_WAIT, _MOST_TRIES = 0.2, 5.0, 2000
_LEAVE_SECONDS = 1.0
_LOOK_EVERY_SECONDS = 0.25


class _Form(dict[str, str]):
    """A form in which every name stands once, as signatures read it."""

    def getlist(self, key: str) -> list[str]:
        """Return the value of a name, if it is there."""
        return [self[key]] if key in self else []


class Postman:
    """A few threads that deliver what the store owes. What is owed survives the process."""

    def __init__(self, store: Store, *, token: str) -> None:
        self._store = store
        self._token = token
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to deliver."""
        for lane in range(LANES):
            thread = threading.Thread(target=self._run, args=(lane,), name=f"postman-{lane}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End after the deliveries under way, or in a few seconds: what is owed stays in the file."""
        self._stopping.set()
        with self._store.changed:
            self._store.changed.notify_all()
        for thread in self._threads:
            thread.join(_LEAVE_SECONDS)

    def _run(self, lane: int) -> None:
        # Without whatever the environment says of proxies: loopback is never reached through one.
        with urllib3.PoolManager(maxsize=1, timeout=_TIMEOUT_SECONDS, retries=False) as http:
            while not self._stopping.is_set():
                hook = self._next(lane)
                if hook is not None:
                    self._deliver(http, hook)

    def _next(self, lane: int) -> Hook | None:
        """Return a web hook to deliver now, or None after having waited for one for a while."""
        # Looked for while holding what is notified: one that is owed a moment after the look wakes us.
        with self._store.changed:
            hook = self._store.next_hook(lane=lane, lanes=LANES)
            if hook is None:
                self._store.changed.wait(_LOOK_EVERY_SECONDS)
            return hook

    def _deliver(self, http: urllib3.PoolManager, hook: Hook) -> None:
        headers = {"X-Twilio-Signature": sign(url=hook.url, fields=_Form(hook.fields), token=self._token)}
        try:
            answer = http.request(
                "POST", hook.url, fields=hook.fields, headers=headers, encode_multipart=False, redirect=False
            )
        except urllib3.exceptions.HTTPError:
            status = 0
        else:
            status = answer.status
        if 200 <= status < 300:
            self._store.delivered(hook)
        elif 400 <= status < 500 or hook.tries >= _MOST_TRIES:
            log.warning("a web hook was refused", status=status)
            self._store.delivered(hook)
        else:
            self._store.postpone(hook, seconds=min(_FIRST_WAIT * 2 ** min(hook.tries, 10), _LONGEST_WAIT))
