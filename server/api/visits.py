"""Visits: the day's list, one with its evidence, and the steps that the desk records for whoever telephones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.roles import DESK
from server.core import clock
from server.core.db import Json
from server.core.events import Actor, Via
from server.dispatch import by_hand
from server.orders import lookups, visit_queries, visits
from server.orders.charging import CardClaim
from server.orders.lookups import VisitFilter
from server.orders.status import VisitStatus
from server.orders.visit_models import CheckIn, CompletionCard, ExtraWork, Visit
from server.orders.visit_queries import VisitDetail
from server.technicians import queries as technicians
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Day, Enum, Flag, Id, Instant, List, Nested, Text
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import (
    SHORT,
    CardChargeSchema,
    CardClaimSchema,
    CardPartSchema,
    CardSchema,
    CheckInClaimSchema,
    CheckInSchema,
    ExtraWorkRequestSchema,
    ExtraWorkSchema,
    ReasonSchema,
    UnfinishedSchema,
    VisitSchema,
    WordsSchema,
    position_claim,
)
from server.web.zones import bounds_of

blp = Blueprint("visits", __name__, url_prefix="/api/v1/visits", description="Trips of technicians for tickets")


class VisitQuery(PageQuery):
    """Which visits; `day` is the one they start on.

    It is a day of the region asked for, else of the regions the caller may see, else (where these lie in several
    time zones) of the company.
    """

    day = Day(load_default=None)
    technician_id = Id(load_default=None)
    station_id = Id(load_default=None)
    region_id = Id(load_default=None)
    status = Enum(VisitStatus, load_default=None)


class VisitDetailSchema(BaseSchema):
    """A visit with its evidence."""

    visit = Nested(VisitSchema, required=True)
    check_ins = List(Nested(CheckInSchema), required=True, most=10_000)
    extra_work = List(Nested(ExtraWorkSchema), required=True, most=10_000)
    card = Nested(CardSchema, required=True, allow_none=True)
    parts = List(Nested(CardPartSchema), required=True)
    charges = List(Nested(CardChargeSchema), required=True)


class AssignmentSchema(BaseSchema):
    """Who goes when; the reason is needed only against the rules of what can be reached (R9)."""

    technician_id = Id(required=True)
    starts_at = Instant(required=True)
    reason = Text(load_default=None, allow_none=True, most=SHORT, lines=True)


class AnswerSchema(BaseSchema):
    """What the customer said to extra work, as he told it by telephone."""

    authorised = Flag(required=True)


@dataclass(frozen=True, slots=True)
class _Now:
    """Who acts by the desk, and when."""

    by: Actor
    now: datetime


def _acting() -> _Now:
    return _Now(current().actor(Via.API), clock.now())


def _his(session: Session, visit_id: int) -> None:
    """Refuse a visit outside the caller's scope as if there were none."""
    lookups.visit_of(session, visit_id, scope=current().scope)


@blp.route("")
class Visits(MethodView):
    """Visits that the caller may see."""

    @allowed(*EVERYBODY)
    @blp.arguments(VisitQuery, location="query")
    @blp.reads(page_of(VisitSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Visit]:
        """List visits by their start."""
        day = bounds_of(session, query["day"], region_id=query["region_id"])
        wanted = VisitFilter(
            start=day.start,
            end=day.end,
            technician_id=query["technician_id"],
            station_id=query["station_id"],
            region_id=query["region_id"],
            status=query["status"],
        )
        after = keyset(query, datetime, int)
        rows = lookups.visits(session, scope=current().scope, wanted=wanted, after=after, limit=query["limit"])
        return page(rows, query=query, key=lambda row: (row.starts_at, row.id))


@blp.route("/<int:visit_id>")
class OneVisit(MethodView):
    """One visit."""

    @allowed(*EVERYBODY)
    @blp.reads(VisitDetailSchema)
    def get(self, session: Session, visit_id: int) -> VisitDetail:
        """Show a visit with its evidence."""
        return visit_queries.visit_detail(session, visit_id=visit_id, scope=current().scope)


@blp.route("/<int:visit_id>/withdrawal")
class Withdrawal(MethodView):
    """The end of a visit that will not take place."""

    @allowed(*DESK)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, body: Mapping[str, str], visit_id: int) -> Visit:
        """Withdraw a visit; its ticket waits to be planned again."""
        _his(session, visit_id)
        who = _acting()
        return visits.withdraw(session, visit_id=visit_id, reason=body["reason"], by=who.by, now=who.now)


@blp.route("/<int:visit_id>/assignment")
class Assignment(MethodView):
    """Another technician or another minute."""

    @allowed(*DESK)
    @blp.arguments(AssignmentSchema)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> Visit:
        """Give a visit that nobody has left for to somebody else or another minute, and offer it anew."""
        _his(session, visit_id)
        technicians.technician_of(session, body["technician_id"], scope=current().scope)
        who = _acting()
        return by_hand.reassign(session, visit_id=visit_id, **body, by=who.by, now=who.now).visit


@blp.route("/<int:visit_id>/confirmation")
class Confirmation(MethodView):
    """The customer's yes to the window."""

    @allowed(*DESK)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, visit_id: int) -> Visit:
        """Record that the customer has confirmed the window."""
        _his(session, visit_id)
        who = _acting()
        return visits.confirm(session, visit_id=visit_id, by=who.by, now=who.now)


@blp.route("/<int:visit_id>/contact")
class Contact(MethodView):
    """The call to the customer."""

    @allowed(*DESK)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, visit_id: int) -> Visit:
        """Record that the technician has spoken to the customer."""
        _his(session, visit_id)
        who = _acting()
        return visits.report_contact(session, visit_id=visit_id, technician_id=None, by=who.by, now=who.now)


@blp.route("/<int:visit_id>/departure")
class Departure(MethodView):
    """On the way."""

    @allowed(*DESK)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, visit_id: int) -> Visit:
        """Record that the technician is on the way."""
        _his(session, visit_id)
        who = _acting()
        return visits.leave(session, visit_id=visit_id, technician_id=None, by=who.by, now=who.now)


@blp.route("/<int:visit_id>/check-in")
class Arrival(MethodView):
    """Proof of arrival."""

    @allowed(*DESK)
    @blp.arguments(CheckInClaimSchema)
    @blp.changes(201, CheckInSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> CheckIn:
        """Record the arrival, with whatever proves it."""
        _his(session, visit_id)
        who = _acting()
        return visits.check_in(
            session,
            visit_id=visit_id,
            technician_id=None,
            claim=position_claim(body),
            code_proof=body["code_proof"],
            by=who.by,
            now=who.now,
        )


@blp.route("/<int:visit_id>/extra-work")
class ExtraWorks(MethodView):
    """Work that was not agreed before."""

    @allowed(*DESK)
    @blp.arguments(ExtraWorkRequestSchema)
    @blp.changes(201, ExtraWorkSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> ExtraWork:
        """Ask the customer to authorise extra work."""
        _his(session, visit_id)
        who = _acting()
        return visits.ask_extra(session, visit_id=visit_id, technician_id=None, **body, by=who.by, now=who.now)


@blp.route("/<int:visit_id>/extra-work/<int:extra_work_id>/answer")
class ExtraWorkAnswer(MethodView):
    """What the customer said."""

    @allowed(*DESK)
    @blp.arguments(AnswerSchema)
    @blp.changes(200, ExtraWorkSchema)
    def post(self, session: Session, body: Json, visit_id: int, extra_work_id: int) -> ExtraWork:
        """Record what the customer told by telephone about extra work."""
        lookups.extra_work_of(session, extra_work_id, visit_id=visit_id, scope=current().scope)
        who = _acting()
        return visits.answer_extra(
            session, extra_work_id=extra_work_id, authorised=body["authorised"], by=who.by, now=who.now
        )


@blp.route("/<int:visit_id>/completion")
class Completion(MethodView):
    """The work is done."""

    @allowed(*DESK)
    @blp.arguments(CardClaimSchema)
    @blp.changes(201, CardSchema)
    def post(self, session: Session, card: CardClaim, visit_id: int) -> CompletionCard:
        """End a visit whose work is done, with its completion card."""
        _his(session, visit_id)
        who = _acting()
        return visits.finish(session, visit_id=visit_id, technician_id=None, card=card, by=who.by, now=who.now)


@blp.route("/<int:visit_id>/unfinished")
class Unfinished(MethodView):
    """The work is not done."""

    @allowed(*DESK)
    @blp.arguments(UnfinishedSchema)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> Visit:
        """End a visit whose work is not done; its ticket waits for the next visit."""
        _his(session, visit_id)
        who = _acting()
        return visits.not_finish(session, visit_id=visit_id, technician_id=None, **body, by=who.by, now=who.now)


@blp.route("/<int:visit_id>/absence")
class CustomerAbsent(MethodView):
    """Nobody is there."""

    @allowed(*DESK)
    @blp.arguments(WordsSchema)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> Visit:
        """End a visit at which the customer was absent."""
        _his(session, visit_id)
        who = _acting()
        return visits.find_nobody(
            session, visit_id=visit_id, technician_id=None, text=body["text"], by=who.by, now=who.now
        )


@blp.route("/<int:visit_id>/refusal")
class CustomerRefusal(MethodView):
    """The customer does not want the work."""

    @allowed(*DESK)
    @blp.arguments(WordsSchema)
    @blp.changes(200, VisitSchema)
    def post(self, session: Session, body: Json, visit_id: int) -> Visit:
        """End a visit at which the customer declined the work."""
        _his(session, visit_id)
        who = _acting()
        return visits.be_declined(
            session, visit_id=visit_id, technician_id=None, reason=body["text"] or "", by=who.by, now=who.now
        )
