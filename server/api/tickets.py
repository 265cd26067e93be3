"""Tickets: taken in, found again, corrected; what the desk does with one is in `ticket_actions`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api import ticket_things
from server.api.roles import DESK
from server.api.ticket_bodies import CorrectionBodySchema, NewReportSchema, correction_of, report_of
from server.api.ticket_schemas import EventSchema, RegisteredSchema, TicketRowSchema, TicketSchema, TicketView
from server.core import clock
from server.core.db import Json
from server.core.events import DomainEvent, Via
from server.orders import facts, intake, lookups, queries
from server.orders.locks import lock_ticket
from server.orders.queries import Place, TicketFilter, TicketRow
from server.orders.status import TicketStatus
from server.orders.words import WorkType
from server.web import etag
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import Day, Enum, Id, OneOf, Text
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.zones import bounds_of

blp = Blueprint("tickets", __name__, url_prefix="/api/v1/tickets", description="Requests for service")


class TicketQuery(PageQuery):
    """Which tickets; `day` is the one they were reported on.

    It is a day of the region asked for, else of the regions the caller may see, else (where these lie in several
    time zones) of the company.
    """

    sort = OneOf("-opened_at", "opened_at", load_default="-opened_at")
    status = Enum(TicketStatus, load_default=None)
    region_id = Id(load_default=None)
    work_type = Enum(WorkType, load_default=None)
    technician_id = Id(load_default=None)
    day = Day(load_default=None)
    q = Text(load_default="", least=0, most=200)


@blp.route("")
class Tickets(MethodView):
    """Tickets that the caller may see."""

    @allowed(*EVERYBODY)
    @blp.arguments(TicketQuery, location="query")
    @blp.reads(page_of(TicketRowSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[TicketRow]:
        """List tickets by the time of their report.

        `q` is a ticket's number, an external id, a telephone, or the beginning of the customer's name.
        """
        after = keyset(query, datetime, int)
        found = queries.tickets(
            session,
            scope=current().scope,
            wanted=_wanted(session, query),
            after=Place(*after) if after else None,
            limit=query["limit"],
            oldest_first=query["sort"] == "opened_at",
        )
        return ticket_things.page_of_rows(
            found.items, next_key=(found.next.opened_at, found.next.ticket_id) if found.next else None, query=query
        )

    @allowed(*DESK)
    @blp.arguments(NewReportSchema)
    @blp.changes(201, RegisteredSchema)
    def post(self, session: Session, body: Json) -> tuple[dict[str, Any], dict[str, str]]:
        """Take in a report: a new ticket, or a fact added to the open one about the same thing."""
        now = clock.now()
        report = report_of(body, now=now)
        ticket_things.demand_in_scope(session, report, scope=current().scope)
        done = intake.register(session, report, by=current().actor(Via.API), now=now)
        shown = ticket_things.show_registered(session, done)
        return {"ticket": shown, "added": done.added}, {"Location": f"{blp.url_prefix}/{done.ticket.id}"}


def _wanted(session: Session, query: Mapping[str, Any]) -> TicketFilter:
    day = bounds_of(session, query["day"], region_id=query["region_id"])
    return TicketFilter(
        statuses=frozenset({query["status"]} if query["status"] else ()),
        region_id=query["region_id"],
        work_type=query["work_type"],
        technician_id=query["technician_id"],
        opened_from=day.start,
        opened_before=day.end,
        text=query["q"],
    )


@blp.route("/<int:ticket_id>")
class OneTicket(MethodView):
    """One ticket."""

    @allowed(*EVERYBODY)
    @blp.reads(TicketSchema, etag=True)
    def get(self, session: Session, ticket_id: int) -> TicketView:
        """Show a ticket with customer, place, unit, reports, visits and callbacks."""
        return ticket_things.show(session, ticket_id)

    @allowed(*DESK)
    @blp.arguments(CorrectionBodySchema)
    @blp.changes(200, TicketSchema)
    def patch(self, session: Session, body: Json, ticket_id: int) -> TicketView:
        """Correct facts; completeness, warranty, price and due time are judged again."""
        lookups.ticket_of(session, ticket_id, scope=current().scope)
        lock_ticket(session, ticket_id)
        before = ticket_things.show(session, ticket_id)
        etag.match(before, schema=TicketSchema)
        facts.correct(
            session,
            ticket_id=ticket_id,
            version=before.version,
            changes=correction_of(body),
            reason=body["reason"],
            by=current().actor(Via.API),
            now=clock.now(),
        )
        return ticket_things.show(session, ticket_id)


@blp.route("/<int:ticket_id>/history")
class History(MethodView):
    """What happened to a ticket."""

    @allowed(*EVERYBODY)
    @blp.arguments(PageQuery, location="query")
    @blp.reads(page_of(EventSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any], ticket_id: int) -> Page[DomainEvent]:
        """List what happened to a ticket, its visits, offers, cards and callbacks, oldest first."""
        after = keyset(query, int)
        rows = lookups.history(
            session, ticket_id, scope=current().scope, after=after[0] if after else None, limit=query["limit"]
        )
        return page(rows, query=query, key=lambda row: (row.id,))
