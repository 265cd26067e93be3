"""What customers are asked and told, and what their answers do."""

import pytest

from server.callbacks.models import CustomerCallback
from server.callbacks.status import CallbackStatus
from server.conversation.models import HumanReading, QuestionKind
from server.dispatch.status import OfferStatus
from server.orders import visits
from server.orders.models import CustomerLink
from server.orders.status import VisitStatus
from server.orders.visit_models import ExtraWork
from server.orders.words import ChargeCategory, LinkPurpose
from tests.integration.conversation.world import DESK, World, at


def test_the_window_is_told_when_somebody_has_accepted_and_not_before(world: World) -> None:
    customer = world.customer()
    phone = world.phone_of(customer)
    job = world.job(world.technician(), customer=customer)
    assert world.sent(phone) == []

    world.text(job.technician.phone, f"{job.code} 1")

    (text,) = world.sent(phone)
    code = world.code(phone, QuestionKind.CONFIRM_VISIT, job.visit.id)
    assert "we come on Tue 10 Mar, 10:00-12:00" in text
    assert f"Reply 1 {code} to confirm or 2 {code} to move it" in text
    assert "https://service.example/c/" in text


@pytest.mark.parametrize("words", ["1", "ok", "确认", "1 {code}", "{code} confirm"])
def test_a_customer_confirms_the_window(world: World, words: str) -> None:
    customer = world.customer()
    phone = world.phone_of(customer)
    job = world.accepted(world.technician(), customer=customer)
    code = world.code(phone, QuestionKind.CONFIRM_VISIT, job.visit.id)

    outcome = world.text(phone, words.format(code=code))

    assert outcome == "confirm"
    assert world.fresh(job.visit).confirmed_at == at(8, 5)
    assert "thank you, we come on Tue 10 Mar, 10:00-12:00" in world.sent(phone)[-1]


def test_a_customer_who_wants_another_time_is_put_before_the_desk_with_his_words(world: World) -> None:
    customer = world.customer("zh")
    phone = world.phone_of(customer)
    job = world.accepted(world.technician(), customer=customer)

    world.text(phone, "2 周五下午")

    (escalation,) = world.escalations("customer_moves")
    assert escalation.details == {"visit_id": job.visit.id, "wish": "周五下午"}
    assert world.fresh(job.visit).confirmed_at is None
    assert "客服会致电您" in world.sent(phone)[-1]


def test_a_second_answer_is_told_that_the_first_stands(world: World) -> None:
    customer = world.customer()
    phone = world.phone_of(customer)
    job = world.accepted(world.technician(), customer=customer)
    code = world.code(phone, QuestionKind.CONFIRM_VISIT, job.visit.id)
    world.text(phone, f"1 {code}")

    assert world.text(phone, f"2 {code}", now=at(8, 9)) == "too_late"
    assert world.escalations("customer_moves") == []
    assert "already answered" in world.sent(phone)[-1]


def test_extra_work_is_asked_with_its_price_and_the_technician_is_told_the_answer(world: World) -> None:
    customer, technician = world.customer(), world.technician()
    phone = world.phone_of(customer)
    job = world.accepted(technician, customer=customer)

    world.text(technician.phone, f"{job.code} 11 300 new compressor", now=at(10, 20))

    extra = world.session.query(ExtraWork).filter_by(visit_id=job.visit.id).one()
    code = world.code(phone, QuestionKind.AUTHORISE_EXTRA, extra.id)
    assert f"new compressor, price 300.00 CNY. Reply 1 {code} to agree" in world.sent(phone)[-1]
    world.text(phone, f"1 {code}", now=at(10, 25))
    assert world.fresh(extra).authorised is True
    assert "the customer agrees: new compressor, 300.00 CNY" in world.sent(technician.phone)[-1]


def test_a_charge_of_an_authorised_sum_goes_through_where_work_is_free(world: World) -> None:
    customer, technician = world.customer(), world.technician()
    phone = world.phone_of(customer)
    job = world.accepted(technician, customer=customer, charge_category=ChargeCategory.C)
    world.text(technician.phone, f"{job.code} extra 300 new compressor", now=at(10, 20))
    world.text(phone, "agree", now=at(10, 25))

    world.text(technician.phone, f"{job.code} done changed it, charge 300", now=at(11))

    assert world.fresh(job.visit).status is VisitStatus.DONE


def test_extra_work_that_is_refused_is_told_so(world: World) -> None:
    customer, technician = world.customer("zh"), world.technician("zh")
    phone = world.phone_of(customer)
    job = world.accepted(technician, customer=customer)
    world.text(technician.phone, f"{job.code} 增项 300 更换压缩机", now=at(10, 20))

    world.text(phone, "不同意", now=at(10, 25))

    assert world.session.query(ExtraWork).one().authorised is False
    assert "客户不同意" in world.sent(technician.phone)[-1]


def test_a_bare_digit_with_two_questions_open_answers_neither(world: World) -> None:
    customer, technician = world.customer(), world.technician()
    phone = world.phone_of(customer)
    job = world.accepted(technician, customer=customer)
    world.text(technician.phone, f"{job.code} 11 300 pump", now=at(10, 20))

    assert world.text(phone, "1", now=at(10, 25)) == "asked_which"
    assert world.session.query(ExtraWork).one().authorised is None
    assert world.fresh(job.visit).confirmed_at is None
    assert "the extra work" in world.sent(phone)[-1]


def test_a_word_that_fits_one_of_two_questions_answers_that_one(world: World) -> None:
    customer, technician = world.customer(), world.technician()
    phone = world.phone_of(customer)
    job = world.accepted(technician, customer=customer)
    world.text(technician.phone, f"{job.code} 11 300 pump", now=at(10, 20))

    assert world.text(phone, "agree", now=at(10, 25)) == "agree"
    assert world.session.query(ExtraWork).one().authorised is True


def test_the_customer_is_told_who_is_on_the_way_and_about_when(world: World) -> None:
    customer, technician = world.customer(), world.technician()
    job = world.accepted(technician, customer=customer)

    world.text(technician.phone, f"{job.code} 4", now=at(9, 50))

    assert (
        f"{technician.name} is on the way and should be with you at about 10:10"
        in (world.sent(world.phone_of(customer))[-1])
    )


def test_an_early_departure_announces_nobody_before_the_window_opens(world: World) -> None:
    customer, technician = world.customer(), world.technician()
    job = world.accepted(technician, customer=customer)

    world.text(technician.phone, f"{job.code} 4", now=at(9))

    assert "at about 10:00" in world.sent(world.phone_of(customer))[-1]


def test_the_same_window_is_not_told_twice_when_another_technician_accepts(world: World) -> None:
    customer = world.customer()
    first, second = world.technician(), world.technician()
    job = world.accepted(first, customer=customer)
    world.text(first.phone, f"{job.code} 10 vehicle", now=at(8, 30))
    offer = next(row for row in world.offers() if row.status is OfferStatus.OPEN)
    assert offer.technician_id == second.id

    world.text(second.phone, "1", now=at(8, 35))

    assert world.fresh(job.visit).technician_id == second.id
    assert world.templates_to(world.phone_of(customer)) == ["customer.window"]


def test_another_window_is_told_anew_and_the_old_question_and_link_are_over(world: World) -> None:
    customer, technician = world.customer(), world.technician()
    phone = world.phone_of(customer)
    job = world.accepted(technician, customer=customer)
    old = world.code(phone, QuestionKind.CONFIRM_VISIT, job.visit.id)

    visits.move(
        world.session,
        visit_id=job.visit.id,
        starts_at=at(15, 10),
        ends_at=at(16, 10),
        window=visits.Window(at(15), at(17)),
        by=DESK,
        now=at(8, 30),
    )

    assert "15:00-17:00" in world.sent(phone)[-1]
    assert world.text(phone, f"1 {old}", now=at(8, 31)) == "too_late"
    assert world.fresh(job.visit).confirmed_at is None
    first, second = world.session.query(CustomerLink).order_by(CustomerLink.id)
    assert (first.revoked_at, second.revoked_at) == (at(8, 30), None)


def test_a_cancelled_ticket_is_told_to_both_sides_and_its_questions_and_links_end(world: World) -> None:
    customer, technician = world.customer(), world.technician()
    phone = world.phone_of(customer)
    job = world.accepted(technician, customer=customer)

    world.cancel(job, now=at(8, 30))

    assert world.templates_to(phone) == ["customer.window", "customer.cancelled"]
    assert world.templates_to(technician.phone)[-1] == "offer.withdrawn"
    assert world.open_questions() == []
    assert all(link.revoked_at for link in world.session.query(CustomerLink))


def test_a_promised_visit_that_is_withdrawn_is_told_to_the_customer(world: World) -> None:
    customer = world.customer()
    job = world.accepted(world.technician(), customer=customer)

    visits.withdraw(world.session, visit_id=job.visit.id, reason="storm", by=DESK, now=at(8, 30))

    assert "we cannot come on Tue 10 Mar, 10:00-12:00" in world.sent(world.phone_of(customer))[-1]


def test_a_visit_nobody_was_told_of_is_withdrawn_silently(world: World) -> None:
    customer = world.customer()
    job = world.job(world.technician(), customer=customer)

    visits.withdraw(world.session, visit_id=job.visit.id, reason="storm", by=DESK, now=at(8, 30))

    assert world.sent(world.phone_of(customer)) == []


@pytest.mark.parametrize(("words", "status"), [("1", CallbackStatus.PASSED), ("不属实 我在家", CallbackStatus.FAILED)])
def test_a_report_that_nobody_was_there_is_verified_by_text(world: World, words: str, status: CallbackStatus) -> None:
    customer, technician = world.customer(), world.technician()
    phone = world.phone_of(customer)
    job = world.accepted(technician, customer=customer)
    world.text(technician.phone, f"{job.code} 8", now=at(10, 40))
    assert any("nobody was there on Tue 10 Mar. Is that right?" in text for text in world.sent(phone))

    world.text(phone, words, now=at(10, 50))

    assert world.session.query(CustomerCallback).one().status is status


def test_free_text_is_read_by_a_human_beside_the_ticket(world: World) -> None:
    customer = world.customer()
    job = world.accepted(world.technician(), customer=customer)

    world.text(world.phone_of(customer), "please ring the second bell")

    (reading,) = world.session.query(HumanReading)
    assert reading.ticket_id == job.ticket.id


def test_a_stranger_is_answered_in_the_language_he_writes(world: World) -> None:
    assert world.text("+16175550199", "请问几点来") == "human"

    (text,) = world.sent("+16175550199")
    assert "客服将人工阅读" in text


def test_the_code_of_a_technicians_job_means_nothing_from_a_customer(world: World) -> None:
    customer, technician = world.customer(), world.technician()
    job = world.job(technician, customer=customer)

    world.text(world.phone_of(customer), f"{job.code} 1")

    assert world.fresh(job.offer).status is OfferStatus.OPEN


def test_links_at_rest_are_digests(world: World) -> None:
    customer = world.customer()
    world.accepted(world.technician(), customer=customer)
    token = world.tokens(world.phone_of(customer))[-1]

    (link,) = world.session.query(CustomerLink)

    assert len(link.token_hash) == 32
    assert token.encode() not in bytes(link.token_hash)
    assert link.purpose is LinkPurpose.CONFIRM_VISIT
