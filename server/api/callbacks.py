"""Customer callbacks: the queue, the call that is handed out, what came of it, and the supervisor's word."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response
from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.callback_schemas import (
    AttemptBodySchema,
    AttemptSchema,
    CallbackQuery,
    CallbackSchema,
    HandedSchema,
    ReconfirmationSchema,
    SheetSchema,
)
from server.api.roles import CALLING
from server.callbacks import calls, decisions, queries, queue, reveal
from server.callbacks.models import CallbackAttempt, CustomerCallback
from server.callbacks.queries import Sheet
from server.callbacks.rules import Answers
from server.core import clock
from server.core.db import Json
from server.core.events import Via
from server.organisation.models import Role
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.paging import Page, keyset, page, page_of
from server.web.schemas import EvidenceSchema, RevealedPhonesSchema

blp = Blueprint(
    "callbacks", __name__, url_prefix="/api/v1/callbacks", description="Outcomes verified with the customer"
)


@dataclass(frozen=True, slots=True)
class Handed:
    """A call that was handed out, with what is needed to make it.

    :param phone: in full, for whoever calls now.
    """

    sheet: Sheet
    phone: str | None


@blp.route("")
class Callbacks(MethodView):
    """Customer callbacks of the caller's part of the company."""

    @allowed(*CALLING, Role.AUDITOR)
    @blp.arguments(CallbackQuery, location="query")
    @blp.reads(page_of(CallbackSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[CustomerCallback]:
        """List customer callbacks, those whose first attempt was due earliest first."""
        rows = queries.listed(
            session,
            scope=current().scope,
            status=query["status"],
            after=keyset(query, datetime, int),
            limit=query["limit"],
        )
        return page(rows, query=query, key=lambda row: (row.due_at, row.id))


@blp.route("/next")
class Next(MethodView):
    """The call to make now."""

    @allowed(Role.CALLBACK_AGENT)
    @blp.changes(200, HandedSchema, withheld=("phone",))
    @blp.alt_response(204, description="Nobody is to be called now")
    def post(self, session: Session) -> Handed | Response:
        """Be handed the worst call that may be made now; nobody else gets it for a while."""
        now, scope = clock.now(), current().scope
        callback = queue.next_call(session, by=current().actor(Via.API), now=now, scope=scope)
        if callback is None:
            return Response(status=204)
        return Handed(queries.sheet(session, callback_id=callback.id, scope=scope), callback.phone)


@blp.route("/<int:callback_id>")
class OneCallback(MethodView):
    """One customer callback."""

    @allowed(*CALLING, Role.AUDITOR)
    @blp.reads(SheetSchema)
    def get(self, session: Session, callback_id: int) -> Sheet:
        """Show a customer callback with everything that a call or a decision needs."""
        return queries.sheet(session, callback_id=callback_id, scope=current().scope)


@blp.route("/<int:callback_id>/attempts")
class Attempts(MethodView):
    """Calls."""

    @allowed(Role.CALLBACK_AGENT)
    @blp.arguments(AttemptBodySchema)
    @blp.changes(201, AttemptSchema, keep=True)
    def post(self, session: Session, body: Json, callback_id: int) -> CallbackAttempt:
        """Keep one call and what came of it."""
        caller = current()
        return calls.attempt(
            session,
            callback_id=callback_id,
            agent=caller.id,
            reached=body["reached"],
            answers=body["answers"] or Answers(),
            verdict=body["verdict"],
            fail_reason=body["fail_reason"],
            promised_at=body["promised_at"],
            by=caller.actor(Via.API),
            now=clock.now(),
            scope=caller.scope,
        )


@blp.route("/<int:callback_id>/reconfirmation")
class Reconfirmation(MethodView):
    """The supervisor's yes."""

    @allowed(Role.SUPERVISOR)
    @blp.arguments(ReconfirmationSchema)
    @blp.changes(200, CallbackSchema, keep=True)
    def post(self, session: Session, body: Json, callback_id: int) -> CustomerCallback:
        """Re-confirm a failed or unreachable callback: its labour may be settled."""
        return decisions.reconfirm(
            session,
            callback_id=callback_id,
            **body,
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/<int:callback_id>/refusal")
class Refusal(MethodView):
    """The supervisor's no."""

    @allowed(Role.SUPERVISOR)
    @blp.arguments(EvidenceSchema)
    @blp.changes(200, CallbackSchema, keep=True)
    def post(self, session: Session, body: Mapping[str, str], callback_id: int) -> CustomerCallback:
        """Decide that a failed or unreachable outcome is not confirmed: it is not paid."""
        return decisions.not_confirm(
            session,
            callback_id=callback_id,
            evidence=body["evidence"],
            by=current().actor(Via.API),
            now=clock.now(),
            scope=current().scope,
        )


@blp.route("/<int:callback_id>/support")
class Support(MethodView):
    """The second person."""

    @allowed(Role.SUPERVISOR)
    @blp.changes(200, CallbackSchema, keep=True)
    def post(self, session: Session, callback_id: int) -> CustomerCallback:
        """Stand by as the second person of a re-confirmation, after a look at the same evidence."""
        return decisions.support(
            session, callback_id=callback_id, by=current().actor(Via.API), now=clock.now(), scope=current().scope
        )


@blp.route("/<int:callback_id>/phone-reveal")
class PhoneReveal(MethodView):
    """The customer's telephone in full."""

    @allowed(*CALLING)
    @blp.changes(200, RevealedPhonesSchema, withheld=("phones",))
    def post(self, session: Session, callback_id: int) -> dict[str, list[str]]:
        """Show the telephone to call in full, to a supervisor a newer one too; that it was shown is kept."""
        caller = current()
        numbers = reveal.phones_of(
            session,
            callback_id=callback_id,
            newer=caller.has(Role.SUPERVISOR),
            by=caller.actor(Via.API),
            now=clock.now(),
            scope=caller.scope,
        )
        return {"phones": numbers}
