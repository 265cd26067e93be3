"""Plans: a dispatcher asks for one, looks at what it proposes, and publishes it or throws it away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask.views import MethodView
from marshmallow import missing
from sqlalchemy.orm import Session

from server.api.roles import DESK
from server.core import clock
from server.core.db import Json
from server.core.events import Via
from server.dispatch import plans, queries
from server.dispatch.models import Plan
from server.dispatch.queries import PlanSheet
from server.dispatch.status import PlanStatus
from server.organisation import regions
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current, settings
from server.web.fields import BaseSchema, Day, Enum, Id, Instant, Int, JsonObject, List, Nested
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import Shown

blp = Blueprint("plans", __name__, url_prefix="/api/v1/plans", description="Runs of the optimiser and their proposals")

_MOST_STOPS = 100_000


class PlanRequestSchema(BaseSchema):
    """What is to be planned; ``earliest`` is now unless told, ``iterations`` make a run repeatable."""

    region_id = Id(required=True)
    first_day = Day(required=True)
    last_day = Day(required=True)
    earliest = Instant(load_default=None, allow_none=True)
    seed = Int(load_default=1, least=0, most=2**31 - 1)
    seconds = Int(load_default=None, allow_none=True, least=1, most=3_600)
    iterations = Int(load_default=None, allow_none=True, least=0, most=10_000_000)


class PlanQuery(PageQuery):
    """Which plans."""

    region_id = Id(load_default=None)


class PlanSchema(BaseSchema):
    """A plan, without what it proposes."""

    id = Id(required=True)
    region_id = Id(required=True)
    first_day = Day(required=True)
    last_day = Day(required=True)
    earliest = Instant(required=True)
    status = Enum(PlanStatus, required=True)
    seed = Int(required=True)
    seconds = Int(required=True)
    iterations = Int(required=True, allow_none=True)
    requested_by = Id(required=True, allow_none=True)
    requested_at = Instant(required=True)
    started_at = Instant(required=True, allow_none=True)
    progress = JsonObject(required=True)
    cost = Int(required=True, allow_none=True)
    bound = Int(required=True, allow_none=True)
    failure = Shown(required=True, allow_none=True)
    version = Int(required=True)


class StopSchema(BaseSchema):
    """A visit that a plan proposes, and why there."""

    ticket_id = Id(required=True)
    technician_id = Id(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    travel_seconds = Int(required=True)
    candidates = List(Id(), required=True)
    why = JsonObject(required=True)
    visit_id = Id(required=True, allow_none=True)
    skipped = Shown(required=True, allow_none=True)


class OmissionSchema(BaseSchema):
    """A ticket that a plan leaves out, and why."""

    ticket_id = Id(required=True)
    reason = Shown(required=True)
    details = JsonObject(required=True)


class PlanSheetSchema(PlanSchema):
    """A plan with what it proposes, what it leaves out, and what to know about what it rests on."""

    stops = List(Nested(StopSchema), required=True, most=_MOST_STOPS)
    omissions = List(Nested(OmissionSchema), required=True, most=_MOST_STOPS)
    findings = List(JsonObject(), required=True, most=_MOST_STOPS)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Return a value of the sheet, else of its plan."""
        if attr == "findings":
            return obj.plan.findings.get("items", [])
        found = super().get_attribute(obj, attr, missing)
        return super().get_attribute(obj.plan, attr, default) if found is missing else found


class SkippedSchema(BaseSchema):
    """A proposed visit that was not published, and why."""

    ticket_id = Id(required=True)
    reason = Shown(required=True)


class PublicationSchema(BaseSchema):
    """What became of a plan."""

    visits = List(Id(), required=True, most=_MOST_STOPS)
    skipped = List(Nested(SkippedSchema), required=True, most=_MOST_STOPS)


@dataclass(frozen=True, slots=True)
class Publication:
    """What became of a plan, as it is shown."""

    visits: tuple[int, ...]
    skipped: tuple[plans.Skipped, ...]


@blp.route("")
class Plans(MethodView):
    """Plans of the caller's regions."""

    @allowed(*DESK)
    @blp.arguments(PlanQuery, location="query")
    @blp.reads(page_of(PlanSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Plan]:
        """List plans, the newest first."""
        after = keyset(query, int)
        rows = queries.plans(
            session,
            scope=current().scope,
            region_id=query["region_id"],
            after=after[0] if after else None,
            limit=query["limit"],
        )
        return page(rows, query=query, key=lambda row: (row.id,))

    @allowed(*DESK)
    @blp.arguments(PlanRequestSchema)
    @blp.changes(201, PlanSchema)
    def post(self, session: Session, body: Json) -> tuple[Plan, dict[str, str]]:
        """Ask for a plan; it is solved in the background."""
        now = clock.now()
        regions.one(session, region_id=body["region_id"], scope=current().scope)
        wanted = {**body, "earliest": body["earliest"] or now, "seconds": body["seconds"] or settings().solver_seconds}
        plan = plans.request(session, **wanted, by=current().actor(Via.API), now=now)
        return plan, {"Location": f"{blp.url_prefix}/{plan.id}"}


@blp.route("/<int:plan_id>")
class OnePlan(MethodView):
    """One plan."""

    @allowed(*DESK)
    @blp.reads(PlanSheetSchema)
    def get(self, session: Session, plan_id: int) -> PlanSheet:
        """Show a plan: how far it is, what it proposes and leaves out."""
        return queries.sheet(session, plan_id, scope=current().scope)


@blp.route("/<int:plan_id>/publication")
class PublicationOfPlan(MethodView):
    """What a plan proposes becomes visits and offers."""

    @allowed(*DESK)
    @blp.changes(200, PublicationSchema)
    def post(self, session: Session, plan_id: int) -> Publication:
        """Publish a plan: what it proposes is booked and offered, as far as the world has not changed."""
        queries.plan_of(session, plan_id, scope=current().scope)
        done = plans.publish(session, plan_id=plan_id, by=current().actor(Via.API), now=clock.now())
        return Publication(tuple(visit.id for visit in done.visits), done.skipped)


@blp.route("/<int:plan_id>/cancellation")
class CancellationOfPlan(MethodView):
    """A plan that is not wanted any more."""

    @allowed(*DESK)
    @blp.changes(200, PlanSchema)
    def post(self, session: Session, plan_id: int) -> Plan:
        """Stop a plan, or throw its proposal away."""
        queries.plan_of(session, plan_id, scope=current().scope)
        return plans.cancel(session, plan_id=plan_id, by=current().actor(Via.API), now=clock.now())
