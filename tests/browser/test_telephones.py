"""The page of telephones in a real browser: what somebody types there reaches the product."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.integration.sms.provider import listening, providing

pytestmark = pytest.mark.browser

TECHNICIAN = "+12125550144"


def test_a_newcomer_answers_a_text_as_a_technician(browser: Browser, tmp_path: Path) -> None:
    with listening() as product, providing(tmp_path, f"{product.url}/inbound") as provider:
        provider.line.take(to=TECHNICIAN, sender="+12125550100", body="Job 445: reply 1 445", callback=None)
        page = browser.new_page()
        page.goto(provider.url)

        page.get_by_role("link").filter(has_text=TECHNICIAN).click()
        page.get_by_role("textbox", name="Answer as this person").fill("1 445")
        page.keyboard.press("Enter")

        expect(page.locator("#thread .mine")).to_contain_text("1 445")
        ((_, fields, _),) = product.wait_for(1)
        assert (fields["From"], fields["Body"]) == (TECHNICIAN, "1 445")
        page.close()
