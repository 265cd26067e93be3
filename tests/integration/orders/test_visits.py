"""Planning, moving and giving away visits; the way to the door; extra work (R9a, R11, R16, R20, R21)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.money import Money
from server.core.places import Position
from server.core.transitions import IllegalTransition
from server.customers.models import Site
from server.orders import booking, desk, extra_work, visits
from server.orders.locks import TechnicianLeft, UnknownVisit
from server.orders.models import Ticket
from server.orders.on_site import NotAccepted
from server.orders.slots import SlotTaken
from server.orders.status import TicketStatus, VisitStatus
from server.orders.visit_models import CheckIn, ExtraWork, Visit
from server.orders.words import CheckInOutcome
from server.technicians.people import UnknownTechnician
from tests import builders as a
from tests.builders import BY_SYSTEM, NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = NOON + 2 * HOUR


def plan(session: Session, ticket: Ticket, technician_id: int, **values: object) -> Visit:
    known: dict[str, object] = {
        "starts_at": START,
        "ends_at": START + HOUR,
        "window": visits.Window(START - HOUR, START + HOUR),
        "travel_seconds": 600,
        "by_hand": True,
    }
    return visits.plan_visit(
        session,
        ticket_id=ticket.id,
        technician_id=technician_id,
        by=BY_SYSTEM,
        now=NOON,
        **(known | values),  # type: ignore[arg-type]
    )


def test_a_planned_visit_takes_the_technicians_time_and_the_ticket_is_planned(session: Session) -> None:
    visit = a.a_visit(session)
    ticket = session.get_one(Ticket, visit.ticket_id)

    assert (visit.status, ticket.status) == (VisitStatus.PLANNED, TicketStatus.PLANNED)
    assert visit.ordinal == 1


def test_a_slot_that_is_taken_is_refused_and_the_refusal_names_the_visit(session: Session) -> None:
    first = a.a_visit(session)
    ticket = a.a_ticket(session)

    with pytest.raises(SlotTaken) as refusal:
        plan(
            session, ticket, first.technician_id, starts_at=START + 59 * timedelta(minutes=1), ends_at=START + 2 * HOUR
        )

    assert refusal.value.details["visit_id"] == first.id
    assert ticket.status is TicketStatus.READY
    assert session.scalars(select(Visit.id)).all() == [first.id]


def test_visits_at_one_place_may_follow_each_other_without_a_gap(session: Session) -> None:
    first = a.a_visit(session)

    second = plan(
        session,
        a.a_ticket(session),
        first.technician_id,
        starts_at=first.ends_at,
        ends_at=first.ends_at + HOUR,
        travel_seconds=0,
    )

    assert second.starts_at == first.ends_at


def test_the_time_of_a_withdrawn_visit_is_free_and_its_ticket_is_planned_again(session: Session) -> None:
    first = a.a_visit(session)
    ticket = session.get_one(Ticket, first.ticket_id)

    visits.withdraw(session, visit_id=first.id, reason="ill", by=BY_SYSTEM, now=NOON)
    ready = ticket.status
    second = plan(session, ticket, first.technician_id)

    assert ready is TicketStatus.READY
    assert (second.ordinal, ticket.status) == (2, TicketStatus.PLANNED)


def test_a_ticket_has_one_visit_ahead_of_it(session: Session) -> None:
    first = a.a_visit(session)

    with pytest.raises(IllegalTransition):
        plan(session, session.get_one(Ticket, first.ticket_id), a.a_technician(session).id)


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"ends_at": START}, "order"),
        ({"ends_at": START - HOUR}, "order"),
        ({"starts_at": START.replace(tzinfo=None)}, "aware"),
        ({"window": visits.Window(START, START)}, "order"),
        ({"window": visits.Window(START.replace(tzinfo=None), START + HOUR)}, "aware"),
        ({"window": visits.Window(START + timedelta(seconds=1), START + HOUR)}, "inside_window"),
        ({"window": visits.Window(START - HOUR, START - timedelta(seconds=1))}, "inside_window"),
        (
            {"starts_at": NOON - HOUR, "ends_at": NOON, "window": visits.Window(NOON - HOUR, NOON)},
            "past",
        ),
    ],
)
def test_times_that_cannot_be_those_of_a_visit_are_refused(
    session: Session, values: dict[str, object], rule: str
) -> None:
    ticket, technician = a.a_ticket(session), a.a_technician(session)

    with pytest.raises(booking.BadTimes) as refusal:
        plan(session, ticket, technician.id, **values)

    assert refusal.value.details == {"rule": rule}


def test_nobody_is_planned_who_is_unknown_or_has_left(session: Session) -> None:
    ticket = a.a_ticket(session)
    gone = a.a_technician(session, status="left", left_at=NOON - DAY)

    with pytest.raises(UnknownTechnician):
        plan(session, ticket, 10**12)
    with pytest.raises(TechnicianLeft):
        plan(session, ticket, gone.id)


def test_a_moved_visit_is_confirmed_anew_only_if_the_window_changes(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    visits.confirm(session, visit_id=visit.id, by=a.BY_CUSTOMER, now=NOON)
    window = visits.Window(visit.window_from, visit.window_to)

    def move(to: datetime, within: visits.Window) -> None:
        visits.move(session, visit_id=visit.id, starts_at=to, ends_at=to + HOUR, window=within, by=BY_SYSTEM, now=NOON)

    move(START + timedelta(minutes=30), window)
    after_small_move = visit.confirmed_at
    move(START + DAY, visits.Window(START + DAY, START + DAY + HOUR))

    assert after_small_move == NOON
    assert visit.confirmed_at is None
    assert visit.status is VisitStatus.ACCEPTED


def test_a_visit_can_be_moved_within_its_own_time_but_not_into_another(session: Session) -> None:
    first = a.a_visit(session)
    second = plan(
        session,
        a.a_ticket(session),
        first.technician_id,
        starts_at=START + HOUR,
        ends_at=START + 2 * HOUR,
        travel_seconds=0,
    )

    with pytest.raises(SlotTaken) as refusal:
        visits.move(
            session,
            visit_id=second.id,
            starts_at=START + timedelta(minutes=30),
            ends_at=START + 90 * timedelta(minutes=1),
            window=visits.Window(START, START + HOUR),
            by=BY_SYSTEM,
            now=NOON,
        )

    assert refusal.value.details["visit_id"] == first.id
    assert second.starts_at == START + HOUR


def test_a_visit_that_somebody_has_left_for_is_not_moved_or_given_away(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    visits.leave(session, visit_id=visit.id, technician_id=visit.technician_id, by=BY_SYSTEM, now=NOON)
    times = {"starts_at": START, "ends_at": START + HOUR, "by": BY_SYSTEM, "now": NOON}

    with pytest.raises(booking.UnderWay):
        visits.move(session, visit_id=visit.id, window=visits.Window(START, START + HOUR), **times)  # type: ignore[arg-type]
    with pytest.raises(booking.UnderWay):
        visits.reassign(session, visit_id=visit.id, technician_id=a.a_technician(session).id, **times)  # type: ignore[arg-type]


def test_the_clock_of_another_technician_starts_with_his_own_offer(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    first_limit = visit.limit_at
    visits.handed_back(session, visit=visit, reason="too_far", by=BY_SYSTEM, now=NOON + HOUR)
    other = a.a_technician(session)

    visits.reassign(
        session,
        visit_id=visit.id,
        technician_id=other.id,
        starts_at=START,
        ends_at=START + HOUR,
        by=BY_SYSTEM,
        now=NOON + HOUR,
    )
    cleared = (visit.sent_at, visit.limit_at, visit.accepted_at)
    visits.offered(session, visit=visit, by=BY_SYSTEM, now=NOON + HOUR)
    visits.accepted(session, visit=visit, sent_at=NOON + HOUR, by=BY_SYSTEM, now=NOON + HOUR)

    assert first_limit == NOON + 3 * DAY
    assert cleared == (None, None, None)
    assert (visit.technician_id, visit.limit_at) == (other.id, NOON + HOUR + 3 * DAY)


def test_a_visit_that_is_offered_or_accepted_is_not_given_to_another(session: Session) -> None:
    visit = a.an_accepted_visit(session)

    with pytest.raises(booking.NotFree):
        visits.reassign(
            session,
            visit_id=visit.id,
            technician_id=a.a_technician(session).id,
            starts_at=START,
            ends_at=START + HOUR,
            by=BY_SYSTEM,
            now=NOON,
        )


def test_the_technicians_clock_runs_from_the_customers_own_date(session: Session) -> None:
    ticket = a.a_ticket(session)
    agreed = NOON + 10 * DAY
    desk.agree_window(session, ticket_id=ticket.id, start=agreed, end=agreed + 2 * HOUR, by=BY_SYSTEM, now=NOON)

    visit = a.an_accepted_visit(session, ticket=ticket, starts_at=agreed + HOUR)

    assert visit.limit_at == agreed + 3 * DAY


def test_an_offer_that_came_to_nothing_leaves_the_visit_planned(session: Session) -> None:
    visit = a.a_visit(session)

    visits.offered(session, visit=visit, by=BY_SYSTEM, now=NOON)
    visits.released(session, visit=visit, by=BY_SYSTEM, now=NOON, reason="expired")

    assert visit.status is VisitStatus.PLANNED


def test_another_technicians_visit_does_not_exist_for_him(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    stranger = a.a_technician(session)
    step = {"visit_id": visit.id, "technician_id": stranger.id, "by": a.by_technician(stranger), "now": NOON}

    with pytest.raises(UnknownVisit):
        visits.leave(session, **step)  # type: ignore[arg-type]
    with pytest.raises(UnknownVisit):
        visits.report_contact(session, **step)  # type: ignore[arg-type]
    with pytest.raises(UnknownVisit):
        visits.check_in(session, claim=None, code_proof=False, **step)  # type: ignore[arg-type]
    with pytest.raises(UnknownVisit):
        visits.ask_extra(session, description="filter", price=a.yuan(50), **step)  # type: ignore[arg-type]
    with pytest.raises(UnknownVisit):
        visits.find_nobody(session, text=None, **step)  # type: ignore[arg-type]

    assert visit.status is VisitStatus.ACCEPTED


def test_contact_is_reported_only_for_a_visit_in_his_hands(session: Session) -> None:
    visit = a.a_visit(session)

    with pytest.raises(NotAccepted):
        visits.report_contact(session, visit_id=visit.id, technician_id=None, by=BY_SYSTEM, now=NOON)


def check_in(session: Session, visit: Visit, claim: visits.PositionClaim | None, at: datetime = START) -> CheckIn:
    return visits.check_in(
        session,
        visit_id=visit.id,
        technician_id=visit.technician_id,
        claim=claim,
        code_proof=False,
        by=a.by_technician(visit.technician_id),
        now=at,
    )


def test_a_check_in_far_away_is_stored_with_its_distance_and_the_work_goes_on(session: Session) -> None:
    visit = a.an_accepted_visit(session)

    row = check_in(session, visit, visits.PositionClaim(Position(30.2841, 120.1551), 12.5, mocked=True))

    assert row.outcome is CheckInOutcome.OUTSIDE
    assert row.distance_metres == pytest.approx(1108.6, abs=1.0)
    assert (row.fence_metres, row.accuracy_metres, row.mocked) == (312.5, 12.5, True)
    assert row.position == Position(30.2841, 120.1551)
    assert (visit.status, visit.arrived_at) == (VisitStatus.ON_SITE, START)


def test_a_second_check_in_is_more_evidence_and_the_first_arrival_stays(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    check_in(session, visit, None)

    second = check_in(session, visit, visits.PositionClaim(a.TOWN, 10), START + HOUR)

    assert second.outcome is CheckInOutcome.INSIDE
    assert visit.arrived_at == START
    assert len(session.scalars(select(CheckIn)).all()) == 2


def test_a_site_whose_position_nobody_trusts_proves_nothing_against_anybody(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    site = session.scalars(select(Site).join(Ticket, Ticket.site_id == Site.id)).one()
    site.position_trusted = False

    row = check_in(session, visit, visits.PositionClaim(Position(31.0, 121.0), 10))

    assert row.outcome is CheckInOutcome.NO_SITE_POSITION


def test_nobody_checks_in_at_a_visit_that_he_has_not_accepted(session: Session) -> None:
    visit = a.a_visit(session)

    with pytest.raises(IllegalTransition):
        check_in(session, visit, None)

    assert session.scalars(select(CheckIn)).all() == []


def ask(session: Session, visit: Visit, price: Money) -> ExtraWork:
    return visits.ask_extra(
        session,
        visit_id=visit.id,
        technician_id=visit.technician_id,
        description="new filter",
        price=price,
        by=a.by_technician(visit.technician_id),
        now=START,
    )


def answer(session: Session, extra_id: int, authorised: bool, price: Money | None = None) -> ExtraWork:
    return visits.answer_extra(
        session, extra_work_id=extra_id, authorised=authorised, price=price, by=a.BY_CUSTOMER, now=START + HOUR
    )


def test_the_customer_answers_extra_work_once_and_the_same_again_changes_nothing(session: Session) -> None:
    extra = ask(session, a.an_accepted_visit(session), a.yuan(80))

    answer(session, extra.id, True, a.yuan(80))
    again = answer(session, extra.id, True)

    assert (again.authorised, again.answered_at) == (True, START + HOUR)
    with pytest.raises(extra_work.AlreadyAnswered):
        answer(session, extra.id, False)


def test_only_the_sum_that_the_customer_saw_is_authorised(session: Session) -> None:
    extra = ask(session, a.an_accepted_visit(session), a.yuan(80))

    with pytest.raises(extra_work.PriceChanged):
        answer(session, extra.id, True, a.yuan(79))

    assert extra.authorised is None


def test_an_answer_after_the_visit_has_ended_authorises_nothing(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    extra = ask(session, visit, a.yuan(80))
    visits.find_nobody(session, visit_id=visit.id, technician_id=None, text=None, by=BY_SYSTEM, now=START)

    with pytest.raises(extra_work.NotAtWork):
        answer(session, extra.id, True)


def test_extra_work_costs_something_and_is_asked_for_while_the_visit_goes_on(session: Session) -> None:
    with pytest.raises(extra_work.NothingToPay):
        ask(session, a.an_accepted_visit(session), a.yuan(0))
    with pytest.raises(extra_work.NotAtWork):
        ask(session, a.a_visit(session), a.yuan(1))
    with pytest.raises(extra_work.UnknownExtraWork):
        answer(session, 10**12, True)
