"""Complaints: each has a named handler and ends with a decision that the customer is told (R36)."""

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.callback_schemas import ComplaintSchema
from server.api.roles import DESK
from server.callbacks import complaints
from server.callbacks.models import Complaint
from server.core import clock
from server.core.events import Via
from server.organisation.models import Role
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Flag, Text
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import LONG

blp = Blueprint("complaints", __name__, url_prefix="/api/v1/complaints", description="Complaints of customers")


class ComplaintQuery(PageQuery):
    """Which complaints: those that wait for their decision, those that have it, or all."""

    open = Flag(load_default=None)


class DecisionSchema(BaseSchema):
    """What the customer is told."""

    decision = Text(required=True, most=LONG, lines=True)


@blp.route("")
class Complaints(MethodView):
    """Complaints of the caller's part of the company."""

    @allowed(*DESK, Role.CALLBACK_AGENT)
    @blp.arguments(ComplaintQuery, location="query")
    @blp.reads(page_of(ComplaintSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Complaint]:
        """List complaints, oldest first: the order in which their answers fall due."""
        after = keyset(query, int)
        rows = complaints.listed(
            session,
            scope=current().scope,
            is_open=query["open"],
            limit=query["limit"] + 1,
            after=after[0] if after else None,
        )
        return page(rows, query=query, key=lambda row: (row.id,))


@blp.route("/<int:complaint_id>/decision")
class Decision(MethodView):
    """The end of a complaint."""

    @allowed(Role.SUPERVISOR)
    @blp.arguments(DecisionSchema)
    @blp.changes(200, ComplaintSchema)
    def post(self, session: Session, body: Mapping[str, str], complaint_id: int) -> Complaint:
        """Decide a complaint; the customer is told."""
        return complaints.decide(
            session,
            complaint_id=complaint_id,
            decision=body["decision"],
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )
