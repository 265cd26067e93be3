"""The desk's next steps in a real browser: facts completed, a place located, a caller recognised, by keyboard."""

from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.offices import Desk, Office

pytestmark = pytest.mark.browser

FACTS = {"purchased_on": "2026-03-01", "contact_phone": "+8613900000044"}
"""What is typed into fields that take no ordinary word."""


def test_a_dispatcher_completes_the_facts_that_today_asks_for(office: Office) -> None:
    with office.desk("dispatcher", starts_at="/console/today") as desk:
        page = desk.page
        page.locator("#incomplete_tickets a").first.click()
        page.wait_for_url("**/facts")
        missing = page.locator("fieldset").first.locator("input:not([type=hidden]), textarea")
        expect(missing.first).to_be_focused()
        desk.see("facts")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        expect(page.locator("#reason")).to_be_focused()
        desk.see("facts-refused")
        for field in missing.all():
            field.fill(FACTS.get(field.get_attribute("name") or "", "X-100"))
        page.locator("#reason").fill("Asked back 已询问")
        page.keyboard.press("Enter")
        desk.is_told("done.ticket.corrected")
        page.get_by_text(desk.say("outcome.judged")).wait_for()
        page.get_by_text(desk.say("status.ticket.ready")).first.wait_for()
        desk.see("facts-completed")


def test_a_dispatcher_locates_a_place_that_today_asks_for(office: Office) -> None:
    with office.desk("dispatcher", starts_at="/console/today") as desk:
        page = desk.page
        _take_in(desk, phone="+8613900000051", address=f"9 Lost Lane {uuid4().hex[:6]}")
        page.goto("/console/today")
        page.locator("#unplaced_tickets a").first.click()
        page.wait_for_url("**/position")
        expect(page.locator("#position")).to_be_focused()
        desk.see("position")
        page.locator("#reason").fill("Looked up 已查找")
        page.locator("#position").fill("121.47, 31.23")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        expect(page.locator("#position-error")).to_contain_text("31.23, 121.47")
        desk.see("position-swapped")
        page.locator("#position").fill("31.23, 121.47")
        page.keyboard.press("Enter")
        desk.is_told("done.ticket.located")
        expect(page.get_by_text(desk.say("tickets.not_located"))).to_have_count(0)
        desk.see("position-located")


def test_a_dispatcher_gives_up_a_place_that_nobody_finds(office: Office) -> None:
    with office.desk("dispatcher", starts_at="/console/today") as desk:
        _take_in(desk, phone="+8613900000052", address=f"10 Lost Lane {uuid4().hex[:6]}")
        desk.page.goto(desk.page.url.partition("?")[0] + "/position")
        desk.press("position.cancel")
        desk.is_told("done.ticket.cancel")


def test_a_known_caller_is_recognised_chosen_let_go_and_chosen_again(office: Office) -> None:
    phone = f"+86139{uuid4().int % 10**8:08d}"
    with office.desk("dispatcher", starts_at="/console/today") as desk:
        page = desk.page
        _take_in(desk, phone=phone, address="3 Known Lane")
        number = page.locator("h1").inner_text()

        page.goto("/console/tickets/new")
        expect(page.locator("#phone")).to_be_focused()
        page.keyboard.type("+8613900009999")
        page.get_by_text(desk.say("caller.nobody")).wait_for()
        desk.see("intake-nobody")
        page.locator("#phone").fill(phone)
        page.locator("#known").get_by_text("3 Known Lane").wait_for()
        desk.see("intake-recognised")
        _choose(page)
        expect(page.locator("#description")).to_be_focused()
        expect(page.locator("#name")).to_have_value("Nora Field 田诺")
        expect(page.locator("#address")).to_be_hidden()
        expect(page.locator("#about")).to_contain_text(number)
        desk.see("intake-chosen")

        desk.press("caller.let_go")
        expect(page.locator("#address")).to_be_visible()
        expect(page.locator("#name")).to_have_value("")
        _choose(page)
        page.locator("#equipment_id").select_option("")
        expect(page.locator("#about")).not_to_contain_text(number)
        page.locator("#equipment_id").select_option(index=0)
        expect(page.locator("#about")).to_contain_text(number)
        page.locator("#description").fill("Now it smells 有焦味")
        page.locator("#wish").press("Enter")
        desk.is_told("done.ticket.fact_added")
        assert page.locator("h1").inner_text() == number


def test_a_known_caller_is_shown_with_what_was_done_before(office: Office) -> None:
    repair = office.company.guaranteed_repair()
    with office.desk("dispatcher", starts_at="/console/today") as desk:
        page = desk.page
        page.goto("/console/tickets/new")
        page.locator("#phone").fill(repair.phone)
        found = page.locator("#known")
        found.get_by_text(repair.number).wait_for()
        expect(found.locator("details").first).to_contain_text(repair.work_done)
        desk.see("intake-history")
        page.locator("#serial").fill(repair.serial)
        page.locator("#known").get_by_text(repair.serial).wait_for()
        _choose(page)
        expect(page.locator("#past")).to_contain_text(repair.work_done)
        expect(page.locator("#about")).to_contain_text(repair.number)
        page.locator("#past summary").press("Enter")
        expect(page.locator("#past").get_by_text(repair.number)).to_be_hidden()
        page.locator("#work_type").select_option("maintenance")
        expect(page.locator("#about")).not_to_contain_text(repair.number)
        page.locator("#work_type").select_option("repair")
        expect(page.locator("#past").get_by_text(repair.number)).to_be_visible()
        page.get_by_label(desk.say("caller.new_fault")).check()
        desk.see("intake-guarantee")


def test_a_supervisor_releases_a_ticket_whose_facts_nobody_has(office: Office) -> None:
    phone = f"+86137{uuid4().int % 10**8:08d}"
    with office.desk("dispatcher", starts_at="/console/today") as desk:
        page = desk.page
        page.goto("/console/tickets/new")
        desk.fill_in_report(phone=phone, address=f"11 Cold Lane {uuid4().hex[:6]}")
        page.locator("#wish").fill("")
        page.locator("#wish").press("Enter")
        desk.is_told("done.ticket.registered")
        facts = page.url.partition("?")[0] + "/facts"
        page.goto(facts)
        expect(page.locator("#override_reason")).to_have_count(0)
        page.locator("details summary").filter(has_text=desk.say("facts.other")).press("Enter")
        page.locator("#charge_category").select_option("C")
        page.locator("#skill").select_option(index=1)
        page.locator("#skill_level").fill("2")
        page.locator("#duration").fill("0")
        page.locator("#reason").fill("The customer called 客户来电")
        page.locator("#reason").press("Enter")
        expect(page.locator("#duration")).to_be_focused()
        desk.see("facts-planning")
        page.locator("#duration").fill("75")
        page.locator("#duration").press("Enter")
        desk.is_told("done.ticket.corrected")
        desk.see("facts-planning-kept")
    with office.desk("supervisor", starts_at="/console/today") as desk:
        page = desk.page
        page.goto(facts)
        desk.press("facts.override")
        expect(page.locator("#override_reason")).to_be_focused()
        desk.see("override-refused")
        page.keyboard.type("No heating 没有暖气")
        page.keyboard.press("Enter")
        page.locator("dialog[open] button[value=yes]").press("Enter")
        desk.is_told("done.ticket.overridden")
        page.get_by_text("No heating 没有暖气").wait_for()
        desk.see("override-done")


def test_without_scripts_a_caller_is_looked_up_by_a_button(office: Office) -> None:
    phone = f"+86138{uuid4().int % 10**8:08d}"
    with office.desk("dispatcher", starts_at="/console/today") as desk:
        _take_in(desk, phone=phone, address="4 Known Lane")
        known = desk.page.context.storage_state()
    context = office.browser.new_context(
        base_url=office.company.address,
        storage_state=known,
        java_script_enabled=False,
        viewport={"width": 375, "height": 900},
    )
    page = context.new_page()
    page.goto("/console/tickets/new")
    page.locator("#phone").fill(phone)
    page.get_by_role("button", name=desk.say("caller.look_up")).click()
    page.get_by_text("4 Known Lane").wait_for()
    _choose(page)
    expect(page.locator("#name")).to_have_value("Nora Field 田诺")
    context.close()


def _choose(page: Page) -> None:
    page.locator("button[name=choose]:not([value=''])").first.click()
    page.locator("input[name=customer_id]").wait_for(state="attached")


def _take_in(desk: Desk, *, phone: str, address: str) -> None:
    """Take in a complete report about a place that nobody has located."""
    desk.page.goto("/console/tickets/new")
    desk.fill_in_report(phone=phone, address=address)
    desk.page.locator("#wish").press("Enter")
    desk.is_told("done.ticket.registered")
