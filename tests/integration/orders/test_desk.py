"""What the desk does with tickets: waiting, urges, agreed times, ends, hindrances (R7, R15-R18, R27a)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.core.transitions import IllegalTransition
from server.orders import desk, facts, hindrances, visits
from server.orders.closing import SomebodyIsThere
from server.orders.locks import UnknownTicket
from server.orders.models import Hindrance, Ticket
from server.orders.status import TicketStatus, VisitStatus
from server.orders.visit_models import Visit
from server.orders.words import HindranceReason
from server.organisation.models import Role
from tests import builders as a
from tests.builders import BY_SYSTEM, NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THURSDAY = date(2026, 11, 26)
THURSDAY_BEGINS = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
"""Midnight in Shanghai."""


def ticket_of(session: Session, visit: Visit) -> Ticket:
    return session.get_one(Ticket, visit.ticket_id)


def on_site(session: Session) -> Visit:
    visit = a.an_accepted_visit(session)
    visits.check_in(
        session, visit_id=visit.id, technician_id=None, claim=None, code_proof=False, by=BY_SYSTEM, now=NOON + HOUR
    )
    return visit


End = Callable[..., Ticket]


@pytest.mark.parametrize(
    ("end", "status"), [(desk.cancel, TicketStatus.CANCELLED), (desk.decline, TicketStatus.DECLINED)]
)
def test_a_ticket_that_ends_frees_the_time_of_its_visit(session: Session, end: End, status: TicketStatus) -> None:
    visit = a.an_accepted_visit(session)
    ticket = ticket_of(session, visit)

    end(session, ticket_id=ticket.id, reason="bought a new one", by=BY_SYSTEM, now=NOON + HOUR)

    assert ticket.status is status
    assert ticket.closed_at == NOON + HOUR
    assert visit.status is VisitStatus.WITHDRAWN


@pytest.mark.parametrize("end", [desk.cancel, desk.decline])
def test_a_ticket_is_not_taken_away_from_a_technician_on_site(session: Session, end: End) -> None:
    visit = on_site(session)

    with pytest.raises(SomebodyIsThere):
        end(session, ticket_id=visit.ticket_id, reason="changed his mind", by=BY_SYSTEM, now=NOON + 2 * HOUR)

    assert visit.status is VisitStatus.ON_SITE


@pytest.mark.parametrize("end", [desk.cancel, desk.decline, desk.not_accept, desk.reopen])
def test_no_ticket_ends_or_starts_again_without_a_reason(session: Session, end: End) -> None:
    ticket = a.a_ticket(session)

    with pytest.raises(facts.ReasonMissing):
        end(session, ticket_id=ticket.id, reason="  ", by=BY_SYSTEM, now=NOON)


def test_a_report_that_is_not_ours_is_kept_and_not_acted_on(session: Session) -> None:
    ticket = a.a_ticket(session)

    desk.not_accept(session, ticket_id=ticket.id, reason="spam", by=BY_SYSTEM, now=NOON)

    assert ticket.status is TicketStatus.NOT_ACCEPTED
    with pytest.raises(IllegalTransition):
        desk.reopen(session, ticket_id=ticket.id, reason="was not spam", by=BY_SYSTEM, now=NOON)


def test_a_planned_ticket_is_cancelled_and_not_refused_as_not_ours(session: Session) -> None:
    visit = a.a_visit(session)

    with pytest.raises(IllegalTransition):
        desk.not_accept(session, ticket_id=visit.ticket_id, reason="spam", by=BY_SYSTEM, now=NOON)


def test_a_done_ticket_is_closed_and_can_be_taken_up_again_with_a_new_limit(session: Session) -> None:
    visit, _ = a.a_finished_visit(session)
    ticket = ticket_of(session, visit)
    desk.close_unverified(session, ticket_id=ticket.id, reason="not reached", by=BY_SYSTEM, now=NOON + DAY)
    closed_at = ticket.closed_at

    desk.reopen(session, ticket_id=ticket.id, reason="still broken", by=BY_SYSTEM, now=NOON + 2 * DAY)

    assert closed_at == NOON + DAY
    assert (ticket.status, ticket.closed_at) == (TicketStatus.READY, None)
    assert ticket.due_at == NOON + 5 * DAY


def test_the_customers_later_date_is_where_his_clock_runs_from_and_the_visit_is_given_up(session: Session) -> None:
    visit = a.a_visit(session)
    ticket = ticket_of(session, visit)

    desk.wait_until(
        session,
        ticket_id=ticket.id,
        until=THURSDAY,
        reason=HindranceReason.CUSTOMER_DATE,
        text="away",
        by=BY_SYSTEM,
        now=NOON,
    )

    assert ticket.status is TicketStatus.WAITING
    assert ticket.waits_until == THURSDAY_BEGINS
    assert ticket.due_at == THURSDAY_BEGINS + 3 * DAY
    assert visit.status is VisitStatus.WITHDRAWN


@pytest.mark.parametrize(
    ("reason", "due"),
    [
        (HindranceReason.PART_ON_ORDER, NOON + 3 * DAY + (THURSDAY_BEGINS - NOON)),
        (HindranceReason.OTHER, NOON + 3 * DAY),
    ],
)
def test_waiting_stops_the_customers_clock_only_for_a_reason_that_stops_it(
    session: Session, reason: HindranceReason, due: datetime
) -> None:
    ticket = a.a_ticket(session)

    desk.wait_until(session, ticket_id=ticket.id, until=THURSDAY, reason=reason, text="so", by=BY_SYSTEM, now=NOON)

    assert ticket.due_at == due


def test_a_ticket_waits_for_days_that_are_ahead(session: Session) -> None:
    ticket = a.a_ticket(session)

    with pytest.raises(desk.DateNotAhead):
        desk.wait_until(
            session,
            ticket_id=ticket.id,
            until=date(2026, 11, 23),
            reason=HindranceReason.OTHER,
            text="so",
            by=BY_SYSTEM,
            now=NOON,
        )


def test_a_waiting_ticket_is_taken_up_when_its_day_begins_and_not_a_moment_before(session: Session) -> None:
    ticket = a.a_ticket(session)
    desk.wait_until(
        session,
        ticket_id=ticket.id,
        until=THURSDAY,
        reason=HindranceReason.SUPERVISOR,
        text="so",
        by=BY_SYSTEM,
        now=NOON,
    )

    too_early = desk.SWEEP.deal_with(session, THURSDAY_BEGINS - timedelta(microseconds=1))
    next_due = desk.SWEEP.next_due(session)
    in_time = desk.SWEEP.deal_with(session, THURSDAY_BEGINS)

    assert (too_early, next_due, in_time) == (0, THURSDAY_BEGINS, 1)
    assert (ticket.status, ticket.waits_until) == (TicketStatus.READY, None)
    assert desk.SWEEP.next_due(session) is None
    assert desk.SWEEP.deal_with(session, THURSDAY_BEGINS) == 0


def test_the_desk_takes_a_waiting_ticket_up_before_its_day(session: Session) -> None:
    ticket = a.a_ticket(session)
    desk.wait_until(
        session, ticket_id=ticket.id, until=THURSDAY, reason=HindranceReason.OTHER, text="so", by=BY_SYSTEM, now=NOON
    )

    desk.resume(session, ticket_id=ticket.id, by=BY_SYSTEM, now=NOON + HOUR)

    assert ticket.status is TicketStatus.READY


@pytest.mark.parametrize(
    ("urged_at", "due"),
    [
        (datetime(2026, 11, 23, 7, 0, tzinfo=UTC), datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
        (datetime(2026, 11, 23, 4, 30, tzinfo=UTC), datetime(2026, 11, 23, 7, 0, tzinfo=UTC)),
        (datetime(2026, 11, 23, 12, 30, tzinfo=UTC), datetime(2026, 11, 24, 1, 0, tzinfo=UTC)),
    ],
)
def test_an_urge_is_to_be_answered_within_an_hour_of_calling_hours(
    session: Session, urged_at: datetime, due: datetime
) -> None:
    visit = a.an_accepted_visit(session)

    urge = desk.urge(session, ticket_id=visit.ticket_id, text="where is he?", by=a.BY_CUSTOMER, now=urged_at)

    assert (urge.contact_due_at, urge.technician_id) == (due, visit.technician_id)


def test_an_urge_about_a_visit_nobody_accepted_is_the_desks(session: Session) -> None:
    visit = a.a_visit(session)

    urge = desk.urge(session, ticket_id=visit.ticket_id, text=None, by=a.BY_CUSTOMER, now=NOON)

    assert urge.technician_id is None


def test_the_reported_contact_answers_every_open_urge_once(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    first = desk.urge(session, ticket_id=visit.ticket_id, text=None, by=a.BY_CUSTOMER, now=NOON)
    visits.report_contact(session, visit_id=visit.id, technician_id=None, by=BY_SYSTEM, now=NOON + HOUR)
    second = desk.urge(session, ticket_id=visit.ticket_id, text=None, by=a.BY_CUSTOMER, now=NOON + 2 * HOUR)

    visits.report_contact(session, visit_id=visit.id, technician_id=None, by=BY_SYSTEM, now=NOON + 3 * HOUR)
    session.expire_all()

    assert (first.contacted_at, second.contacted_at) == (NOON + HOUR, NOON + 3 * HOUR)
    assert visit.contacted_at == NOON + HOUR


def test_nobody_urges_about_a_ticket_that_has_ended(session: Session) -> None:
    visit, _ = a.a_finished_visit(session)

    with pytest.raises(desk.NothingToUrge):
        desk.urge(session, ticket_id=visit.ticket_id, text=None, by=a.BY_CUSTOMER, now=NOON + DAY)


def test_an_agreed_time_is_kept_on_the_ticket(session: Session) -> None:
    ticket = a.a_ticket(session)

    desk.agree_window(session, ticket_id=ticket.id, start=NOON + DAY, end=NOON + DAY + HOUR, by=BY_SYSTEM, now=NOON)

    assert (ticket.agreed_from, ticket.agreed_to) == (NOON + DAY, NOON + DAY + HOUR)
    assert ticket.status is TicketStatus.READY


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOON + HOUR, NOON + HOUR),
        (NOON + 2 * HOUR, NOON + HOUR),
        (NOON - HOUR, NOON),
        ((NOON + HOUR).replace(tzinfo=None), NOON + 2 * HOUR),
    ],
)
def test_an_agreed_time_that_cannot_be_is_refused(session: Session, start: datetime, end: datetime) -> None:
    ticket = a.a_ticket(session)

    with pytest.raises(desk.BadWindow):
        desk.agree_window(session, ticket_id=ticket.id, start=start, end=end, by=BY_SYSTEM, now=NOON)


def test_a_time_is_not_agreed_against_the_planned_visit(session: Session) -> None:
    visit = a.a_visit(session)
    ticket_id = visit.ticket_id

    with pytest.raises(desk.VisitElsewhere):
        desk.agree_window(session, ticket_id=ticket_id, start=NOON + DAY, end=NOON + 2 * DAY, by=BY_SYSTEM, now=NOON)
    desk.agree_window(session, ticket_id=ticket_id, start=visit.starts_at, end=visit.ends_at, by=BY_SYSTEM, now=NOON)


def report(session: Session, visit: Visit, *, at: datetime, **values: object) -> Hindrance:
    known: dict[str, object] = {
        "technician_id": visit.technician_id,
        "reason": HindranceReason.PART_ON_ORDER,
        "text": "compressor ordered",
        "until": THURSDAY,
    }
    return desk.report_hindrance(
        session,
        ticket_id=visit.ticket_id,
        by=a.by_technician(visit.technician_id),
        now=at,
        **(known | values),  # type: ignore[arg-type]
    )


def test_an_accepted_report_stops_both_clocks_from_the_report_to_its_date(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    ticket, supervisor = ticket_of(session, visit), a.a_member_of_staff(session, Role.SUPERVISOR)
    due, limit = ticket.due_at, visit.limit_at
    assert due is not None
    assert limit is not None
    row = report(session, visit, at=NOON + 6 * HOUR)

    desk.accept_hindrance(session, hindrance_id=row.id, by=a.by_staff(supervisor), now=NOON + 9 * HOUR)

    stopped = THURSDAY_BEGINS - (NOON + 6 * HOUR)
    assert row.counts
    assert (row.accepted_at, row.accepted_by) == (NOON + 9 * HOUR, supervisor.id)
    assert (ticket.due_at, visit.limit_at) == (due + stopped, limit + stopped)


@pytest.mark.parametrize("at", [NOON + 6 * HOUR - timedelta(seconds=1), NOON + 3 * DAY + timedelta(seconds=1)])
def test_a_report_too_early_or_too_late_is_kept_and_stops_nothing(session: Session, at: datetime) -> None:
    visit = a.an_accepted_visit(session)
    staff = a.a_member_of_staff(session)
    limit = visit.limit_at

    row = report(session, visit, at=at)

    assert not row.counts
    with pytest.raises(hindrances.DoesNotCount):
        desk.accept_hindrance(session, hindrance_id=row.id, by=a.by_staff(staff), now=at)
    assert visit.limit_at == limit


@pytest.mark.parametrize("values", [{"reason": HindranceReason.OTHER}, {"until": None}])
def test_an_accepted_report_without_a_stopping_reason_or_a_date_stops_no_clock(
    session: Session, values: dict[str, object]
) -> None:
    visit = a.an_accepted_visit(session)
    staff, limit = a.a_member_of_staff(session), visit.limit_at
    row = report(session, visit, at=NOON + 6 * HOUR, **values)

    desk.accept_hindrance(session, hindrance_id=row.id, by=a.by_staff(staff), now=NOON + 7 * HOUR)

    assert row.accepted_at is not None
    assert visit.limit_at == limit


def test_a_report_is_accepted_once_and_by_staff(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    by = a.by_staff(a.a_member_of_staff(session))
    row = report(session, visit, at=NOON + 6 * HOUR)

    with pytest.raises(hindrances.StaffOnly):
        desk.accept_hindrance(session, hindrance_id=row.id, by=a.by_technician(visit.technician_id), now=NOON)
    desk.accept_hindrance(session, hindrance_id=row.id, by=by, now=NOON + 7 * HOUR)
    with pytest.raises(hindrances.AlreadyDecided):
        desk.accept_hindrance(session, hindrance_id=row.id, by=by, now=NOON + 8 * HOUR)
    with pytest.raises(hindrances.UnknownHindrance):
        desk.accept_hindrance(session, hindrance_id=10**12, by=by, now=NOON + 8 * HOUR)


def test_a_report_is_false_only_on_evidence_and_once(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    supervisor = a.a_member_of_staff(session, Role.SUPERVISOR)
    by = a.by_staff(supervisor)
    row = report(session, visit, at=NOON + 6 * HOUR)

    with pytest.raises(hindrances.EvidenceMissing):
        desk.decide_false(session, hindrance_id=row.id, evidence=" ", by=by, now=NOON + DAY)
    desk.decide_false(session, hindrance_id=row.id, evidence="the customer was at home", by=by, now=NOON + DAY)
    with pytest.raises(hindrances.AlreadyDecided):
        desk.decide_false(session, hindrance_id=row.id, evidence="again", by=by, now=NOON + DAY)

    assert (row.false_at, row.false_by, row.false_evidence) == (NOON + DAY, supervisor.id, "the customer was at home")


def test_a_technician_reports_only_about_a_ticket_of_his(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    stranger = a.a_technician(session)

    with pytest.raises(UnknownTicket):
        report(session, visit, at=NOON + 6 * HOUR, technician_id=stranger.id)


def test_every_step_says_who_did_it(session: Session) -> None:
    dispatcher = a.a_member_of_staff(session)
    ticket = a.a_ticket(session)

    desk.cancel(session, ticket_id=ticket.id, reason="gone", by=a.by_staff(dispatcher), now=NOON + HOUR)

    event = session.scalars(select(DomainEvent).where(DomainEvent.kind == "ticket.cancel")).one()
    assert (event.actor_id, event.at, event.reason, event.before, event.after) == (
        dispatcher.id,
        NOON + HOUR,
        "gone",
        "ready",
        "cancelled",
    )
