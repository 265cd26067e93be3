"""Somebody at his browser in front of the console: what tests of its pages share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Browser, ConsoleMessage, Page
from sqlalchemy import exists, select

from server.console import words
from server.core.db import Database
from server.customers.models import Customer, CustomerPhone, Equipment
from server.dispatch import plans
from server.dispatch.models import Plan
from server.dispatch.status import PlanStatus
from server.orders.models import Ticket
from server.orders.status import OPEN_TICKET
from server.orders.visit_models import CompletionCard, Visit
from server.orders.words import FINISHED, WorkType
from tests.builders.clocks import StillClock

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
"""A Wednesday, ten in the morning where the invented company lives."""
DESK, TELEPHONE = 1440, 375
PICTURES = Path(__file__).parents[2] / "artifacts" / "console"


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair that was finished: its ticket's number, what was done on which unit, and who calls about it."""

    number: str
    work_done: str
    serial: str
    phone: str


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

    def guaranteed_repair(self) -> Repair:
        """Return a repair that was finished lately, with its unit and whoever calls about it."""
        query = (
            select(Ticket, CompletionCard.work_done, Equipment.serial, CustomerPhone.number)
            .join(Visit, Visit.ticket_id == Ticket.id)
            .join(CompletionCard, CompletionCard.visit_id == Visit.id)
            .join(Equipment, Equipment.id == Ticket.equipment_id)
            .join(CustomerPhone, CustomerPhone.customer_id == Ticket.customer_id)
            .join(Customer, Customer.id == Ticket.customer_id)
            .where(
                Ticket.work_type == WorkType.REPAIR,
                Ticket.status.not_in(OPEN_TICKET),
                Visit.result.in_(FINISHED),
                Customer.erased_at.is_(None),
                Equipment.serial.is_not(None),
            )
            .order_by(Ticket.id.desc())
        )
        with self.database.transaction() as session:
            ticket, work_done, serial, phone = session.execute(query).all()[0]
            return Repair(ticket.number, work_done, serial or "", phone)

    def solve(self) -> None:
        """Do the worker's job: compute the plan that was asked for."""
        with self.database.transaction() as session:
            plan_id = session.scalars(select(Plan.id).where(Plan.status == PlanStatus.QUEUED)).one()
        plans.solve(self.database, plan_id=plan_id, clock=StillClock(NOW))


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

    def fill_in_report(self, *, phone: str, address: str) -> None:
        """Fill in everything that a repair needs, about somebody and a unit that nobody knows."""
        for name, value in {
            "name": "Nora Field 田诺",
            "phone": phone,
            "address": address,
            "product_category": "television",
            "model": "TV-55",
            "serial": f"SN-{uuid4().hex[:8]}",
            "purchased_on": "2026-01-15",
            "description": "No picture 没有图像",
            "wish": "In the evening 傍晚",
        }.items():
            self.page.locator(f"#{name}").fill(value)

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
        # A page that is left waits no longer for what it has asked; htmx calls that an error.
        left = "htmx:sendAbort" in message.text or "htmx:afterRequest" in message.text
        if message.type in ("error", "warning") and not refused and not left:
            desk.errors.append(message.text)
