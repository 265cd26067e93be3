"""Customer callbacks: whom to call now, the script from the card, the verdict; and what waits for the supervisor."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.callbacks import calls, decisions, queries, queue
from server.callbacks.calls import CallVerdict
from server.callbacks.queries import Sheet
from server.callbacks.rules import Answers
from server.callbacks.status import CallbackStatus, FailReason
from server.console import console
from server.console.forms import whole
from server.console.frame import page
from server.core import clock
from server.core.errors import Refusal
from server.core.events import Via
from server.organisation.models import Region, Role
from server.web import texts
from server.web.auth import allowed
from server.web.context import current, database
from server.web.locale import locale

_ROWS = 40
_YES_NO = {"yes": True, "no": False}


@console.get("/console/callbacks")
@allowed(Role.CALLBACK_AGENT, Role.SUPERVISOR)
def callbacks() -> tuple[str, int]:
    """Show who is to be called, worst first, and what waits for the supervisor."""
    caller = current()
    with database().transaction() as session:
        waiting = queries.queue(session, scope=caller.scope, limit=_ROWS)
        undecided = queries.at_supervisor(session, scope=caller.scope, limit=_ROWS)
        zones = {region.id: region.time_zone for region in session.query(Region)}
    return page(
        "callbacks.html",
        waiting=waiting.items,
        undecided=undecided.items,
        zones=zones,
        calls=caller.has(Role.CALLBACK_AGENT),
        decides=caller.has(Role.SUPERVISOR),
    )


@console.post("/console/callbacks/next")
@allowed(Role.CALLBACK_AGENT)
def next_callback() -> Response:
    """Hand the agent the next call; no other agent gets it meanwhile."""

    def do(session: Session) -> int | None:
        caller = current()
        found = queue.next_call(session, scope=caller.scope, by=caller.actor(Via.CONSOLE), now=clock.now())
        return found.id if found else None

    callback_id = database().attempt(do)
    if callback_id is None:
        return redirect(url_for("console.callbacks", done="callback.nobody"), code=303)
    return redirect(url_for("console.callback", callback_id=callback_id), code=303)


@console.get("/console/callbacks/<id:callback_id>")
@allowed(Role.CALLBACK_AGENT, Role.SUPERVISOR)
def callback(callback_id: int) -> tuple[str, int]:
    """Show all that one call needs."""
    return _page(callback_id)


def _page(callback_id: int, *, status: int = 200, **shown: object) -> tuple[str, int]:
    caller = current()
    with database().transaction() as session:
        found = queries.sheet(session, callback_id=callback_id, scope=caller.scope)
        zone = _zone(session, found)
    waits = found.callback.status in (CallbackStatus.WAITING, CallbackStatus.SURVEYED, CallbackStatus.UNREACHABLE)
    at_supervisor = found.callback.status in (CallbackStatus.FAILED, CallbackStatus.UNREACHABLE)
    return page(
        "callback.html",
        status=status,
        it=found,
        zone=zone,
        may_call=waits and caller.has(Role.CALLBACK_AGENT),
        may_decide=at_supervisor and caller.has(Role.SUPERVISOR),
        fail_reasons=list(FailReason),
        **shown,
    )


def _zone(session: Session, found: Sheet) -> str:
    return found.site.time_zone if found.site else session.get_one(Region, found.ticket.region_id).time_zone


@console.post("/console/callbacks/<id:callback_id>/attempts")
@allowed(Role.CALLBACK_AGENT)
def report_call(callback_id: int) -> Response | tuple[str, int]:
    """Keep what came of the call: pass, fail with a reason, an hour to call again, or nobody reached."""
    outcome = request.form.get("outcome", "")

    def do(session: Session) -> None:
        caller = current()
        zone = _zone(session, queries.sheet(session, callback_id=callback_id, scope=caller.scope))
        calls.attempt(
            session,
            callback_id=callback_id,
            agent=caller.id,
            reached=outcome in ("pass", "fail", "later"),
            answers=_answers(),
            verdict=CallVerdict(outcome) if outcome in ("pass", "fail") else None,
            fail_reason=_fail_reason() if outcome == "fail" else None,
            promised_at=_promised(zone) if outcome == "later" else None,
            by=caller.actor(Via.CONSOLE),
            now=clock.now(),
            scope=caller.scope,
        )

    try:
        database().attempt(do)
    except Refusal as refusal:
        return _page(callback_id, status=refusal.status, problem=texts.of(refusal, locale=locale()))
    return redirect(url_for("console.callbacks", done=f"callback.{outcome or 'nobody_reached'}"), code=303)


def _answers() -> Answers:
    def yes_no(name: str) -> bool | None:
        return _YES_NO.get(request.form.get(name, ""))

    charged = request.form.get("charged", "").strip()
    satisfied = whole(request.form.get("satisfied", ""))
    return Answers(
        came=yes_no("came"),
        done=yes_no("done"),
        working=yes_no("working"),
        parts=yes_no("parts"),
        agrees=yes_no("agrees"),
        charged=_minor(charged),
        satisfied=satisfied if satisfied is not None and satisfied <= 5 else None,
        words=request.form.get("words", "").strip()[:2000].replace("\0", ""),
    )


def _minor(text: str) -> int | None:
    """Return an amount that was typed in major units (`12.50`) in minor units, None if there is none."""
    whole_part, _, cents = text.partition(".")
    if not whole_part.isdecimal() or (cents and not cents.isdecimal()) or len(cents) > 2 or len(whole_part) > 9:
        return None
    return int(whole_part) * 100 + int(cents.ljust(2, "0") or 0)


def _fail_reason() -> FailReason | None:
    reason = request.form.get("fail_reason", "")
    return FailReason(reason) if reason in set(FailReason) else None


def _promised(zone: str) -> datetime | None:
    try:
        written = datetime.fromisoformat(request.form.get("promised_at", ""))
    except ValueError:
        return None
    return written.replace(tzinfo=ZoneInfo(zone)) if written.tzinfo is None else written


@console.post("/console/callbacks/<id:callback_id>/decision")
@allowed(Role.SUPERVISOR)
def decide_callback(callback_id: int) -> Response | tuple[str, int]:
    """Re-confirm an outcome on evidence, or find that it cannot be confirmed (R35)."""
    evidence = request.form.get("evidence", "").strip()[:2000].replace("\0", "")

    def do(session: Session) -> None:
        caller = current()
        by, now, scope = caller.actor(Via.CONSOLE), clock.now(), caller.scope
        if request.form.get("decision") == "reconfirm":
            without = request.form.get("without_customer") == "yes"
            decisions.reconfirm(
                session,
                callback_id=callback_id,
                evidence=evidence,
                without_customer=without,
                by=by,
                now=now,
                scope=scope,
            )
        else:
            decisions.not_confirm(session, callback_id=callback_id, evidence=evidence, by=by, now=now, scope=scope)

    try:
        database().attempt(do)
    except Refusal as refusal:
        return _page(callback_id, status=refusal.status, problem=texts.of(refusal, locale=locale()))
    return redirect(url_for("console.callbacks", done="callback.decided"), code=303)
