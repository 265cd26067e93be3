"""Texts that simulated people write."""

import threading
from typing import Any, cast

import pytest

from server.rehearsal.desk import Line
from server.rehearsal.telephones import ProviderRefused, Telephones


class Answer:
    def __init__(self, status: int) -> None:
        self.status = status


class Provider:
    """Keeps the texts of each telephone in the order in which they arrived."""

    def __init__(self, status: int = 201) -> None:
        self.status = status
        self.arrived: dict[str, list[str]] = {}
        self._one_at_a_time = threading.Lock()

    def ask(self, method: str, path: str, *, json: dict[str, str]) -> Any:
        with self._one_at_a_time:
            self.arrived.setdefault(f"{method} {path}", []).append(json["body"])
        return Answer(self.status)


def telephones(provider: Provider) -> Telephones:
    return Telephones(cast(Line, provider))


def test_a_text_leaves_with_all_others_of_its_moment() -> None:
    provider = Provider()
    mine = telephones(provider)

    mine.write("+12025550101", "4711 1")

    assert provider.arrived == {}
    mine.leave()
    mine.leave()
    assert provider.arrived == {"POST /phones/+12025550101/messages": ["4711 1"]}


def test_the_texts_of_one_telephone_leave_in_the_order_in_which_they_were_written() -> None:
    provider = Provider()
    mine = telephones(provider)
    phones = [f"+120255501{number:02}" for number in range(12)]

    for turn in range(20):
        for phone in phones:
            mine.write(phone, str(turn))
    mine.leave()

    assert len(provider.arrived) == len(phones)
    assert all(texts == [str(turn) for turn in range(20)] for texts in provider.arrived.values())


def test_a_text_that_the_provider_does_not_take_stops_the_rehearsal() -> None:
    mine = telephones(Provider(status=400))
    mine.write("+12025550101", "sick")

    with pytest.raises(ProviderRefused, match="400 for a text of 4 letters"):
        mine.leave()
