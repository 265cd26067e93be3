"""Log-in attempts: how guessing is slowed down (fault 46).

An attempt is written before the password is looked at and taken back when it fits, so that a hundred
attempts at the same moment are counted as a hundred.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.core.due import Sweep
from server.core.errors import Refusal
from server.organisation.models import LoginAttempt

WINDOW = timedelta(minutes=5)
_BATCH = 1_000


class TooManyAttempts(Refusal):
    """This login, this address, or everybody together failed too often just now."""

    code = "auth.too_many_attempts"
    status = 429


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be tried within five minutes.

    :param kind: what is tried; attempts of different kinds are counted apart.
    """

    kind: str
    per_name: int
    per_address: int
    of_all: int


PASSWORDS = Limits("password", per_name=10, per_address=10, of_all=1_000)
"""Wrong passwords (fault 46)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something tried, as it is counted: salted hashes of the name and of the address, never the values."""

    limits: Limits
    name: str
    address: str

    @property
    def most(self) -> dict[str, int]:
        """Return how many of each key are let through."""
        everybody = f"{self.limits.kind} by all"
        limits = self.limits
        return {everybody: limits.of_all, self.name: limits.per_name, self.address: limits.per_address}


def attempt(limits: Limits, *, name: str, address: str | None, salt: str) -> Attempt:
    """Return an attempt as it is counted.

    :param name: the login or the telephone it is about.
    :param address: where it comes from; all of an IPv6 network of 64 bits counts as one place. None counts as one, too.
    :param salt: a secret of the installation.
    """
    return Attempt(
        limits=limits,
        name=_salted(salt, f"{limits.kind} name", name.strip().casefold()),
        address=_salted(salt, f"{limits.kind} address", place_of(address)),
    )


def _salted(salt: str, kind: str, value: str) -> str:
    text = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
    return hmac.new(salt.encode(), text, hashlib.sha256).hexdigest()[:40]


def place_of(address: str | None) -> str:
    """Return an address as it is counted: an IPv6 network of 64 bits is one place, and so is everything unknown."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        known = known.ipv4_mapped or known
    return str(known) if known.version == 4 else known.exploded[:19]


def begin(session: Session, attempt: Attempt, *, now: datetime) -> tuple[int, ...]:
    """Count an attempt as failed until it is taken back, and return the ids of its rows.

    :raises TooManyAttempts: if its name, its address or all together failed too often within 5 minutes.
    """
    most = attempt.most
    # In one order everywhere, so that two attempts never wait for each other crosswise. What the lock
    # prevents: two attempts that both see nine.
    for key in sorted(most):
        session.execute(select(func.pg_advisory_xact_lock(_lock_number(key))))
    for key, limit in most.items():
        _refuse_beyond(session, key, limit, now)
    rows = [LoginAttempt(key=key, at=now) for key in most]
    session.add_all(rows)
    session.flush()
    return tuple(row.id for row in rows)


def _refuse_beyond(session: Session, key: str, most: int, now: datetime) -> None:
    recent = select(LoginAttempt.at).where(LoginAttempt.key == key, LoginAttempt.at > now - WINDOW)
    # The attempt that must leave the window before another is allowed.
    blocking = session.scalar(recent.order_by(LoginAttempt.at.desc()).offset(most - 1).limit(1))
    if blocking is not None:
        wait = blocking + WINDOW - now
        raise TooManyAttempts(retry_after=max(1, -(-int(wait.total_seconds() * 1000) // 1000)))


def _lock_number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(f"log-in {key}".encode()).digest()[:8], "big", signed=True)


def take_back(session: Session, counted: tuple[int, ...]) -> None:
    """Forget an attempt that did not fail."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.id.in_(counted)))


def _forget(session: Session, now: datetime) -> int:
    old = select(LoginAttempt.id).where(LoginAttempt.at <= now - WINDOW).limit(_BATCH).with_for_update(skip_locked=True)
    return len(session.scalars(delete(LoginAttempt).where(LoginAttempt.id.in_(old)).returning(LoginAttempt.id)).all())


SWEEP = Sweep("login_attempts", select(func.min(LoginAttempt.at)), _forget, after=WINDOW)
"""Forgets attempts that no limit looks at any more."""
