"""Policies: the numbers of the handbook as versioned, effective-dated rows, read as typed values.

A policy class is a frozen dataclass whose field defaults are the handbook's. The database is the
authority: every number can be changed by an operator without a release, and what was decided under
an old version keeps its id.
"""

from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar, cast, get_origin, get_type_hints

from sqlalchemy import ARRAY, String, UniqueConstraint, bindparam, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from server.core.db import KEPT, Base, Identified, Json
from server.core.money import Money

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""From when the first version of every policy holds."""


class Policy(Identified, Base):
    """One version of one policy, valid from an instant until the next version begins. Never changed."""

    __tablename__ = "policy"
    __table_args__ = (UniqueConstraint("name", "valid_from"),)

    name: Mapped[str]
    valid_from: Mapped[datetime]
    values: Mapped[Json]
    author_id: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(default=None)


class Terms(Protocol):
    """A policy class: a frozen dataclass that names itself."""

    policy_name: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


P = TypeVar("P", bound=Terms)


class NoPolicy(LookupError):
    """No version of the policy is valid at the instant: the installation is not complete."""


def in_force(session: Session, terms: type[P], *, at: datetime) -> tuple[P, int]:
    """Return the terms valid at an instant and the id of their version.

    :raises NoPolicy: if there is none.
    """
    ((found, policy_id),) = all_in_force(session, terms, at=at)
    return cast(P, found), policy_id


def all_in_force(session: Session, *kinds: type[Terms], at: datetime) -> tuple[tuple[Any, int], ...]:
    """Return several terms valid at an instant, each with the id of its version, looked up at once.

    :raises NoPolicy: if one of them has no version that is valid.
    """
    asked = {"names": [terms.policy_name for terms in kinds], "at": at}
    # Of several versions the latest is read last and stays.
    found = {row.name: row.id for row in session.execute(_VALID, asked)}
    if absent := [terms.policy_name for terms in kinds if terms.policy_name not in found]:
        raise NoPolicy(absent[0])
    return tuple(
        (version(session, terms, policy_id=found[terms.policy_name]), found[terms.policy_name]) for terms in kinds
    )


_VALID = (
    select(Policy.__table__.c.name, Policy.__table__.c.id)
    .where(
        Policy.__table__.c.name == func.any(bindparam("names", type_=ARRAY(String))),
        Policy.__table__.c.valid_from <= bindparam("at"),
    )
    .order_by(Policy.__table__.c.valid_from)
)


def version(session: Session, terms: type[P], *, policy_id: int) -> P:
    """Return the terms of a version that a decision was frozen with."""
    kept = session.info.get(KEPT, {})
    if (terms, policy_id) not in kept:
        kept[terms, policy_id] = read(terms, session.get_one(Policy, policy_id).values)
    return cast(P, kept[terms, policy_id])


def install_defaults(session: Session, *policies: type[Terms]) -> None:
    """Add the handbook's defaults as the first version of every policy that has none."""
    present = set(session.scalars(select(Policy.name)))
    for terms in policies:
        if terms.policy_name not in present:
            session.add(
                Policy(name=terms.policy_name, valid_from=BEGINNING, values=write(cast(Any, terms)()), author_id=None)
            )


def write(terms: Terms) -> Json:
    """Return a policy's values as JSON: durations in seconds, money as amount and currency."""
    return {f.name: _out(getattr(terms, f.name)) for f in fields(cast(Any, terms))}


def read(terms: type[P], values: Json) -> P:
    """Return the typed policy of stored values; a field that is absent has the handbook's default.

    :raises ValueError: if there is an unknown field, or a value of the wrong kind.
    """
    hints = _hints(terms)
    known = {f.name: f for f in fields(cast(Any, terms))}
    unknown = set(values) - set(known)
    if unknown:
        raise ValueError(f"policy {terms.policy_name} has no field {', '.join(sorted(unknown))}")
    missing = [n for n, f in known.items() if n not in values and f.default is MISSING and f.default_factory is MISSING]
    if missing:
        raise ValueError(f"policy {terms.policy_name} lacks {', '.join(missing)}")
    return terms(**{name: _in(hints[name], value) for name, value in values.items()})


@cache
def _hints(terms: type[Terms]) -> dict[str, Any]:
    """Return the types of a policy's fields; working them out takes longer than reading the values."""
    return get_type_hints(terms)


def _out(value: Any) -> Any:
    if isinstance(value, Money):
        return {"amount": value.amount, "currency": value.currency}
    if isinstance(value, timedelta):
        return round(value.total_seconds())
    if isinstance(value, frozenset):
        return sorted(_out(item) for item in value)
    if isinstance(value, tuple):
        return [_out(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _out(item) for key, item in value.items()}
    return value


def _in(hint: Any, value: Any) -> Any:
    origin = get_origin(hint) or hint
    if origin is Money:
        return Money(value["amount"], value["currency"])
    if origin is timedelta:
        return timedelta(seconds=value)
    if origin in (tuple, frozenset):
        inner = hint.__args__[0]
        return origin(_in(inner, item) for item in value)
    if origin is dict:
        key, inner = hint.__args__
        return {_in(key, k): _in(inner, v) for k, v in value.items()}
    if isinstance(origin, type):
        if origin in (int, bool, str) and type(value) is not origin:
            raise ValueError(f"{value!r} is not {origin.__name__}")
        return value if origin in (int, bool, str) else origin(value)
    return value
