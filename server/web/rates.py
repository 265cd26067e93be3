"""How often anybody may ask: a rate for each caller who is known, and one for each address from which nobody is.

It keeps one caller, broken client or guesser from taking the threads of all. What must be counted exactly, over
all processes and restarts, are failed log-ins: `server.organisation.attempts` does.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import cast

from flask import Flask, current_app, request

from server.core.errors import Refusal
from server.organisation.access import Principal
from server.organisation.attempts import place_of
from server.web.auth import Access, Audience
from server.web.context import is_timeless

_KEY = "truckroll.rates"
_MINUTE = 60.0
_MOST_KEYS = 50_000
"""Of one process: a few megabytes."""


class TooManyRequests(Refusal):
    """This caller, or this address, has asked too often within the last minute."""

    code = "request.too_many"
    status = 429


@dataclass(slots=True)
class Rate:
    """So many requests a minute for each key: as many at once, and refilled evenly.

    What is kept of a key is the instant at which its allowance is whole again, and nothing once that has passed.

    :param per_minute: 0 lets everything through.
    :param monotonic: real seconds; never the product's time, which stands still or leaps in a rehearsal.
    """

    per_minute: int
    monotonic: Callable[[], float] = time.monotonic
    most_keys: int = _MOST_KEYS
    _whole_at: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def spend(self, key: str) -> int:
        """Take one request from a key's allowance; return 0, or the seconds to wait if nothing is left."""
        if not self.per_minute:
            return 0
        now, step = self.monotonic(), _MINUTE / self.per_minute
        with self._lock:
            whole_at = max(self._whole_at.get(key, now), now) + step
            late = whole_at - now - _MINUTE
            # A rounding of floats must not refuse the last request of a whole allowance.
            if late > step / 1000:
                return math.ceil(late)
            if key not in self._whole_at and len(self._whole_at) >= self.most_keys:
                self._make_room(now)
            self._whole_at[key] = whole_at
        return 0

    def _make_room(self, now: float) -> None:
        """Forget whose allowance is whole; if hardly any is, the older half: memory is bounded, whoever asks."""
        kept = [(key, at) for key, at in self._whole_at.items() if at > now]
        self._whole_at = dict(kept[len(kept) - self.most_keys // 2 :] if len(kept) > self.most_keys // 2 else kept)


@dataclass(frozen=True, slots=True)
class Rates:
    """The two rates of an application, counted in each process by itself."""

    per_caller: Rate
    per_address: Rate


def install(app: Flask, *, per_caller: int, per_address: int) -> None:
    """Give an application its rates.

    :param per_caller: requests a minute of a member of staff or a technician, with all his tokens together; 0: any.
    :param per_address: requests a minute from an address, of everybody who is not known; 0: any.
    """
    app.extensions[_KEY] = Rates(Rate(per_caller), Rate(per_address))


def count(access: Access | None, principal: Principal | None) -> None:
    """Count this request.

    Not counted is what is answered from memory or asked by machines that watch us (views without time), and what
    a provider sends: it comes in bursts from few addresses, and nothing is done without its signature.

    :param access: what the view declares; None for an address that does not exist.
    :raises TooManyRequests: if there were too many; ``retry_after`` says how many seconds to wait.
    """
    if is_timeless() or (access is not None and access.audience is Audience.PROVIDER):
        return
    rates = cast(Rates, current_app.extensions[_KEY])
    if principal is not None:
        wait = rates.per_caller.spend(f"{principal.kind}:{principal.id}")
    else:
        wait = rates.per_address.spend(place_of(request.remote_addr))
    if wait:
        raise TooManyRequests(retry_after=wait)
