"""From the report to the card: what happens to a ticket and its visit on the way."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.core.transitions import IllegalTransition
from server.orders import closing, visits
from server.orders.models import Ticket
from server.orders.status import CardStatus, TicketStatus, VisitStatus
from server.orders.words import CheckInOutcome
from tests import builders as a
from tests.builders import NOON


def kinds(session: Session, ticket_id: int) -> list[str]:
    return list(
        session.scalars(select(DomainEvent.kind).where(DomainEvent.ticket_id == ticket_id).order_by(DomainEvent.id))
    )


def test_a_ticket_goes_from_report_to_verified_outcome_and_every_step_is_in_its_history(session: Session) -> None:
    visit, card = a.a_finished_visit(session)
    ticket = session.get_one(Ticket, visit.ticket_id)

    closing.close_verified(session, ticket_id=ticket.id, by=a.BY_SYSTEM, now=NOON + timedelta(days=1))

    assert ticket.status is TicketStatus.CLOSED
    assert visit.status is VisitStatus.DONE
    assert card.status is CardStatus.REPORTED
    assert kinds(session, ticket.id) == [
        "ticket.register",
        "ticket.complete_facts",
        "ticket.plan",
        "visit.plan",
        "visit.offer",
        "visit.accept",
        "visit.check_in",
        "visit.finish",
        "ticket.finish",
        "completion_card.report",
        "ticket.verify",
    ]


def test_steps_the_technician_forgot_to_report_do_not_block_the_completion(session: Session) -> None:
    visit = a.an_accepted_visit(session)

    visits.finish(
        session,
        visit_id=visit.id,
        technician_id=visit.technician_id,
        card=a.a_card_claim(),
        by=a.by_technician(visit.technician_id),
        now=NOON + timedelta(hours=3),
    )

    assert visit.status is VisitStatus.DONE
    assert visit.arrived_at is None


def test_a_visit_that_nobody_accepted_cannot_be_finished(session: Session) -> None:
    visit = a.a_visit(session)

    with pytest.raises(IllegalTransition):
        visits.finish(
            session,
            visit_id=visit.id,
            technician_id=None,
            card=a.a_card_claim(),
            by=a.BY_SYSTEM,
            now=NOON + timedelta(hours=3),
        )


def test_a_check_in_without_any_position_is_kept_and_does_not_block(session: Session) -> None:
    visit = a.an_accepted_visit(session)

    row = visits.check_in(
        session,
        visit_id=visit.id,
        technician_id=visit.technician_id,
        claim=None,
        code_proof=False,
        by=a.by_technician(visit.technician_id),
        now=NOON + timedelta(hours=2),
    )

    assert row.outcome is CheckInOutcome.NO_POSITION
    assert visit.status is VisitStatus.ON_SITE
