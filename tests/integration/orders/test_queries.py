"""Lists and details: what is shown, in which order, and to whom."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from server.core.numbers import ticket_number
from server.customers.models import Customer
from server.orders import desk, queries, records, visit_queries, visits
from server.orders.locks import UnknownTicket, UnknownVisit
from server.orders.models import Ticket
from server.orders.queries import TicketFilter
from server.orders.status import TicketStatus
from server.orders.visit_models import Visit
from server.orders.words import HindranceReason, VisitResult, WorkType
from server.organisation.access import EVERYTHING, Scope
from server.organisation.models import Region, Role, Station
from server.reports.today import today
from server.technicians.models import Technician
from tests import builders as a
from tests.builders import BY_SYSTEM, NOON

HOUR = timedelta(hours=1)


def listed(session: Session, *, scope: Scope = EVERYTHING, **wanted: object) -> list[int]:
    page = queries.tickets(session, scope=scope, wanted=TicketFilter(**wanted))  # type: ignore[arg-type]
    return [row.id for row in page.items]


def test_every_ticket_is_on_exactly_one_page_in_either_order(session: Session) -> None:
    same_minute = [a.a_ticket(session).id for _ in range(3)]
    earlier = [a.a_ticket(session, opened_at=NOON - HOUR * (n + 1)).id for n in range(4)]
    newest_first = [*reversed(same_minute), *earlier]

    for oldest_first in (False, True):
        found, after = [], None
        for _ in range(10):
            page = queries.tickets(session, scope=EVERYTHING, after=after, limit=2, oldest_first=oldest_first)
            found += [row.id for row in page.items]
            after = page.next
            if after is None:
                break
        assert found == (newest_first[::-1] if oldest_first else newest_first)


def test_the_last_page_that_is_just_full_has_no_next(session: Session) -> None:
    for _ in range(2):
        a.a_ticket(session)

    assert queries.tickets(session, scope=EVERYTHING, limit=2).next is None
    assert queries.tickets(session, scope=EVERYTHING, limit=1).next is not None


def test_filters_narrow_the_list(session: Session) -> None:
    region = a.a_region(session)
    ready = a.a_ticket(session, region=region)
    incomplete = a.a_ticket(session, wish=None)
    patrol = a.a_ticket(session, work_type=WorkType.PATROL, opened_at=NOON - HOUR)
    visit = a.a_visit(session)

    assert listed(session, statuses=frozenset({TicketStatus.INCOMPLETE})) == [incomplete.id]
    assert listed(session, region_id=region.id) == [ready.id]
    assert listed(session, work_type=WorkType.PATROL) == [patrol.id]
    assert listed(session, technician_id=visit.technician_id) == [visit.ticket_id]
    assert listed(session, opened_before=NOON) == [patrol.id]
    assert patrol.id not in listed(session, opened_from=NOON)


def test_a_ticket_is_found_by_number_external_id_telephone_and_the_beginning_of_the_name(session: Session) -> None:
    customer = a.a_customer(session, name="Zhou_Lei 周磊", phone="+12005550123")
    ticket = a.a_ticket(session, customer=customer.id, source="city", external_id="X-9")
    a.a_ticket(session)

    for text in (ticket.number, ticket_number(ticket.id, NOON).lower(), "X-9", "+1 200 555-0123", "zhou_", " ZHOU"):
        assert listed(session, text=text) == [ticket.id], text
    for text in ("zhouX", "%", "_", "T-2026-999999", "Lei"):
        assert listed(session, text=text) == [], text


def test_the_row_shows_the_visit_ahead_and_not_one_that_is_over(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    visits.not_finish(
        session,
        visit_id=visit.id,
        technician_id=None,
        result=VisitResult.NOT_POSSIBLE,
        reason=HindranceReason.OTHER,
        text="no power",
        until=None,
        by=BY_SYSTEM,
        now=NOON + 2 * HOUR,
    )
    ticket = session.get_one(Ticket, visit.ticket_id)
    before = queries.tickets(session, scope=EVERYTHING).items[0]
    second = a.a_visit(session, ticket=ticket, now=NOON + 3 * HOUR)

    after = queries.tickets(session, scope=EVERYTHING).items[0]

    assert (before.visit_id, before.technician_name) == (None, None)
    assert (after.visit_id, after.technician_id, after.starts_at) == (
        second.id,
        second.technician_id,
        second.starts_at,
    )


def station_of(session: Session, visit: Visit) -> Station:
    technician = session.get_one(Technician, visit.technician_id)
    return session.get_one(Station, technician.station_id)


def test_each_sees_what_is_his(session: Session) -> None:
    mine, theirs = a.an_accepted_visit(session), a.an_accepted_visit(session)
    planned = a.a_visit(session)
    region = session.get_one(Region, session.get_one(Ticket, mine.ticket_id).region_id)

    by_region = Scope(region_id=region.id)
    by_station = Scope(station_id=station_of(session, mine).id)
    by_technician = Scope(technician_id=mine.technician_id)

    for scope in (by_region, by_station, by_technician):
        assert listed(session, scope=scope) == [mine.ticket_id]
        assert records.ticket_detail(session, ticket_id=mine.ticket_id, scope=scope).visits == (mine,)
        assert visit_queries.visit_detail(session, visit_id=mine.id, scope=scope).visit is mine
        with pytest.raises(UnknownTicket):
            records.ticket_detail(session, ticket_id=theirs.ticket_id, scope=scope)
        with pytest.raises(UnknownVisit):
            visit_queries.visit_detail(session, visit_id=theirs.id, scope=scope)
    assert listed(session, scope=Scope(technician_id=planned.technician_id)) == []
    assert len(listed(session)) == 3


def test_a_technician_does_not_see_the_visit_that_another_made_for_his_ticket(session: Session) -> None:
    first = a.an_accepted_visit(session)
    visits.find_nobody(session, visit_id=first.id, technician_id=None, text=None, by=BY_SYSTEM, now=NOON + 2 * HOUR)
    ticket = session.get_one(Ticket, first.ticket_id)
    second = a.an_accepted_visit(session, ticket=ticket, now=NOON + 3 * HOUR)

    detail = records.ticket_detail(session, ticket_id=ticket.id, scope=Scope(technician_id=second.technician_id))

    assert detail.visits == (second,)
    assert {event.subject_id for event in detail.history if event.subject == "visit"} == {second.id}
    assert "ticket.register" in {event.kind for event in detail.history}
    assert "visit.find_nobody" not in {event.kind for event in detail.history}


def test_the_page_of_a_ticket_has_its_whole_record(session: Session) -> None:
    visit, card = a.a_finished_visit(session)
    ticket = session.get_one(Ticket, visit.ticket_id)
    session.expire_all()

    detail = records.ticket_detail(session, ticket_id=ticket.id, scope=EVERYTHING)
    trip = visit_queries.visit_detail(session, visit_id=visit.id, scope=EVERYTHING)

    assert detail.customer.id == ticket.customer_id
    assert len(detail.phones) == 1
    assert detail.site is not None
    assert detail.unit is not None
    assert len(detail.reports) == len(detail.judgements) == 1
    assert detail.visits[0].technician.name
    assert [event.kind for event in detail.history[:2]] == ["ticket.register", "ticket.complete_facts"]
    assert trip.card is card
    assert len(trip.check_ins) == 1
    assert trip.ticket is ticket


def test_the_day_lists_visits_that_touch_it_and_are_not_withdrawn(session: Session) -> None:
    early = a.a_visit(session, starts_at=NOON + HOUR)
    late = a.a_visit(session, starts_at=NOON + 5 * HOUR)
    gone = a.a_visit(session, starts_at=NOON + HOUR)
    visits.withdraw(session, visit_id=gone.id, reason="x", by=BY_SYSTEM, now=NOON)

    def between(start: int, end: int) -> set[int]:
        rows = visit_queries.visits_between(session, start=NOON + start * HOUR, end=NOON + end * HOUR, scope=EVERYTHING)
        return {row.id for row in rows}

    assert between(0, 24) == {early.id, late.id}
    assert between(2, 5) == set()
    assert between(1, 2) == {early.id}


def test_the_tickets_of_a_status_are_listed_with_what_they_lack_the_oldest_first_if_wanted(session: Session) -> None:
    newer = a.a_ticket(session, wish=None)
    older = a.a_ticket(session, wish=None, opened_at=NOON - HOUR)
    a.a_ticket(session)

    wanted = TicketFilter(statuses=frozenset({TicketStatus.INCOMPLETE}))
    page = queries.tickets(session, scope=EVERYTHING, wanted=wanted, oldest_first=True)

    assert [(row.id, row.missing) for row in page.items] == [(older.id, ("wish",)), (newer.id, ("wish",))]


def test_counts_name_every_status(session: Session) -> None:
    a.a_ticket(session)
    a.a_visit(session)

    found = queries.counts(session, scope=EVERYTHING)

    assert set(found) == set(TicketStatus)
    assert (found[TicketStatus.READY], found[TicketStatus.PLANNED], found[TicketStatus.DONE]) == (1, 1, 0)


def test_what_waits_at_the_desk_is_listed_until_it_is_dealt_with(session: Session) -> None:
    visit = a.an_accepted_visit(session)
    desk.urge(session, ticket_id=visit.ticket_id, text=None, by=a.BY_CUSTOMER, now=NOON)
    row = desk.report_hindrance(
        session,
        ticket_id=visit.ticket_id,
        technician_id=None,
        reason=HindranceReason.OTHER,
        text="so",
        until=None,
        by=BY_SYSTEM,
        now=NOON + 6 * HOUR,
    )

    def waiting(scope: Scope) -> dict[str, list[int]]:
        found = today(session, scope=scope, roles={Role.DISPATCHER}, now=NOON + 7 * HOUR)
        return {q.name: [item.id for item in q.items] for q in found if q.name in {"urges", "hindrances"}}

    before, elsewhere = waiting(EVERYTHING), waiting(Scope(region_id=a.a_region(session).id))

    visits.report_contact(session, visit_id=visit.id, technician_id=None, by=BY_SYSTEM, now=NOON + HOUR)
    by = a.by_staff(a.a_member_of_staff(session))
    desk.accept_hindrance(session, hindrance_id=row.id, by=by, now=NOON + 7 * HOUR)

    assert (len(before["urges"]), before["hindrances"]) == (1, [row.id])
    assert elsewhere == waiting(EVERYTHING) == {"urges": [], "hindrances": []}


def test_the_clerk_sees_the_cards_of_his_station_that_are_not_in_yet(session: Session) -> None:
    visit, card = a.a_finished_visit(session)
    a.a_finished_visit(session)

    rows = visit_queries.cards_waiting(session, scope=Scope(station_id=station_of(session, visit).id))

    assert [(row.card, row.technician_id) for row in rows] == [(card, visit.technician_id)]
    assert rows[0].number == session.get_one(Ticket, visit.ticket_id).number


def test_one_row_has_the_customers_name_and_address(session: Session) -> None:
    customer = a.a_customer(session, name="Wu Min")
    ticket = a.a_ticket(session, customer=customer.id)

    row = queries.tickets(session, scope=EVERYTHING).items[0]

    assert (row.customer_name, row.number, row.located) == ("Wu Min", ticket.number, True)
    assert row.address is not None
    assert session.get_one(Customer, row.customer_id) is customer
