"""How a technician's telephone logs in: a one-time code by text message (fault 48)."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from server.core.due import Sweep
from server.core.errors import Refusal
from server.organisation.attempts import Limits
from server.organisation.tokens import FreshToken
from server.sms import outbox
from server.technicians import devices
from server.technicians.models import LoginCode, Technician, TechnicianToken

CODE_LASTS = timedelta(minutes=10)
TRIES = 5
CODES_A_DAY = 10
"""With five tries each, the chance to guess one of a day's codes stays below 1 in 20,000."""
CODES = Limits("code", per_name=3, per_address=60, of_all=1_000)
"""How many codes may be asked for within five minutes; a station's technicians share an address."""
_KEPT = timedelta(days=1)
_BATCH = 500


class CodeRefused(Refusal):
    """The code is wrong, used up, too old, or was not asked for by this device: which one is not told."""

    code = "login_code.refused"
    status = 401


@dataclass(frozen=True, slots=True)
class AskedCode:
    """What the asking device gets to know, whether or not a code was sent.

    :param request: without it the code is worth nothing.
    """

    request: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A device that has been logged in."""

    token: FreshToken
    row: TechnicianToken
    technician: Technician


def ask_code(session: Session, *, phone: str, salt: str, now: datetime) -> AskedCode:
    """Send a six-digit code to a technician's telephone, valid for ten minutes.

    Whoever asks for a telephone that no technician has gets the same answer, and no message is sent; so
    does a technician who has had ten codes within a day.

    :param phone: in international form.
    :param salt: a secret of the installation; the stored hash is worth nothing without it.
    """
    asked = AskedCode(request=secrets.token_urlsafe(24), expires_at=now + CODE_LASTS)
    technician = session.scalar(select(Technician).where(Technician.phone == phone, Technician.left_at.is_(None)))
    if technician is None or _had_too_many(session, technician.id, now):
        return asked
    code = f"{secrets.randbelow(1_000_000):06d}"
    session.add(
        LoginCode(
            technician_id=technician.id,
            request=asked.request,
            code_hash=_hash(asked.request, code, salt),
            expires_at=asked.expires_at,
        )
    )
    outbox.queue(
        session,
        to=technician.phone,
        template="login.code",
        parameters={"code": code, "minutes": round(CODE_LASTS.total_seconds() / 60)},
        locale=technician.locale,
        ticket_id=None,
        now=now,
        valid_until=asked.expires_at,
        quiet=False,
    )
    return asked


def _had_too_many(session: Session, technician_id: int, now: datetime) -> bool:
    recent = select(func.count()).where(
        LoginCode.technician_id == technician_id, LoginCode.expires_at > now + CODE_LASTS - _KEPT
    )
    return (session.scalar(recent) or 0) >= CODES_A_DAY


def redeem(session: Session, *, request: str, code: str, salt: str, now: datetime) -> Opened | CodeRefused:
    """Log a device in with the code that was sent for its request.

    A wrong code is a fact to keep (it uses up one of five tries): the refusal is returned, so that the
    caller commits first and raises it then.
    """
    # The lock prevents that two tries at one moment count as one, or that one code opens two devices.
    row = session.scalar(select(LoginCode).where(LoginCode.request == request).with_for_update())
    if row is None or row.used_at is not None or row.tries >= TRIES or row.expires_at <= now:
        return CodeRefused()
    row.tries += 1
    if not hmac.compare_digest(row.code_hash, _hash(request, code, salt)):
        return CodeRefused()
    technician = session.get_one(Technician, row.technician_id)
    if technician.left_at is not None:
        return CodeRefused()
    row.used_at = now
    token_row, token = devices.connect(session, technician_id=row.technician_id, now=now)
    return Opened(token=token, row=token_row, technician=technician)


def _hash(request: str, code: str, salt: str) -> bytes:
    return hmac.new(salt.encode(), f"code\0{request}\0{code}".encode(), hashlib.sha256).digest()


def _forget(session: Session, now: datetime) -> int:
    old = (
        select(LoginCode.id).where(LoginCode.expires_at <= now - _KEPT).limit(_BATCH).with_for_update(skip_locked=True)
    )
    return len(session.scalars(delete(LoginCode).where(LoginCode.id.in_(old)).returning(LoginCode.id)).all())


SWEEP = Sweep("login_codes", select(func.min(LoginCode.expires_at)), _forget, after=_KEPT)
"""Forgets codes a day after they ended."""
