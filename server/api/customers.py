"""Customers' files: telephones masked, shown in full only on request, which is kept (R4)."""

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.api.roles import DESK
from server.api.ticket_schemas import PhoneSchema, TicketSiteSchema, UnitSchema
from server.core import clock
from server.core.events import Via
from server.customers import queries, reveal
from server.customers.models import Customer, Site
from server.customers.queries import CustomerFile
from server.organisation.models import Role
from server.privacy import erasure
from server.web import etag
from server.web.auth import allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Id, Instant, Int, List, Nested, Phone, Text
from server.web.paging import Page, PageQuery, keyset, page, page_of
from server.web.schemas import ReasonSchema, RevealedPhonesSchema, Shown

blp = Blueprint("customers", __name__, url_prefix="/api/v1", description="Customers, their places and units")

_READERS = (*DESK, Role.CALLBACK_AGENT, Role.AUDITOR, Role.ADMINISTRATOR)
_MOST = 10_000


class CustomerQuery(PageQuery):
    """Whom: by telephone, serial number, external id, or the beginning of the name."""

    phone = Phone(load_default=None)
    q = Text(load_default="", least=0, most=200)


class CustomerSchema(BaseSchema):
    """Somebody, or an organisation, that we serve."""

    id = Id(required=True)
    name = Shown(required=True)
    organisation = Shown(required=True, allow_none=True)
    locale = Shown(required=True)
    source = Shown(required=True, allow_none=True)
    external_id = Shown(required=True, allow_none=True)
    created_at = Instant(required=True)
    erased_at = Instant(required=True, allow_none=True)
    version = Int(required=True)


class SiteSchema(TicketSiteSchema):
    """A place where we work."""

    customer_id = Id(required=True)
    external_id = Shown(required=True, allow_none=True)
    version = Int(required=True)


class CustomerFileSchema(BaseSchema):
    """A customer with telephones, places and units."""

    customer = Nested(CustomerSchema, required=True)
    phones = List(Nested(PhoneSchema), required=True, most=_MOST)
    sites = List(Nested(SiteSchema), required=True, most=_MOST)
    units = List(Nested(UnitSchema), required=True, most=_MOST)


@blp.route("/customers")
class Customers(MethodView):
    """Customers of the caller's part of the company."""

    @allowed(*_READERS)
    @blp.arguments(CustomerQuery, location="query")
    @blp.reads(page_of(CustomerSchema), refusals=(422,))
    def get(self, session: Session, query: Mapping[str, Any]) -> Page[Customer]:
        """Find customers."""
        after = keyset(query, int)
        rows = queries.customers(
            session,
            scope=current().scope,
            text=query["phone"] or query["q"],
            after=after[0] if after else 0,
            limit=query["limit"] + 1,
        )
        return page(rows, query=query, key=lambda row: (row.id,))


@blp.route("/customers/<int:customer_id>")
class OneCustomer(MethodView):
    """One customer."""

    @allowed(*_READERS)
    @blp.reads(CustomerFileSchema, etag=True)
    def get(self, session: Session, customer_id: int) -> CustomerFile:
        """Show a customer with telephones (masked), places and units."""
        found = queries.customer_file(session, customer_id=customer_id, scope=current().scope)
        etag.tell(found.customer.version)
        return found


@blp.route("/customers/<int:customer_id>/phone-reveal")
class PhoneReveal(MethodView):
    """A customer's telephones in full."""

    @allowed(*DESK, Role.CALLBACK_AGENT)
    @blp.changes(200, RevealedPhonesSchema, withheld=("phones",))
    def post(self, session: Session, customer_id: int) -> dict[str, list[str]]:
        """Show a customer's telephones in full; that they were shown is kept."""
        caller = current()
        numbers = reveal.phones_of(session, customer_id, scope=caller.scope, by=caller.actor(Via.API), now=clock.now())
        return {"phones": numbers}


@blp.route("/customers/<int:customer_id>/erasure")
class Erasure(MethodView):
    """A customer's wish to be forgotten."""

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(ReasonSchema)
    @blp.changes(200, CustomerFileSchema)
    def post(self, session: Session, body: Mapping[str, str], customer_id: int) -> CustomerFile:
        """Erase a customer: name, telephones, addresses, messages, words; work and money stay under a pseudonym.

        It cannot be undone. The reason is kept for ever: it must not name the person.
        """
        caller, now = current(), clock.now()
        erasure.erase(
            session,
            customer_id=customer_id,
            reason=body["reason"],
            by=caller.actor(Via.API),
            now=now,
            scope=caller.scope,
        )
        found = queries.customer_file(session, customer_id=customer_id, scope=caller.scope)
        etag.tell(found.customer.version)
        return found


@blp.route("/sites/<int:site_id>")
class OneSite(MethodView):
    """One place."""

    @allowed(*_READERS)
    @blp.reads(SiteSchema, etag=True)
    def get(self, session: Session, site_id: int) -> Site:
        """Show a place where we work."""
        return queries.site_of(session, site_id, scope=current().scope)
