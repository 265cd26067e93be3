"""Tables: customers, telephones, sites, equipment, special sales."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.columns import Placed, placed_checks
from server.core.db import Base, Identified, Versioned


class Zone(StrEnum):
    """Of an address: decides time limits (R16) and prices (R37)."""

    URBAN = "urban"
    OUT_OF_TOWN = "out_of_town"


class Customer(Versioned, Identified, Base):
    """Somebody, or an organisation, that we serve (R4)."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("uq_customer_external", "source", "external_id", unique=True, postgresql_where="external_id is not null"),
        Index("ix_customer_name", text("lower(name)"), postgresql_ops={"lower(name)": "text_pattern_ops"}),
    )

    name: Mapped[str]
    organisation: Mapped[str | None]
    locale: Mapped[str] = mapped_column(default="en")
    source: Mapped[str | None]
    external_id: Mapped[str | None]
    fictional: Mapped[bool] = mapped_column(default=False)
    """Made by a seed or a rehearsal: never reachable through a real gateway."""
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """When everything about the person was cleared: the name is a pseudonym, the file takes nothing new."""


class CustomerPhone(Identified, Base):
    """A telephone by which a caller is recognised."""

    __tablename__ = "customer_phone"
    __table_args__ = (UniqueConstraint("customer_id", "number"), Index("ix_customer_phone_number", "number"))

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    number: Mapped[str]
    added_at: Mapped[datetime]

    customer: Mapped[Customer] = relationship(lazy="raise")


class Site(Placed, Versioned, Identified, Base):
    """A place where we work: address, position, time zone, zone."""

    __tablename__ = "site"
    __table_args__ = (
        *placed_checks(),
        Index("uq_site_external", "source", "external_id", unique=True, postgresql_where="external_id is not null"),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"), index=True)
    address: Mapped[str]
    position_trusted: Mapped[bool] = mapped_column(default=False)
    """Whether the position may be planned with; an untrusted one is a queue of the dispatcher."""
    time_zone: Mapped[str]
    zone: Mapped[Zone]
    access: Mapped[str | None]
    """Floor, lift, parking, drilling: what one must know to get in and work."""
    source: Mapped[str | None]
    external_id: Mapped[str | None]

    customer: Mapped[Customer] = relationship(lazy="raise")


class Equipment(Versioned, Identified, Base):
    """A unit that a customer owns, or that still stands in a shop (pre-sale)."""

    __tablename__ = "equipment"
    __table_args__ = (
        UniqueConstraint("serial"),
        CheckConstraint(
            "purchased_on is null or installed_on is null or purchased_on <= installed_on", name="bought_first"
        ),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    category: Mapped[str]
    brand: Mapped[str | None]
    model: Mapped[str | None]
    serial: Mapped[str | None]
    purchased_on: Mapped[date | None]
    installed_on: Mapped[date | None]
    labour_warranty_until: Mapped[date | None]
    parts_warranty_until: Mapped[date | None]
    expenses_warranty_until: Mapped[date | None]
    pre_sale: Mapped[bool] = mapped_column(default=False)
    unsafe_since: Mapped[datetime | None]

    customer: Mapped[Customer] = relationship(lazy="raise")
    site: Mapped[Site | None] = relationship(lazy="raise")


class SpecialSale(Identified, Base):
    """A unit sold without warranty, by its serial number; looked at first when warranty is judged (R6)."""

    __tablename__ = "special_sale"

    serial: Mapped[str] = mapped_column(unique=True)
    model: Mapped[str | None]
    kind: Mapped[str]
    sold_on: Mapped[date | None]
