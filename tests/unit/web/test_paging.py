"""A list goes on where the page before ended, and nowhere else."""

import base64
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from marshmallow import ValidationError

from server.web.fields import OneOf
from server.web.paging import PageQuery, keyset, page


class _Query(PageQuery):
    sort = OneOf("-opened_at", "due_at", load_default="-opened_at")


_AT = datetime(2026, 5, 4, 9, 30, 0, 123456, tzinfo=UTC)


def _asked(**given: str) -> dict[str, Any]:
    loaded: dict[str, Any] = _Query().load(given)
    return loaded


def _opaque(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_the_next_page_begins_after_the_last_row_of_this_one() -> None:
    first = page([3, 2, 1], query=_asked(limit="2"), key=lambda row: (_AT, row))

    assert first.items == (3, 2)
    assert keyset(_asked(after=first.next or ""), datetime, int) == (_AT, 2)


def test_the_last_page_has_no_next() -> None:
    last = page([1, 2], query=_asked(limit="2"), key=lambda row: (row,))

    assert last.next is None


def test_days_and_texts_survive_the_way_to_the_caller_and_back() -> None:
    key = (date(2026, 5, 4), "维修", 7)
    first = page([1, 2], query=_asked(limit="1"), key=lambda _: key)

    assert keyset(_asked(after=first.next or ""), date, str, int) == key


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1.5", "ten", "", "1" * 30])
def test_a_page_has_between_one_row_and_two_hundred(limit: str) -> None:
    with pytest.raises(ValidationError):
        _asked(limit=limit)


@pytest.mark.parametrize(
    "after",
    [
        "",
        "!!!!",
        "AAAA",
        "é",
        "A" * 601,
        _opaque({}),
        _opaque([]),
        _opaque(["-opened_at", None]),
        _opaque(["-opened_at", 1.5]),
        _opaque(["-opened_at", True]),
        _opaque([["-opened_at"]]),
    ],
)
def test_an_after_that_we_never_wrote_is_refused(after: str) -> None:
    with pytest.raises(ValidationError):
        _asked(after=after)


@pytest.mark.parametrize(
    "parts",
    [
        ["due_at", _AT.isoformat(), 2],
        ["-opened_at", 2],
        ["-opened_at", _AT.isoformat(), 2, 3],
        ["-opened_at", "yesterday", 2],
        ["-opened_at", "2026-05-04T09:30:00", 2],
        ["-opened_at", "0001-01-01T00:00:00+14:00", 2],
        ["-opened_at", _AT.isoformat(), "2"],
        ["-opened_at", _AT.isoformat(), 2**63],
        ["-opened_at", 5, 2],
    ],
)
def test_an_after_of_another_list_or_order_is_refused(parts: list[Any]) -> None:
    query = _asked(after=_opaque(parts))

    with pytest.raises(ValidationError):
        keyset(query, datetime, int)


def test_a_text_that_could_not_be_stored_is_refused() -> None:
    query = _asked(after=_opaque(["-opened_at", "a\x00b", 2]))

    with pytest.raises(ValidationError):
        keyset(query, str, int)
