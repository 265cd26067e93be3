"""Who may call what, and what he gets: one row for every route and method of the application.

A route without a row fails `test_matrix.py`, and so does a row without a route. When you add a route, add its row:

    Row("POST", "/api/v1/tickets/<int:ticket_id>/cancellation", DESK, own=200, body={"reason": "sold"})

- ``who``: the roles whose holders may call it (a tuple of `Role`), or `ANYBODY`, `TECHNICIANS`, `LINK`, `PROVIDER`.
  Everybody else must get 403 if he is known at that address, and 401 if he is not.
- ``own``: what who may gets for a thing of his own part of the company; ``other``: for one of another part (the same
  404 as for one that does not exist, unless he sees the whole company); ``missing``: for an id that nothing has.
- ``body``: the JSON that is sent, or a function of the company that returns it. ``form`` instead of it for pages.
- ``etag``: what is sent as If-Match with PUT, PATCH and DELETE.
- ``anonymous``: what somebody unknown gets, where it is not 401; a `Page` leads him to the log-in with 303.
- ``deed``: what stands for ``<deed>`` in the route, whatever the id.

Ids of the route (`ticket_id`) come from `world.MAKERS`; add a maker for yours. Every call happens in a savepoint
of its own, so rows do not disturb each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from server.organisation.models import Role
from tests.api import bodies
from tests.api.world import PASSWORD, Company

Body = Mapping[str, Any] | Callable[[Company], Mapping[str, Any]]


class Open(StrEnum):
    """For whom a route is, where it is not for staff."""

    ANYBODY = "anybody"
    TECHNICIANS = "technicians"
    LINK = "link"
    PROVIDER = "provider"


ANYBODY, TECHNICIANS, LINK, PROVIDER = Open.ANYBODY, Open.TECHNICIANS, Open.LINK, Open.PROVIDER
STAFF = tuple(Role)
ADMINISTRATOR = (Role.ADMINISTRATOR,)
SUPERVISOR = (Role.SUPERVISOR,)
AUDITOR = (Role.AUDITOR,)
FINANCE = (Role.FINANCE,)
DESK = (Role.DISPATCHER, Role.SUPERVISOR)
OFFICE = (*DESK, Role.ADMINISTRATOR)
STATION_OFFICE = (*OFFICE, Role.STATION)
FILES = (*OFFICE, Role.CALLBACK_AGENT, Role.AUDITOR)
RECEIVING = (Role.STATION_CLERK, Role.DISPATCHER)
CARDS = (*RECEIVING, Role.SUPERVISOR, Role.STATION, Role.AUDITOR)
CALLBACKS = (Role.CALLBACK_AGENT, Role.SUPERVISOR, Role.AUDITOR)
CALLING = (Role.CALLBACK_AGENT, Role.SUPERVISOR)
PAYING = (Role.AUDITOR, Role.FINANCE, Role.STATION)
MONEY = (Role.AUDITOR, Role.FINANCE, Role.SUPERVISOR, Role.STATION, Role.STATION_CLERK, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    own: int
    other: int = 404
    missing: int = 404
    body: Body | None = None
    form: Body | None = None
    etag: str = '"1"'
    anonymous: int = 401
    deed: str | None = None


@dataclass(frozen=True, slots=True)
class Row(_Expected):
    """One route and method."""

    method: str
    rule: str
    who: tuple[Role, ...] | Open


@dataclass(frozen=True, slots=True)
class Page(Row):
    """One route and method of the console: somebody unknown is led to the log-in."""

    anonymous: int = field(default=303, kw_only=True)


def _station(company: Company) -> dict[str, Any]:
    return {"region_id": company.regions[0].id, "name": "Station West", "phone": "+12025550103"}


_REGION = {"name": "West", "time_zone": "Asia/Shanghai"}
_MEMBER = {"name": "Eve Example", "roles": ["auditor"]}
_LOGIN = {"login": "auditor", "password": PASSWORD, "label": "matrix"}
_VERSION = {"values": {}, "valid_from": "2026-06-01T00:00:00Z", "reason": "as before"}

ROWS: tuple[Row, ...] = (
    # Health and documents
    Row("GET", "/healthz", ANYBODY, own=200),
    Row("GET", "/readyz", ANYBODY, own=200),
    Row("GET", "/openapi.json", ANYBODY, own=200),
    Row("GET", "/mobile/openapi.json", ANYBODY, own=200),
    Row("GET", "/docs", ANYBODY, own=200),
    Row("GET", "/docs/start.js", ANYBODY, own=200),
    Row("GET", "/docs/files/<name>", ANYBODY, own=200),
    # Logging in, oneself
    Row("POST", "/api/v1/tokens", ANYBODY, own=201, body=_LOGIN),
    Row("GET", "/api/v1/tokens", STAFF, own=200),
    Row("POST", "/api/v1/tokens/<int:token_id>/revocation", STAFF, own=204, other=404),
    Row("GET", "/api/v1/me", STAFF, own=200),
    Row(
        "POST",
        "/api/v1/me/password",
        STAFF,
        own=204,
        body={"present": PASSWORD, "next": "another horse battery"},
    ),
    # The company's shape
    Row("GET", "/api/v1/staff", ADMINISTRATOR, own=200),
    Row(
        "POST",
        "/api/v1/staff",
        ADMINISTRATOR,
        own=201,
        body=_MEMBER | {"login": "eve", "password": "a staple of horses"},
    ),
    Row("GET", "/api/v1/staff/<int:staff_id>", ADMINISTRATOR, own=200),
    Row("PUT", "/api/v1/staff/<int:staff_id>", ADMINISTRATOR, own=200, body=_MEMBER),
    Row("POST", "/api/v1/staff/<int:staff_id>/closure", ADMINISTRATOR, own=200),
    Row("POST", "/api/v1/staff/<int:staff_id>/reopening", ADMINISTRATOR, own=200),
    Row(
        "POST",
        "/api/v1/staff/<int:staff_id>/password",
        ADMINISTRATOR,
        own=200,
        body={"password": "a staple of horses"},
    ),
    Row("GET", "/api/v1/regions", STAFF, own=200),
    Row("POST", "/api/v1/regions", ADMINISTRATOR, own=201, body=_REGION),
    Row("GET", "/api/v1/regions/<int:region_id>", STAFF, own=200),
    Row("PUT", "/api/v1/regions/<int:region_id>", ADMINISTRATOR, own=200, body=_REGION),
    Row("GET", "/api/v1/stations", STAFF, own=200),
    Row("POST", "/api/v1/stations", ADMINISTRATOR, own=201, body=_station),
    Row("GET", "/api/v1/stations/<int:station_id>", STAFF, own=200),
    Row("PUT", "/api/v1/stations/<int:station_id>", ADMINISTRATOR, own=200, body=_station),
    Row("GET", "/api/v1/policies", STAFF, own=200),
    Row("GET", "/api/v1/policies/<policy>/versions", STAFF, own=200, other=200),
    Row("POST", "/api/v1/policies/<policy>/versions", ADMINISTRATOR, own=201, other=201, body=_VERSION),
    # Providers: without their signature, nobody gets further
    Row("POST", "/hooks/twilio/inbound", PROVIDER, own=403, form={"From": "+12025550111"}),
    Row("POST", "/hooks/twilio/status/<int:outbox_id>", PROVIDER, own=403, other=403, missing=403, form={}),
    # Customers and what belongs to them
    Row("GET", "/api/v1/customers", FILES, own=200),
    Row("GET", "/api/v1/customers/<int:customer_id>", FILES, own=200),
    Row("POST", "/api/v1/customers/<int:customer_id>/phone-reveal", (*DESK, Role.CALLBACK_AGENT), own=200),
    Row("POST", "/api/v1/customers/<int:customer_id>/erasure", ADMINISTRATOR, own=409, other=409, body=bodies.REASON),
    Row("GET", "/api/v1/sites/<int:site_id>", FILES, own=200),
    # Technicians and what they work with
    Row("GET", "/api/v1/technicians", STAFF, own=200),
    Row("POST", "/api/v1/technicians", OFFICE, own=201, body=bodies.technician),
    Row("GET", "/api/v1/technicians/<int:technician_id>", STAFF, own=200),
    Row("PUT", "/api/v1/technicians/<int:technician_id>", OFFICE, own=200, body=bodies.technician),
    Row("POST", "/api/v1/technicians/<int:technician_id>/phone-reveal", DESK, own=200),
    Row("POST", "/api/v1/technicians/<int:technician_id>/departure", OFFICE, own=200),
    Row("PUT", "/api/v1/technicians/<int:technician_id>/skills/<code>", OFFICE, own=200, body={"level": 3}),
    Row("POST", "/api/v1/technicians/<int:technician_id>/shifts", STATION_OFFICE, own=201, body=bodies.SHIFTS),
    Row("POST", "/api/v1/technicians/<int:technician_id>/shifts/<int:shift_id>/removal", STATION_OFFICE, own=204),
    Row("GET", "/api/v1/shifts", STAFF, own=422),
    Row(
        "POST", "/api/v1/technicians/<int:technician_id>/absences", (*DESK, Role.STATION), own=201, body=bodies.ABSENCE
    ),
    Row("POST", "/api/v1/absences/<int:absence_id>/cancellation", (*DESK, Role.STATION), own=200),
    Row("GET", "/api/v1/skills", STAFF, own=200),
    Row("POST", "/api/v1/skills", ADMINISTRATOR, own=201, body=bodies.SKILL),
    Row("GET", "/api/v1/vans", STAFF, own=200),
    Row("POST", "/api/v1/vans", OFFICE, own=201, body=bodies.van),
    Row("GET", "/api/v1/parts", STAFF, own=200),
    Row("POST", "/api/v1/parts", (Role.ADMINISTRATOR, Role.PARTS_CLERK), own=201, body=bodies.PART),
    Row("GET", "/api/v1/parts/<int:part_id>/prices", STAFF, own=200, other=200),
    Row("POST", "/api/v1/parts/<int:part_id>/prices", ADMINISTRATOR, own=201, other=201, body=bodies.PART_PRICE),
    Row("GET", "/api/v1/special-sales", STAFF, own=200),
    Row("POST", "/api/v1/special-sales", (Role.ADMINISTRATOR, Role.SUPERVISOR), own=201, body=bodies.SALE),
    # Tickets
    Row("GET", "/api/v1/tickets", STAFF, own=200),
    Row("POST", "/api/v1/tickets", DESK, own=201, body=bodies.report),
    Row("GET", "/api/v1/tickets/<int:ticket_id>", STAFF, own=200),
    Row("PATCH", "/api/v1/tickets/<int:ticket_id>", DESK, own=412, body={"wish": "Soon", "reason": "Asked back"}),
    Row("GET", "/api/v1/tickets/<int:ticket_id>/history", STAFF, own=200),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/position", DESK, own=200, body=bodies.POSITION),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/override", SUPERVISOR, own=409, body=bodies.REASON),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/answer", DESK, own=200),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/cancellation", DESK, own=200, body=bodies.REASON),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/decline", DESK, own=200, body=bodies.REASON),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/rejection", DESK, own=409, body=bodies.REASON),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/wait", DESK, own=200, body=bodies.WAIT),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/resumption", DESK, own=409, body=bodies.REASON),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/urges", DESK, own=201, body={}),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/agreement", DESK, own=200, body=bodies.AGREEMENT),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/hindrances", DESK, own=201, body=bodies.HINDRANCE),
    Row("POST", "/api/v1/hindrances/<int:hindrance_id>/acceptance", DESK, own=409),
    Row("POST", "/api/v1/hindrances/<int:hindrance_id>/falsehood", SUPERVISOR, own=200, body=bodies.EVIDENCE),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/visits", DESK, own=409, body=bodies.assignment),
    Row("POST", "/api/v1/tickets/<int:ticket_id>/phone-reveal", DESK, own=200),
    # Plans, visits, offers, cards
    Row("GET", "/api/v1/plans", DESK, own=200),
    Row("POST", "/api/v1/plans", DESK, own=201, body=bodies.plan),
    Row("GET", "/api/v1/plans/<int:plan_id>", DESK, own=200),
    Row("POST", "/api/v1/plans/<int:plan_id>/publication", DESK, own=409),
    Row("POST", "/api/v1/plans/<int:plan_id>/cancellation", DESK, own=200),
    Row("GET", "/api/v1/visits", STAFF, own=200),
    Row("GET", "/api/v1/visits/<int:visit_id>", STAFF, own=200),
    Row("POST", "/api/v1/visits/<int:visit_id>/withdrawal", DESK, own=200, body=bodies.REASON),
    Row("POST", "/api/v1/visits/<int:visit_id>/assignment", DESK, own=200, body=bodies.assignment),
    Row("POST", "/api/v1/visits/<int:visit_id>/confirmation", DESK, own=200),
    Row("POST", "/api/v1/visits/<int:visit_id>/contact", DESK, own=200),
    Row("POST", "/api/v1/visits/<int:visit_id>/departure", DESK, own=200),
    Row("POST", "/api/v1/visits/<int:visit_id>/check-in", DESK, own=201, body=bodies.CHECK_IN),
    Row("POST", "/api/v1/visits/<int:visit_id>/extra-work", DESK, own=201, body=bodies.EXTRA),
    Row(
        "POST",
        "/api/v1/visits/<int:visit_id>/extra-work/<int:extra_work_id>/answer",
        DESK,
        own=200,
        body={"authorised": True},
    ),
    Row("POST", "/api/v1/visits/<int:visit_id>/completion", DESK, own=201, body=bodies.CARD),
    Row("POST", "/api/v1/visits/<int:visit_id>/unfinished", DESK, own=200, body=bodies.UNFINISHED),
    Row("POST", "/api/v1/visits/<int:visit_id>/absence", DESK, own=200, body={}),
    Row("POST", "/api/v1/visits/<int:visit_id>/refusal", DESK, own=200, body={"text": "Too dear"}),
    Row("GET", "/api/v1/offers", (*DESK, Role.STATION, Role.STATION_CLERK), own=200),
    Row("POST", "/api/v1/offers/<int:offer_id>/acceptance", DESK, own=409),
    Row("POST", "/api/v1/offers/<int:offer_id>/decline", DESK, own=409, body=bodies.DECLINE),
    Row("POST", "/api/v1/offers/<int:offer_id>/hand-back", DESK, own=200, body=bodies.DECLINE),
    Row("GET", "/api/v1/cards", CARDS, own=200),
    Row("GET", "/api/v1/cards/<int:card_id>", CARDS, own=200),
    Row("POST", "/api/v1/cards/<int:card_id>/receipt", RECEIVING, own=200),
    Row("POST", "/api/v1/cards/<int:card_id>/return", RECEIVING, own=200, body=bodies.REASON),
    # Verification
    Row("GET", "/api/v1/callbacks", CALLBACKS, own=200),
    Row("POST", "/api/v1/callbacks/next", (Role.CALLBACK_AGENT,), own=200),
    Row("GET", "/api/v1/callbacks/<int:callback_id>", CALLBACKS, own=200),
    Row("POST", "/api/v1/callbacks/<int:callback_id>/attempts", (Role.CALLBACK_AGENT,), own=201, body=bodies.ATTEMPT),
    Row("POST", "/api/v1/callbacks/<int:callback_id>/reconfirmation", SUPERVISOR, own=409, body=bodies.RECONFIRMATION),
    Row("POST", "/api/v1/callbacks/<int:callback_id>/refusal", SUPERVISOR, own=409, body=bodies.EVIDENCE),
    Row("POST", "/api/v1/callbacks/<int:callback_id>/support", SUPERVISOR, own=409),
    Row("POST", "/api/v1/callbacks/<int:callback_id>/phone-reveal", (Role.CALLBACK_AGENT, Role.SUPERVISOR), own=200),
    Row("GET", "/api/v1/complaints", (*DESK, Role.CALLBACK_AGENT), own=200),
    Row("POST", "/api/v1/complaints/<int:complaint_id>/decision", SUPERVISOR, own=200, body={"decision": "Sorry"}),
    # Money
    Row("GET", "/api/v1/statements", MONEY, own=200),
    Row("POST", "/api/v1/statements", AUDITOR, own=201, body={"month": "2026-04-01"}),
    Row("GET", "/api/v1/statements/<int:statement_id>", MONEY, own=200),
    Row("GET", "/api/v1/statements/<int:statement_id>/lines", MONEY, own=200),
    Row("GET", "/api/v1/statements/<int:statement_id>/lines/<int:line_id>", MONEY, own=200),
    Row(
        "POST",
        "/api/v1/statements/<int:statement_id>/lines/<int:line_id>/verdict",
        AUDITOR,
        own=409,
        body={"verdict": "refuse", "reasons": ["card_missing"]},
    ),
    Row(
        "POST",
        "/api/v1/deductions/<int:deduction_id>/waiver",
        (Role.AUDITOR, Role.SUPERVISOR),
        own=409,
        body=bodies.REASON,
    ),
    Row("POST", "/api/v1/statements/<int:statement_id>/audit", AUDITOR, own=409),
    Row("POST", "/api/v1/statements/<int:statement_id>/publication", AUDITOR, own=409),
    Row("POST", "/api/v1/statements/<int:statement_id>/reopening", AUDITOR, own=200, body=bodies.REASON),
    # Their own is a technician's here: his station sees it and does not answer for him.
    Row("POST", "/api/v1/statements/<int:statement_id>/agreement", (Role.STATION,), own=403),
    Row("POST", "/api/v1/statements/<int:statement_id>/appeals", (Role.STATION,), own=403, body={"text": "No"}),
    Row(
        "POST",
        "/api/v1/appeals/<int:appeal_id>/answer",
        (Role.AUDITOR, Role.SUPERVISOR),
        own=200,
        body={"accepted": False, "answer": "The card is not here"},
    ),
    Row("POST", "/api/v1/statements/<int:statement_id>/approval", FINANCE, own=409, body={"lines_hash": "0" * 64}),
    Row("POST", "/api/v1/statements/<int:statement_id>/payment", FINANCE, own=409, body={"reference": "B-1"}),
    Row("GET", "/api/v1/statements/<int:statement_id>/export.csv", MONEY, own=200),
    Row("GET", "/api/v1/labour-prices", STAFF, own=200),
    Row("POST", "/api/v1/labour-prices", ADMINISTRATOR, own=201, body=bodies.LABOUR_PRICE),
    # What waits
    Row("GET", "/api/v1/escalations", DESK, own=200),
    Row("POST", "/api/v1/escalations/<int:escalation_id>/settlement", DESK, own=200, body=bodies.REMARK),
    Row("GET", "/api/v1/readings", DESK, own=200),
    Row("GET", "/api/v1/readings/<int:reading_id>", DESK, own=200),
    Row("POST", "/api/v1/readings/<int:reading_id>/settlement", DESK, own=200, body=bodies.REMARK),
    Row("GET", "/api/v1/today", STAFF, own=200),
    # The technician's day
    Row("GET", "/mobile/v1/visits", TECHNICIANS, own=200),
    Row("GET", "/mobile/v1/visits/<int:visit_id>", TECHNICIANS, own=200),
    Row("POST", "/mobile/v1/visits/<int:visit_id>/phone-reveal", TECHNICIANS, own=200),
    Row("POST", "/mobile/v1/visits/<int:visit_id>/contact", TECHNICIANS, own=200),
    Row("POST", "/mobile/v1/visits/<int:visit_id>/departure", TECHNICIANS, own=200),
    Row("POST", "/mobile/v1/visits/<int:visit_id>/check-in", TECHNICIANS, own=201, body=bodies.CHECK_IN),
    Row("POST", "/mobile/v1/visits/<int:visit_id>/extra-work", TECHNICIANS, own=201, body=bodies.EXTRA),
    Row("POST", "/mobile/v1/visits/<int:visit_id>/completion", TECHNICIANS, own=201, body=bodies.CARD),
    Row("POST", "/mobile/v1/visits/<int:visit_id>/unfinished", TECHNICIANS, own=200, body=bodies.UNFINISHED),
    Row("POST", "/mobile/v1/visits/<int:visit_id>/absence", TECHNICIANS, own=200, body={}),
    Row("POST", "/mobile/v1/visits/<int:visit_id>/refusal", TECHNICIANS, own=200, body={"text": "Too dear"}),
    Row("GET", "/mobile/v1/offers", TECHNICIANS, own=200),
    Row("POST", "/mobile/v1/offers/<int:offer_id>/acceptance", TECHNICIANS, own=409),
    Row("POST", "/mobile/v1/offers/<int:offer_id>/decline", TECHNICIANS, own=409, body=bodies.DECLINE),
    Row("POST", "/mobile/v1/offers/<int:offer_id>/hand-back", TECHNICIANS, own=200, body=bodies.DECLINE),
    Row("GET", "/mobile/v1/statements", TECHNICIANS, own=200),
    Row("GET", "/mobile/v1/statements/<int:statement_id>/lines", TECHNICIANS, own=200),
    Row("POST", "/mobile/v1/statements/<int:statement_id>/agreement", TECHNICIANS, own=200),
    Row("POST", "/mobile/v1/statements/<int:statement_id>/appeals", TECHNICIANS, own=201, body={"text": "No"}),
    # Technicians' devices
    Row("POST", "/mobile/v1/login-codes", ANYBODY, own=202, body={"phone": "+12025550111"}),
    Row("POST", "/mobile/v1/tokens", ANYBODY, own=401, body={"request": "nothing", "code": "000000"}),
    Row("POST", "/mobile/v1/tokens/revocation", TECHNICIANS, own=204),
    Row("GET", "/mobile/v1/me", TECHNICIANS, own=200),
    # The console: a page sends somebody unknown to the log-in
    Row("GET", "/", ANYBODY, own=302),
    Row("GET", "/console/login", ANYBODY, own=200),
    Row("POST", "/console/login", ANYBODY, own=303, form={"login": "auditor", "password": PASSWORD}),
    Row("GET", "/console/language/<language>", ANYBODY, own=303, other=303, missing=303),
    Row("GET", "/static/built/<path:filename>", ANYBODY, own=200, other=404, missing=404),
    Page("POST", "/console/logout", STAFF, own=303, form={}),
    Page("GET", "/console/account", STAFF, own=200),
    Page("GET", "/console/today", DESK, own=200),
    Page("GET", "/console/tickets", (*DESK, Role.STATION), own=200),
    Page("GET", "/console/tickets/new", DESK, own=200),
    Page("POST", "/console/tickets/new", DESK, own=303, form=bodies.typed_report),
    Page("GET", "/console/tickets/new/caller", DESK, own=302),
    Page("POST", "/console/tickets/new/caller", DESK, own=200, form=bodies.typed_report),
    Page("GET", "/console/tickets/<id:ticket_id>", (*DESK, Role.STATION), own=200),
    Page("GET", "/console/tickets/<id:ticket_id>/facts", DESK, own=200),
    Page("POST", "/console/tickets/<id:ticket_id>/facts", DESK, own=412, form=bodies.TYPED_FACTS),
    Page("POST", "/console/tickets/<id:ticket_id>/override", SUPERVISOR, own=412, form=bodies.TYPED_OVERRIDE),
    Page("GET", "/console/tickets/<id:ticket_id>/position", DESK, own=200),
    Page("POST", "/console/tickets/<id:ticket_id>/position", DESK, own=412, form=bodies.TYPED_POSITION),
    Page("POST", "/console/tickets/<id:ticket_id>/<deed>", DESK, own=303, form=bodies.REASON, deed="urge"),
    Page("GET", "/console/plan", DESK, own=200),
    Page("POST", "/console/plans", DESK, own=303, form=bodies.asked_plan),
    Page("GET", "/console/plans/<id:plan_id>", DESK, own=200),
    Page("POST", "/console/plans/<id:plan_id>/publication", DESK, own=409, form={}),
    Page("POST", "/console/plans/<id:plan_id>/cancellation", DESK, own=303, form={}),
    Page("GET", "/console/cards", RECEIVING, own=200),
    Page("POST", "/console/cards/<id:card_id>/<deed>", RECEIVING, own=303, form=bodies.REASON, deed="send_back"),
    Page("GET", "/console/callbacks", CALLING, own=200),
    Page("POST", "/console/callbacks/next", (Role.CALLBACK_AGENT,), own=303, form={}),
    Page("GET", "/console/callbacks/<id:callback_id>", CALLING, own=200),
    Page("POST", "/console/callbacks/<id:callback_id>/attempts", (Role.CALLBACK_AGENT,), own=303, form=bodies.CALLED),
    Page("POST", "/console/callbacks/<id:callback_id>/decision", SUPERVISOR, own=409, form=bodies.EVIDENCE),
    Page("GET", "/console/statements", PAYING, own=200),
    Page("POST", "/console/statements", AUDITOR, own=303, form={"month": "2026-04"}),
    Page("GET", "/console/statements/<id:statement_id>", PAYING, own=200),
    Page("POST", "/console/statements/<id:statement_id>/ticked-lines", AUDITOR, own=303, form={"lines": "1"}),
    Page("POST", "/console/statements/<id:statement_id>/audit", AUDITOR, own=409, form={}),
    Page("POST", "/console/statements/<id:statement_id>/publication", AUDITOR, own=409, form={}),
    Page("POST", "/console/statements/<id:statement_id>/agreement", (Role.STATION,), own=403, form={}),
    Page("POST", "/console/statements/<id:statement_id>/approval", FINANCE, own=409, form={"digest": "00"}),
    Page("POST", "/console/statements/<id:statement_id>/payment", FINANCE, own=409, form={"reference": "B-1"}),
    Page(
        "POST",
        "/console/statements/<id:statement_id>/lines/<id:line_id>",
        AUDITOR,
        own=409,
        form={"verdict": "refuse", "reasons": "card_missing"},
    ),
    Page("GET", "/console/statements/<id:statement_id>.csv", PAYING, own=200),
    Page("GET", "/console/people", ADMINISTRATOR, own=200),
    Page("POST", "/console/people/<id:staff_id>/log-out", ADMINISTRATOR, own=303, form={}),
    Page("GET", "/console/customers", ADMINISTRATOR, own=200),
    Page("GET", "/console/customers/<id:customer_id>", ADMINISTRATOR, own=200),
    Page("POST", "/console/customers/<id:customer_id>/erasure", ADMINISTRATOR, own=409, other=409, form=bodies.REASON),
    # Customers' links: whoever holds one
    Row("GET", "/c/look/<path:built>", ANYBODY, own=200),
    Row("GET", "/c/<token>", LINK, own=200, other=200),
    Row("POST", "/c/<token>", LINK, own=303, other=303, form={"answer": "rebook", "wish": "On Friday"}),
)
