"""Policies as an administrator sees them: which numbers hold now, and from when others will."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.core import policies
from server.core.db import Json, violated
from server.core.errors import Conflict, Invalid, NotFound
from server.core.policies import Policy, Terms


class UnknownPolicy(NotFound):
    """There is no policy of this name."""

    code = "policy.unknown"


class BadPolicyValues(Invalid):
    """The policy has no such field, or a value is of the wrong kind."""

    code = "policy.bad_values"


class PolicyInThePast(Invalid):
    """A version may not begin before now: what was decided keeps what it was decided by."""

    code = "policy.in_the_past"


class PolicyInstantTaken(Conflict):
    """A version of this policy begins at that very instant."""

    code = "policy.instant_taken"


@dataclass(frozen=True, slots=True)
class NewVersion:
    """Numbers that hold from an instant on.

    :param values: fields of the policy; an absent one has the handbook's default.
    """

    values: Json
    valid_from: datetime
    reason: str


def terms_of(name: str, known: Sequence[type[Terms]]) -> type[Terms]:
    """Return the policy of a name.

    :raises UnknownPolicy: if there is none.
    """
    for terms in known:
        if terms.policy_name == name:
            return terms
    raise UnknownPolicy(policy=name[:60])


def in_force(session: Session, *, known: Sequence[type[Terms]], now: datetime) -> list[Policy]:
    """Return the version of each policy that holds now, by name."""
    names = [terms.policy_name for terms in known]
    rows = (
        select(Policy)
        .where(Policy.valid_from <= now, Policy.name.in_(names))
        .ext(distinct_on(Policy.name))
        .order_by(Policy.name, Policy.valid_from.desc())
    )
    return list(session.scalars(rows))


def versions(session: Session, *, name: str, known: Sequence[type[Terms]], limit: int = 200) -> list[Policy]:
    """Return the versions of a policy, the latest first, future ones included.

    :raises UnknownPolicy: if there is none of this name.
    """
    terms_of(name, known)
    return list(
        session.scalars(
            select(Policy).where(Policy.name == name).order_by(Policy.valid_from.desc(), Policy.id.desc()).limit(limit)
        )
    )


def add_version(
    session: Session,
    new: NewVersion,
    *,
    name: str,
    known: Sequence[type[Terms]],
    author_id: int,
    now: datetime,
) -> Policy:
    """Let other numbers hold from an instant on; the versions before stay as they are.

    :raises UnknownPolicy: if there is none of this name.
    :raises BadPolicyValues: if a field is unknown or of the wrong kind.
    :raises PolicyInThePast: if it should hold from before now.
    :raises PolicyInstantTaken: if another version begins at that instant.
    """
    values = _sound(terms_of(name, known), new.values)
    if new.valid_from < now:
        raise PolicyInThePast
    row = Policy(name=name, valid_from=new.valid_from, values=values, author_id=author_id, reason=new.reason)
    session.add(row)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        if violated(error) == "uq_policy_name_valid_from":
            raise PolicyInstantTaken(policy=name) from error
        raise
    return row


def _sound(terms: type[Terms], values: Json) -> Json:
    """Return every field of the policy as it would be read again."""
    try:
        stored = policies.write(policies.read(terms, values))
        policies.read(terms, stored)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise BadPolicyValues(policy=terms.policy_name) from error
    if not _is_plausible(stored):
        raise BadPolicyValues(policy=terms.policy_name)
    return stored


def _is_plausible(value: Any) -> bool:
    """Return whether no number is negative: no policy of ours has a use for one."""
    if isinstance(value, dict):
        return all(_is_plausible(inner) for inner in cast(Json, value).values())
    if isinstance(value, list):
        return all(map(_is_plausible, value))
    return not isinstance(value, int | float) or value >= 0
