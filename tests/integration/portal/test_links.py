"""Customers' links: looking never acts, answering acts once, and what has changed cannot be answered."""

import pytest
from flask.testing import FlaskClient

from server.callbacks.models import CustomerCallback
from server.callbacks.status import CallbackStatus
from server.core.money import Money
from server.orders import links, visits
from server.orders.models import CustomerLink
from server.orders.visit_models import ExtraWork
from server.orders.words import LinkPurpose
from tests.builders.clocks import StillClock
from tests.integration.conversation.world import DESK, Job, World, at


def told(world: World, locale: str = "en") -> tuple[Job, str, str]:
    """An accepted job, the customer's telephone, the token of his link."""
    customer = world.customer(locale)
    job = world.accepted(world.technician(), customer=customer)
    phone = world.phone_of(customer)
    return job, phone, world.tokens(phone)[-1]


def asked(world: World) -> tuple[Job, str, ExtraWork]:
    """Extra work of 300 that the customer was asked about, with the token of its link."""
    job, phone, _ = told(world)
    world.text(job.technician.phone, f"{job.code} 11 300 new pump", now=at(8, 50))
    return job, world.tokens(phone)[-1], world.session.query(ExtraWork).one()


def test_a_page_shows_the_window_and_how_to_answer(world: World, client: FlaskClient) -> None:
    _, _, token = told(world)

    page = client.get(f"/c/{token}")

    assert page.status_code == 200
    assert "Tue 10 Mar 10:00-12:00" in page.text
    assert 'value="confirm"' in page.text
    assert 'value="move"' in page.text
    assert "<script" not in page.text


def test_a_page_speaks_the_customers_language_whatever_the_browser_says(world: World, client: FlaskClient) -> None:
    _, _, token = told(world, "zh")

    page = client.get(f"/c/{token}", headers={"Accept-Language": "en"})

    assert '<html lang="zh">' in page.text
    assert "这个时间方便吗？" in page.text


def test_a_page_is_kept_out_of_caches_referrers_and_search_engines(world: World, client: FlaskClient) -> None:
    _, _, token = told(world)

    for answer in (client.get(f"/c/{token}"), client.post(f"/c/{token}", data={"answer": "confirm"})):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_looking_a_hundred_times_never_acts(world: World, client: FlaskClient) -> None:
    job, _, token = told(world)

    for path in (f"/c/{token}", f"/c/{token}?answer=confirm"):
        for _ in range(5):
            client.get(path)
            client.head(path)

    assert world.fresh(job.visit).confirmed_at is None
    assert world.session.query(CustomerLink).one().used_at is None


def test_confirming_by_link_acts_once(world: World, client: FlaskClient) -> None:
    job, phone, token = told(world)

    first = client.post(f"/c/{token}", data={"answer": "confirm"})
    second = client.post(f"/c/{token}", data={"answer": "move", "wish": "friday"})

    assert (first.status_code, second.status_code) == (303, 409)
    assert world.fresh(job.visit).confirmed_at == at(9)
    assert len(world.events("visit.confirm")) == 1
    assert world.escalations("customer_moves") == []
    assert "you have confirmed this time" in client.get(f"/c/{token}").text
    assert world.text(phone, "1", now=at(9, 1)) == "human"


def test_asking_for_another_time_by_link_is_put_before_the_desk(world: World, client: FlaskClient) -> None:
    job, _, token = told(world)

    client.post(f"/c/{token}", data={"answer": "move", "wish": "friday <b>"})

    (escalation,) = world.escalations("customer_moves")
    assert escalation.details == {"visit_id": job.visit.id, "wish": "friday <b>"}


def test_an_answer_by_text_ends_the_link(world: World, client: FlaskClient) -> None:
    _, phone, token = told(world)
    world.text(phone, "1")

    assert client.get(f"/c/{token}").status_code == 410
    assert client.post(f"/c/{token}", data={"answer": "confirm"}).status_code == 409


def test_a_moved_window_ends_the_link_about_the_old_one(world: World, client: FlaskClient) -> None:
    job, _, token = told(world)
    visits.move(
        world.session,
        visit_id=job.visit.id,
        starts_at=at(15, 10),
        ends_at=at(16, 10),
        window=visits.Window(at(15), at(17)),
        by=DESK,
        now=at(8, 30),
    )

    assert client.post(f"/c/{token}", data={"answer": "confirm"}).status_code == 409
    assert world.fresh(job.visit).confirmed_at is None


def test_a_window_that_moved_without_anybody_telling_is_not_confirmed_either(world: World, client: FlaskClient) -> None:
    job, _, token = told(world)
    job.visit.window_to = at(13)
    world.session.flush()

    assert client.post(f"/c/{token}", data={"answer": "confirm"}).status_code == 409
    assert world.fresh(job.visit).confirmed_at is None


@pytest.mark.parametrize(("answer", "authorised"), [("agree", True), ("refuse", False)])
def test_extra_work_is_authorised_or_refused_with_its_price(
    world: World, client: FlaskClient, answer: str, authorised: bool
) -> None:
    job, token, extra = asked(world)

    assert "300.00 CNY" in client.get(f"/c/{token}").text
    client.post(f"/c/{token}", data={"answer": answer})

    assert world.fresh(extra).authorised is authorised
    assert "new pump" in world.sent(job.technician.phone)[-1]


def test_another_sum_than_the_one_shown_is_never_authorised(world: World, client: FlaskClient) -> None:
    _, token, extra = asked(world)
    extra.price = Money(90_000, "CNY")
    world.session.flush()

    assert client.post(f"/c/{token}", data={"answer": "agree"}).status_code == 409
    assert world.fresh(extra).authorised is None


def test_a_link_ends_with_its_time(world: World, client: FlaskClient, clock: StillClock) -> None:
    job, _, token = told(world)
    clock.at = at(12)

    assert client.get(f"/c/{token}").status_code == 410
    assert client.post(f"/c/{token}", data={"answer": "confirm"}).status_code == 409
    assert world.fresh(job.visit).confirmed_at is None


def test_a_cancelled_ticket_ends_its_links(world: World, client: FlaskClient) -> None:
    job, _, token = told(world)
    world.cancel(job, now=at(8, 30))

    assert client.get(f"/c/{token}").status_code == 410


@pytest.mark.parametrize("token", ["x", "A" * 24, "A" * 5000, "%00", "ä", "..", "' or 1=1"])
def test_a_token_that_opens_nothing_gets_a_polite_page_with_a_telephone(
    world: World, client: FlaskClient, token: str
) -> None:
    told(world)

    for answer in (client.get(f"/c/{token}"), client.post(f"/c/{token}", data={"answer": "confirm"})):
        assert answer.status_code == 404
    if token.isalnum():
        assert "tel:+16175550100" in client.get(f"/c/{token}").text


@pytest.mark.parametrize("answer", ["", "agree", "yes", "confirm\0", "x" * 100])
def test_an_answer_that_the_link_does_not_take_changes_nothing(world: World, client: FlaskClient, answer: str) -> None:
    job, _, token = told(world)

    assert client.post(f"/c/{token}", data={"answer": answer}).status_code == 422
    assert world.fresh(job.visit).confirmed_at is None
    assert world.session.query(CustomerLink).one().used_at is None


def test_who_was_absent_says_when_he_is_at_home(world: World, client: FlaskClient) -> None:
    job, phone, _ = told(world)
    world.text(job.technician.phone, f"{job.code} 8", now=at(8, 40))
    (link,) = world.session.query(CustomerLink).filter_by(purpose=LinkPurpose.REBOOK)
    token = next(token for token in world.tokens(phone) if links.find(world.session, token=token).id == link.id)

    assert client.post(f"/c/{token}", data={"answer": "rebook", "wish": " "}).status_code == 422
    assert client.post(f"/c/{token}", data={"answer": "rebook", "wish": "Friday after 3"}).status_code == 303

    (escalation,) = world.escalations("customer_rebooks")
    assert escalation.details == {"wish": "Friday after 3"}


def test_a_report_about_the_customer_is_answered_by_link(world: World, client: FlaskClient) -> None:
    job, phone, _ = told(world)
    world.text(job.technician.phone, f"{job.code} 8", now=at(8, 40))
    (link,) = world.session.query(CustomerLink).filter_by(purpose=LinkPurpose.SURVEY)
    token = next(token for token in world.tokens(phone) if links.find(world.session, token=token).id == link.id)

    assert "nobody was there" in client.get(f"/c/{token}").text
    client.post(f"/c/{token}", data={"answer": "no", "wish": "I was at home"})

    assert world.session.query(CustomerCallback).one().status is CallbackStatus.FAILED
    assert "Somebody will call you" in client.get(f"/c/{token}").text


def test_a_follow_link_shows_where_the_visit_stands_and_takes_no_answer(world: World, client: FlaskClient) -> None:
    job, _, _ = told(world)
    token = links.create(
        world.session,
        ticket_id=job.ticket.id,
        visit_id=job.visit.id,
        purpose=LinkPurpose.FOLLOW,
        bound={"visit_id": job.visit.id},
        expires_at=at(20),
        now=at(8),
    )
    world.text(job.technician.phone, f"{job.code} 4", now=at(8, 45))

    page = client.get(f"/c/{token}")

    assert "The technician is on the way" in page.text
    assert "<button" not in page.text
    assert client.post(f"/c/{token}", data={"answer": "confirm"}).status_code == 422


def test_a_customers_words_are_shown_as_words(world: World, client: FlaskClient) -> None:
    customer = world.customer()
    job = world.accepted(world.technician(), customer=customer, product_category="<script>alert(1)</script>")
    token = world.tokens(world.phone_of(customer))[-1]

    page = client.get(f"/c/{token}")

    assert "<script>" not in page.text
    assert job.ticket.number in page.text


def test_the_stylesheet_is_served_and_nothing_beside_it(client: FlaskClient) -> None:
    style = next(part for part in client.get("/c/none").text.split('"') if part.endswith(".css"))

    with client.get(style) as answer:
        assert answer.status_code == 200
    assert client.get("/c/look/manifest.json").status_code == 404
    assert client.get("/c/look/..%2f..%2f__init__.py").status_code == 404
