"""Tables: technicians, skills, shifts, absences, vans, one-time codes and app tokens."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.columns import Placed, placed_checks
from server.core.db import Base, Identified, Versioned
from server.core.transitions import Machine
from server.organisation.models import Station
from server.technicians.status import ABSENCE, TECHNICIAN, AbsenceStatus, TechnicianStatus


class Skill(Identified, Base):
    """Something a visit can need and a technician can have, with a level from 1."""

    __tablename__ = "skill"

    code: Mapped[str] = mapped_column(unique=True)
    name_en: Mapped[str]
    name_zh: Mapped[str]


class Technician(Placed, Versioned, Identified, Base):
    """Somebody who is sent to customers. The position is where his day starts and ends."""

    __tablename__ = "technician"
    __table_args__ = (
        *placed_checks(),
        UniqueConstraint("phone"),
        CheckConstraint("(status = 'left') = (left_at is not null)", name="left_has_time"),
    )

    machine: ClassVar[Machine] = TECHNICIAN

    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"), index=True)
    status: Mapped[TechnicianStatus] = mapped_column(default=TechnicianStatus.WORKING)
    name: Mapped[str]
    phone: Mapped[str]
    locale: Mapped[str] = mapped_column(default="en")
    left_at: Mapped[datetime | None]
    fictional: Mapped[bool] = mapped_column(default=False)

    station: Mapped[Station] = relationship(lazy="raise")

    @property
    def about_ticket(self) -> None:
        """Return None: his own history is about no ticket."""
        return None


class TechnicianSkill(Identified, Base):
    """A skill of a technician, valid to a day where it is a certificate."""

    __tablename__ = "technician_skill"
    __table_args__ = (
        UniqueConstraint("technician_id", "skill_id"),
        CheckConstraint("level between 1 and 9", name="level_in_range"),
    )

    technician_id: Mapped[int] = mapped_column(ForeignKey("technician.id"))
    skill_id: Mapped[int] = mapped_column(ForeignKey("skill.id"), index=True)
    level: Mapped[int] = mapped_column(default=1)
    expires_on: Mapped[date | None]


class Shift(Identified, Base):
    """A stretch of working time of one technician; no two of one technician overlap."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at and isfinite(starts_at) and isfinite(ends_at)", name="real_interval"),
        CheckConstraint(
            "(break_from is null) = (break_to is null) and (break_from is null) = (break_seconds is null)",
            name="break_whole",
        ),
        CheckConstraint(
            "break_from >= starts_at and break_from <= break_to and break_to <= ends_at", name="break_inside"
        ),
        ExcludeConstraint(
            (text("int8range(technician_id, technician_id, '[]')"), "&&"),
            (text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_shift_one_at_a_time",
            using="gist",
        ),
        Index("ix_shift_starts_at", "starts_at"),
    )

    technician_id: Mapped[int] = mapped_column(ForeignKey("technician.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    break_from: Mapped[datetime | None]
    """The earliest start of the break."""
    break_to: Mapped[datetime | None]
    """The latest start of the break."""
    break_seconds: Mapped[int | None]


class Absence(Identified, Base):
    """A stretch in which a technician cannot work although a shift says so: illness, leave, training."""

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at and isfinite(starts_at) and isfinite(ends_at)", name="real_interval"),
        CheckConstraint("(status = 'cancelled') = (cancelled_at is not null)", name="cancelled_has_time"),
    )

    machine: ClassVar[Machine] = ABSENCE

    status: Mapped[AbsenceStatus] = mapped_column(default=AbsenceStatus.REPORTED)
    technician_id: Mapped[int] = mapped_column(ForeignKey("technician.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[str]
    reported_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]

    @property
    def about_ticket(self) -> None:
        """Return None: an absence is about a person."""
        return None


class Van(Identified, Base):
    """A vehicle, driven by one technician at a time."""

    __tablename__ = "van"

    plate: Mapped[str] = mapped_column(unique=True)
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"), index=True)
    technician_id: Mapped[int | None] = mapped_column(ForeignKey("technician.id"), unique=True)


class LoginCode(Identified, Base):
    """A one-time code sent to a technician's telephone (fault 48): 10 minutes, five tries, once."""

    __tablename__ = "login_code"

    technician_id: Mapped[int] = mapped_column(ForeignKey("technician.id"), index=True)
    request: Mapped[str] = mapped_column(unique=True)
    """What the asking device holds: the code is worth nothing without it."""
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class TechnicianToken(Identified, Base):
    """A log-in of a technician's device."""

    __tablename__ = "technician_token"

    technician_id: Mapped[int] = mapped_column(ForeignKey("technician.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
