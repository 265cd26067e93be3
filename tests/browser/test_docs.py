"""The documents of the APIs in a real browser: shown whole, under our own policy, with nothing from elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Thread

import pytest
import requests
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from server.app import STAFF, TECHNICIANS, create_app
from server.web.openapi import Document
from tests.builders.settings import settings_for

pytestmark = pytest.mark.browser

_METHODS = {"get", "post", "put", "patch", "delete"}
_LISTEN = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`);
});
"""


@dataclass
class Reader:
    """Somebody who reads the documents, and everything his browser complains of or asks for elsewhere."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def operations(self, document: Document) -> int:
        """Return how many operations a document has."""
        paths = requests.get(f"{self.address}{document.path}", timeout=10).json()["paths"]
        return sum(len(_METHODS & operations.keys()) for operations in paths.values())

    def sees(self, document: Document) -> None:
        """Wait until a document is shown with every operation it has."""
        self.page.get_by_role("heading", name=document.title).wait_for()
        count = self.operations(document)
        assert count > 10
        expect(self.page.locator(".opblock")).to_have_count(count, timeout=60_000)

    def is_content(self) -> None:
        """Find that nothing was forbidden, nothing failed and nothing was asked for elsewhere."""
        assert self.page.evaluate("window.violations") == []
        assert self.complaints == []


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    # No database: the documents are answered without one.
    server = make_server("127.0.0.1", 0, create_app(settings_for()), threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def reader(browser: Browser, address: str) -> Iterator[Reader]:
    # The viewer draws only what can be seen; on this one everything can.
    context = browser.new_context(viewport={"width": 1440, "height": 14_000})
    context.set_default_timeout(60_000)
    reader = Reader(context.new_page(), address)
    page, complaints = reader.page, reader.complaints
    page.add_init_script(_LISTEN)
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
    page.on("request", lambda asked: None if asked.url.startswith((address, "data:")) else complaints.append(asked.url))
    yield reader
    context.close()


def test_both_documents_are_shown_with_every_operation(reader: Reader) -> None:
    reader.page.goto(f"{reader.address}/docs")
    reader.sees(STAFF)

    reader.page.get_by_label("Select a definition").select_option(label="Technicians")

    reader.sees(TECHNICIANS)
    reader.is_content()


def test_an_operation_opens_with_its_body_and_its_answers(reader: Reader) -> None:
    reader.page.goto(f"{reader.address}/docs")
    reader.sees(STAFF)

    operation = reader.page.locator(".opblock-post").filter(has_text="/api/v1/tickets").first
    operation.locator(".opblock-summary-control").click()

    operation.locator(".responses-inner").wait_for()
    codes = operation.locator(".responses-inner .response-col_status").all_inner_texts()
    assert {"201", "422", "429"} <= {code.strip() for code in codes}
    reader.is_content()
