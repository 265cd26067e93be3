"""Sending what a row of the matrix describes, for a thing of the caller's own."""

import re
from typing import Any
from uuid import uuid4

from flask import Flask
from werkzeug.test import TestResponse

from server.organisation.models import Role
from tests.api.cast import Caller, Company
from tests.api.matrix import Open, Row

_PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def who(row: Row, company: Company) -> list[Caller]:
    """Return everybody who may call a route of one of the two APIs."""
    if row.who is Open.TECHNICIANS:
        return [company.technician]
    return [company.caller(role) for role in row.who] if not isinstance(row.who, Open) else []


def body_of(row: Row, company: Company) -> Any:
    """Return the body of a row as it is sent."""
    return row.body(company) if callable(row.body) else row.body


def ask(app: Flask, row: Row, company: Company, caller: Caller, *, body: Any = None) -> TestResponse:
    """Call a route as its row says; another body may be given."""
    headers = dict(caller.headers)
    if row.method == "POST":
        headers["Idempotency-Key"] = str(uuid4())
    if row.method in {"PUT", "PATCH", "DELETE"}:
        headers["If-Match"] = row.etag
    path = _PARAMETER.sub(lambda match: str(company.things[match[1]].own), row.rule)
    sent = body if body is not None else body_of(row, company)
    return app.test_client().open(path, method=row.method, headers=headers, json=sent)


class Person:
    """A caller with a client: what a test of one resource talks through."""

    def __init__(self, app: Flask, company: Company, role: Role | None) -> None:
        """Act as somebody with a role, or as the technician of the first station."""
        self._client = app.test_client()
        self._headers = (company.caller(role) if role is not None else company.technician).headers

    def get(self, path: str, **query: Any) -> TestResponse:
        """Read."""
        return self._client.get(path, headers=self._headers, query_string=query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> TestResponse:
        """Change something; every call has a key of its own unless one is given."""
        headers = self._headers | {"Idempotency-Key": key or str(uuid4())}
        return self._client.post(path, headers=headers, json=body)

    def patch(self, path: str, body: Any, *, etag: str) -> TestResponse:
        """Change what has this version."""
        return self._client.patch(path, headers=self._headers | {"If-Match": etag}, json=body)

    def put(self, path: str, body: Any, *, etag: str) -> TestResponse:
        """Replace what has this version."""
        return self._client.put(path, headers=self._headers | {"If-Match": etag}, json=body)
