"""Statements: the month of a payee, line by line with its evidence; audit, objection, approval, payment."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import partial
from types import MappingProxyType

from flask import Response as Download
from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console
from server.console.forms import code_page, whole
from server.console.frame import page
from server.core import clock
from server.core.clock import local_day
from server.core.errors import NotFound, Refusal
from server.core.events import Actor, Via
from server.organisation.access import Scope
from server.organisation.models import Role
from server.settlement import audit, closing, export, queries, statements
from server.settlement.models import Statement
from server.settlement.scope import answers_for
from server.settlement.status import PAID_VERDICTS, STATEMENT, Reason, StatementEvent, StatementStatus, Verdict
from server.web import texts
from server.web.auth import allowed
from server.web.context import current, database
from server.web.locale import locale
from server.web.zones import callers_zone

_READERS = (Role.AUDITOR, Role.FINANCE, Role.STATION)

_STEPS: Mapping[str, tuple[StatementEvent | None, Role]] = MappingProxyType(
    {
        "audit": (StatementEvent.AUDIT, Role.AUDITOR),
        "publish": (StatementEvent.PUBLISH, Role.AUDITOR),
        "agree": (None, Role.STATION),
        "approve": (StatementEvent.APPROVE, Role.FINANCE),
        "pay": (StatementEvent.PAY, Role.FINANCE),
    }
)
"""What can be done with a whole statement: the step that must be possible (agreeing takes none), and who may."""


@console.get("/console/statements", endpoint="statements")
@allowed(*_READERS)
def listed() -> tuple[str, int]:
    """Show statements, the latest month first."""
    with database().transaction() as session:
        found = queries.statements(session, scope=current().scope, limit=100)
        zone = callers_zone(session)
    last = _month_before(local_day(clock.now(), zone))
    return page("statements.html", found=found.items, may_compute=current().has(Role.AUDITOR), month=last)


def _month_before(day: date) -> date:
    return date(day.year - 1, 12, 1) if day.month == 1 else date(day.year, day.month - 1, 1)


@console.post("/console/statements")
@allowed(Role.AUDITOR)
def compute() -> Response | tuple[str, int]:
    """Bring the drafts of a month up to date with the record."""
    try:
        month = date.fromisoformat(request.form.get("month", "") + "-01")
    except ValueError:
        return code_page("statement.bad_month", 422, back=url_for("console.statements"))

    def do(session: Session) -> None:
        caller = current()
        statements.compute(
            session, month=month, region_id=caller.scope.region_id, by=caller.actor(Via.CONSOLE), now=clock.now()
        )

    database().attempt(do)
    return redirect(url_for("console.statements", done="statement.computed"), code=303)


@console.get("/console/statements/<id:statement_id>")
@allowed(*_READERS)
def statement(statement_id: int) -> tuple[str, int]:
    """Show a statement with every line and its evidence side by side."""
    return _page(statement_id)


def _page(statement_id: int, *, status: int = 200, **shown: object) -> tuple[str, int]:
    caller = current()
    with database().transaction() as session:
        found = queries.statement_sheet(session, statement_id=statement_id, scope=caller.scope)
        zone = callers_zone(session)
    state = found.statement.status
    possible = [
        name
        for name, (event, role) in _STEPS.items()
        if caller.has(role) and (STATEMENT.allows(state, event) if event else _may_agree(caller.scope, found.statement))
    ]
    lines = sorted(found.lines, key=lambda sheet: (not sheet.suspicions, sheet.line.id))
    return page(
        "statement.html",
        status=status,
        it=found,
        lines=lines,
        digest=found.digest.hex(),
        possible=possible,
        may_decide=state == StatementStatus.DRAFT and caller.has(Role.AUDITOR),
        may_tick={
            sheet.line.id
            for sheet in lines
            if sheet.line.verdict == Verdict.OPEN and sheet.line.proposed in PAID_VERDICTS
        },
        verdicts=[Verdict.PAY, Verdict.REDUCED, Verdict.HOLD, Verdict.REFUSE],
        all_reasons=list(Reason),
        zone=zone,
        **shown,
    )


def _may_agree(scope: Scope, shown: Statement) -> bool:
    return shown.status == StatementStatus.PUBLISHED and shown.agreed_at is None and answers_for(scope, shown)


@console.post("/console/statements/<id:statement_id>/lines/<id:line_id>")
@allowed(Role.AUDITOR)
def decide_line(statement_id: int, line_id: int) -> Response | tuple[str, int]:
    """Decide one line with its reasons."""
    verdict = request.form.get("verdict", "")
    if verdict not in set(Verdict):
        return code_page("request.rules_broken", 422, back=url_for("console.statement", statement_id=statement_id))
    reasons = [Reason(each) for each in request.form.getlist("reasons") if each in set(Reason)]

    def do(session: Session) -> None:
        caller = current()
        audit.decide(
            session,
            line_id=line_id,
            verdict=Verdict(verdict),
            reasons=reasons,
            remark=request.form.get("remark", "").strip()[:2000].replace("\0", "") or None,
            by=caller.actor(Via.CONSOLE),
            now=clock.now(),
            scope=caller.scope,
        )

    try:
        database().attempt(do)
    except Refusal as refusal:
        return _page(statement_id, status=refusal.status, problem=texts.of(refusal, locale=locale()))
    return redirect(url_for("console.statement", statement_id=statement_id) + f"#line-{line_id}", code=303)


@console.post("/console/statements/<id:statement_id>/ticked-lines")
@allowed(Role.AUDITOR)
def decide_ticked_lines(statement_id: int) -> Response | tuple[str, int]:
    """Decide every ticked line as the rules propose to pay it; all of them or none.

    Each is decided as if it were alone: what the record forbids by now is refused; each is one entry of history.
    """
    ticked = {whole(each) for each in request.form.getlist("lines")}

    def do(session: Session, *, statement_id: int, by: Actor, now: datetime, scope: Scope) -> None:
        found = queries.statement_sheet(session, statement_id=statement_id, scope=scope)
        for line in (sheet.line for sheet in found.lines):
            if line.id in ticked and line.verdict == Verdict.OPEN and line.proposed in PAID_VERDICTS:
                audit.decide(session, line_id=line.id, verdict=line.proposed, by=by, now=now, scope=scope)

    return _step(statement_id, "ticked", do)


@console.post("/console/statements/<id:statement_id>/audit")
@allowed(Role.AUDITOR)
def audit_statement(statement_id: int) -> Response | tuple[str, int]:
    """Finish the audit."""
    return _step(statement_id, "audit", audit.finish_audit)


@console.post("/console/statements/<id:statement_id>/publication")
@allowed(Role.AUDITOR)
def publish_statement(statement_id: int) -> Response | tuple[str, int]:
    """Show the statement to its payee."""
    return _step(statement_id, "publish", closing.publish)


@console.post("/console/statements/<id:statement_id>/agreement")
@allowed(Role.STATION)
def agree_statement(statement_id: int) -> Response | tuple[str, int]:
    """Agree for the payee."""
    return _step(statement_id, "agree", closing.agree)


@console.post("/console/statements/<id:statement_id>/approval")
@allowed(Role.FINANCE)
def approve_statement(statement_id: int) -> Response | tuple[str, int]:
    """Approve exactly the lines that were on the page (R41)."""
    try:
        digest = bytes.fromhex(request.form.get("digest", ""))
    except ValueError:
        digest = b""
    return _step(statement_id, "approve", partial(closing.approve, lines_hash=digest))


@console.post("/console/statements/<id:statement_id>/payment")
@allowed(Role.FINANCE)
def pay_statement(statement_id: int) -> Response | tuple[str, int]:
    """Keep that the money was sent, with the bank's reference."""
    reference = request.form.get("reference", "").strip()[:100].replace("\0", "")
    return _step(statement_id, "pay", partial(closing.pay, reference=reference))


def _step(statement_id: int, deed: str, do: Callable[..., object]) -> Response | tuple[str, int]:
    """Take the next step with a whole statement; a refusal is said on its page."""

    def step(session: Session) -> None:
        caller = current()
        do(session, statement_id=statement_id, by=caller.actor(Via.CONSOLE), now=clock.now(), scope=caller.scope)

    try:
        database().attempt(step)
    except Refusal as refusal:
        if refusal.status == NotFound.status:
            raise
        return _page(statement_id, status=refusal.status, problem=texts.of(refusal, locale=locale()))
    return redirect(url_for("console.statement", statement_id=statement_id, done=f"statement.{deed}"), code=303)


@console.get("/console/statements/<id:statement_id>.csv")
@allowed(*_READERS)
def statement_file(statement_id: int) -> Download:
    """Give the statement as a table file."""
    with database().transaction() as session:
        text = export.statement_csv(session, statement_id=statement_id, scope=current().scope)
    headers = {"Content-Disposition": f'attachment; filename="statement-{statement_id}.csv"'}
    return Download("\ufeff" + text, mimetype="text/csv", headers=headers)
