"""Statements over HTTP: computed, audited, published, agreed, approved and paid by different people."""

import csv
import io
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.money import Money
from server.organisation.models import Role
from server.settlement.models import Payment, Statement, StatementLine
from server.settlement.status import Reason, StatementStatus
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import Company
from tests.api.things import HOUR
from tests.builders.clocks import StillClock

DAY = 24 * HOUR


@pytest.fixture
def auditor(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.AUDITOR)


@pytest.fixture
def finance(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.FINANCE)


@pytest.fixture
def cashier(app: Flask, company: Company, session: Session) -> Person:
    """Somebody else of finance: the administrator, who for this test has that role."""
    company.staff[Role.ADMINISTRATOR].roles = [str(Role.FINANCE)]
    session.commit()
    return Person(app, company, Role.ADMINISTRATOR)


@pytest.fixture
def station(app: Flask, company: Company) -> Person:
    return Person(app, company, Role.STATION)


@pytest.fixture
def technician(app: Flask, company: Company) -> Person:
    """The payee of the statement."""
    return Person(app, company, None)


def by_app(statement: str) -> str:
    """Return where a technician finds a statement."""
    return statement.replace("/api/v1/", "/mobile/v1/")


@pytest.fixture
def statement(company: Company) -> str:
    """The address of a published statement with one held line and an open appeal."""
    return f"/api/v1/statements/{company.things['statement_id'].own}"


@pytest.fixture
def line(statement: str, company: Company) -> str:
    return f"{statement}/lines/{company.things['line_id'].own}"


@pytest.fixture
def payable(app: Flask, company: Company, auditor: Person, statement: str, line: str) -> str:
    """The address of the statement after customer and card have come in: one line, to be paid."""
    callback = f"/api/v1/callbacks/{company.things['callback_id'].own}"
    Person(app, company, Role.CALLBACK_AGENT).post(f"{callback}/attempts", bodies.ATTEMPT)
    Person(app, company, Role.STATION_CLERK).post(f"/api/v1/cards/{company.things['card_id'].own}/receipt")
    auditor.post(f"{statement}/reopening", bodies.REASON)
    auditor.post(f"/api/v1/deductions/{company.things['deduction_id'].own}/waiver", bodies.REASON)
    auditor.post("/api/v1/statements", {"month": "2026-04-01"})
    auditor.post(f"{line}/verdict", {"verdict": "pay"})
    auditor.post(f"{statement}/audit")
    auditor.post(f"{statement}/publication")
    appeal = f"/api/v1/appeals/{company.things['appeal_id'].own}"
    Person(app, company, Role.SUPERVISOR).post(f"{appeal}/answer", {"accepted": True, "answer": "Here it is"})
    return statement


def test_a_month_is_computed_again_without_a_change(auditor: Person, statement: str, session: Session) -> None:
    before = session.scalars(select(StatementLine.id)).all()

    answer = auditor.post("/api/v1/statements", {"month": "2026-04-01"})

    assert answer.status_code == 201
    assert session.scalars(select(StatementLine.id)).all() == before


@pytest.mark.parametrize("month", ["2026-04-02", "2027-01-01"])
def test_what_is_no_month_that_has_begun_is_not_computed(auditor: Person, month: str) -> None:
    answer = auditor.post("/api/v1/statements", {"month": month})

    assert (answer.status_code, answer.json["code"]) == (422, "statement.bad_month")


def test_a_statement_shows_its_sum_and_the_hash_of_its_lines(finance: Person, statement: str) -> None:
    shown = finance.get(statement)

    assert shown.json["sum"] == {"amount": 0, "currency": "CNY"}
    assert len(shown.json["lines_hash"]) == 64
    assert shown.headers["ETag"] == f'"{shown.json["version"]}"'
    assert [appeal["text"] for appeal in shown.json["appeals"]] == ["The card is at the desk"]


def test_a_line_shows_its_evidence_side_by_side(auditor: Person, line: str, statement: str) -> None:
    (listed,) = auditor.get(f"{statement}/lines").json["items"]
    shown = auditor.get(line).json

    assert (listed["verdict"], listed["reasons"]) == ("hold", ["card_not_received"])
    assert shown["price"] == {"amount": 8000, "currency": "CNY"}
    assert shown["visit"]["id"] == shown["offer"]["visit_id"] == shown["card"]["visit_id"] == listed["visit_id"]
    assert shown["callback"]["status"] == "waiting"
    assert [deduction["rule"] for deduction in shown["deductions"]] == ["R17"]


def test_a_line_of_another_statement_is_not_there(auditor: Person, statement: str, company: Company) -> None:
    answer = auditor.get(f"{statement}/lines/{company.things['line_id'].other}")

    assert (answer.status_code, answer.json["code"]) == (404, "statement.unknown_line")


def test_only_a_draft_is_decided(auditor: Person, line: str) -> None:
    answer = auditor.post(f"{line}/verdict", {"verdict": "pay"})

    assert (answer.status_code, answer.json["code"]) == (409, "statement.not_a_draft")


def test_nothing_unverified_is_paid_whoever_decides(auditor: Person, statement: str, line: str) -> None:
    auditor.post(f"{statement}/reopening", bodies.REASON)

    answer = auditor.post(f"{line}/verdict", {"verdict": "reduced", "reasons": [str(Reason.FALSE_REPORT)]})

    assert (answer.status_code, answer.json["code"]) == (409, "statement.not_payable")


def test_a_refusal_says_why(auditor: Person, statement: str, line: str) -> None:
    auditor.post(f"{statement}/reopening", bodies.REASON)

    bare = auditor.post(f"{line}/verdict", {"verdict": "refuse"})
    told = auditor.post(f"{line}/verdict", {"verdict": "refuse", "reasons": [str(Reason.CARD_MISSING)]})

    assert (bare.status_code, bare.json["code"]) == (422, "statement.reasons_missing")
    assert (told.json["verdict"], told.json["net"]["amount"]) == ("refuse", 0)


def test_a_deduction_is_waived_once_and_only_in_a_draft(auditor: Person, statement: str, company: Company) -> None:
    path = f"/api/v1/deductions/{company.things['deduction_id'].own}/waiver"
    assert auditor.post(path, bodies.REASON).json["code"] == "statement.not_a_draft"
    auditor.post(f"{statement}/reopening", bodies.REASON)

    assert auditor.post(path, bodies.REASON).json["waived_reason"] == bodies.REASON["reason"]

    assert auditor.post(path, bodies.REASON).json["code"] == "deduction.waived"


def test_a_statement_is_agreed_approved_and_paid_by_different_people(
    technician: Person, finance: Person, cashier: Person, payable: str, session: Session
) -> None:
    lines_hash = finance.get(payable).json["lines_hash"]
    early = finance.post(f"{payable}/approval", {"lines_hash": lines_hash})
    assert (early.status_code, early.json["code"]) == (409, "statement.too_early")
    assert technician.post(f"{by_app(payable)}/agreement").json["agreed_at"] is not None

    approved = finance.post(f"{payable}/approval", {"lines_hash": lines_hash})
    assert (approved.status_code, approved.json["status"]) == (200, "approved")
    same = finance.post(f"{payable}/payment", {"reference": "B-1"})
    assert (same.status_code, same.json["code"]) == (403, "statement.same_person")

    paid = cashier.post(f"{payable}/payment", {"reference": "B-1"})

    assert paid.json["sum"] == {"amount": 8000, "currency": "CNY"}
    assert session.scalars(select(Payment)).one().reference == "B-1"
    assert finance.get(payable).json["payment"]["id"] == paid.json["id"]


def test_a_payment_ordered_twice_leaves_once_even_weeks_later(
    technician: Person, finance: Person, cashier: Person, payable: str, session: Session, still_clock: StillClock
) -> None:
    technician.post(f"{by_app(payable)}/agreement")
    finance.post(f"{payable}/approval", {"lines_hash": finance.get(payable).json["lines_hash"]})
    first = cashier.post(f"{payable}/payment", {"reference": "B-1"}, key="once")
    still_clock.move(40 * DAY)

    again = cashier.post(f"{payable}/payment", {"reference": "B-1"}, key="once")
    other = cashier.post(f"{payable}/payment", {"reference": "B-2"})

    assert again.json == first.json
    assert (other.status_code, other.json["code"]) == (409, "payment.paid_before")
    assert len(session.scalars(select(Payment)).all()) == 1


def test_an_approval_of_other_lines_than_there_are_is_refused(
    technician: Person, finance: Person, payable: str, session: Session, company: Company
) -> None:
    technician.post(f"{by_app(payable)}/agreement")

    answer = finance.post(f"{payable}/approval", {"lines_hash": "0" * 64})

    assert (answer.status_code, answer.json["code"]) == (409, "statement.changed")
    kept = session.get_one(Statement, company.things["statement_id"].own, populate_existing=True)
    assert kept.status is StatementStatus.PUBLISHED


@pytest.mark.parametrize(("deed", "done"), [("agreement", 200), ("appeals", 201)])
def test_a_station_answers_for_itself_and_not_for_a_technician_who_is_paid_himself(
    station: Person, statement: str, session: Session, company: Company, deed: str, done: int
) -> None:
    body = {"text": "The second line is wrong"} if deed == "appeals" else None

    for_him = station.post(f"{statement}/{deed}", body)
    row = session.get_one(Statement, company.things["statement_id"].own)
    row.technician_id, row.station_id = None, company.stations[0].id
    session.commit()
    for_itself = station.post(f"{statement}/{deed}", body)

    assert (for_him.status_code, for_him.json["code"]) == (403, "statement.not_the_payee")
    assert for_itself.status_code == done


def test_nothing_is_approved_while_an_appeal_is_open(
    station: Person, finance: Person, statement: str, still_clock: StillClock
) -> None:
    still_clock.move(6 * DAY)

    answer = finance.post(f"{statement}/approval", {"lines_hash": finance.get(statement).json["lines_hash"]})

    assert (answer.status_code, answer.json["code"]) == (409, "statement.appeals_open")


def test_an_appeal_is_not_answered_by_who_audited(auditor: Person, statement: str, company: Company) -> None:
    auditor.post(f"{statement}/reopening", bodies.REASON)
    auditor.post(f"{statement}/audit")
    auditor.post(f"{statement}/publication")
    path = f"/api/v1/appeals/{company.things['appeal_id'].own}/answer"

    answer = auditor.post(path, {"accepted": False, "answer": "No"})

    assert (answer.status_code, answer.json["code"]) == (403, "appeal.own_decision")


def test_a_payee_does_not_see_a_draft(auditor: Person, station: Person, statement: str) -> None:
    auditor.post(f"{statement}/reopening", bodies.REASON)

    assert station.get(statement).status_code == 404
    assert station.get("/api/v1/statements").json["items"] == []
    assert station.post(f"{statement}/agreement").status_code == 404


def test_statements_are_listed_by_month_with_their_sums(finance: Person, company: Company) -> None:
    items = finance.get("/api/v1/statements", month="2026-04-01").json["items"]

    assert {one["id"] for one in items} == {
        company.things["statement_id"].own,
        company.things["statement_id"].other,
    }
    assert {(one["payee"], one["sum"]["amount"], one["lines"]) for one in items} == {("Ann", 0, 1), ("Bob", 0, 1)}
    assert finance.get("/api/v1/statements", month="2026-03-01").json["items"] == []


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t="])
def test_an_exported_cell_is_never_a_formula(
    finance: Person, statement: str, company: Company, session: Session, begins: str
) -> None:
    line = session.get_one(StatementLine, company.things["line_id"].own)
    line.remark = f"{begins}HYPERLINK(1)"
    session.commit()

    answer = finance.get(f"{statement}/export.csv")

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    header, row, total = csv.reader(io.StringIO(answer.text))
    assert dict(zip(header, row, strict=True))["remark"] == f"'{begins}HYPERLINK(1)"
    assert dict(zip(header, total, strict=True))["kind"] == "sum"


def test_a_price_holds_from_a_day_on_and_not_before_the_last(app: Flask, company: Company) -> None:
    administrator = Person(app, company, Role.ADMINISTRATOR)

    made = administrator.post("/api/v1/labour-prices", bodies.LABOUR_PRICE)
    earlier = administrator.post("/api/v1/labour-prices", bodies.LABOUR_PRICE | {"valid_from": "2026-05-01"})

    assert (made.status_code, made.json["price"]) == (201, bodies.MONEY)
    assert (earlier.status_code, earlier.json["code"]) == (409, "price.in_the_past")
    listed = administrator.get("/api/v1/labour-prices", product_category="fan").json["items"]
    assert [one["valid_from"] for one in listed] == ["2026-06-01"]
    assert date.fromisoformat(listed[0]["valid_from"]) > date(2026, 5, 4)
    assert Money(**listed[0]["price"]) == Money(1200, "CNY")
