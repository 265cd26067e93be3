"""What waits for somebody's attention, worst first."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.console import console
from server.console.frame import page, why, word_of
from server.console.words import knows, say
from server.core import clock
from server.core.clock import local_day
from server.core.numbers import ticket_number
from server.customers.models import Customer
from server.orders.models import Ticket
from server.organisation.models import Region, Role
from server.reports.today import Item
from server.reports.today import today as queues
from server.web.auth import allowed
from server.web.context import current, database
from server.web.locale import locale
from server.web.zones import callers_zone

_STATUSES = frozenset({"ticket", "visit", "completion_card"})
_TIMES = MappingProxyType(
    {
        "escalations": "since",
        "late_visits": "planned",
        "urges": "due",
        "overdue_tickets": "due",
        "complaints": "due",
        "unverified_outcomes": "due",
        "readings": "since",
        "incomplete_tickets": "since",
        "stale_tickets": "since",
        "unplaced_tickets": "since",
        "ready_tickets": "due",
        "open_offers": "until",
        "hindrances": "since",
        "callbacks": "due",
        "cards": "due",
    }
)
"""What the instant of each queue's items means."""
_STEPS = MappingProxyType(
    {
        "incomplete_tickets": "console.facts_form",
        "stale_tickets": "console.facts_form",
        "unplaced_tickets": "console.locate_form",
    }
)
"""Where a row of a queue leads: straight to what it asks for; other rows lead to the ticket."""
_ALARMING = frozenset({"escalations", "late_visits", "overdue_tickets", "stale_tickets"})
_WORDS = {"hindrance": "hindrance", "customer_callback": "result", "complaint": "fail_reason"}


@dataclass(frozen=True, slots=True)
class About:
    """The ticket that something waits for, in words."""

    number: str
    customer: str
    zone: str


@console.get("/console/today")
@allowed(Role.DISPATCHER, Role.SUPERVISOR)
def today() -> tuple[str, int]:
    """Show the caller's queues with counts and the worst of each."""
    caller = current()
    with database().transaction() as session:
        found = queues(session, scope=caller.scope, roles=caller.roles, now=clock.now())
        zone = callers_zone(session)
        about = _tickets(session, {each.ticket_id for queue in found for each in queue.items if each.ticket_id})
    day = local_day(clock.now(), zone)
    return page(
        "today.html",
        queues=found,
        about=about,
        matter=matter,
        zone=zone,
        today=day,
        times=_TIMES,
        steps=_STEPS,
        alarming=_ALARMING,
        lists=_lists(caller.roles),
    )


def _lists(roles: Collection[Role]) -> Mapping[str, str]:
    """Return the pages on which somebody with these roles finds the whole of a queue."""
    lists = {
        "incomplete_tickets": url_for("console.tickets", tab="incomplete"),
        "ready_tickets": url_for("console.tickets", tab="ready"),
    }
    if Role.DISPATCHER in roles:
        lists["cards"] = url_for("console.cards")
    if Role.SUPERVISOR in roles:
        lists["unverified_outcomes"] = url_for("console.callbacks")
    return lists


def _tickets(session: Session, ids: Iterable[int]) -> Mapping[int, About]:
    rows = session.execute(
        select(Ticket.id, Ticket.opened_at, Customer.name, Region.time_zone)
        .join(Customer, Customer.id == Ticket.customer_id)
        .join(Region, Region.id == Ticket.region_id)
        .where(Ticket.id.in_(ids))
    )
    return {row.id: About(ticket_number(row.id, row.opened_at), row.name, row.time_zone) for row in rows}


def matter(item: Item) -> str:
    """Return in words why something waits."""
    language = locale()
    match item.thing:
        case "urge":
            return item.what or say("today.urge", locale=language)
        case "reading":
            return say("today.reading", locale=language)
        case "offer":
            return say("today.round", locale=language, round=item.what)
        case "ticket" if item.what and not _is_status(item):
            return ", ".join(word_of("fact", fact, language=language) for fact in item.what.split(", "))
        case thing if thing in _STATUSES and _is_status(item):
            return say(f"status.{thing}.{item.what}", locale=language)
        case thing if thing in _WORDS:
            return word_of(_WORDS[thing], item.what, language=language)
    return why(item.what, language=language)


def _is_status(item: Item) -> bool:
    return knows(f"status.{item.thing}.{item.what}")
