"""Labour prices: what a visit is worth, for a span of days (R37)."""

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.statement_schemas import LabourPriceQuery
from server.core.db import Json
from server.customers.models import Zone
from server.orders.words import ChargeCategory, VisitResult, WorkType
from server.organisation.models import Role
from server.settlement import pages, prices
from server.settlement.models import LabourPrice
from server.settlement.prices import PriceKey
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.fields import BaseSchema, Day, Enum, Id, Money, Text
from server.web.paging import Page, keyset, page, page_of
from server.web.schemas import Shown

blp = Blueprint("labour_prices", __name__, url_prefix="/api/v1/labour-prices", description="What visits are worth")


_NAMING = ("product_category", "work_type", "zone", "charge_category", "result")


class _PricedSchema(BaseSchema):
    """A price from a day on, and what names it besides the product category."""

    work_type = Enum(WorkType, required=True)
    zone = Enum(Zone, required=True)
    charge_category = Enum(ChargeCategory, required=True)
    result = Enum(VisitResult, required=True)
    valid_from = Day(required=True)
    price = Money(required=True)


class NewPriceSchema(_PricedSchema):
    """A price and the five things that name it, from a day on."""

    product_category = Text(required=True, most=100)


class PriceSchema(_PricedSchema):
    """A labour price."""

    id = Id(required=True)
    product_category = Shown(required=True)
    valid_to = Day(required=True, allow_none=True)


@blp.route("")
class LabourPrices(MethodView):
    """Labour prices of all days."""

    @allowed(*EVERYBODY)
    @blp.arguments(LabourPriceQuery, location="query")
    @blp.reads(page_of(PriceSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[LabourPrice]:
        """List labour prices."""
        after = keyset(query, int)
        rows = pages.labour_prices(
            session, category=query["product_category"], after=after[0] if after else None, limit=query["limit"]
        )
        return page(rows, query=query, key=lambda row: (row.id,))

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(NewPriceSchema)
    @blp.changes(201, PriceSchema, keep=True)
    def post(self, session: Session, body: Json) -> LabourPrice:
        """Let a price hold from a day on; the one before ends there."""
        key = PriceKey(**{name: body[name] for name in _NAMING})
        return prices.set_price(session, key, price=body["price"], valid_from=body["valid_from"])
