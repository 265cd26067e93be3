"""What the desk does with a ticket: each action is a POST that names its result."""

from collections.abc import Mapping

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api import ticket_things
from server.api.roles import DESK
from server.api.ticket_bodies import (
    AgreementSchema,
    HindranceBodySchema,
    PositionBodySchema,
    WaitSchema,
)
from server.api.ticket_schemas import HindranceSchema, TicketSchema, TicketView, UrgeSchema
from server.api.visits import AssignmentSchema
from server.core import clock
from server.core.clock import local_day
from server.core.db import Json
from server.core.events import Via
from server.core.places import Position
from server.dispatch import by_hand
from server.orders import desk, facts, judging, lookups, reveal
from server.orders.models import Hindrance, Ticket, Urge
from server.orders.visit_models import Visit
from server.organisation.models import Role
from server.technicians import queries as technicians
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.schemas import EvidenceSchema, ReasonSchema, RevealedPhonesSchema, VisitSchema, WordsSchema

blp = Blueprint("ticket_actions", __name__, url_prefix="/api/v1", description="What the desk does with a ticket")


def _his(session: Session, ticket_id: int) -> Ticket:
    """Refuse a ticket outside the caller's scope as if there were none."""
    return lookups.ticket_of(session, ticket_id, scope=current().scope)


@blp.route("/tickets/<int:ticket_id>/position")
class PositionOfTicket(MethodView):
    """Where a ticket's place is."""

    @allowed(*DESK)
    @blp.arguments(PositionBodySchema)
    @blp.changes(200, TicketSchema)
    def post(self, session: Session, body: Json, ticket_id: int) -> TicketView:
        """Say where the place is, so that it may be planned with."""
        _his(session, ticket_id)
        facts.locate(
            session,
            ticket_id=ticket_id,
            position=Position(body["lat"], body["lon"]),
            trusted=True,
            zone=body["zone"],
            reason=body["reason"],
            by=current().actor(Via.API),
            now=clock.now(),
        )
        return ticket_things.show(session, ticket_id)


@blp.route("/tickets/<int:ticket_id>/override")
class Override(MethodView):
    """Dispatched although facts are missing."""

    @allowed(Role.SUPERVISOR)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, TicketSchema)
    def post(self, session: Session, body: Mapping[str, str], ticket_id: int) -> TicketView:
        """Let an incomplete ticket be dispatched all the same."""
        _his(session, ticket_id)
        by = current().actor(Via.API)
        facts.override(session, ticket_id=ticket_id, reason=body["reason"], by=by, now=clock.now())
        return ticket_things.show(session, ticket_id)


@blp.route("/tickets/<int:ticket_id>/answer")
class Answer(MethodView):
    """The customer's number has answered."""

    @allowed(*DESK)
    @blp.changes(200, TicketSchema)
    def post(self, session: Session, ticket_id: int) -> TicketView:
        """Record that the customer's number has answered, which a payee's report waits for."""
        _his(session, ticket_id)
        facts.confirm_answer(session, ticket_id=ticket_id, by=current().actor(Via.API), now=clock.now())
        return ticket_things.show(session, ticket_id)


@blp.route("/tickets/<int:ticket_id>/cancellation")
class Cancellation(MethodView):
    """Not wanted any more."""

    @allowed(*DESK)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, TicketSchema)
    def post(self, session: Session, body: Mapping[str, str], ticket_id: int) -> TicketView:
        """Cancel a ticket; its visit is withdrawn."""
        _his(session, ticket_id)
        desk.cancel(session, ticket_id=ticket_id, reason=body["reason"], by=current().actor(Via.API), now=clock.now())
        return ticket_things.show(session, ticket_id)


@blp.route("/tickets/<int:ticket_id>/decline")
class Decline(MethodView):
    """The customer does not want the work."""

    @allowed(*DESK)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, TicketSchema)
    def post(self, session: Session, body: Mapping[str, str], ticket_id: int) -> TicketView:
        """End a ticket because the customer declined before anybody came."""
        _his(session, ticket_id)
        desk.decline(session, ticket_id=ticket_id, reason=body["reason"], by=current().actor(Via.API), now=clock.now())
        return ticket_things.show(session, ticket_id)


@blp.route("/tickets/<int:ticket_id>/rejection")
class Rejection(MethodView):
    """Not ours."""

    @allowed(*DESK)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, TicketSchema)
    def post(self, session: Session, body: Mapping[str, str], ticket_id: int) -> TicketView:
        """Keep a report without acting on it: not ours, spam, a test."""
        _his(session, ticket_id)
        desk.not_accept(
            session, ticket_id=ticket_id, reason=body["reason"], by=current().actor(Via.API), now=clock.now()
        )
        return ticket_things.show(session, ticket_id)


@blp.route("/tickets/<int:ticket_id>/wait")
class Wait(MethodView):
    """Not now."""

    @allowed(*DESK)
    @blp.arguments(WaitSchema)
    @blp.changes(200, TicketSchema)
    def post(self, session: Session, body: Json, ticket_id: int) -> TicketView:
        """Let a ticket wait for the local day of an instant."""
        ticket = _his(session, ticket_id)
        zone = judging.time_zone(session, judging.known_about(session, ticket))
        desk.wait_until(
            session,
            ticket_id=ticket_id,
            until=local_day(body["until"], zone),
            reason=body["cause"],
            text=body["reason"],
            by=current().actor(Via.API),
            now=clock.now(),
        )
        return ticket_things.show(session, ticket_id)


@blp.route("/tickets/<int:ticket_id>/resumption")
class Resumption(MethodView):
    """Taken up again."""

    @allowed(*DESK)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, TicketSchema)
    def post(self, session: Session, body: Mapping[str, str], ticket_id: int) -> TicketView:
        """Take up a ticket that waits."""
        _his(session, ticket_id)
        desk.resume(session, ticket_id=ticket_id, reason=body["reason"], by=current().actor(Via.API), now=clock.now())
        return ticket_things.show(session, ticket_id)


@blp.route("/tickets/<int:ticket_id>/urges")
class Urges(MethodView):
    """The customer asks again."""

    @allowed(*DESK)
    @blp.arguments(WordsSchema)
    @blp.changes(201, UrgeSchema)
    def post(self, session: Session, body: Json, ticket_id: int) -> Urge:
        """Keep that the customer asks again because nothing has happened."""
        _his(session, ticket_id)
        return desk.urge(session, ticket_id=ticket_id, text=body["text"], by=current().actor(Via.API), now=clock.now())


@blp.route("/tickets/<int:ticket_id>/agreement")
class Agreement(MethodView):
    """A time agreed with the customer."""

    @allowed(*DESK)
    @blp.arguments(AgreementSchema)
    @blp.changes(200, TicketSchema)
    def post(self, session: Session, body: Json, ticket_id: int) -> TicketView:
        """Keep the time that was agreed with the customer; every plan keeps to it."""
        _his(session, ticket_id)
        desk.agree_window(session, ticket_id=ticket_id, **body, by=current().actor(Via.API), now=clock.now())
        return ticket_things.show(session, ticket_id)


@blp.route("/tickets/<int:ticket_id>/hindrances")
class Hindrances(MethodView):
    """Why it cannot be done in time."""

    @allowed(*DESK)
    @blp.arguments(HindranceBodySchema)
    @blp.changes(201, HindranceSchema)
    def post(self, session: Session, body: Json, ticket_id: int) -> Hindrance:
        """Report why a ticket cannot be finished within the limit, and until when."""
        _his(session, ticket_id)
        by = current().actor(Via.API)
        return desk.report_hindrance(session, ticket_id=ticket_id, technician_id=None, **body, by=by, now=clock.now())


@blp.route("/hindrances/<int:hindrance_id>/acceptance")
class HindranceAcceptance(MethodView):
    """The desk believes it."""

    @allowed(*DESK)
    @blp.changes(200, HindranceSchema)
    def post(self, session: Session, hindrance_id: int) -> Hindrance:
        """Accept a report: both clocks stand still until the date it names."""
        lookups.hindrance_of(session, hindrance_id, scope=current().scope)
        by = current().actor(Via.API)
        return desk.accept_hindrance(session, hindrance_id=hindrance_id, by=by, now=clock.now())


@blp.route("/hindrances/<int:hindrance_id>/falsehood")
class HindranceFalsehood(MethodView):
    """It was not true."""

    @allowed(Role.SUPERVISOR)
    @blp.arguments(EvidenceSchema)
    @blp.changes(200, HindranceSchema, keep=True)
    def post(self, session: Session, body: Mapping[str, str], hindrance_id: int) -> Hindrance:
        """Find a report false, on evidence; it costs the technician."""
        lookups.hindrance_of(session, hindrance_id, scope=current().scope)
        by = current().actor(Via.API)
        return desk.decide_false(session, hindrance_id=hindrance_id, evidence=body["evidence"], by=by, now=clock.now())


@blp.route("/tickets/<int:ticket_id>/visits")
class VisitByHand(MethodView):
    """A visit that a dispatcher places himself."""

    @allowed(*DESK)
    @blp.arguments(AssignmentSchema)
    @blp.changes(201, VisitSchema)
    def post(self, session: Session, body: Json, ticket_id: int) -> tuple[Visit, dict[str, str]]:
        """Plan a visit by hand and offer it; against the rules of what can be reached only with a reason."""
        _his(session, ticket_id)
        technicians.technician_of(session, body["technician_id"], scope=current().scope)
        by = current().actor(Via.API)
        visit = by_hand.assign(session, ticket_id=ticket_id, **body, by=by, now=clock.now()).visit
        return visit, {"Location": f"/api/v1/visits/{visit.id}"}


@blp.route("/tickets/<int:ticket_id>/phone-reveal")
class PhoneReveal(MethodView):
    """The telephones of a ticket in full, for whoever must call."""

    @allowed(*DESK)
    @blp.changes(200, RevealedPhonesSchema, withheld=("phones",))
    def post(self, session: Session, ticket_id: int) -> dict[str, list[str]]:
        """Show the telephones of a ticket in full; that they were shown is kept in its history."""
        by = current().actor(Via.API)
        return {"phones": reveal.of_ticket(session, ticket_id, scope=current().scope, by=by, now=clock.now())}
