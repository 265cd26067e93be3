"""Links for customers: one action on one ticket each, without an account (fault 49).

The token is 144 random bits and exists in the message only; the database keeps its digest. Looking never
acts. A link ends with its use, its expiry, its revocation, or the end of what it is about.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.db import Json
from server.core.errors import Conflict, NotFound
from server.orders.models import CustomerLink, Ticket
from server.orders.words import LinkPurpose

_BYTES = 18
_LONGEST = 64
"""Characters; what is longer is no token of ours and is not even hashed."""


def create(
    session: Session,
    *,
    ticket_id: int,
    visit_id: int | None,
    purpose: LinkPurpose,
    bound: Json,
    expires_at: datetime,
    now: datetime,
) -> str:
    """Make a link and return its token, which is nowhere else and cannot be found again.

    :param bound: exactly what it confirms or authorises, as `redeem` will be given it again.
    """
    token = secrets.token_urlsafe(_BYTES)
    session.add(
        CustomerLink(
            token_hash=_digest(token),
            ticket_id=ticket_id,
            visit_id=visit_id,
            purpose=purpose,
            bound=bound,
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return token


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class UnknownLink(NotFound):
    """There is no such link."""

    code = "link.unknown"


class LinkOver(Conflict):
    """The link was used, has expired, or was revoked because what it is about has changed or ended."""

    code = "link.over"


def find(session: Session, *, token: str) -> CustomerLink:
    """Return the link of a token, in whatever state; nothing is changed.

    :raises UnknownLink: if there is none.
    """
    found = None
    if 0 < len(token) <= _LONGEST and token.isascii():
        found = session.scalar(
            select(CustomerLink)
            .where(CustomerLink.token_hash == _digest(token))
            .execution_options(populate_existing=True)
        )
    if found is None:
        raise UnknownLink
    return found


def is_usable(link: CustomerLink, *, now: datetime) -> bool:
    """Return whether a link may still act: not used, not revoked, not expired."""
    return link.used_at is None and link.revoked_at is None and now < link.expires_at


def hold(session: Session, link: CustomerLink) -> None:
    """Hold the ticket of a link until the transaction ends: the lock of everything below it, the link included."""
    session.execute(select(Ticket.id).where(Ticket.id == link.ticket_id).with_for_update())


def redeem(session: Session, *, token: str, answer: str, present: Json, now: datetime) -> CustomerLink:
    """Use a link up and return it. Of two taps at the same moment the second finds it used.

    :param present: what would be confirmed or authorised now; a link bound to anything else is over (fault 50).
    :raises UnknownLink: if there is none.
    :raises LinkOver: if it cannot be used any more.
    """
    link = find(session, token=token)
    hold(session, link)
    session.refresh(link)
    if not is_usable(link, now=now) or link.bound != present:
        raise LinkOver(state="used" if link.used_at else "revoked" if link.revoked_at else "expired")
    link.used_at, link.answer = now, answer
    session.flush()
    return link


def revoke(
    session: Session,
    *,
    ticket_id: int,
    now: datetime,
    visit_id: int | None = None,
    purposes: Iterable[LinkPurpose] = tuple(LinkPurpose),
) -> int:
    """Revoke the links of a ticket, or of one of its visits, that are still good; return how many there were."""
    query = select(CustomerLink).where(
        CustomerLink.ticket_id == ticket_id,
        CustomerLink.purpose.in_(tuple(purposes)),
        CustomerLink.used_at.is_(None),
        CustomerLink.revoked_at.is_(None),
    )
    if visit_id is not None:
        query = query.where(CustomerLink.visit_id == visit_id)
    found = session.scalars(query).all()
    for link in found:
        link.revoked_at = now
    session.flush()
    return len(found)
