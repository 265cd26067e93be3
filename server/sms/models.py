"""Tables: outgoing and incoming messages, provider notices, opted-out numbers, privacy numbers."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.core.db import Base, Identified, Json
from server.core.transitions import Machine
from server.sms.status import MESSAGE, MessageStatus


class OutboxMessage(Identified, Base):
    """A message to be sent exactly once: written with the change it tells of (faults.md section 4).

    It is a template with parameters and is rendered when it leaves, so that carriers that accept only
    registered templates can be served.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint("(status in ('sent', 'delivered')) <= (provider_id is not null)", name="sent_has_provider_id"),
        Index(
            "ix_outbox_message_open", "status", "due_at", postgresql_where="status in ('waiting', 'sending', 'sent')"
        ),
        Index("uq_outbox_message_once", "once", unique=True, postgresql_where="once is not null"),
        Index("ix_outbox_message_phone", "phone", "id"),
        Index("ix_outbox_message_ticket", "ticket_id", postgresql_where="ticket_id is not null"),
        # What retention has not dealt with yet: the only rows that a sweep looks at.
        Index(
            "ix_outbox_message_words", "ended_at", postgresql_where="ended_at is not null and parameters <> '{}'::jsonb"
        ),
        CheckConstraint("cleared_at is null or status not in ('waiting', 'sending')", name="cleared_never_leaves"),
        # Two messages of ours are never the same one of a provider's: a look-up by text must not prove both with it.
        Index(
            "uq_outbox_message_provider",
            "provider",
            "provider_id",
            unique=True,
            postgresql_where="provider_id is not null",
        ),
    )

    machine: ClassVar[Machine] = MESSAGE

    phone: Mapped[str]
    template: Mapped[str]
    parameters: Mapped[Json]
    locale: Mapped[str]
    ticket_id: Mapped[int | None]
    """Which history shows it; no foreign key, because this package knows nothing of tickets."""
    status: Mapped[MessageStatus] = mapped_column(default=MessageStatus.WAITING)
    once: Mapped[str | None]
    """A key under which the message exists at most once (a reminder of a visit at an hour)."""
    due_at: Mapped[datetime]
    """When it wants attention next. Waiting: when it may leave (at once, after quiet hours, after a back-off).
    Sending: when the provider is asked whether it has it. Sent: when the provider is asked what became of it."""
    quiet_zone: Mapped[str | None]
    """Whose quiet hours hold for it (an IANA zone); None if it is exempt (R12)."""
    valid_until: Mapped[datetime | None]
    """After this it is not worth sending: a code, an offer."""
    created_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    provider: Mapped[str | None]
    provider_id: Mapped[str | None]
    failure: Mapped[str | None]
    """The provider's code, or our reason."""
    segments: Mapped[int | None] = mapped_column(SmallInteger)
    fingerprint: Mapped[str | None]
    """SHA-256 of the text as it was sent, to find it in a provider's list; the text itself is not kept."""
    cleared_at: Mapped[datetime | None]
    """When its secrets, or all of its parameters, were cleared: it can never be sent again."""

    @property
    def about_ticket(self) -> int | None:
        """Return the ticket whose history shows the message."""
        return self.ticket_id


class MessageNotice(Identified, Base):
    """What a provider told us about a message, every time it did, in the order it arrived."""

    __tablename__ = "message_notice"

    message_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"), index=True)
    provider_id: Mapped[str]
    state: Mapped[str]
    failure: Mapped[str | None]
    received_at: Mapped[datetime]


class InboundMessage(Identified, Base):
    """A message somebody sent us, kept once by the provider's id before anything else looks at it."""

    __tablename__ = "inbound_message"
    __table_args__ = (
        Index("uq_inbound_message_provider", "provider", "provider_id", unique=True),
        Index("ix_inbound_message_phone", "phone", "id"),
        Index("ix_inbound_message_unread", "id", postgresql_where="handled_at is null"),
        Index("ix_inbound_message_ticket", "ticket_id", postgresql_where="ticket_id is not null"),
        Index("ix_inbound_message_words", "received_at", postgresql_where="body <> ''"),
    )

    provider: Mapped[str]
    provider_id: Mapped[str]
    phone: Mapped[str]
    body: Mapped[str]
    """Empty once its time was over (policy `retention`) or its sender was erased."""
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    """What became of it: the command understood, `asked_back`, `human` …"""
    ticket_id: Mapped[int | None]


class Suppression(Identified, Base):
    """A number that told its carrier to stop us; looked at in the same transaction that takes a message."""

    __tablename__ = "suppression"

    phone: Mapped[str] = mapped_column(unique=True)
    since: Mapped[datetime]
    source: Mapped[str]


class PrivacyNumber(Identified, Base):
    """One of China's privacy numbers, and the ticket it is bound to; unbound, nothing is sent to it any more.

    No foreign key, because this package knows nothing of tickets.
    """

    __tablename__ = "privacy_number"
    __table_args__ = (UniqueConstraint("phone", "ticket_id"), Index("ix_privacy_number_ticket", "ticket_id"))

    phone: Mapped[str]
    ticket_id: Mapped[int]
    bound_at: Mapped[datetime]
