"""Service stations: the staff reads those it may see, an administrator changes them."""

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.organisation import stations
from server.organisation.models import Role, Station
from server.organisation.stations import StationData
from server.web import etag
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Flag, Id, Int, Nested, Phone, PositionSchema, Text
from server.web.paging import Page, PageQuery, after_id, page, page_of
from server.web.schemas import Shown

blp = Blueprint(
    "stations", __name__, url_prefix="/api/v1/stations", description="Branches and contractors that employ technicians"
)


class StationDataSchema(BaseSchema):
    """What is told of a station."""

    makes = StationData

    region_id = Id(required=True)
    name = Text(required=True, most=100)
    phone = Phone(required=True)
    is_payee = Flag(load_default=True)
    position = Nested(PositionSchema, load_default=None, allow_none=True)


class StationSchema(BaseSchema):
    """A service station."""

    id = Id(required=True)
    region_id = Id(required=True)
    name = Shown(required=True)
    phone = Shown(required=True)
    is_payee = Flag(required=True)
    position = Nested(PositionSchema, required=True, allow_none=True)
    version = Int(required=True)


@blp.route("")
class Stations(MethodView):
    """All stations that the caller may see."""

    @allowed(*EVERYBODY)
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(StationSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Station]:
        """List stations."""
        rows = stations.listed(session, scope=current().scope, after=after_id(query), limit=query["limit"])
        return page(rows, query=query, key=lambda row: (row.id,))

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(StationDataSchema)
    @blp.changes(201, StationSchema)
    def post(self, session: Session, data: StationData) -> tuple[Station, dict[str, str]]:
        """Add a station."""
        station = stations.add(session, data)
        return station, {"Location": f"{blp.url_prefix}/{station.id}"}


@blp.route("/<int:station_id>")
class OneStation(MethodView):
    """One station."""

    @allowed(*EVERYBODY)
    @blp.reads(StationSchema, etag=True)
    def get(self, session: Session, station_id: int) -> Station:
        """Show a station."""
        return stations.one(session, station_id=station_id, scope=current().scope)

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(StationDataSchema)
    @blp.changes(200, StationSchema)
    def put(self, session: Session, data: StationData, station_id: int) -> Station:
        """Change a station."""
        station = stations.locked(session, station_id=station_id)
        etag.match(station, schema=StationSchema)
        return stations.change(session, station, data)
