"""Requests at a steady rate, timed from the instant at which each should have left."""

import http.client
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What came of many requests.

    :param rate: answers a second, over all.
    :param seconds: how long each took, ascending.
    :param failed: answers that were no success.
    """

    rate: float
    seconds: tuple[float, ...]
    failed: int

    def at(self, percent: int) -> float:
        """Return the time in milliseconds within which so many of a hundred were answered."""
        return 1000 * statistics.quantiles(self.seconds, n=100, method="inclusive")[percent - 1]


def at_rate(address: str, asks: Sequence[Ask], *, per_second: float, connections: int = 16) -> Load:
    """Send requests at a steady rate, whether or not the earlier ones have been answered.

    The time of each counts from when it was due: a server that falls behind is not spared the waiting.

    :param connections: at most so many are under way.
    """
    began = time.monotonic() + 0.2
    return _run(address, asks, connections, lambda number: began + number / per_second)


def as_fast_as_possible(address: str, asks: Sequence[Ask], *, connections: int = 8) -> Load:
    """Send the next request over a connection as soon as the last one was answered."""
    return _run(address, asks, connections, lambda _: 0.0)


def _run(address: str, asks: Sequence[Ask], connections: int, due: Callable[[int], float]) -> Load:
    took: list[float] = []
    failed: list[int] = []
    numbers = iter(range(len(asks)))
    lock = threading.Lock()

    def work() -> None:
        line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                line.close()
                return
            ask, at = asks[number], due(number)
            wait = at - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            begins = at or time.monotonic()
            line.request(ask.method, ask.path, body=ask.body, headers=ask.headers)
            answer = line.getresponse()
            answer.read()
            took.append(time.monotonic() - begins)
            if answer.status >= 300:
                failed.append(answer.status)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(len(took) / (time.monotonic() - began), tuple(sorted(took)), len(failed))
