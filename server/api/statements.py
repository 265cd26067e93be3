"""Statements: computed, audited line by line, published, agreed, approved, paid by different people (R37-R41)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.roles import MONEY
from server.api.statement_schemas import (
    AppealAnswerSchema,
    AppealBodySchema,
    AppealSchema,
    ApprovalSchema,
    ComputationSchema,
    CoverSchema,
    DecidedLineSchema,
    DeductionSchema,
    EntrySchema,
    LineSchema,
    LineSheetSchema,
    PaymentOrderSchema,
    PaymentSchema,
    StatementQuery,
    StatementSchema,
    StatementsSchema,
    VerdictSchema,
)
from server.core import clock
from server.core.db import Json
from server.core.events import Via
from server.organisation import regions
from server.organisation.models import Role
from server.settlement import audit, closing, export, pages, queries, statements, waivers
from server.settlement.models import Appeal, Deduction, Payment, Statement, StatementLine
from server.settlement.pages import Cover
from server.settlement.queries import After, Entry
from server.settlement.sheets import LineSheet
from server.web import etag
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current, database
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import ReasonSchema

blp = Blueprint("statements", __name__, url_prefix="/api/v1", description="What payees are paid, month by month")


@blp.route("/statements")
class Statements(MethodView):
    """Statements that the caller may see."""

    @allowed(*MONEY)
    @blp.arguments(StatementQuery, location="query")
    @blp.reads(page_of(EntrySchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Entry]:
        """List statements, the latest month first; a payee sees his from publication on."""
        after = keyset(query, date, int)
        found = queries.statements(
            session,
            scope=current().scope,
            month=query["month"],
            status=query["status"],
            limit=query["limit"],
            after=After(*after) if after else None,
        )
        # One row too many tells the page that there is a next one.
        rows = (*found.items, found.items[-1]) if found.next else found.items
        return page(rows, query=query, key=lambda row: (row.statement.month, row.statement.id))

    @allowed(Role.AUDITOR)
    @blp.arguments(ComputationSchema)
    @blp.changes(201, StatementsSchema, keep=True)
    def post(self, session: Session, body: Json) -> dict[str, list[Statement]]:
        """Bring the drafts of a month up to date with the record."""
        scope, region_id = current().scope, body["region_id"]
        if region_id is not None:
            regions.one(session, region_id=region_id, scope=scope)
        done = statements.compute(
            session,
            month=body["month"],
            region_id=region_id or scope.region_id,
            by=current().actor(Via.API),
            now=clock.now(),
        )
        return {"items": [session.get_one(Statement, statement_id) for statement_id in done.statements]}


@blp.route("/statements/<int:statement_id>")
class OneStatement(MethodView):
    """One statement."""

    @allowed(*MONEY)
    @blp.reads(CoverSchema, etag=True)
    def get(self, session: Session, statement_id: int) -> Cover:
        """Show a statement with its sum and the hash of its lines."""
        found = pages.cover(session, statement_id, scope=current().scope)
        etag.tell(found.statement.version)
        return found


@blp.route("/statements/<int:statement_id>/lines")
class Lines(MethodView):
    """What a statement is made of."""

    @allowed(*MONEY)
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(LineSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any], statement_id: int) -> Page[LineSheet]:
        """List the lines of a statement with deductions and what the rules propose."""
        after = keyset(query, int)
        rows = pages.lines(
            session, statement_id, scope=current().scope, after=after[0] if after else None, limit=query["limit"]
        )
        return page(rows, query=query, key=lambda row: (row.line.id,))


@blp.route("/statements/<int:statement_id>/lines/<int:line_id>")
class OneLine(MethodView):
    """One line."""

    @allowed(*MONEY)
    @blp.reads(LineSheetSchema)
    def get(self, session: Session, statement_id: int, line_id: int) -> LineSheet:
        """Show a line with all its evidence side by side."""
        return pages.line(session, line_id, statement_id=statement_id, scope=current().scope)


@blp.route("/statements/<int:statement_id>/lines/<int:line_id>/verdict")
class VerdictOnLine(MethodView):
    """The auditor's word on a line."""

    @allowed(Role.AUDITOR)
    @blp.arguments(VerdictSchema)
    @blp.changes(200, DecidedLineSchema, keep=True)
    def post(self, session: Session, body: Json, statement_id: int, line_id: int) -> StatementLine:
        """Decide a line of a draft."""
        audit.demand_line(session, line_id=line_id, statement_id=statement_id)
        return audit.decide(
            session,
            line_id=line_id,
            **body,
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/deductions/<int:deduction_id>/waiver")
class Waiver(MethodView):
    """A deduction let off."""

    @allowed(Role.AUDITOR, Role.SUPERVISOR)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, DeductionSchema, keep=True)
    def post(self, session: Session, body: Mapping[str, str], deduction_id: int) -> Deduction:
        """Waive a deduction with a reason, where its rule allows."""
        return waivers.waive(
            session,
            deduction_id=deduction_id,
            reason=body["reason"],
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/statements/<int:statement_id>/audit")
class Audit(MethodView):
    """The end of the audit."""

    @allowed(Role.AUDITOR)
    @blp.changes(200, StatementSchema, keep=True)
    def post(self, session: Session, statement_id: int) -> Statement:
        """Finish the audit of a draft."""
        return audit.finish_audit(
            session,
            statement_id=statement_id,
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/statements/<int:statement_id>/publication")
class Publication(MethodView):
    """Shown to its payee."""

    @allowed(Role.AUDITOR)
    @blp.changes(200, StatementSchema, keep=True)
    def post(self, session: Session, statement_id: int) -> Statement:
        """Show an audited statement to its payee."""
        return closing.publish(
            session,
            statement_id=statement_id,
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/statements/<int:statement_id>/reopening")
class Reopening(MethodView):
    """A draft again."""

    @allowed(Role.AUDITOR)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, StatementSchema, keep=True)
    def post(self, session: Session, body: Mapping[str, str], statement_id: int) -> Statement:
        """Make an audited or published statement a draft again."""
        return audit.reopen(
            session,
            statement_id=statement_id,
            reason=body["reason"],
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/statements/<int:statement_id>/agreement")
class Agreement(MethodView):
    """The payee's yes."""

    @allowed(Role.STATION)
    @blp.changes(200, StatementSchema, keep=True)
    def post(self, session: Session, statement_id: int) -> Statement:
        """Agree to one's own statement."""
        pages.statement_of(session, statement_id, scope=current().scope)
        return closing.agree(
            session,
            statement_id=statement_id,
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/statements/<int:statement_id>/appeals")
class Appeals(MethodView):
    """The payee's no."""

    @allowed(Role.STATION)
    @blp.arguments(AppealBodySchema)
    @blp.changes(201, AppealSchema, keep=True)
    def post(self, session: Session, body: Json, statement_id: int) -> Appeal:
        """Object to a line of one's own statement, or to the whole."""
        pages.statement_of(session, statement_id, scope=current().scope)
        return closing.appeal(
            session,
            statement_id=statement_id,
            **body,
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/appeals/<int:appeal_id>/answer")
class AppealAnswer(MethodView):
    """The answer to an objection."""

    @allowed(Role.SUPERVISOR, Role.AUDITOR)
    @blp.arguments(AppealAnswerSchema)
    @blp.changes(200, AppealSchema, keep=True)
    def post(self, session: Session, body: Json, appeal_id: int) -> Appeal:
        """Answer an appeal; whoever had a hand in the audit does not."""
        return closing.answer_appeal(
            session,
            appeal_id=appeal_id,
            **body,
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/statements/<int:statement_id>/approval")
class Approval(MethodView):
    """Finance says yes."""

    @allowed(Role.FINANCE)
    @blp.arguments(ApprovalSchema)
    @blp.changes(200, StatementSchema, keep=True)
    def post(self, session: Session, body: Mapping[str, str], statement_id: int) -> Statement:
        """Approve a published statement as it was looked at."""
        return closing.approve(
            session,
            statement_id=statement_id,
            lines_hash=bytes.fromhex(body["lines_hash"]),
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/statements/<int:statement_id>/payment")
class PaymentOfStatement(MethodView):
    """The money leaves."""

    @allowed(Role.FINANCE)
    @blp.arguments(PaymentOrderSchema)
    @blp.changes(200, PaymentSchema, keep=True)
    def post(self, session: Session, body: Mapping[str, str], statement_id: int) -> Payment:
        """Pay an approved statement, once for ever."""
        return closing.pay(
            session,
            statement_id=statement_id,
            reference=body["reference"],
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/statements/<int:statement_id>/export.csv")
class Export(MethodView):
    """A statement for a spreadsheet."""

    @allowed(*MONEY)
    @blp.alt_response(200, description="CSV in UTF-8", content_type="text/csv", schema={"type": "string"})
    @blp.alt_response(404, response="NOT_FOUND")
    def get(self, statement_id: int) -> Response:
        """Download a statement's lines as CSV; no cell is a formula."""
        with database().transaction() as session:
            text = export.statement_csv(session, statement_id=statement_id, scope=current().scope)
        headers = {"Content-Disposition": f'attachment; filename="statement-{statement_id}.csv"'}
        return Response(text, content_type="text/csv; charset=utf-8", headers=headers)
