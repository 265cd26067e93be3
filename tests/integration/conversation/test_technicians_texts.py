"""What a technician's texts do."""

from datetime import timedelta

import pytest

from server.conversation import reading
from server.dispatch.status import DeclineReason, OfferStatus
from server.orders.status import TicketStatus, VisitStatus
from server.orders.visit_models import CardCharge, CardPart, CheckIn, CompletionCard
from server.orders.words import ChargeCategory, HindranceReason, PartSource, VisitResult
from server.technicians import people
from tests.integration.conversation.world import DESK, World, at


def test_an_offer_is_accepted_by_its_code(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)

    world.text(technician.phone, f"{job.code} 1")

    assert world.fresh(job.offer).status is OfferStatus.ACCEPTED
    assert world.templates_to(technician.phone) == ["offer.new", "job.accepted"]


def test_the_offer_says_code_window_on_the_sites_clock_and_until_when_to_answer(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)

    (text,) = world.sent(technician.phone)

    assert f"job {job.code}: repair boiler, Tue 10 Mar 10:00-12:00, 1 Pier." in text
    assert f"Reply 1 {job.code} to accept" in text
    assert "until 08:30" in text


@pytest.mark.parametrize(
    ("locale", "category", "said"),
    [
        ("zh", "gas_water_heater", "维修 燃气热水器"),
        ("en", "gas_water_heater", "repair gas water heater"),
        ("en", "heat_pump", "repair heat pump"),
    ],
)
def test_the_product_is_named_in_the_readers_language(world: World, locale: str, category: str, said: str) -> None:
    technician = world.technician(locale=locale)
    job = world.job(technician, product_category=category)

    (text,) = world.sent(technician.phone)

    assert f"{job.code}" in text
    assert said in text


def test_a_bare_accept_takes_the_only_open_offer(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)

    assert world.text(technician.phone, "ok") == "accept"
    assert world.fresh(job.offer).status is OfferStatus.ACCEPTED


@pytest.mark.parametrize("text", ["1", "ok", "接单", "１", "Accept."])
def test_with_two_open_offers_a_bare_accept_takes_neither_and_asks(world: World, text: str) -> None:
    technician = world.technician()
    first, second = world.job(technician, hour=10), world.job(technician, hour=14)

    outcome = world.text(technician.phone, text)

    assert outcome == "asked_which"
    assert {world.fresh(first.offer).status, world.fresh(second.offer).status} == {OfferStatus.OPEN}
    answer = world.sent(technician.phone)[-1]
    assert first.code in answer
    assert second.code in answer


def test_an_accepted_job_does_not_make_a_bare_accept_ambiguous(world: World) -> None:
    technician = world.technician()
    world.accepted(technician, hour=10)
    second = world.job(technician, hour=14)

    world.text(technician.phone, "1")

    assert world.fresh(second.offer).status is OfferStatus.ACCEPTED


def test_a_bare_accept_just_after_another_offer_expired_takes_nothing(world: World) -> None:
    technician = world.technician()
    first = world.job(technician, hour=10)
    second = world.job(technician, hour=14, now=at(8, 10))
    world.expire(first, now=at(8, 31))

    outcome = world.text(technician.phone, "1", now=at(8, 32))

    assert outcome == "asked_which"
    assert world.fresh(second.offer).status is OfferStatus.OPEN


def test_a_text_never_answers_what_was_asked_after_it_arrived(world: World) -> None:
    technician = world.technician()
    message = world.take_in(technician.phone, "1", now=at(8))
    job = world.job(technician, now=at(8, 1))

    reading.read(world.session, inbound_id=message.id, now=at(8, 2))

    assert message.outcome == "no_job_fits"
    assert world.fresh(job.offer).status is OfferStatus.OPEN


def test_a_wrong_code_does_nothing(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)
    wrong = "999" if job.code != "999" else "998"

    assert world.text(technician.phone, f"{wrong} 1") == "unknown_code"
    assert world.fresh(job.offer).status is OfferStatus.OPEN


def test_the_code_of_another_technician_does_nothing(world: World) -> None:
    mine, other = world.technician(), world.technician()
    job = world.job(other)

    assert world.text(mine.phone, f"{job.code} 1") == "unknown_code"
    assert world.fresh(job.offer).status is OfferStatus.OPEN


def test_the_same_text_read_again_does_nothing_twice(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)
    message = world.take_in(technician.phone, f"{job.code} 1", now=at(8, 5))

    reading.read(world.session, inbound_id=message.id, now=at(8, 5))
    reading.read(world.session, inbound_id=message.id, now=at(8, 6))

    assert len(world.events("offer.accept")) == 1
    assert world.templates_to(technician.phone).count("job.accepted") == 1


def test_an_answer_sent_twice_is_told_that_it_stands(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)
    world.text(technician.phone, f"{job.code} 1")

    outcome = world.text(technician.phone, f"{job.code} 1", now=at(8, 6))

    assert outcome == "refused:offer.closed"
    assert "You have this job already" in world.sent(technician.phone)[-1]
    assert len(world.events("offer.accept")) == 1


def test_an_accept_after_expiry_is_told_that_it_is_too_late(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)
    world.expire(job, now=at(8, 31))

    outcome = world.text(technician.phone, f"{job.code} 1", now=at(8, 40))

    assert outcome == "too_late"
    assert "expired" in world.sent(technician.phone)[-1]
    assert world.fresh(job.offer).status is OfferStatus.EXPIRED


def test_an_accept_past_the_time_is_refused_even_before_the_clock_has_struck(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)

    outcome = world.text(technician.phone, f"{job.code} 1", now=at(8, 30))

    assert outcome == "refused:offer.closed"
    assert world.fresh(job.offer).status is OfferStatus.OPEN


def test_an_accept_of_a_cancelled_job_is_told_so(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)
    world.cancel(job, now=at(8, 10))

    outcome = world.text(technician.phone, f"{job.code} 1", now=at(8, 11))

    assert outcome == "too_late"
    assert world.templates_to(technician.phone) == ["offer.new", "offer.withdrawn", "reply.too_late"]


@pytest.mark.parametrize(
    ("words", "reason", "remark"),
    [
        ("too far", DeclineReason.TOO_FAR, None),
        ("3", DeclineReason.NO_TIME, None),
        ("太远", DeclineReason.TOO_FAR, None),
        ("my sister marries", DeclineReason.OTHER, "my sister marries"),
    ],
)
def test_an_offer_is_declined_with_a_reason(
    world: World, words: str, reason: DeclineReason, remark: str | None
) -> None:
    technician = world.technician()
    job = world.job(technician)

    world.text(technician.phone, f"{job.code} 2 {words}")

    offer = world.fresh(job.offer)
    assert (offer.status, offer.decline_reason, offer.remark) == (OfferStatus.DECLINED, reason, remark)


def test_a_decline_without_reason_is_asked_for_it(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)

    assert world.text(technician.phone, "2") == "asked_back:decline"
    assert world.fresh(job.offer).status is OfferStatus.OPEN


def test_an_accepted_job_is_handed_back_before_leaving(world: World) -> None:
    technician = world.technician()
    job = world.accepted(technician)

    world.text(technician.phone, f"{job.code} 退单 车坏了")

    offer = world.fresh(job.offer)
    assert (offer.status, offer.decline_reason) == (OfferStatus.HANDED_BACK, DeclineReason.VEHICLE)


def test_a_whole_day_is_worked_by_text(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)
    steps = [
        ("1", at(8, 5), VisitStatus.ACCEPTED),
        ("3", at(8, 20), VisitStatus.ACCEPTED),
        ("4", at(9, 40), VisitStatus.ON_THE_WAY),
        ("5", at(10, 2), VisitStatus.ON_SITE),
        ("6 changed pump, part PU-7 x2 80, charge 120 labour, new sn123, signed Wang", at(11), VisitStatus.DONE),
    ]

    for words, now, status in steps:
        world.text(technician.phone, f"{job.code} {words}", now=now)
        assert world.fresh(job.visit).status is status, words

    assert job.visit.contacted_at == at(8, 20)
    assert world.session.query(CheckIn).filter_by(visit_id=job.visit.id).count() == 1
    card = world.session.query(CompletionCard).filter_by(visit_id=job.visit.id).one()
    (part,) = world.session.query(CardPart).filter_by(card_id=card.id)
    (charge,) = world.session.query(CardCharge).filter_by(card_id=card.id)
    assert (card.work_done, card.fitted_serial, card.signed_by) == ("changed pump", "SN123", "Wang")
    assert (part.name, part.quantity, part.source, part.price.amount) == ("PU-7", 2, PartSource.COMPANY, 8000)
    assert charge.price.amount == 12000
    assert job.visit.result is VisitResult.DONE_COMPANY_PART
    answer = world.sent(technician.phone)[-1]
    assert "Parts: PU-7 x2 80.00 CNY." in answer
    assert "Charged: 120.00 CNY." in answer
    assert world.fresh(job.ticket).status is TicketStatus.DONE


def test_done_without_work_or_with_an_unclear_amount_records_nothing(world: World) -> None:
    technician = world.technician()
    job = world.accepted(technician)

    assert world.text(technician.phone, f"{job.code} 6") == "asked_back:finish"
    assert world.text(technician.phone, f"{job.code} 6 fixed it, charge 12,50", now=at(8, 7)) == "asked_back:finish"
    assert '"50" is not clear' in world.sent(technician.phone)[-1]
    assert world.fresh(job.visit).status is VisitStatus.ACCEPTED


def test_a_charge_that_the_customer_has_not_authorised_is_refused_with_the_way_to_ask(world: World) -> None:
    technician = world.technician()
    job = world.accepted(technician, charge_category=ChargeCategory.C)

    outcome = world.text(technician.phone, f"{job.code} 6 changed pump, charge 120", now=at(10))

    assert outcome == "refused:card.charges_not_authorised"
    assert world.fresh(job.visit).status is VisitStatus.ACCEPTED
    assert "Ask first" in world.sent(technician.phone)[-1]


def test_a_job_that_is_not_finished_says_why_and_until_when(world: World) -> None:
    technician = world.technician("zh")
    job = world.accepted(technician)

    world.text(technician.phone, f"{job.code} 未完成 缺件 到 2026-03-20 压缩机", now=at(11))

    visit, ticket = world.fresh(job.visit), world.fresh(job.ticket)
    assert (visit.status, visit.result) == (VisitStatus.NOT_FINISHED, VisitResult.PART_MISSING)
    assert (ticket.status, ticket.waits_until) == (TicketStatus.WAITING, at(0, day=10))
    (event,) = world.events("visit.not_finish")
    assert event.details["reason"] == HindranceReason.PART_ON_ORDER
    assert "3月20日周五" in world.sent(technician.phone)[-1]


def test_nobody_there_sends_the_customer_a_link_to_rebook(world: World) -> None:
    technician, customer = world.technician(), world.customer()
    job = world.accepted(technician, customer=customer)

    world.text(technician.phone, f"{job.code} nobody rang twice", now=at(10, 40))

    assert world.fresh(job.visit).status is VisitStatus.CUSTOMER_ABSENT
    absent = next(text for text in world.sent(world.phone_of(customer)) if "found nobody" in text)
    assert "on Tue 10 Mar at 10:40" in absent
    assert "https://service.example/c/" in absent


def test_a_customer_who_declines_ends_the_ticket(world: World) -> None:
    technician = world.technician()
    job = world.accepted(technician)

    world.text(technician.phone, f"{job.code} 客户拒绝 嫌贵", now=at(10, 40))

    assert world.fresh(job.ticket).status is TicketStatus.DECLINED


def test_the_list_of_today_shows_codes_and_what_is_only_offered(world: World) -> None:
    technician = world.technician()
    first, second = world.accepted(technician, hour=10), world.job(technician, hour=14)
    world.job(technician, hour=9, day=1)

    world.text(technician.phone, "0")

    answer = world.sent(technician.phone)[-1]
    assert "jobs: 2" in answer
    assert f"{first.code} 10:15 repair boiler, 1 Pier" in answer
    assert f"{second.code} 14:15 repair boiler (offered)" in answer


def test_tomorrow_is_a_list_too(world: World) -> None:
    technician = world.technician("zh")
    job = world.job(technician, hour=9, day=1)

    world.text(technician.phone, "明天")

    assert f"{job.code} 09:15 维修" in world.sent(technician.phone)[-1]


def test_off_sick_takes_the_jobs_of_these_days_away(world: World) -> None:
    technician = world.technician()
    job = world.accepted(technician, hour=14, day=1)

    outcome = world.text(technician.phone, "sick tomorrow")

    assert outcome == "sick"
    (event,) = world.events("absence.report")
    assert event.details["kind"] == "ill"
    assert world.fresh(job.visit).status is VisitStatus.WITHDRAWN
    assert "Wed 11 Mar" in world.sent(technician.phone)[-1]


def test_the_list_of_commands_comes_by_a_question_mark(world: World) -> None:
    technician = world.technician()

    assert world.text(technician.phone, "？") == "help"
    assert "1 accept" in world.sent(technician.phone)[-1]


def test_an_accept_with_a_condition_is_for_a_human(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)

    assert world.text(technician.phone, f"{job.code} ok but only after five") == "human"
    assert world.fresh(job.offer).status is OfferStatus.OPEN
    assert len(world.readings()) == 1


def test_two_jobs_in_one_text_are_not_taken_for_one(world: World) -> None:
    technician = world.technician()
    first, second = world.job(technician, hour=10), world.job(technician, hour=14)

    world.text(technician.phone, f"{first.code} 1 {second.code} 1")

    assert {world.fresh(first.offer).status, world.fresh(second.offer).status} == {OfferStatus.OPEN}


def test_a_text_nobody_understands_is_answered_politely_once_an_hour_and_read_by_a_human_each_time(
    world: World,
) -> None:
    technician = world.technician()

    for minute in (0, 20, 59):
        assert world.text(technician.phone, "the van makes a strange noise", now=at(9, minute)) == "human"
    assert world.templates_to(technician.phone) == ["reply.not_understood"]
    world.text(technician.phone, "really strange", now=at(9, 0) + timedelta(hours=1))

    assert world.templates_to(technician.phone) == ["reply.not_understood"] * 2
    assert len(world.readings()) == 4


@pytest.mark.parametrize("word", ["YES", "cancel it", "N"])
def test_a_carriers_word_never_does_anything_to_a_job(world: World, word: str) -> None:
    technician = world.technician()
    job = world.job(technician)

    outcome = world.text(technician.phone, word)

    assert outcome == "human"
    assert world.fresh(job.offer).status is OfferStatus.OPEN


def test_somebody_who_has_left_is_a_stranger(world: World) -> None:
    technician = world.technician()
    job = world.job(technician)
    people.leave(world.session, technician_id=technician.id, by=DESK, now=at(8, 1))

    assert world.text(technician.phone, f"{job.code} 1") == "human"
    assert world.fresh(job.offer).status is OfferStatus.OPEN
