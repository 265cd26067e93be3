"""Logging in with a password: slow for whoever guesses, cheap for everybody else."""

from collections.abc import Iterator
from contextlib import contextmanager

from server.core import clock
from server.core.errors import Unavailable
from server.organisation import attempts, logins, passwords
from server.organisation.logins import WrongLogin
from server.web.context import database, settings, state


class TooBusyToHash(Unavailable):
    """Two passwords are being checked in this process already (fault 47)."""

    code = "auth.busy"


@contextmanager
def hashing() -> Iterator[None]:
    """Compute a password hash inside; at most two at once in a process.

    :raises TooBusyToHash: if two are being computed already.
    """
    hashes = state().hashes
    if not hashes.acquire(blocking=False):
        raise TooBusyToHash
    try:
        yield
    finally:
        hashes.release()


def prove(*, login: str, password: str, address: str | None) -> int:
    """Return the id of the member of staff whose login and password these are.

    The attempt is counted in a transaction of its own before the password is looked at, and no
    connection is held while the hash is computed. An unknown login takes as long as a known one.

    :raises TooBusyToHash: if two hashes are being computed already; the attempt does not count.
    :raises TooManyAttempts: if this login, this address or everybody failed too often (fault 46).
    :raises WrongLogin: if the login is unknown or closed, or the password is wrong.
    """
    with hashing():
        return _prove(login, password, address)


def _prove(login: str, password: str, address: str | None) -> int:
    now = clock.now()
    attempt = attempts.attempt(attempts.PASSWORDS, name=login, address=address, salt=settings().session_key)
    with database().transaction() as session:
        counted = attempts.begin(session, attempt, now=now)
    with database().transaction() as session:
        staff_id, stored = logins.stored_hash(session, login=login)
    fits = passwords.fits(password, stored)
    if not fits or staff_id is None:
        raise WrongLogin
    newer = passwords.renewed(password) if passwords.is_old(stored) else None
    with database().transaction() as session:
        attempts.take_back(session, counted)
        if newer is not None:
            logins.renew_hash(session, staff_id=staff_id, old=stored, password_hash=newer)
    return staff_id
