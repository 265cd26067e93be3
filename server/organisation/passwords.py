"""Passwords: argon2id with the parameters of fault 47."""

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.core.errors import Invalid

LEAST, MOST = 10, 200
"""Characters of a password; the upper bound keeps a hash cheap."""

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16)
NOBODYS: Final = _HASHER.hash("a password that opens nothing")
"""Checked in place of an unknown login's hash, so that the time of an answer does not tell who exists (fault 46)."""


class WeakPassword(Invalid):
    """The password is too short, too long, or is the login itself."""

    code = "staff.weak_password"


def hashed(password: str, *, login: str) -> str:
    """Return what is stored of a password.

    :raises WeakPassword: if it has fewer than 10 or more than 200 characters, or contains the login.
    """
    if not LEAST <= len(password) <= MOST or login.casefold() in password.casefold():
        raise WeakPassword(least=LEAST, most=MOST)
    return _HASHER.hash(password)


def fits(password: str, stored: str) -> bool:
    """Return whether a password is the one that was stored; takes the same time for any stored hash."""
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def is_old(stored: str) -> bool:
    """Return whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def renewed(password: str) -> str:
    """Return a hash with today's parameters of a password that has just been found to fit."""
    return _HASHER.hash(password)
