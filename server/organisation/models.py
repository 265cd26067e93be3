"""Tables: regions, stations, staff, console sessions and API tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.columns import Placed, placed_checks
from server.core.db import Base, Identified, Versioned


class Role(StrEnum):
    """What a member of staff may be; handbook section 1. One person may have several."""

    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    STATION = "station"
    STATION_CLERK = "station_clerk"
    PARTS_CLERK = "parts_clerk"
    TECHNICAL_SUPERVISOR = "technical_supervisor"
    CALLBACK_AGENT = "callback_agent"
    AUDITOR = "auditor"
    FINANCE = "finance"
    ADMINISTRATOR = "administrator"


class Region(Versioned, Identified, Base):
    """A part of the country with one supervisor's desk and one model of travel."""

    __tablename__ = "region"
    __table_args__ = (CheckConstraint("detour >= 1 and speed_kmh > 0 and leg_seconds >= 0", name="travel_model"),)

    name: Mapped[str] = mapped_column(unique=True)
    time_zone: Mapped[str]
    detour: Mapped[float] = mapped_column(Double, default=1.4)
    """Street distance over great-circle distance."""
    speed_kmh: Mapped[float] = mapped_column(Double, default=30.0)
    leg_seconds: Mapped[int] = mapped_column(default=150)
    """What every leg costs whatever its length: leaving, parking."""


class Station(Placed, Versioned, Identified, Base):
    """A branch or contractor that employs technicians and is paid for labour."""

    __tablename__ = "station"
    __table_args__ = (*placed_checks(),)

    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True)
    name: Mapped[str] = mapped_column(unique=True)
    phone: Mapped[str]
    is_payee: Mapped[bool] = mapped_column(default=True)
    """Whether the station is paid for its technicians; otherwise each technician is a payee of his own."""

    region: Mapped[Region] = relationship(lazy="raise")


class Staff(Versioned, Identified, Base):
    """Somebody who works at a desk."""

    __tablename__ = "staff"
    __table_args__ = (
        Index("uq_staff_login", text("lower(login)"), unique=True),
        CheckConstraint("cardinality(roles) > 0", name="has_a_role"),
        CheckConstraint(
            "not ('station' = any(roles) or 'station_clerk' = any(roles)) or station_id is not null",
            name="station_named",
        ),
    )

    login: Mapped[str]
    name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(String))
    region_id: Mapped[int | None] = mapped_column(ForeignKey("region.id"))
    """The only region he sees; None sees all."""
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.id"))
    locale: Mapped[str] = mapped_column(default="en")
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ConsoleSession(Identified, Base):
    """A log-in to the console; the browser holds the token, the database its hash."""

    __tablename__ = "console_session"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ApiToken(Identified, Base):
    """A bearer token of a member of staff or a machine acting for him; revocable, hashed at rest."""

    __tablename__ = "api_token"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    label: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LoginAttempt(Identified, Base):
    """A failed log-in, kept only to slow down guessing (10 in 5 minutes for a login and for an address, fault 46)."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_key", "key", "at"),)

    key: Mapped[str]
    """A salted hash of the login or of the address, never the value itself."""
    at: Mapped[datetime]
