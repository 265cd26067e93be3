"""Somebody at the console's pages: what a test of a form talks through."""

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from server.core import clock
from server.organisation.models import Role
from server.web import csrf
from tests.api.cast import NOW, Company


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
