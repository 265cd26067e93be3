"""Fault 26: an interval that is empty, reversed, endless or without a zone is stored nowhere, whoever writes it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from psycopg import errors
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from server.orders.visit_models import Visit
from server.organisation.models import Role
from server.technicians.models import Absence, Shift
from tests import builders as a
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import Company
from tests.builders import NOON

HOUR = timedelta(hours=1)
MADE: dict[str, Callable[[Session], object]] = {
    "shift": lambda session: a.a_shift(session, a.a_technician(session), starts_at=NOON, ends_at=NOON + HOUR),
    "absence": lambda session: a.an_absence(session, a.a_technician(session), starts_at=NOON, ends_at=NOON + HOUR),
    "visit": a.a_visit,
}
"""Everything that takes a technician's time, or gives it."""
INTERVALS = {
    "empty": ("2026-11-23 06:00+00", "2026-11-23 06:00+00"),
    "reversed": ("2026-11-23 06:00+00", "2026-11-23 05:00+00"),
    "from for ever": ("-infinity", "2026-11-23 05:00+00"),
    "to for ever": ("2026-11-23 06:00+00", "infinity"),
    "for ever": ("-infinity", "infinity"),
}


@pytest.mark.parametrize("table", MADE)
def test_raw_sql_cannot_turn_an_interval_into_none(session: Session, table: str) -> None:
    MADE[table](session)
    change = text(f"update {table} set starts_at = cast(:s as timestamptz), ends_at = cast(:e as timestamptz)")

    for starts_at, ends_at in INTERVALS.values():
        with pytest.raises((IntegrityError, DataError)) as refusal, session.begin_nested():
            session.execute(change, {"s": starts_at, "e": ends_at})
        assert isinstance(refusal.value.orig, errors.CheckViolation | errors.DataException)


ENDS = {
    "empty": "2026-05-07T00:00:00Z",
    "reversed": "2026-05-06T00:00:00Z",
    "without a zone": "2026-05-07T10:00:00",
    "a day": "2026-05-07",
    "for ever": "infinity",
    "no number": "NaN",
    "beyond the calendar": "10000-01-01T00:00:00Z",
    "a second that never is": "2026-05-07T10:00:61Z",
}


INSTANTS = ("2026-05-05T06:00:00", "infinity", "2026-05-05", "10000-01-01T00:00:00Z")


def test_the_api_names_an_interval_or_an_instant_that_is_none_and_stores_nothing(
    app: Flask, company: Company, session: Session
) -> None:
    office = Person(app, company, Role.SUPERVISOR)
    technician = f"/api/v1/technicians/{company.technicians[0].id}"
    visit = f"/api/v1/visits/{company.things['visit_id'].own}"
    before = stored(session)

    answers = {}
    for name, end in ENDS.items():
        interval = {"starts_at": "2026-05-07T00:00:00Z", "ends_at": end}
        answers["shift", name] = office.post(f"{technician}/shifts", {"items": [interval]})
        answers["absence", name] = office.post(f"{technician}/absences", bodies.ABSENCE | interval)
    for start in INSTANTS:
        answers["visit", start] = office.post(f"{visit}/assignment", bodies.assignment(company) | {"starts_at": start})

    assert {case: answer.text for case, answer in answers.items() if answer.status_code != 422} == {}
    assert stored(session) == before


def stored(session: Session) -> list[Any]:
    """Return every stretch of time of every technician."""
    tables = (Shift, Absence, Visit)
    return [row for kind in tables for row in session.execute(select(kind.id, kind.starts_at, kind.ends_at)).all()]
