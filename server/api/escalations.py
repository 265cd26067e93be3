"""Escalations: what the product cannot decide by itself, and how a human has decided."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.roles import DESK
from server.core import clock
from server.core.events import Via
from server.dispatch import escalations, queries
from server.dispatch.models import Escalation
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Id, Instant, JsonObject
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import RemarkSchema, Shown

blp = Blueprint("escalations", __name__, url_prefix="/api/v1/escalations", description="What waits for a human")


class EscalationSchema(BaseSchema):
    """Something that a human must decide."""

    id = Id(required=True)
    kind = Shown(required=True)
    ticket_id = Id(required=True)
    region_id = Id(required=True)
    raised_at = Instant(required=True)
    details = JsonObject(required=True)
    settled_at = Instant(required=True, allow_none=True)
    settled_by = Id(required=True, allow_none=True)
    remark = Shown(required=True, allow_none=True)


@blp.route("")
class Escalations(MethodView):
    """What waits."""

    @allowed(*DESK)
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(EscalationSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Escalation]:
        """List what waits for a human, the longest waiting first."""
        rows = queries.open_escalations(
            session, scope=current().scope, after=keyset(query, datetime, int), limit=query["limit"]
        )
        return page(rows, query=query, key=lambda row: (row.raised_at, row.id))


@blp.route("/<int:escalation_id>/settlement")
class Settlement(MethodView):
    """The end of an escalation."""

    @allowed(*DESK)
    @blp.arguments(RemarkSchema)
    @blp.changes(200, EscalationSchema)
    def post(self, session: Session, body: Mapping[str, str], escalation_id: int) -> Escalation:
        """Note how it was decided."""
        return escalations.settle(
            session,
            escalation_id=escalation_id,
            remark=body["remark"],
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )
