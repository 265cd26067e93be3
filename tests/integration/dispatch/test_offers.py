"""Offers: who is asked, what an answer does, who is asked next (R11)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from server.core.events import SYSTEM
from server.core.transitions import IllegalTransition
from server.dispatch import by_hand, escalations, limits, offers
from server.dispatch.by_hand import InThePast, NotReachable, OutsideAgreed
from server.dispatch.offers import AlreadyLeft, OfferClosed, UnknownOffer
from server.dispatch.status import DeclineReason, OfferStatus
from server.orders import booking, on_site
from server.orders.models import Hindrance, Ticket
from server.orders.slots import SlotTaken
from server.orders.status import TicketStatus, VisitStatus
from server.orders.words import HindranceReason, Priority
from server.technicians import people
from server.technicians.models import Technician
from tests.integration.dispatch.world import TOWN, World, at, east

TEN, SOON = at(10), at(8, 10)


def assigned(world: World, technician: Technician, starts_at: datetime = TEN, **ticket: object) -> by_hand.Assigned:
    row = world.ticket(**ticket)
    return by_hand.assign(
        world.session, ticket_id=row.id, technician_id=technician.id, starts_at=starts_at, by=SYSTEM, now=at(8)
    )


def accept(world: World, offer: offers.Offer, now: datetime = SOON) -> offers.Offer:
    who = offer.technician_id
    return offers.accept(world.session, offer_id=offer.id, technician_id=who, by=world.answering(who), now=now)


def decline(world: World, offer: offers.Offer, now: datetime = SOON) -> offers.Offer:
    return offers.decline(
        world.session,
        offer_id=offer.id,
        technician_id=offer.technician_id,
        reason=DeclineReason.NO_TIME,
        remark=None,
        by=world.answering(offer.technician_id),
        now=now,
    )


def test_an_accepted_offer_starts_the_technicians_clock_when_it_was_sent(world: World) -> None:
    made = assigned(world, world.technician())

    accept(world, made.offer, now=at(8, 29))

    assert (made.offer.status, made.visit.status) == (OfferStatus.ACCEPTED, VisitStatus.ACCEPTED)
    assert made.visit.sent_at == at(8)
    assert made.visit.limit_at == at(8, day=3)
    assert [event.kind for event in world.events("visit.accept")] == ["visit.accept"]


@pytest.mark.parametrize(("priority", "minutes"), [(Priority.NORMAL, 30), (Priority.URGENT, 10)])
def test_an_offer_is_open_for_half_an_hour_and_an_urgent_one_for_ten_minutes(
    world: World, priority: Priority, minutes: int
) -> None:
    made = assigned(world, world.technician(), priority=priority)

    assert made.offer.expires_at == at(8) + timedelta(minutes=minutes)


def test_an_answer_on_the_very_instant_of_expiry_is_too_late(world: World) -> None:
    made = assigned(world, world.technician())

    with pytest.raises(OfferClosed):
        accept(world, made.offer, now=made.offer.expires_at)
    accept(world, made.offer, now=made.offer.expires_at - timedelta(seconds=1))

    assert made.offer.status is OfferStatus.ACCEPTED


def test_a_second_answer_is_refused(world: World) -> None:
    made = assigned(world, world.technician())
    accept(world, made.offer)

    with pytest.raises(OfferClosed) as refused:
        decline(world, made.offer)

    assert refused.value.details["status"] == "accepted"


def test_somebody_elses_offer_does_not_exist(world: World) -> None:
    made, other = assigned(world, world.technician()), world.technician()

    with pytest.raises(UnknownOffer):
        offers.accept(
            world.session, offer_id=made.offer.id, technician_id=other.id, by=world.answering(other), now=at(8, 1)
        )


def test_the_desk_records_the_answer_of_a_technician_who_telephones(world: World) -> None:
    made, desk = assigned(world, world.technician()), world.dispatcher()

    offers.accept(world.session, offer_id=made.offer.id, technician_id=None, by=desk, now=at(8, 1))

    assert world.events("offer.accept")[0].actor_id == desk.id


def test_after_a_no_the_next_is_asked_for_the_same_minute(world: World) -> None:
    made, other = assigned(world, world.technician()), world.technician()

    decline(world, made.offer)

    _, second = world.offers(made.visit)
    assert (second.technician_id, second.round, second.status) == (other.id, 2, OfferStatus.OPEN)
    assert (made.visit.technician_id, made.visit.starts_at) == (other.id, at(10))
    assert made.visit.status is VisitStatus.OFFERED


def test_the_nearest_of_those_who_can_is_asked_next(world: World) -> None:
    first = world.technician(skills={"gas": 2})
    world.technician(home=east(1), skills={"gas": 1})
    far, near = (world.technician(home=east(km), skills={"gas": 2}) for km in (9, 3))
    made = assigned(world, first, skill="gas", skill_level=2)

    decline(world, made.offer)

    assert made.visit.technician_id == near.id
    assert far.id != near.id


def test_a_busy_candidate_is_asked_for_the_nearest_minute_that_he_can_keep(world: World) -> None:
    first, busy = world.technician(), world.technician()
    assigned(world, busy, at(10))
    made = assigned(world, first, at(10, 30))

    decline(world, made.offer)

    assert made.visit.technician_id == busy.id
    assert made.visit.starts_at == at(11)
    assert made.visit.window_from <= made.visit.starts_at <= made.visit.window_to


def test_a_customer_who_was_told_the_window_is_not_moved_out_of_it(world: World) -> None:
    first, busy = world.technician(), world.technician(shift=(at(13), at(17)))
    made = assigned(world, first, at(10))
    accept(world, made.offer)

    offers.hand_back(
        world.session,
        offer_id=made.offer.id,
        technician_id=first.id,
        reason=DeclineReason.VEHICLE,
        remark="flat tyre",
        by=world.answering(first),
        now=at(8, 20),
    )

    assert busy.id not in {offer.technician_id for offer in world.offers(made.visit)}
    assert made.visit.status is VisitStatus.WITHDRAWN
    assert [e.kind for e in world.escalations()] == ["no_technician"]


def test_without_anybody_left_the_ticket_is_ready_again_and_the_supervisor_is_asked(world: World) -> None:
    only = world.technician()
    made = assigned(world, only)

    decline(world, made.offer)

    ticket = world.session.get_one(Ticket, made.visit.ticket_id)
    assert (made.visit.status, ticket.status) == (VisitStatus.WITHDRAWN, TicketStatus.READY)
    (escalation,) = world.escalations()
    assert (escalation.kind, escalation.details["asked"]) == ("no_technician", [only.id])


def test_nobody_is_asked_after_the_third_round(world: World) -> None:
    people_ = [world.technician() for _ in range(5)]
    made = assigned(world, people_[0])

    for _ in range(3):
        decline(world, world.offers(made.visit)[-1])

    assert [offer.round for offer in world.offers(made.visit)] == [1, 2, 3]
    assert made.visit.status is VisitStatus.WITHDRAWN
    assert len({offer.technician_id for offer in world.offers(made.visit)}) == 3


def test_an_unanswered_offer_expires_and_goes_to_the_next(world: World) -> None:
    made, other = assigned(world, world.technician()), world.technician()
    due = offers.SWEEP.next_due(world.session)

    handled = offers.SWEEP.deal_with(world.session, at(8, 30))

    assert (due, handled) == (at(8, 30), 1)
    first, second = world.offers(made.visit)
    assert (first.status, second.technician_id, second.expires_at) == (OfferStatus.EXPIRED, other.id, at(9))
    assert offers.SWEEP.deal_with(world.session, at(8, 30)) == 0


def test_an_offer_is_not_expired_a_second_early(world: World) -> None:
    assigned(world, world.technician())

    assert offers.SWEEP.deal_with(world.session, at(8, 29, second=59)) == 0


def test_an_accepted_visit_can_be_handed_back_until_departure(world: World) -> None:
    made, other = assigned(world, world.technician()), world.technician()
    accept(world, made.offer)

    offers.hand_back(
        world.session,
        offer_id=made.offer.id,
        technician_id=made.offer.technician_id,
        reason=DeclineReason.VEHICLE,
        remark=None,
        by=SYSTEM,
        now=at(9),
    )

    assert made.offer.status is OfferStatus.HANDED_BACK
    assert (made.visit.technician_id, made.visit.accepted_at, made.visit.limit_at) == (other.id, None, None)
    assert world.events("offer.hand_back")[0].reason == "vehicle"


def test_nothing_is_handed_back_from_the_road(world: World) -> None:
    made = assigned(world, world.technician())
    accept(world, made.offer)
    on_site.leave(world.session, visit_id=made.visit.id, technician_id=None, by=SYSTEM, now=at(9, 30))

    with pytest.raises(AlreadyLeft):
        offers.hand_back(
            world.session,
            offer_id=made.offer.id,
            technician_id=None,
            reason=DeclineReason.ILL,
            remark=None,
            by=SYSTEM,
            now=at(9, 31),
        )


def test_a_withdrawn_visit_closes_its_offer(world: World) -> None:
    made = assigned(world, world.technician())

    booking.withdraw(world.session, visit_id=made.visit.id, reason="moved", by=SYSTEM, now=at(8, 5))

    assert made.offer.status is OfferStatus.WITHDRAWN
    with pytest.raises(OfferClosed):
        accept(world, made.offer)


class TestByHand:
    """What a dispatcher promises must be reachable (R9)."""

    def test_a_skill_is_needed(self, world: World) -> None:
        with pytest.raises(NotReachable) as refused:
            assigned(world, world.technician(), skill="gas")

        assert refused.value.details["rule"] == "skill"

    def test_an_absent_technician_is_not_sent(self, world: World) -> None:
        technician = world.technician()
        world.absence(technician, at(10, 30), at(11))

        with pytest.raises(NotReachable) as refused:
            assigned(world, technician)

        assert refused.value.details["rule"] == "absent"

    @pytest.mark.parametrize(("start", "allowed"), [(at(16), True), (at(16, 1), False)])
    def test_the_work_ends_within_the_shift(self, world: World, start: datetime, allowed: bool) -> None:
        technician = world.technician()
        if allowed:
            assert assigned(world, technician, start).visit.starts_at == start
            return

        with pytest.raises(NotReachable) as refused:
            assigned(world, technician, start)

        assert refused.value.details["rule"] == "no_shift"

    def test_the_way_from_the_visit_before_counts_and_the_nearest_minute_is_named(self, world: World) -> None:
        technician = world.technician()
        assigned(world, technician, at(10))

        with pytest.raises(NotReachable) as refused:
            assigned(world, technician, at(11), position=east(5))

        assert refused.value.details["rule"] == "travel"
        # 5 km x 1.4 at 30 km/h are 14 minutes, and 150 seconds for leaving and parking.
        assert refused.value.details["nearest"] == at(11, 17).isoformat()

    def test_with_a_reason_the_rules_yield_but_not_to_a_double_booking(self, world: World) -> None:
        technician = world.technician()
        assigned(world, technician, at(10))
        ticket = world.ticket(skill="gas")

        def try_at(start: datetime) -> by_hand.Assigned:
            return by_hand.assign(
                world.session,
                ticket_id=ticket.id,
                technician_id=technician.id,
                starts_at=start,
                by=SYSTEM,
                now=at(8),
                reason="the customer insists on him",
            )

        with pytest.raises(SlotTaken):
            try_at(at(10, 30))
        made = try_at(at(18))

        assert made.visit.by_hand
        assert world.events("visit.override")[0].reason == "the customer insists on him"

    def test_nobody_is_sent_into_the_past(self, world: World) -> None:
        with pytest.raises(InThePast):
            assigned(world, world.technician(), at(7, 59))

    def test_the_start_lies_in_what_was_agreed(self, world: World) -> None:
        with pytest.raises(OutsideAgreed):
            assigned(world, world.technician(), at(10), agreed_from=at(13), agreed_to=at(15))

    def test_a_ticket_has_one_live_visit(self, world: World) -> None:
        made, other = assigned(world, world.technician()), world.technician()

        with pytest.raises(IllegalTransition):
            by_hand.assign(
                world.session,
                ticket_id=made.visit.ticket_id,
                technician_id=other.id,
                starts_at=at(11),
                by=SYSTEM,
                now=at(8),
            )

    def test_a_visit_given_to_another_is_offered_to_him_alone(self, world: World) -> None:
        made, other = assigned(world, world.technician()), world.technician()
        accept(world, made.offer)

        again = by_hand.reassign(
            world.session,
            visit_id=made.visit.id,
            technician_id=other.id,
            starts_at=at(10, 30),
            by=SYSTEM,
            now=at(8, 20),
        )

        assert [(o.technician_id, o.status) for o in world.offers(made.visit)] == [
            (made.offer.technician_id, OfferStatus.WITHDRAWN),
            (other.id, OfferStatus.OPEN),
        ]
        assert (again.visit.id, again.visit.technician_id) == (made.visit.id, other.id)


class TestIllness:
    """Visits of somebody who falls ill find somebody else."""

    def test_a_visit_inside_the_absence_goes_to_the_next(self, world: World) -> None:
        ill, other = world.technician(), world.technician()
        made, later = assigned(world, ill, at(10)), assigned(world, ill, at(14))
        accept(world, made.offer)

        people.report_absence(
            world.session, technician_id=ill.id, starts_at=at(9), ends_at=at(12), kind="ill", by=SYSTEM, now=at(9)
        )

        assert (made.visit.technician_id, made.visit.status) == (other.id, VisitStatus.OFFERED)
        assert made.offer.status is OfferStatus.WITHDRAWN
        assert later.visit.technician_id == ill.id

    @pytest.mark.parametrize(("ends_at", "touched"), [(at(10), False), (at(10, 1), True)])
    def test_an_absence_that_ends_when_the_visit_begins_does_not_touch_it(
        self, world: World, ends_at: datetime, touched: bool
    ) -> None:
        ill = world.technician()
        made = assigned(world, ill, at(10))

        people.report_absence(
            world.session, technician_id=ill.id, starts_at=at(9), ends_at=ends_at, kind="ill", by=SYSTEM, now=at(9)
        )

        assert (made.visit.status is VisitStatus.WITHDRAWN) is touched

    def test_without_anybody_else_the_ticket_is_ready_again_and_escalated(self, world: World) -> None:
        ill = world.technician()
        made = assigned(world, ill, at(10))
        accept(world, made.offer)
        on_site.leave(world.session, visit_id=made.visit.id, technician_id=None, by=SYSTEM, now=at(9, 30))

        people.report_absence(
            world.session,
            technician_id=ill.id,
            starts_at=at(9, 40),
            ends_at=at(17),
            kind="ill",
            by=SYSTEM,
            now=at(9, 40),
        )

        ticket = world.session.get_one(Ticket, made.visit.ticket_id)
        assert (made.visit.status, ticket.status) == (VisitStatus.WITHDRAWN, TicketStatus.READY)
        assert [e.kind for e in world.escalations()] == ["no_technician"]

    def test_whoever_is_with_the_customer_decides_himself(self, world: World) -> None:
        ill = world.technician()
        made = assigned(world, ill, at(10))
        accept(world, made.offer)
        on_site.check_in(
            world.session,
            visit_id=made.visit.id,
            technician_id=None,
            claim=None,
            code_proof=False,
            by=SYSTEM,
            now=at(10),
        )

        people.report_absence(
            world.session,
            technician_id=ill.id,
            starts_at=at(10, 5),
            ends_at=at(17),
            kind="ill",
            by=SYSTEM,
            now=at(10, 5),
        )

        assert made.visit.status is VisitStatus.ON_SITE

    def test_somebody_who_leaves_the_company_keeps_no_visit(self, world: World) -> None:
        gone, other = world.technician(), world.technician()
        made = assigned(world, gone, at(10))

        people.leave(world.session, technician_id=gone.id, by=SYSTEM, now=at(9))

        assert made.visit.technician_id == other.id


class TestLimits:
    """No report by the limit goes to the supervisor (R17)."""

    def visit(self, world: World) -> by_hand.Assigned:
        made = assigned(world, world.technician())
        accept(world, made.offer)
        return made

    def test_a_limit_that_passes_without_a_report_is_escalated_once(self, world: World, session: Session) -> None:
        made = self.visit(world)
        limit = made.visit.limit_at
        assert limit is not None

        assert limits.SWEEP.deal_with(session, limit) == 0
        due = limits.SWEEP.next_due(session)
        assert due == limit + timedelta(seconds=1)
        assert limits.SWEEP.deal_with(session, due) == 1
        assert limits.SWEEP.deal_with(session, due) == 0
        assert limits.SWEEP.next_due(session) is None
        assert [e.kind for e in world.escalations()] == ["limit_passed"]

    @pytest.mark.parametrize(("counts", "escalated"), [(True, 0), (False, 1)])
    def test_a_report_in_time_spares_the_escalation(self, world: World, counts: bool, escalated: int) -> None:
        made = self.visit(world)
        world.session.add(
            Hindrance(
                ticket_id=made.visit.ticket_id,
                technician_id=made.visit.technician_id,
                reason=HindranceReason.PART_ON_ORDER,
                text="compressor",
                reported_at=at(15),
                counts=counts,
            )
        )
        world.session.flush()

        assert limits.SWEEP.deal_with(world.session, at(9, day=4)) == escalated


class TestEscalations:
    """What needs a human is settled once."""

    def test_a_settled_escalation_cannot_be_settled_again(self, world: World) -> None:
        desk = world.dispatcher()
        ticket = world.ticket(TOWN)
        raised = escalations.raise_(world.session, ticket=ticket, kind="no_technician", by=SYSTEM, now=at(9))
        world.session.flush()

        escalations.settle(world.session, escalation_id=raised.id, remark="phoned", by=desk, now=at(10))

        assert (raised.settled_by, raised.remark) == (desk.id, "phoned")
        with pytest.raises(escalations.AlreadySettled):
            escalations.settle(world.session, escalation_id=raised.id, remark="again", by=desk, now=at(11))

    def test_the_same_question_is_open_only_once(self, world: World) -> None:
        ticket = world.ticket()
        for hour in (9, 10):
            escalations.raise_(world.session, ticket=ticket, kind="no_technician", by=SYSTEM, now=at(hour))

        assert len(world.escalations()) == 1

    def test_a_job_receipt_settles_that_nobody_could_go(self, world: World) -> None:
        technician = world.technician()
        ticket = world.ticket()
        escalations.raise_(world.session, ticket=ticket, kind="no_technician", by=SYSTEM, now=at(7))
        made = by_hand.assign(
            world.session, ticket_id=ticket.id, technician_id=technician.id, starts_at=at(10), by=SYSTEM, now=at(8)
        )

        accept(world, made.offer)

        assert world.escalations()[0].settled_at == at(8, 10)
