"""Regions: everybody of the staff reads them, an administrator changes them."""

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.organisation import regions
from server.organisation.models import Region, Role
from server.organisation.regions import RegionData
from server.web import etag
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Id, Int, Number, Text, TimeZone
from server.web.paging import Page, PageQuery, after_id, page, page_of
from server.web.schemas import Shown

blp = Blueprint("regions", __name__, url_prefix="/api/v1/regions", description="Parts of the country")


class RegionDataSchema(BaseSchema):
    """What is told of a region."""

    makes = RegionData

    name = Text(required=True, most=100)
    time_zone = TimeZone(required=True)
    detour = Number(least=1, most=10, load_default=1.4)
    speed_kmh = Number(least=1, most=200, load_default=30.0)
    leg_seconds = Int(least=0, most=3_600, load_default=150)


class RegionSchema(BaseSchema):
    """A region."""

    id = Id(required=True)
    name = Shown(required=True)
    time_zone = TimeZone(required=True)
    detour = Number(required=True, least=1, most=10)
    speed_kmh = Number(required=True, least=0, most=200)
    leg_seconds = Int(required=True)
    version = Int(required=True)


@blp.route("")
class Regions(MethodView):
    """All regions that the caller may see."""

    @allowed(*EVERYBODY)
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(RegionSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Region]:
        """List regions."""
        rows = regions.listed(session, scope=current().scope, after=after_id(query), limit=query["limit"])
        return page(rows, query=query, key=lambda row: (row.id,))

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(RegionDataSchema)
    @blp.changes(201, RegionSchema)
    def post(self, session: Session, data: RegionData) -> tuple[Region, dict[str, str]]:
        """Add a region."""
        region = regions.add(session, data)
        return region, {"Location": f"{blp.url_prefix}/{region.id}"}


@blp.route("/<int:region_id>")
class OneRegion(MethodView):
    """One region."""

    @allowed(*EVERYBODY)
    @blp.reads(RegionSchema, etag=True)
    def get(self, session: Session, region_id: int) -> Region:
        """Show a region."""
        return regions.one(session, region_id=region_id, scope=current().scope)

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(RegionDataSchema)
    @blp.changes(200, RegionSchema)
    def put(self, session: Session, data: RegionData, region_id: int) -> Region:
        """Change a region."""
        region = regions.locked(session, region_id=region_id)
        etag.match(region, schema=RegionSchema)
        return regions.change(session, region, data)
