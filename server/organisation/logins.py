"""Log-ins of staff: console sessions, API tokens, and whom one of them stands for."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from server.core.bulk import table_of
from server.core.errors import NotFound, Refusal
from server.core.events import ActorKind
from server.organisation import passwords
from server.organisation.access import Principal, Scope
from server.organisation.models import ApiToken, ConsoleSession, Role, Staff
from server.organisation.tokens import Audience, FreshToken, digest, fresh

SESSION_LASTS = timedelta(hours=12)
TOKEN_LASTS = timedelta(days=90)
MOST_TOKEN_LASTS = timedelta(days=366)


class WrongLogin(Refusal):
    """The login is unknown, the password is wrong, or the account is closed: which one is not told."""

    code = "auth.wrong_login"
    status = 401


class UnknownToken(NotFound):
    """There is no such token among the caller's."""

    code = "token.unknown"


def stored_hash(session: Session, *, login: str) -> tuple[int | None, str]:
    """Return the id and password hash of an open account; else no id and a hash that nothing fits."""
    row = session.execute(
        select(Staff.id, Staff.password_hash).where(
            func.lower(Staff.login) == login.strip().lower(), Staff.disabled_at.is_(None)
        )
    ).one_or_none()
    return (row.id, row.password_hash) if row else (None, passwords.NOBODYS)


def renew_hash(session: Session, *, staff_id: int, old: str, password_hash: str) -> None:
    """Store a hash with newer parameters, unless the password was changed meanwhile."""
    session.execute(
        update(Staff).where(Staff.id == staff_id, Staff.password_hash == old).values(password_hash=password_hash)
    )


def open_console(session: Session, *, staff_id: int, now: datetime) -> FreshToken:
    """Log somebody in to the console for 12 hours."""
    token = fresh(Audience.CONSOLE)
    session.add(
        ConsoleSession(staff_id=staff_id, token_hash=token.hash, created_at=now, expires_at=now + SESSION_LASTS)
    )
    return token


def close_console(session: Session, *, token: str, now: datetime) -> None:
    """Log out: the cookie opens nothing from now on."""
    session.execute(
        update(ConsoleSession)
        .where(ConsoleSession.token_hash == digest(token), ConsoleSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def issue(
    session: Session, *, staff_id: int, label: str, now: datetime, lasts: timedelta = TOKEN_LASTS
) -> tuple[ApiToken, FreshToken]:
    """Give a member of staff, or a machine acting for him, a token of the API."""
    token = fresh(Audience.API)
    row = ApiToken(
        staff_id=staff_id,
        label=label,
        token_hash=token.hash,
        created_at=now,
        expires_at=now + min(lasts, MOST_TOKEN_LASTS),
    )
    session.add(row)
    session.flush()
    return row, token


def tokens_of(session: Session, *, staff_id: int, now: datetime) -> list[ApiToken]:
    """Return the tokens of a member of staff that still open something, newest first."""
    return list(
        session.scalars(
            select(ApiToken)
            .where(ApiToken.staff_id == staff_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
            .order_by(ApiToken.id.desc())
            .limit(200)
        )
    )


def revoke(session: Session, *, token_id: int, staff_id: int, now: datetime) -> None:
    """Take a token back; it opens nothing from the next request on. Doing so twice is no error.

    :raises UnknownToken: if it is not this person's.
    """
    row = session.scalar(
        select(ApiToken).where(ApiToken.id == token_id, ApiToken.staff_id == staff_id).with_for_update()
    )
    if row is None:
        raise UnknownToken(token_id=token_id)
    row.revoked_at = row.revoked_at or now


def revoke_everything(session: Session, *, staff_id: int, now: datetime) -> None:
    """End every session and token of a member of staff."""
    for table in (ConsoleSession, ApiToken):
        session.execute(
            update(table).where(table.staff_id == staff_id, table.revoked_at.is_(None)).values(revoked_at=now)
        )


def by_token(session: Session, *, token: str, now: datetime) -> Principal | None:
    """Return whom a token of the API stands for; None if unknown, expired, revoked, or the account is closed."""
    return _behind(session, ApiToken, token, now)


def by_session(session: Session, *, token: str, now: datetime) -> Principal | None:
    """Return whom a console session stands for, or None if it opens nothing."""
    return _behind(session, ConsoleSession, token, now)


def _behind(session: Session, table: type[ApiToken | ConsoleSession], token: str, now: datetime) -> Principal | None:
    row = session.execute(_opening(table), {"hash": digest(token), "now": now}).one_or_none()
    if row is None:
        return None
    return Principal(
        kind=ActorKind.STAFF,
        id=row.id,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        scope=Scope(region_id=row.region_id, station_id=row.station_id),
        locale=row.locale,
    )


@cache
def _opening(table: type[ApiToken | ConsoleSession]) -> Select[Any]:
    """Return the question whom a token stands for: every request asks it, so it is put together once."""
    staff, proof = table_of(Staff).c, table_of(table).c
    return (
        select(staff.id, staff.name, staff.roles, staff.region_id, staff.station_id, staff.locale)
        .join(table_of(table), proof.staff_id == staff.id)
        .where(
            proof.token_hash == bindparam("hash"),
            proof.revoked_at.is_(None),
            proof.expires_at > bindparam("now"),
            staff.disabled_at.is_(None),
        )
    )
