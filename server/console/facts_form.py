"""What somebody typed into the form of a ticket's facts: only what he changed is looked at (R2a)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import request
from marshmallow import ValidationError

from server.console.forms import category_code, whole
from server.customers.models import Zone
from server.orders.words import ChargeCategory, Priority
from server.web.fields import BaseSchema, Day, Enum, Flag, Int, List, OneOf, Phone, Text, broken
from server.web.schemas import LONG, SHORT

_WAS = "was."
"""Before the name of a field: what it said when the form was made."""
ON_SITE = ("model", "serial", "purchased_on")
"""Facts that can only be read on site (R2), as the form offers them."""
FIELDS = (
    "customer_name",
    "contact_name",
    "contact_phone",
    "address",
    "zone",
    "access",
    "product_category",
    "brand",
    "model",
    "serial",
    "purchased_on",
    "description",
    "wish",
    "priority",
    "charge_category",
    "skill",
    "skill_level",
    "duration",
)
"""In the order of the form; what is missing stands before all others."""
_MANY_DIGITS = 10
_NUMBERS = frozenset({"skill_level", "duration"})
_LONGEST_WORK = timedelta(days=14)
MINUTE = timedelta(minutes=1)


class FactsSchema(BaseSchema):
    """The facts that were changed in the form; None is one that is not known any more."""

    reason = Text(required=True, most=SHORT, lines=True)
    customer_name = Text(most=200)
    contact_name = Text(allow_none=True, most=200)
    contact_phone = Phone(allow_none=True)
    address = Text(most=500)
    zone = Enum(Zone)
    access = Text(allow_none=True, most=LONG, lines=True)
    product_category = Text(most=100)
    brand = Text(allow_none=True, most=100)
    model = Text(allow_none=True, most=100)
    serial = Text(allow_none=True, most=100)
    purchased_on = Day(allow_none=True)
    description = Text(most=LONG, lines=True)
    wish = Text(allow_none=True, most=SHORT, lines=True)
    priority = Enum(Priority)
    charge_category = Enum(ChargeCategory)
    skill = Text(allow_none=True, most=60)
    skill_level = Int(least=1, most=9)
    duration = Int(least=1, most=_LONGEST_WORK // MINUTE)
    """In minutes."""
    read_on_site = List(OneOf(*ON_SITE), most=len(ON_SITE), distinct=True)
    answered = Flag(load_default=False)


class OverrideSchema(BaseSchema):
    """Why a ticket is released although facts are missing."""

    override_reason = Text(required=True, most=SHORT, lines=True)


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody did with the form.

    :param touched: the fields that he changed, as he typed them; the others may say what they like.
    :param was: what those fields said when the form was made.
    :param read_on_site: what is ticked now, None if it is as it was.
    """

    touched: Mapping[str, str]
    was: Mapping[str, str]
    read_on_site: tuple[str, ...] | None
    answered: bool
    reason: str
    version: int | None

    @classmethod
    def read(cls) -> "Typed":
        """Read the form of this request."""
        form = request.form
        given = {name: plain(form[name]) for name in FIELDS if name in form}
        was = {name: plain(form.get(_WAS + name, "")) for name in given}
        marked, before = tuple(form.getlist("read_on_site")), tuple(form.getlist(_WAS + "read_on_site"))
        return cls(
            touched={name: text for name, text in given.items() if text != was[name]},
            was=was,
            read_on_site=marked if set(marked) != set(before) else None,
            answered=form.get("answered") == "yes",
            reason=form.get("reason", ""),
            version=whole(form.get("version", "")),
        )

    def body(self) -> dict[str, Any]:
        """Return what the schema is to look at.

        :raises ValidationError: on each field that is empty now and must not be.
        """
        fields = FactsSchema().fields
        emptied = [name for name, text in self.touched.items() if not text and not fields[name].allow_none]
        if emptied:
            raise ValidationError({name: broken("required").messages for name in emptied})
        body: dict[str, Any] = {"answered": self.answered}
        if self.reason.strip():
            body["reason"] = self.reason
        body |= {name: _number(text) if name in _NUMBERS else text or None for name, text in self.touched.items()}
        if body.get("product_category"):
            body["product_category"] = category_code(body["product_category"])
        return body if self.read_on_site is None else {**body, "read_on_site": list(self.read_on_site)}


def plain(text: str) -> str:
    """Return a text as forms compare it: browsers end lines in their own way."""
    return text.replace("\r\n", "\n").strip()


def _number(text: str) -> int | str:
    """Return the number that a field holds; the schema says what is wrong with anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _MANY_DIGITS else text
