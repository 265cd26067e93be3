"""The console in a real browser: each role's daily step, in both languages, at a desk's and at a telephone's width."""

import pytest

from tests.browser.offices import Desk, Office

pytestmark = pytest.mark.browser


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
        desk.fill_in_report(phone="+8613900000001", address="5 Weir Street 堰街5号")
        desk.press("intake.save")
        desk.is_told("done.ticket.registered")
        desk.see("ticket-registered")

        desk.page.goto("/console/plan")
        desk.see("plan")
        desk.press("plan.make")
        desk.page.wait_for_url("**/console/plans/*")
        office.company.solve()
        desk.page.get_by_role("button", name=desk.say("proposal.publish")).wait_for()
        desk.page.get_by_text(desk.say("proposal.gap")).wait_for()
        desk.see("proposal")
        desk.press("proposal.publish")
        desk.is_told("done.plan.published")
        desk.see("proposal-published")
        desk.page.goto("/console/plan")
        desk.see("plan-published")
        desk.page.goto("/console/tickets")
        desk.see("tickets-offered")


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
