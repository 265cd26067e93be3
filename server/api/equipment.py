"""What the work needs: skills, vans, parts; and the units that were sold without warranty."""

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.roles import DESK
from server.api.technician_schemas import CODE
from server.core import clock
from server.core.clock import local_day
from server.core.db import Json
from server.customers import queries as customers
from server.customers import special_sales
from server.customers.models import SpecialSale
from server.organisation import stations
from server.organisation.models import Role
from server.parts import catalogue
from server.parts.models import Part
from server.technicians import equipment, queries
from server.technicians.models import Skill, Van
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Day, Id, List, Money, Nested, Text
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import Shown
from server.web.zones import callers_zone

blp = Blueprint("equipment", __name__, url_prefix="/api/v1", description="Skills, vans, parts, special sales")


class NewSkillSchema(BaseSchema):
    """Something that a visit can need."""

    code = Text(required=True, most=60, pattern=CODE, rule="code")
    name_en = Text(required=True, most=100)
    name_zh = Text(required=True, most=100)


class SkillSchema(BaseSchema):
    """A skill."""

    id = Id(required=True)
    code = Shown(required=True)
    name_en = Shown(required=True)
    name_zh = Shown(required=True)


class SkillsSchema(BaseSchema):
    """Every skill there is."""

    items = List(Nested(SkillSchema), required=True, most=10_000)


class NewVanSchema(BaseSchema):
    """A van, and who drives it."""

    plate = Text(required=True, most=20)
    station_id = Id(required=True)
    technician_id = Id(load_default=None, allow_none=True)


class VanSchema(BaseSchema):
    """A van."""

    id = Id(required=True)
    plate = Shown(required=True)
    station_id = Id(required=True)
    technician_id = Id(required=True, allow_none=True)


class SearchQuery(PageQuery):
    """What somebody typed."""

    q = Text(load_default="", least=0, most=100)


class NewPartSchema(BaseSchema):
    """A part of the catalogue."""

    number = Text(required=True, most=100)
    name_en = Text(required=True, most=200)
    name_zh = Text(required=True, most=200)
    category = Text(load_default=None, allow_none=True, most=100)


class PartSchema(BaseSchema):
    """A part."""

    id = Id(required=True)
    number = Shown(required=True)
    name_en = Shown(required=True)
    name_zh = Shown(required=True)
    category = Shown(required=True, allow_none=True)


class PartPriceSchema(BaseSchema):
    """The list price of a part from a day on."""

    valid_from = Day(required=True)
    price = Money(required=True)


class DayQuery(BaseSchema):
    """Which day; the caller's today where none is named."""

    day = Day(load_default=None)


class PartPriceOnSchema(BaseSchema):
    """What a part costs on a day; nothing where no price was set yet."""

    day = Day(required=True)
    price = Money(required=True, allow_none=True)


class NewSaleSchema(BaseSchema):
    """A unit that was sold without warranty."""

    serial = Text(required=True, most=100)
    kind = Text(required=True, most=60)
    model = Text(load_default=None, allow_none=True, most=100)
    sold_on = Day(load_default=None, allow_none=True)


class SaleSchema(BaseSchema):
    """A unit that was sold without warranty."""

    id = Id(required=True)
    serial = Shown(required=True)
    kind = Shown(required=True)
    model = Shown(required=True, allow_none=True)
    sold_on = Day(required=True, allow_none=True)


@blp.route("/skills")
class Skills(MethodView):
    """What visits can need."""

    @allowed(*EVERYBODY)
    @blp.reads(SkillsSchema)
    def get(self, session: Session) -> dict[str, list[Skill]]:
        """List every skill."""
        return {"items": queries.skills(session)}

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(NewSkillSchema)
    @blp.changes(201, SkillSchema)
    def post(self, session: Session, body: Json) -> Skill:
        """Add a skill."""
        return equipment.add_skill(session, **body)


@blp.route("/vans")
class Vans(MethodView):
    """Vehicles."""

    @allowed(*EVERYBODY)
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(VanSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Van]:
        """List vans."""
        after = keyset(query, int)
        rows = queries.vans(session, scope=current().scope, after=after[0] if after else None, limit=query["limit"])
        return page(rows, query=query, key=lambda row: (row.id,))

    @allowed(*DESK, Role.ADMINISTRATOR)
    @blp.arguments(NewVanSchema)
    @blp.changes(201, VanSchema)
    def post(self, session: Session, body: Json) -> Van:
        """Add a van."""
        scope = current().scope
        stations.one(session, station_id=body["station_id"], scope=scope)
        if body["technician_id"] is not None:
            queries.technician_of(session, body["technician_id"], scope=scope)
        return equipment.add_van(session, **body)


@blp.route("/parts")
class Parts(MethodView):
    """The catalogue."""

    @allowed(*EVERYBODY)
    @blp.arguments(SearchQuery, location="query")
    @blp.reads(page_of(PartSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Part]:
        """List parts by number; `q` begins a number or is in a name."""
        after = keyset(query, str)
        rows = catalogue.search(session, text=query["q"], after=after[0] if after else "", limit=query["limit"] + 1)
        return page(rows, query=query, key=lambda row: (row.number,))

    @allowed(Role.ADMINISTRATOR, Role.PARTS_CLERK)
    @blp.arguments(NewPartSchema)
    @blp.changes(201, PartSchema)
    def post(self, session: Session, body: Json) -> Part:
        """Add a part to the catalogue."""
        return catalogue.add(session, **body)


@blp.route("/parts/<int:part_id>/prices")
class PartPrices(MethodView):
    """What a part costs."""

    @allowed(*EVERYBODY)
    @blp.arguments(DayQuery, location="query")
    @blp.reads(PartPriceOnSchema, refusals=(422,))
    def get(self, session: Session, query: Json, part_id: int) -> Json:
        """Show the list price of a part on a day: that of the fitting counts (R29)."""
        catalogue.one(session, part_id)
        day = query["day"] or local_day(clock.now(), callers_zone(session))
        return {"day": day, "price": catalogue.price_on(session, part_id=part_id, day=day)}

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(PartPriceSchema)
    @blp.changes(201, PartPriceSchema, keep=True)
    def post(self, session: Session, body: Json, part_id: int) -> Json:
        """Set the list price of a part from a day on."""
        catalogue.one(session, part_id)
        catalogue.set_price(session, part_id=part_id, **body)
        return body


@blp.route("/special-sales")
class SpecialSales(MethodView):
    """Units sold without warranty."""

    @allowed(*EVERYBODY)
    @blp.arguments(SearchQuery, location="query")
    @blp.reads(page_of(SaleSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[SpecialSale]:
        """List units that were sold without warranty; `q` begins a serial number."""
        after = keyset(query, int)
        rows = customers.special_sales(
            session, text=query["q"], after=after[0] if after else None, limit=query["limit"]
        )
        return page(rows, query=query, key=lambda row: (row.id,))

    @allowed(Role.ADMINISTRATOR, Role.SUPERVISOR)
    @blp.arguments(NewSaleSchema)
    @blp.changes(201, SaleSchema)
    def post(self, session: Session, body: Json) -> SpecialSale:
        """Put a unit that was sold without warranty on the list."""
        return special_sales.list_special_sale(session, **body)
