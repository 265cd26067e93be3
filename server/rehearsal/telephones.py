"""The telephones of everybody: read and answered through the provider, as a person would on its page."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby

from server.rehearsal.abreast import abreast
from server.rehearsal.desk import Line

_FULL_PAGE = 1_000
"""So many texts the provider gives at once."""


class ProviderRefused(RuntimeError):
    """The provider did not take what a telephone sent: a defect of the rehearsal."""


@dataclass(frozen=True, slots=True)
class Received:
    """A text that arrived at a telephone."""

    phone: str
    body: str


class Telephones:
    """All telephones of a rehearsal."""

    def __init__(self, line: Line) -> None:
        """Nothing has been read yet."""
        self._line = line
        self._read = 0
        self._written: list[tuple[str, str]] = []

    def unread(self) -> list[Received]:
        """Return the texts that have arrived since the last look, sorted: their order at the provider is chance."""
        found: list[Received] = []
        while True:
            page = self._line.ask("GET", "/messages", params={"after": str(self._read)}).json()
            self._read = int(page["last"])
            found += [
                Received(str(each["phone"]), str(each["body"]))
                for each in page["items"]
                if each["direction"] != "inbound" and each["status"] == "delivered"
            ]
            if len(page["items"]) < _FULL_PAGE:
                return sorted(found, key=lambda each: (each.phone, each.body))

    def write(self, phone: str, body: str) -> None:
        """Write a text on a telephone; it leaves with all others of this moment."""
        self._written.append((phone, body))

    def leave(self) -> None:
        """Send what has been written: of one telephone in its order, of different ones side by side.

        :raises ProviderRefused: if the provider does not take a text.
        """
        written, self._written = sorted(self._written, key=lambda text: text[0]), []
        abreast([self._sending(list(texts)) for _, texts in groupby(written, key=lambda text: text[0])])

    def _sending(self, texts: list[tuple[str, str]]) -> Callable[[], None]:
        def send() -> None:
            for phone, body in texts:
                self._send(phone, body)

        return send

    def _send(self, phone: str, body: str) -> None:
        answer = self._line.ask("POST", f"/phones/{phone}/messages", json={"body": body})
        if answer.status != HTTPStatus.CREATED:
            raise ProviderRefused(f"{answer.status} for a text of {len(body)} letters")

    def name(self, phone: str, *, name: str, kind: str) -> None:
        """Say whose telephone it is, for people who look at the provider's page."""
        self._line.ask("PUT", f"/phones/{phone}", json={"name": name[:80], "kind": kind})

    def pending(self) -> int:
        """Return how many web hooks the provider still has to deliver."""
        return int(self._line.ask("GET", "/idle").json()["pending"])
