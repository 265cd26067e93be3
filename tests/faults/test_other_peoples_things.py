"""Fault 51: no list, search or page shows a confined person what belongs to another part of the company."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.customers.models import Customer, Site
from server.orders.models import Ticket
from tests.api.cast import Caller, Company
from tests.api.matrix import ROWS, Open, Row
from tests.api.world import CONFINED

OPEN_TO_ALL = ("/docs", "/openapi.json", "/mobile/openapi.json", "/healthz", "/readyz", "/console/login")
LISTS = [row for row in ROWS if row.method == "GET" and "<" not in row.rule and not row.rule.startswith(OPEN_TO_ALL)]
PERSON, PLACE = "Verborgen", "Hinterhof"
"""What every customer and every place of the other part is called."""


def hide(session: Session, company: Company) -> tuple[str, list[str]]:
    """Name the other part's people and places; return the number of a ticket of the own part, and the other's."""
    own = session.get_one(Ticket, int(company.things["ticket_id"].own)).number
    others = session.scalars(select(Ticket).where(Ticket.region_id == company.regions[1].id)).all()
    for ticket in others:
        ticket.contact_name = ticket.description = PERSON
        session.get_one(Customer, ticket.customer_id).name = f"{PERSON} {ticket.id}"
        session.get_one(Site, ticket.site_id).address = f"{PLACE} {ticket.id}"
    session.commit()
    return own, [ticket.number for ticket in others]


def callers(row: Row, company: Company) -> list[Caller]:
    """Return who may call a route and sees a part of the company only."""
    if row.who is Open.TECHNICIANS:
        return [company.technician]
    return [] if isinstance(row.who, Open) else [company.caller(role) for role in row.who if role in CONFINED]


def questions(documents: list[Any], row: Row, company: Company, words: list[str]) -> Iterator[dict[str, str]]:
    """Yield what can be asked of a list: everything, and whatever leads straight to the other part's things."""
    operations = [document["paths"].get(row.rule, {}).get("get", {}) for document in documents]
    known = {each["name"] for one in operations for each in one.get("parameters", ()) if each["in"] == "query"}
    yield {}
    yield from ({name: str(company.things[name].other)} for name in sorted(known & company.things.keys()))
    if "q" in known or row.rule.startswith("/console"):
        yield from ({"q": word} for word in words)


def told(app: Flask, row: Row, caller: Caller, question: dict[str, str]) -> str:
    """Ask, and return what is told."""
    client = app.test_client()
    client.set_cookie("truckroll_session", caller.cookie)
    headers = caller.headers if row.rule.startswith(("/api", "/mobile")) else {}
    answer = client.get(f"{row.rule}?{urlencode(question)}", headers=headers)
    assert answer.status_code < 500, (row.rule, question)
    return answer.get_data(as_text=True)


def test_whatever_is_asked_of_any_list_it_shows_nothing_of_another_part(
    app: Flask, company: Company, session: Session
) -> None:
    own, others = hide(session, company)
    documents = [app.test_client().get(path).json for path in ("/openapi.json", "/mobile/openapi.json")]
    shown, found = [], set()
    for row in LISTS:
        for caller in callers(row, company):
            for question in questions(documents, row, company, [PERSON, others[0]]):
                text = told(app, row, caller, question)
                # A page tells back what it was asked.
                words = {PERSON, PLACE, *others} - set(question.values())
                shown += [(row.rule, caller.name, question, word) for word in words if word in text]
                found |= {caller.name} if own in text else set()

    assert shown == []
    assert found >= {str(role) for role in CONFINED}, "somebody does not find what is his"
