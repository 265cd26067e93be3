"""The technicians' devices: each holds a token, of which the database knows the hash."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.core.events import ActorKind
from server.organisation.access import Principal, Scope
from server.organisation.tokens import Audience, FreshToken, digest, fresh
from server.technicians.models import Technician, TechnicianToken

TOKEN_LASTS = timedelta(days=90)


def connect(session: Session, *, technician_id: int, now: datetime) -> tuple[TechnicianToken, FreshToken]:
    """Give a device a token for 90 days."""
    token = fresh(Audience.APP)
    row = TechnicianToken(
        technician_id=technician_id, token_hash=token.hash, created_at=now, expires_at=now + TOKEN_LASTS
    )
    session.add(row)
    session.flush()
    return row, token


def disconnect(session: Session, *, token: str, now: datetime) -> None:
    """Take the token of a device back; it opens nothing from the next request on."""
    session.execute(
        update(TechnicianToken)
        .where(TechnicianToken.token_hash == digest(token), TechnicianToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def by_token(session: Session, *, token: str, now: datetime) -> Principal | None:
    """Return whom a device's token stands for, or None if it opens nothing (unknown, expired, revoked, he has left)."""
    row = session.execute(
        select(Technician.id, Technician.name, Technician.locale)
        .join(TechnicianToken, TechnicianToken.technician_id == Technician.id)
        .where(
            TechnicianToken.token_hash == digest(token),
            TechnicianToken.revoked_at.is_(None),
            TechnicianToken.expires_at > now,
            Technician.left_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    return Principal(
        kind=ActorKind.TECHNICIAN,
        id=row.id,
        name=row.name,
        roles=frozenset(),
        scope=Scope(technician_id=row.id),
        locale=row.locale,
    )
