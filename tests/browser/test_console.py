"""The console in a real browser: each role's daily step, in both languages, at a desk's and at a telephone's width."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Page
from sqlalchemy import exists, select
from werkzeug.serving import make_server

from server import listening
from server.app import create_app
from server.callbacks import sweeps
from server.console import words
from server.core.db import Database
from server.core.due import sweep_all
from server.customers.models import Customer
from server.dispatch import plans
from server.dispatch.models import Plan
from server.dispatch.status import PlanStatus
from server.example.founding import found_demo
from server.orders.models import Ticket
from tests.builders.settings import settings_for
from tests.databases import DatabaseServer, fresh_database

pytestmark = pytest.mark.browser

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning where the invented company lives."""
DESK, TELEPHONE = 1440, 375
PICTURES = Path(__file__).parents[2] / "artifacts" / "console"


class StillClock:
    """A clock that stands still: what the pages show is the same every day."""

    def read(self) -> datetime:
        """Return the only instant there is."""
        return NOW


@dataclass(frozen=True, slots=True)
class Company:
    """The invented company, served: where, its database, and everybody's password."""

    address: str
    database: Database
    passwords: dict[str, str]

    def one_customer(self, *, served: bool) -> int:
        """Return somebody with an open ticket, or with closed ones alone, who has not been erased."""
        is_open = exists().where(Ticket.customer_id == Customer.id, Ticket.closed_at.is_(None))
        his = exists().where(Ticket.customer_id == Customer.id)
        query = select(Customer.id).where(Customer.erased_at.is_(None), his, is_open if served else ~is_open)
        with self.database.transaction() as session:
            return session.scalars(query.order_by(Customer.id)).first() or 0

    def solve(self) -> None:
        """Do the worker's job: compute the plan that was asked for."""
        with self.database.transaction() as session:
            plan_id = session.scalars(select(Plan.id).where(Plan.status == PlanStatus.QUEUED)).one()
        plans.solve(self.database, plan_id=plan_id, clock=StillClock())


@pytest.fixture(scope="module")
def company(database_server: DatabaseServer) -> Iterator[Company]:
    with fresh_database(database_server, f"{database_server.prefix}_{uuid4().hex[:16]}") as made:
        settings = settings_for(made.url)
        database = Database(made.url, info=listening.session_info(settings))
        with database.transaction() as session:
            logins = found_demo(session, now=NOW)
        # What the worker would have done by now: customers who may be called again today.
        sweep_all(database, sweeps.SWEEPS, now=NOW)
        server = make_server("127.0.0.1", 0, Flask("not yet"), threaded=True)
        address = f"http://127.0.0.1:{server.server_port}"
        server.app = create_app(replace(settings, public_url=address), database=database, clock=StillClock())
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Company(address, database, {each.login: each.password for each in logins})
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            database.dispose()


@dataclass
class Desk:
    """Somebody at his browser, who looks at every page at both widths."""

    page: Page
    language: str
    width: int
    errors: list[str] = field(default_factory=list)

    def say(self, key: str) -> str:
        """Return a phrase in his language."""
        return words.say(key, locale=self.language)

    def see(self, name: str) -> None:
        """Look at the page at both widths, keep a picture of each, and find nothing cut off."""
        for width in (DESK + TELEPHONE - self.width, self.width):
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.screenshot(path=PICTURES / f"{name}-{self.language}-{width}.png", full_page=True)
            too_wide = self.page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
            assert too_wide <= 0, f"{name} is {too_wide} px wider than a window of {width} px"
        assert self.errors == []

    def press(self, phrase: str) -> None:
        """Press the button with this phrase, and answer the question before what cannot be undone."""
        button = self.page.get_by_role("button", name=self.say(phrase)).first
        asks = button.get_attribute("data-confirm") is not None
        button.click()
        if asks:
            self.page.locator("dialog[open] button[value=yes]").click()

    def is_told(self, phrase: str) -> None:
        """Wait for the message that says what was done."""
        self.page.get_by_role("status").filter(has_text=self.say(phrase)).wait_for()


@dataclass(frozen=True, slots=True)
class Office:
    """The company's browsers, in one language, at one width for what is done."""

    company: Company
    browser: Browser
    language: str
    width: int

    @contextmanager
    def desk(self, login: str, *, starts_at: str) -> Iterator[Desk]:
        """Log somebody in, who is led to his daily step."""
        context = self.browser.new_context(viewport={"width": self.width, "height": 900}, base_url=self.company.address)
        context.set_default_timeout(60_000)
        page = context.new_page()
        desk = Desk(page, self.language, self.width)
        page.on("console", lambda message: self._hear(desk, message))
        page.on("pageerror", lambda error: desk.errors.append(str(error)))
        page.goto(f"/console/language/{self.language}?back=/console/login")
        page.get_by_label(desk.say("login.login")).fill(login)
        page.get_by_label(desk.say("login.password")).fill(self.company.passwords[login])
        page.get_by_role("button", name=desk.say("login.enter")).click()
        page.wait_for_url(f"**{starts_at}")
        yield desk
        assert desk.errors == []
        context.close()

    @staticmethod
    def _hear(desk: Desk, message: ConsoleMessage) -> None:
        # A refused form is a page with a 4xx, which the browser reports of the page itself.
        refused = message.location.get("url") == desk.page.url and "status of 4" in message.text
        if message.type in ("error", "warning") and not refused:
            desk.errors.append(message.text)


@pytest.fixture(params=[("en", DESK), ("zh", TELEPHONE)], ids=["English-desk", "Chinese-telephone"])
def office(request: pytest.FixtureRequest, company: Company, browser: Browser) -> Office:
    PICTURES.mkdir(parents=True, exist_ok=True)
    return Office(company, browser, *request.param)


def test_a_dispatcher_takes_in_a_report_and_offers_the_day(office: Office) -> None:
    with office.desk("dispatcher", starts_at="/console/today") as desk:
        desk.see("today")
        desk.page.goto("/console/tickets")
        desk.see("tickets")
        desk.page.locator("a.key").first.click()
        desk.page.wait_for_url("**/console/tickets/*")
        desk.see("ticket")

        desk.page.goto("/console/tickets/new")
        desk.press("intake.save")
        desk.page.get_by_role("alert").wait_for()
        desk.see("intake-refused")
        _fill_in(desk.page)
        desk.press("intake.save")
        desk.is_told("done.ticket.registered")
        desk.see("ticket-registered")

        desk.page.goto("/console/plan")
        desk.see("plan")
        desk.press("plan.make")
        desk.page.wait_for_url("**/console/plans/*")
        office.company.solve()
        desk.page.get_by_role("button", name=desk.say("proposal.publish")).wait_for()
        desk.see("proposal")
        desk.press("proposal.publish")
        desk.is_told("done.plan.published")
        desk.see("proposal-published")
        desk.page.goto("/console/plan")
        desk.see("plan-published")
        desk.page.goto("/console/tickets")
        desk.see("tickets-offered")


def _fill_in(page: Page) -> None:
    for name, value in {
        "name": "Nora Field 田诺",
        "phone": "+8613900000001",
        "address": "5 Weir Street 堰街5号",
        "product_category": "television",
        "model": "TV-55",
        "serial": f"SN-{uuid4().hex[:8]}",
        "purchased_on": "2026-01-15",
        "description": "No picture 没有图像",
        "wish": "In the evening 傍晚",
    }.items():
        page.locator(f"#{name}").fill(value)


def test_a_callback_agent_calls_the_next_customer(office: Office) -> None:
    with office.desk("callback", starts_at="/console/callbacks") as desk:
        desk.see("callbacks")
        desk.press("callbacks.next")
        desk.page.wait_for_url("**/console/callbacks/*")
        for question, answer in {"came": "yes", "done": "yes", "working": "yes", "satisfied": "5"}.items():
            desk.page.locator(f"input[name={question}][value='{answer}']").check()
        desk.see("callback")
        desk.press("callback.pass")
        desk.is_told("done.callback.pass")
        desk.see("callbacks-passed")


def test_a_clerk_receives_a_card(office: Office) -> None:
    with office.desk("clerk", starts_at="/console/cards") as desk:
        desk.see("cards")
        desk.press("cards.receive")
        desk.is_told("done.card.receive")
        desk.see("cards-received")


def test_a_month_is_audited_agreed_to_approved_and_paid_by_four_people(office: Office) -> None:
    month = {"en": "2026-04", "zh": "2026-03"}[office.language]
    with office.desk("auditor", starts_at="/console/statements") as desk:
        # Each language has a month of its own: a statement is paid once.
        desk.page.get_by_label(desk.say("statements.month"), exact=True).fill(month)
        desk.press("statements.compute")
        desk.is_told("done.statement.computed")
        desk.see("statements")
        statement = _audit(desk, month)
    with office.desk("station", starts_at="/console/tickets") as desk:
        desk.page.goto(statement)
        desk.see("statement-of-the-payee")
        desk.press("statement.deed.agree")
        desk.is_told("done.statement.agree")
    with office.desk("finance", starts_at="/console/statements") as desk:
        desk.page.goto(statement)
        desk.press("statement.deed.approve")
        desk.is_told("done.statement.approve")
    with office.desk("cashier", starts_at="/console/statements") as desk:
        desk.page.goto(statement)
        desk.page.get_by_label(desk.say("statement.reference")).fill("Transfer 2026-05/1")
        desk.see("statement-approved")
        desk.press("statement.deed.pay")
        desk.is_told("done.statement.pay")
        desk.see("statement-paid")


def _audit(desk: Desk, month: str) -> str:
    """Audit the statement of the station whose people log in, and return its address."""
    page = desk.page
    page.get_by_role("row").filter(has_text=month).filter(has_text="Old Ferry").locator("a.key").click()
    page.wait_for_url("**/console/statements/*")
    desk.see("statement")
    page.locator("tbody details summary").first.click()
    form = page.locator("tbody details[open] form")
    form.locator("select[name=verdict]").select_option("hold")
    form.locator("select[name=reasons]").select_option("card_not_received")
    desk.see("statement-line")
    with page.expect_navigation():
        form.get_by_role("button").click()
    # What a suspicion has left unticked, this auditor has looked at.
    for box in page.locator("input[name=lines]:not(:checked)").all():
        box.check()
    desk.press("statement.pay_ticked")
    desk.is_told("done.statement.ticked")
    desk.press("statement.deed.audit")
    desk.is_told("done.statement.audit")
    desk.press("statement.deed.publish")
    desk.is_told("done.statement.publish")
    desk.see("statement-published")
    return page.url.partition("?")[0]


def test_an_administrator_ends_the_log_ins_of_somebody(office: Office) -> None:
    with office.desk("admin", starts_at="/console/people") as desk:
        desk.see("people")
        desk.press("people.log_out")
        desk.is_told("done.people.logged_out")


def test_an_administrator_erases_a_customer_who_is_no_longer_served(office: Office) -> None:
    served, gone = office.company.one_customer(served=True), office.company.one_customer(served=False)
    with office.desk("admin", starts_at="/console/people") as desk:
        desk.page.goto("/console/customers")
        desk.see("customers")
        desk.page.goto(f"/console/customers/{served}")
        desk.page.locator("#reason").fill("Letter 7/2026")
        desk.press("customer.erase")
        desk.page.get_by_role("alert").filter(has_text="T-2026-").wait_for()
        assert desk.page.locator("#reason").input_value() == "Letter 7/2026"
        desk.see("customer-still-served")

        desk.page.goto(f"/console/customers/{gone}")
        desk.page.locator("#reason").fill("Letter 8/2026")
        desk.press("customer.erase")
        desk.is_told("done.customer.erased")
        desk.page.get_by_role("heading", name=f"E-{gone:06d}").wait_for()
        desk.see("customer-erased")


def test_a_wrong_password_is_refused_in_plain_words(office: Office) -> None:
    context = office.browser.new_context(viewport={"width": office.width, "height": 900})
    desk = Desk(context.new_page(), office.language, office.width)
    desk.page.goto(f"{office.company.address}/console/language/{office.language}?back=/console/login")
    desk.see("login")
    desk.page.get_by_label(desk.say("login.login")).fill("dispatcher")
    desk.page.get_by_label(desk.say("login.password")).fill("not the password")
    desk.press("login.enter")
    desk.page.get_by_role("alert").wait_for()
    desk.see("login-refused")
    context.close()
