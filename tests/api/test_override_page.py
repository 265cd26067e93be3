"""A supervisor releases a ticket that lacks facts, for a reason; nobody else does (R2)."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.orders.models import Ticket
from server.organisation.models import Role
from tests.api import bodies
from tests.api.asking import Person
from tests.api.cast import NOW, Company
from tests.api.pages import Desk, form_of, reported

WHY = "The house is without heating"


@pytest.fixture
def supervisor(app: Flask, company: Company) -> Desk:
    return Desk(app, company, Role.SUPERVISOR)


@pytest.fixture
def incomplete(api: Person, session: Session, company: Company) -> Ticket:
    return reported(api, session, company, contact_name=None)


def override_of(ticket: Ticket) -> str:
    return f"/console/tickets/{ticket.id}/override"


def overrides(session: Session, ticket: Ticket) -> list[DomainEvent]:
    kept = select(DomainEvent).where(DomainEvent.ticket_id == ticket.id, DomainEvent.kind == "ticket.override_facts")
    return list(session.scalars(kept))


def test_a_supervisor_releases_a_ticket_and_what_is_missing_stays_named(
    supervisor: Desk, session: Session, company: Company, incomplete: Ticket
) -> None:
    asked = supervisor.get(form_of(incomplete)).text

    answer = supervisor.post(override_of(incomplete), version=incomplete.version, override_reason=WHY)

    session.expire_all()
    assert f'action="{override_of(incomplete)}"' in asked
    assert answer.status_code == 303
    assert (incomplete.status, incomplete.missing) == ("ready", ["contact_name"])
    assert (incomplete.facts_complete_at, incomplete.due_at is not None) == (NOW, True)
    (kept,) = overrides(session, incomplete)
    assert (kept.actor_id, kept.reason, kept.via) == (company.staff[Role.SUPERVISOR].id, WHY, "console")
    assert kept.details == {"missing": ["contact_name"]}
    told = supervisor.get(answer.headers["Location"]).text
    assert "released without all facts" in told
    assert "A supervisor has released the ticket" in told
    assert "not dispatched" not in told
    assert WHY in told


def test_a_dispatcher_sees_no_way_to_release_a_ticket_and_is_refused(
    app: Flask, company: Company, session: Session, incomplete: Ticket
) -> None:
    desk = Desk(app, company, Role.DISPATCHER)
    asked = desk.get(form_of(incomplete)).text

    answer = desk.post(override_of(incomplete), version=incomplete.version, override_reason=WHY)

    session.expire_all()
    assert "override" not in asked
    assert answer.status_code == 403
    assert (incomplete.status, overrides(session, incomplete)) == ("incomplete", [])


@pytest.mark.parametrize(("reason", "sentence"), [(" ", "This field is needed."), ("x" * 501, "500")])
def test_without_a_reason_nothing_is_released(
    supervisor: Desk, session: Session, incomplete: Ticket, reason: str, sentence: str
) -> None:
    answer = supervisor.post(override_of(incomplete), version=incomplete.version, override_reason=reason)

    session.expire_all()
    beside = answer.text.partition('id="override_reason-error">')[2].partition("</span>")[0]
    assert answer.status_code == 422
    assert sentence in beside
    assert incomplete.status == "incomplete"


def test_a_ticket_that_was_changed_meanwhile_is_looked_at_again_first(
    api: Person, supervisor: Desk, session: Session, incomplete: Ticket
) -> None:
    read = incomplete.version
    api.patch(f"/api/v1/tickets/{incomplete.id}", {"wish": "Soon", "reason": WHY}, etag=f'"{read}"')

    answer = supervisor.post(override_of(incomplete), version=read, override_reason=WHY)

    session.expire_all()
    assert answer.status_code == 412
    assert f'value="{WHY}"' in answer.text, "the reason has to be typed again"
    assert incomplete.status == "incomplete"


def test_a_ticket_that_lacks_nothing_or_has_ended_cannot_be_released(
    api: Person, supervisor: Desk, session: Session, company: Company, incomplete: Ticket
) -> None:
    site = bodies.report(company)["site"] | {"address": "2 Mill Lane"}
    ready = reported(api, session, company, site=site)
    api.post(f"/api/v1/tickets/{incomplete.id}/cancellation", bodies.REASON)
    session.expire_all()

    asked = supervisor.get(form_of(ready)).text
    answers = [
        supervisor.post(override_of(each), version=each.version, override_reason=WHY) for each in (ready, incomplete)
    ]

    assert override_of(ready) not in asked
    assert "released" not in supervisor.get(f"/console/tickets/{incomplete.id}").text
    assert [answer.status_code for answer in answers] == [409, 409]
    assert overrides(session, ready) == []
