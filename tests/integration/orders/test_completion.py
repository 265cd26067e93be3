"""How visits end, and what becomes of ticket, card and the technician's time (R16, R19, R21, R22, R27, R27a)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.core.events import DomainEvent
from server.core.transitions import IllegalTransition
from server.customers.models import Equipment
from server.orders import cards, completion, desk, visits
from server.orders.models import Correction, Hindrance, Ticket
from server.orders.status import CardStatus, TicketStatus, VisitStatus
from server.orders.visit_models import CardCharge, CardPart, CompletionCard, Visit
from server.orders.words import ChargeCategory, ChargeKind, HindranceReason, PartSource, VisitResult, WorkType
from tests import builders as a
from tests.builders import BY_SYSTEM, NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = NOON + 2 * HOUR
THURSDAY = date(2026, 11, 26)


def finish(session: Session, visit: Visit, **values: object) -> CompletionCard:
    card = values.pop("card", None) or a.a_card_claim(now=START + HOUR)
    known: dict[str, object] = {"technician_id": visit.technician_id, "now": START + 45 * timedelta(minutes=1)}
    return visits.finish(
        session,
        visit_id=visit.id,
        card=card,  # type: ignore[arg-type]
        by=a.by_technician(visit.technician_id),
        **(known | values),  # type: ignore[arg-type]
    )


def ticket_of(session: Session, visit: Visit) -> Ticket:
    return session.get_one(Ticket, visit.ticket_id)


@pytest.mark.parametrize(
    ("ended_after", "kept"),
    [(-30, timedelta(seconds=1)), (0, timedelta(seconds=1)), (45, timedelta(minutes=45)), (90, HOUR)],
)
def test_a_visit_that_ends_early_frees_the_technician_and_one_that_ends_late_shifts_nothing(
    session: Session, ended_after: int, kept: timedelta
) -> None:
    visit = a.an_accepted_visit(session)
    ended_at = visit.starts_at + timedelta(minutes=ended_after)

    finish(session, visit, now=ended_at)

    assert visit.ends_at == visit.starts_at + kept
    assert visit.finished_at == ended_at


def test_the_freed_time_can_be_planned_at_once(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    technician = visit.technician_id
    finish(session, visit, now=START + timedelta(minutes=20))

    other = visits.plan_visit(
        session,
        ticket_id=a.a_ticket(session).id,
        technician_id=technician,
        starts_at=START + timedelta(minutes=20),
        ends_at=START + HOUR,
        window=visits.Window(START, START + HOUR),
        travel_seconds=0,
        by_hand=True,
        by=BY_SYSTEM,
        now=START + timedelta(minutes=20),
    )

    assert other.status is VisitStatus.PLANNED


def test_work_recorded_offline_ends_the_clock_when_it_was_done_and_never_later_than_now(session: Session) -> None:
    visit = a.an_accepted_visit(session)

    with pytest.raises(completion.EndedInFuture):
        finish(session, visit, now=START + DAY, done_at=START + DAY + timedelta(seconds=1))
    card = finish(session, visit, now=START + DAY, done_at=START + HOUR)

    assert visit.finished_at == START + HOUR
    assert card.reported_at == START + DAY


@pytest.mark.parametrize(("work_type", "has_day"), [(WorkType.INSTALLATION, True), (WorkType.REPAIR, False)])
def test_the_card_of_an_installation_is_due_a_day_after_completion(
    session: Session, work_type: WorkType, has_day: bool
) -> None:
    visit, card = a.a_finished_visit(session, ticket=a.a_ticket(session, work_type=work_type))
    assert visit.finished_at is not None

    assert card.card_due_at == (visit.finished_at + DAY if has_day else None)


@pytest.mark.parametrize(
    "result", [VisitResult.PART_MISSING, VisitResult.CUSTOMER_ABSENT, VisitResult.CUSTOMER_DECLINED]
)
def test_a_visit_is_not_finished_with_a_result_that_finishes_nothing(session: Session, result: VisitResult) -> None:
    visit = a.an_accepted_visit(session)

    with pytest.raises(completion.NotAnEnd):
        finish(session, visit, card=a.a_card_claim(result=result))


def test_a_visit_is_finished_once(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    finish(session, visit)

    with pytest.raises(IllegalTransition):
        finish(session, visit)

    assert len(session.scalars(select(CompletionCard)).all()) == 1


def test_parts_and_charges_stand_on_the_card_as_claimed(session: Session) -> None:
    part = a.a_part(session)
    visit = a.an_accepted_visit(session, ticket=a.a_ticket(session, charge_category=ChargeCategory.A))
    claim = a.a_card_claim(
        result=VisitResult.DONE_COMPANY_PART,
        parts=(
            visits.PartClaim("Capacitor", 2, PartSource.COMPANY, a.yuan(30), part.number),
            visits.PartClaim("Tape", 1, PartSource.CUSTOMER, a.yuan(0)),
        ),
        charges=(visits.ChargeClaim(ChargeKind.LABOUR, "Labour", a.yuan(120)),),
    )

    card = finish(session, visit, card=claim)

    rows = session.scalars(select(CardPart).where(CardPart.card_id == card.id).order_by(CardPart.id)).all()
    assert [(row.part_id, row.quantity, row.price) for row in rows] == [(part.id, 2, a.yuan(30)), (None, 1, a.yuan(0))]
    assert session.scalars(select(CardCharge)).one().price == a.yuan(120)


def test_a_part_that_the_catalogue_does_not_have_is_refused_by_its_number(session: Session) -> None:
    visit = a.an_accepted_visit(session, ticket=a.a_ticket(session, charge_category=ChargeCategory.A))
    claim = a.a_card_claim(
        result=VisitResult.DONE_COMPANY_PART,
        parts=(visits.PartClaim("Capacitor", 1, PartSource.COMPANY, a.yuan(0), "P-0"),),
    )

    with pytest.raises(completion.UnknownPart) as refusal:
        finish(session, visit, card=claim)

    assert refusal.value.details == {"numbers": ["P-0"]}


@pytest.mark.parametrize(("fen", "accepted"), [(8_800, True), (8_801, False)])
def test_what_the_customer_authorised_is_charged_with_ten_percent_more_at_most(
    session: Session, fen: int, accepted: bool
) -> None:
    visit = a.an_accepted_visit(session)
    extra = visits.ask_extra(
        session,
        visit_id=visit.id,
        technician_id=None,
        description="filter",
        price=a.yuan(80),
        by=BY_SYSTEM,
        now=START,
    )
    visits.answer_extra(session, extra_work_id=extra.id, authorised=True, by=a.BY_CUSTOMER, now=START)
    claim = a.a_card_claim(
        charges=(visits.ChargeClaim(ChargeKind.OTHER, "Filter", replace(a.yuan(0), amount=fen), extra.id),)
    )

    if accepted:
        finish(session, visit, card=claim)
        assert session.scalars(select(CardCharge)).one().extra_work_id == extra.id
    else:
        with pytest.raises(completion.ChargesNotAuthorised) as refusal:
            finish(session, visit, card=claim)
        assert refusal.value.details == {"lines": ["charges.0"]}
        assert visit.status is VisitStatus.ACCEPTED


@pytest.mark.parametrize("answer", [None, False])
def test_what_the_customer_has_not_authorised_is_not_charged(session: Session, answer: bool | None) -> None:
    visit = a.an_accepted_visit(session)
    extra = visits.ask_extra(
        session, visit_id=visit.id, technician_id=None, description="x", price=a.yuan(80), by=BY_SYSTEM, now=START
    )
    if answer is not None:
        visits.answer_extra(session, extra_work_id=extra.id, authorised=answer, by=a.BY_CUSTOMER, now=START)
    claim = a.a_card_claim(charges=(visits.ChargeClaim(ChargeKind.OTHER, "Filter", a.yuan(80), extra.id),))

    with pytest.raises(completion.ChargesNotAuthorised):
        finish(session, visit, card=claim)


def test_an_exchange_brings_the_new_serial_into_the_file_with_the_old_one_on_record(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    unit = session.get_one(Equipment, ticket_of(session, visit).equipment_id)
    old = unit.serial
    claim = a.a_card_claim(result=VisitResult.EXCHANGED, removed_serial=old, fitted_serial="NEW-1")

    finish(session, visit, card=claim)

    assert unit.serial == "NEW-1"
    row = session.scalars(select(Correction)).one()
    assert (row.field, row.before, row.after) == ("serial", {"value": old}, {"value": "NEW-1"})


def test_a_serial_that_another_unit_has_stays_on_the_card_and_shows_as_a_contradiction(session: Session) -> None:
    other = a.a_unit(session, serial="TAKEN-1")
    visit = a.an_accepted_visit(session)
    unit = session.get_one(Equipment, ticket_of(session, visit).equipment_id)
    old = unit.serial

    card = finish(
        session,
        visit,
        card=a.a_card_claim(result=VisitResult.EXCHANGED, removed_serial=old, fitted_serial="TAKEN-1"),
    )

    assert (unit.serial, other.serial, card.fitted_serial) == (old, "TAKEN-1", "TAKEN-1")
    assert session.scalars(select(DomainEvent).where(DomainEvent.kind == "ticket.serial_known")).one().details == {
        "serial": "TAKEN-1",
        "equipment_id": other.id,
    }


def test_an_installed_unit_is_installed_on_the_local_day(session: Session) -> None:
    ticket = a.a_ticket(session, work_type=WorkType.INSTALLATION)
    visit = a.an_accepted_visit(session, ticket=ticket)

    finish(session, visit, now=NOON + 13 * HOUR)

    assert session.get_one(Equipment, ticket.equipment_id).installed_on == date(2026, 11, 24)


def not_finish(session: Session, visit: Visit, **values: object) -> Visit:
    known: dict[str, object] = {
        "technician_id": visit.technician_id,
        "result": VisitResult.PART_MISSING,
        "reason": HindranceReason.PART_ON_ORDER,
        "text": "compressor",
        "until": None,
        "now": START + HOUR,
    }
    return visits.not_finish(
        session,
        visit_id=visit.id,
        by=a.by_technician(visit.technician_id),
        **(known | values),  # type: ignore[arg-type]
    )


def test_what_was_not_finished_stays_open_with_its_reason_for_the_next_visit(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    ticket = ticket_of(session, visit)

    not_finish(session, visit)

    assert (visit.status, visit.result, visit.note) == (
        VisitStatus.NOT_FINISHED,
        VisitResult.PART_MISSING,
        "compressor",
    )
    assert ticket.status is TicketStatus.READY
    second = a.a_visit(session, ticket=ticket, now=START + HOUR)
    assert second.ordinal == 2


def test_a_date_lets_the_ticket_wait_and_the_reason_is_a_report_about_the_limit(session: Session) -> None:
    visit = a.an_accepted_visit(session)

    not_finish(session, visit, until=THURSDAY, now=NOON + 6 * HOUR)

    ticket, row = ticket_of(session, visit), session.scalars(select(Hindrance)).one()
    assert ticket.status is TicketStatus.WAITING
    assert (row.reason, row.until, row.counts) == (HindranceReason.PART_ON_ORDER, THURSDAY, True)


def test_a_report_made_within_six_hours_of_dispatch_does_not_count(session: Session) -> None:
    visit = a.an_accepted_visit(session)

    not_finish(session, visit, now=NOON + 6 * HOUR - timedelta(seconds=1))

    assert not session.scalars(select(Hindrance)).one().counts


def test_the_same_day_again_needs_no_waiting_and_a_past_day_is_refused(session: Session) -> None:
    visit = a.an_accepted_visit(session)

    with pytest.raises(completion.NextDatePast):
        not_finish(session, visit, until=date(2026, 11, 22))
    not_finish(session, visit, until=date(2026, 11, 23))

    assert ticket_of(session, visit).status is TicketStatus.READY


@pytest.mark.parametrize("result", [VisitResult.DONE_WITHOUT_PART, VisitResult.CUSTOMER_ABSENT])
def test_a_result_that_leaves_nothing_to_do_is_no_reason_for_another_visit(
    session: Session, result: VisitResult
) -> None:
    with pytest.raises(completion.NotAnEnd):
        not_finish(session, a.an_accepted_visit(session), result=result)


def absent(session: Session, visit: Visit) -> Visit:
    return visits.find_nobody(
        session,
        visit_id=visit.id,
        technician_id=visit.technician_id,
        text="rang twice",
        by=a.by_technician(visit.technician_id),
        now=visit.starts_at + timedelta(minutes=15),
    )


def test_after_the_second_absence_the_desk_calls_before_a_third_trip(session: Session) -> None:
    first = a.an_accepted_visit(session)
    ticket = ticket_of(session, first)
    absent(session, first)
    after_first = ticket.status
    tomorrow = NOON + DAY
    second = a.an_accepted_visit(session, ticket=ticket, now=tomorrow)
    absent(session, second)
    after_second = ticket.status

    desk.agree_window(
        session, ticket_id=ticket.id, start=NOON + 3 * DAY, end=NOON + 3 * DAY + HOUR, by=BY_SYSTEM, now=NOON + 2 * DAY
    )

    assert (first.status, first.result) == (VisitStatus.CUSTOMER_ABSENT, VisitResult.CUSTOMER_ABSENT)
    assert after_first is TicketStatus.READY
    assert after_second is TicketStatus.WAITING
    assert desk.SWEEP.deal_with(session, NOON + 30 * DAY) == 0
    assert ticket.status is TicketStatus.READY


def test_a_customer_who_declines_on_site_ends_the_ticket(session: Session) -> None:
    visit = a.an_accepted_visit(session)

    visits.be_declined(
        session, visit_id=visit.id, technician_id=visit.technician_id, reason="too dear", by=BY_SYSTEM, now=START
    )

    ticket = ticket_of(session, visit)
    assert (visit.status, visit.result) == (VisitStatus.CUSTOMER_DECLINED, VisitResult.CUSTOMER_DECLINED)
    assert (ticket.status, ticket.closed_at) == (TicketStatus.DECLINED, START)


def test_a_card_is_received_once(session: Session) -> None:
    _, card = a.a_finished_visit(session)
    clerk = a.a_member_of_staff(session)

    cards.receive(session, card_id=card.id, by=a.by_staff(clerk), now=NOON + DAY)

    assert (card.status, card.received_at, card.received_by) == (CardStatus.RECEIVED, NOON + DAY, clerk.id)
    with pytest.raises(IllegalTransition):
        cards.receive(session, card_id=card.id, by=a.by_staff(clerk), now=NOON + DAY)


@pytest.mark.parametrize(("hours", "counts_from_first"), [(24, True), (25, False)])
def test_a_card_sent_back_counts_from_its_first_receipt_if_corrected_within_a_day(
    session: Session, hours: int, counts_from_first: bool
) -> None:
    _, card = a.a_finished_visit(session)
    first, sent_back = NOON + 5 * HOUR, NOON + 7 * HOUR
    cards.receive(session, card_id=card.id, by=BY_SYSTEM, now=first)
    cards.send_back(session, card_id=card.id, reason="no signature", by=BY_SYSTEM, now=sent_back)

    cards.receive(session, card_id=card.id, by=BY_SYSTEM, now=sent_back + hours * HOUR)

    assert card.received_at == (first if counts_from_first else sent_back + hours * HOUR)


def test_a_card_is_sent_back_with_a_reason_and_was_in_hand_then(session: Session) -> None:
    _, card = a.a_finished_visit(session)

    with pytest.raises(cards.WhatIsWrong):
        cards.send_back(session, card_id=card.id, reason="", by=BY_SYSTEM, now=NOON + DAY)
    with pytest.raises(cards.UnknownCard):
        cards.send_back(session, card_id=10**12, reason="x", by=BY_SYSTEM, now=NOON + DAY)
    cards.send_back(session, card_id=card.id, reason="no signature", by=BY_SYSTEM, now=NOON + DAY)

    assert (card.status, card.received_at, card.sent_back_reason) == (
        CardStatus.SENT_BACK,
        NOON + DAY,
        "no signature",
    )
