"""Statements: what the technician is paid himself, from publication on."""

from datetime import date
from typing import Any

from flask.views import MethodView
from marshmallow import missing
from sqlalchemy.orm import Session

from server.core import clock
from server.core.db import Json
from server.core.events import ActorKind, Via
from server.orders.words import VisitResult
from server.settlement import closing, pages, queries
from server.settlement.models import Appeal, Statement
from server.settlement.queries import After, Entry
from server.settlement.sheets import LineSheet
from server.settlement.status import DeductionKind, LineKind, StatementStatus, Verdict
from server.web.auth import for_technicians
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Day, Enum, Flag, Id, Instant, Int, JsonObject, List, Money, Nested, Text
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import LONG, Shown

blp = Blueprint("mobile_statements", __name__, url_prefix="/mobile/v1/statements", description="The technician's pay")

_MOST = 1_000


class StatementSchema(BaseSchema):
    """One month of the technician's; who audits and pays it is not his business."""

    id = Id(required=True)
    month = Day(required=True)
    currency = Shown(required=True)
    status = Enum(StatementStatus, required=True)
    published_at = Instant(required=True, allow_none=True)
    agreed_at = Instant(required=True, allow_none=True)
    approved_at = Instant(required=True, allow_none=True)
    paid_at = Instant(required=True, allow_none=True)
    version = Int(required=True)


class EntrySchema(StatementSchema):
    """A month with its sum."""

    sum = Money(required=True, negative=True)
    lines = Int(required=True)

    def get_attribute(self, obj: Entry, attr: str, default: Any) -> Any:
        """Return a value of the entry, else of its statement."""
        found = super().get_attribute(obj, attr, missing)
        return super().get_attribute(obj.statement, attr, default) if found is missing else found


class TakenSchema(BaseSchema):
    """Something a rule takes off, with the numbers it was computed with."""

    kind = Enum(DeductionKind, required=True)
    amount = Money(required=True)
    rule = Shown(required=True)
    computation = JsonObject(required=True)
    waived_at = Instant(required=True, allow_none=True)


class LineSchema(BaseSchema):
    """One line, with its verdict and reasons."""

    id = Id(required=True)
    ticket_number = Shown(required=True, allow_none=True)
    visit_id = Id(required=True, allow_none=True)
    result = Enum(VisitResult, required=True, allow_none=True)
    kind = Enum(LineKind, required=True)
    price = Money(required=True, negative=True)
    net = Money(required=True, negative=True)
    verdict = Enum(Verdict, required=True)
    reasons = List(Shown(), required=True)
    remark = Shown(required=True, allow_none=True)
    deductions = List(Nested(TakenSchema), required=True, most=_MOST)

    def get_attribute(self, obj: LineSheet, attr: str, default: Any) -> Any:
        """Return a name of what the line is about, its deductions, else a value of the line."""
        if attr == "ticket_number":
            return obj.ticket.number if obj.ticket else None
        if attr == "result":
            return obj.visit.result if obj.visit else None
        return obj.deductions if attr == "deductions" else super().get_attribute(obj.line, attr, default)


class AppealBodySchema(BaseSchema):
    """An objection to a line, or to the whole."""

    line_id = Id(load_default=None, allow_none=True)
    text = Text(required=True, most=LONG, lines=True)


class AppealSchema(BaseSchema):
    """An objection, and its answer."""

    id = Id(required=True)
    statement_id = Id(required=True)
    line_id = Id(required=True, allow_none=True)
    text = Shown(required=True)
    raised_at = Instant(required=True)
    raised_by_kind = Enum(ActorKind, required=True)
    answered_at = Instant(required=True, allow_none=True)
    accepted = Flag(required=True, allow_none=True)
    answer = Shown(required=True, allow_none=True)


@blp.route("")
class Statements(MethodView):
    """The technician's months."""

    @for_technicians
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(EntrySchema), refusals=(422,))
    def get(self, session: Session, query: Json) -> Page[Entry]:
        """List one's own statements, the latest month first."""
        after = keyset(query, date, int)
        found = queries.statements(
            session, scope=current().scope, limit=query["limit"], after=After(*after) if after else None
        )
        # One row too many tells the page that there is a next one.
        rows = (*found.items, found.items[-1]) if found.next else found.items
        return page(rows, query=query, key=lambda row: (row.statement.month, row.statement.id))


@blp.route("/<int:statement_id>/lines")
class Lines(MethodView):
    """What a month is made of."""

    @for_technicians
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(LineSchema), refusals=(422,))
    def get(self, session: Session, query: Json, statement_id: int) -> Page[LineSheet]:
        """List the lines of one's own statement."""
        after = keyset(query, int)
        rows = pages.lines(
            session, statement_id, scope=current().scope, after=after[0] if after else None, limit=query["limit"]
        )
        return page(rows, query=query, key=lambda row: (row.line.id,))


@blp.route("/<int:statement_id>/agreement")
class Agreement(MethodView):
    """The technician's yes."""

    @for_technicians
    @blp.changes(200, StatementSchema, keep=True)
    def post(self, session: Session, statement_id: int) -> Statement:
        """Agree to one's own statement."""
        me = current()
        pages.statement_of(session, statement_id, scope=me.scope)
        by = me.actor(Via.APP)
        return closing.agree(session, statement_id=statement_id, by=by, now=clock.now(), scope=me.scope)


@blp.route("/<int:statement_id>/appeals")
class Appeals(MethodView):
    """The technician's no."""

    @for_technicians
    @blp.arguments(AppealBodySchema)
    @blp.changes(201, AppealSchema, keep=True)
    def post(self, session: Session, body: Json, statement_id: int) -> Appeal:
        """Object to a line of one's own statement, or to the whole."""
        me = current()
        pages.statement_of(session, statement_id, scope=me.scope)
        by = me.actor(Via.APP)
        return closing.appeal(session, statement_id=statement_id, **body, by=by, now=clock.now(), scope=me.scope)
