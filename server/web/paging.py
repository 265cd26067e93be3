"""Lists by keyset: `{"items": [], "next": null}` with `limit`, `after` and `sort`.

A page ends with an opaque text that names its last row; the next page is asked with `after=` it. It is
plain JSON underneath and carries nothing secret, so it is not signed but read as strictly as any input.

    class TicketQuery(PageQuery):
        sort = OneOf("-opened_at", "due_at", load_default="-opened_at")
        status = Enum(TicketStatus, load_default=None)

    query.keyset(datetime, int)                     -> (instant, id) of the last row seen, or None
    page(rows, query=query, key=lambda row: (row.opened_at, row.id))

``rows`` are at most ``query.limit + 1``: the one too many tells that there is a next page.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar, cast

from marshmallow import ValidationError

from server.web.fields import BaseSchema, Broken, Int, List, Nested, QuerySchema, Ruled, Text, broken, is_storable

MOST = 200
USUAL = 50
_LONGEST = 600

R = TypeVar("R")
Key = int | str | datetime | date
"""What a row can be sorted by."""


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows of a list, and where the next ones begin."""

    items: tuple[R, ...]
    next: str | None


class After(Ruled):
    """The `next` of the page before."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {
            "type": "string",
            "maxLength": _LONGEST,
            "description": "`next` of the page before",
            **self.metadata,
        }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[int | str]:
        if not isinstance(value, str) or not value.isascii() or not 0 < len(value) <= _LONGEST:
            raise broken("after")
        try:
            found = json.loads(base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True))
        except (ValueError, RecursionError) as error:
            raise broken("after") from error
        if not isinstance(found, list) or not 1 <= len(found) <= 8:
            raise broken("after")
        if not all(type(item) in {int, str} for item in found):
            raise broken("after")
        return found


class PageQuery(QuerySchema):
    """What every list can be asked."""

    limit = Int(least=1, most=MOST, load_default=USUAL)
    after = After(load_default=None)


def keyset(query: Mapping[str, Any], *kinds: type[Key]) -> tuple[Any, ...] | None:
    """Return the sort key of the last row of the page before, or None for the first page.

    :param kinds: of which types the key is; the last is the row's id.
    :raises ValidationError: if `after` is not of this list, of this order, or was tampered with.
    """
    after = query["after"]
    if after is None:
        return None
    order, *parts = after
    if order != _order(query) or len(parts) != len(kinds):
        raise _not_of_this_list()
    return tuple(_read(part, kind) for part, kind in zip(parts, kinds, strict=True))


def after_id(query: Mapping[str, Any]) -> int | None:
    """Return the id of the last row of the page before, for a list in the order of ids, or None for the first page.

    :raises ValidationError: if `after` is not of such a list.
    """
    found = keyset(query, int)
    return None if found is None else int(found[0])


def page(rows: Sequence[R], *, query: Mapping[str, Any], key: Callable[[R], tuple[Key, ...]]) -> Page[R]:
    """Return a page of rows, of which one more than the limit was fetched if there are more."""
    limit = cast(int, query["limit"])
    shown = tuple(rows[:limit])
    more = len(rows) > limit
    return Page(shown, _written(_order(query), key(shown[-1])) if more else None)


def page_of(schema: type[BaseSchema]) -> type[BaseSchema]:
    """Return the schema of a page of such things."""
    name = f"{schema.__name__.removesuffix('Schema')}Page"
    made = BaseSchema.from_dict(
        {
            "items": List(Nested(schema), most=MOST, required=True),
            "next": Text(allow_none=True, required=True, most=_LONGEST),
        },
        name=name,
    )
    return cast(type[BaseSchema], made)


def _order(query: Mapping[str, Any]) -> str:
    return str(query.get("sort", ""))


def _written(order: str, key: tuple[Key, ...]) -> str:
    parts = [part.isoformat() if isinstance(part, date) else part for part in key]
    text = json.dumps([order, *parts], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(part: int | str, kind: type[Key]) -> Key:
    if kind is int:
        if type(part) is int and -(2**63) <= part < 2**63:
            return part
    elif isinstance(part, str) and kind is str:
        if is_storable(part):
            return part
    elif isinstance(part, str):
        try:
            return _moment(part) if kind is datetime else date.fromisoformat(part)
        except ValueError as error:
            raise _not_of_this_list() from error
    raise _not_of_this_list()


def _moment(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None or not 1900 < instant.year < 2200:
        raise ValueError("not an instant of ours")
    return instant.astimezone(UTC)


def _not_of_this_list() -> ValidationError:
    return ValidationError({"after": [cast(str, Broken("after"))]})
