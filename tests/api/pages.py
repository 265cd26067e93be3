"""Somebody at the console's pages: what a test of a form talks through."""

from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from server.core import clock
from server.orders.models import Ticket
from server.organisation.models import Role
from server.web import csrf
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import NOW, Company

REASON = "Asked the customer"


class Desk:
    """Somebody with a role, logged in to the console."""

    def __init__(self, app: Flask, company: Company, role: Role = Role.DISPATCHER, *, language: str = "en") -> None:
        """Log in somebody with a role."""
        cookie = company.caller(role).cookie
        self._client = app.test_client()
        self._client.set_cookie("truckroll_session", cookie)
        self._client.set_cookie("language", language)
        with app.test_request_context(headers={"Cookie": f"truckroll_session={cookie}"}), clock.holding(NOW):
            self._headers = {"Origin": "http://127.0.0.1:8000", csrf.HEADER: csrf.token()}

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self._client.get(path)

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form."""
        return self._client.post(path, headers=self._headers, data=fields)


def reported(api: Person, session: Session, company: Company, **changes: Any) -> Ticket:
    """Take in the usual report with changes; what is None is left out."""
    body = {name: value for name, value in (bodies.report(company) | changes).items() if value is not None}
    ticket_id = api.post("/api/v1/tickets", body).json["ticket"]["id"]
    return session.get_one(Ticket, ticket_id)


def form_of(ticket: Ticket) -> str:
    """Return the address of the form of a ticket's facts."""
    return f"/console/tickets/{ticket.id}/facts"


def typed(**fields: str) -> dict[str, str]:
    """Return fields as somebody fills them in where nothing stood before."""
    return {"reason": REASON} | fields | {f"was.{name}": "" for name in fields}
