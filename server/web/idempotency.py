"""Changes that are asked for twice happen once (fault 41).

The key's row is inserted first, in the transaction of the change, and gets the answer at its end. A second
request with the same key waits on the unique index until the first has ended, and then finds the answer;
if the first was rolled back (refused, crashed), it is the first now. Both are there, or neither.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, json, jsonify, request
from sqlalchemy import BigInteger, Select, bindparam, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.core.bulk import table_of
from server.core.errors import Invalid, Refusal, Unavailable
from server.web.errors import BadRequest
from server.web.models import IdempotencyKey

HEADER = "Idempotency-Key"
_LONGEST = 128
_LONGEST_ROUTE = 200
_UNANSWERED = 0


class KeyNeeded(Refusal):
    """The change carries no Idempotency-Key."""

    code = "idempotency.key_needed"
    status = 428


class BadKey(BadRequest):
    """The Idempotency-Key is empty, longer than 128 characters, or has others than visible ASCII."""

    code = "idempotency.bad_key"


class KeyReused(Invalid):
    """The key was used for another body."""

    code = "idempotency.key_reused"


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that may be sent twice.

    :param keep: for money: the answer is kept for ever, else as long as the policy `retention` says (24 hours).
    :param withheld: fields of the answer that are secrets; they are given once and never stored.
    """

    caller: str
    key: str
    keep: bool
    withheld: frozenset[str]


def key() -> str:
    """Return the key of this request.

    :raises KeyNeeded: if there is none.
    :raises BadKey: if it cannot be one.
    """
    given = request.headers.get(HEADER)
    if given is None:
        raise KeyNeeded
    if not 0 < len(given) <= _LONGEST or not all("!" <= letter <= "~" for letter in given):
        raise BadKey
    return given


def once(session: Session, asked: Repeatable, *, now: datetime, change: Callable[[], Response]) -> Response:
    """Do a change and keep its answer, or return the answer that was kept.

    :raises KeyReused: if the key was used with another body.
    """
    row_id = _claim(session, asked, now=now)
    if row_id is None:
        return _kept(session, asked)
    answer = change()
    session.execute(
        _ANSWER,
        {
            "row_id": row_id,
            "status": answer.status_code,
            "answer": {"body": _storable(answer, asked.withheld)},
            "location": answer.headers.get("Location"),
            "etag": answer.headers.get("ETag"),
        },
    )
    return answer


_TABLE = table_of(IdempotencyKey)
_CLAIM = insert(_TABLE).on_conflict_do_nothing(index_elements=["caller", "route", "key"]).returning(_TABLE.c.id)
_ANSWER = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("row_id"))
    .values({name: bindparam(name) for name in ("status", "answer", "location", "etag")})
)
"""Written once, not for each request: every change of the API begins and ends with these two."""


def _claim(session: Session, asked: Repeatable, *, now: datetime) -> int | None:
    claim = {
        "caller": asked.caller,
        "route": _route(),
        "key": asked.key,
        "body_hash": _body_hash(),
        "status": _UNANSWERED,
        "answer": {},
        "keep": asked.keep,
        "created_at": now,
    }
    row_id: int | None = session.scalar(_CLAIM, claim)
    return row_id


def _kept(session: Session, asked: Repeatable) -> Response:
    row = session.scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.caller == asked.caller, IdempotencyKey.route == _route(), IdempotencyKey.key == asked.key
        )
    )
    if row is None:  # a sweep took it between our two looks, a day after it was made
        raise Unavailable
    if row.body_hash != _body_hash():
        raise KeyReused
    body = row.answer["body"]
    answer = Response(status=row.status) if body is None else jsonify(body)
    answer.status_code = row.status
    answer.headers["Idempotent-Replay"] = "true"
    if row.location is not None:
        answer.headers["Location"] = row.location
    if row.etag is not None:
        answer.headers["ETag"] = row.etag
    return answer


def _route() -> str:
    """Return where the key counts: the method and the address, shortened to what an index can hold."""
    route = f"{request.method} {request.path}"
    return route if len(route) <= _LONGEST_ROUTE else hashlib.sha256(route.encode()).hexdigest()


def _body_hash() -> bytes:
    text = b"\0".join((request.query_string, request.get_data(cache=True)))
    return hashlib.sha256(text).digest()


def _storable(answer: Response, withheld: frozenset[str]) -> Any:
    body = json.loads(answer.get_data(as_text=True)) if answer.is_json else None
    if isinstance(body, dict):
        return {name: None if name in withheld else value for name, value in body.items()}
    return body


def forget(session: Session, before: datetime, *, most: int) -> int:
    """Forget answers that no retry asks for any more, except those about money; return how many."""
    old = (
        select(IdempotencyKey.id)
        .where(~IdempotencyKey.keep, IdempotencyKey.created_at <= before)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    gone = session.scalars(delete(IdempotencyKey).where(IdempotencyKey.id.in_(old)).returning(IdempotencyKey.id))
    return len(gone.all())


def empty(session: Session, noun: str, ids: Select[int]) -> None:
    """Empty the answers about things: a repeated request still changes nothing, and gets the status alone.

    :param noun: what addresses call the things (`tickets`).
    """
    about = f"/{noun}/([0-9]{{1,18}})"
    named = or_(
        cast(func.substring(IdempotencyKey.route, about), BigInteger).in_(ids),
        cast(func.substring(IdempotencyKey.location, about), BigInteger).in_(ids),
    )
    session.execute(update(IdempotencyKey).where(named).values(answer={"body": None}))
