"""A simulated desk does everything once, whatever dies between its request and the answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from server.rehearsal.desk import Desk, Line, Refused


class Product:
    """Stands where the product stands: answers as it is told, and keeps what it was asked."""

    def __init__(self, *answers: tuple[int, dict[str, object]]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, str]]] = []


@contextmanager
def serving(product: Product) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            product.asked.append((self.command, self.path, dict(self.headers)))
            if self.path.endswith("/tokens"):
                status, body = 201, {"token": f"secret-{len(product.asked)}"}
            else:
                status, body = product.answers.pop(0)
            if status == 0:
                self.close_connection = True
                return
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _answer  # noqa: N815 - the library asks for these names

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def desk_of(product: Product) -> Iterator[Desk]:
    with serving(product) as address, Line(address) as line:
        yield Desk(line, login="dispatcher", password="unimportant", seed=1)


def keys(product: Product) -> list[str]:
    return [headers["Idempotency-Key"] for _, path, headers in product.asked if not path.endswith("/tokens")]


@pytest.mark.parametrize("trouble", [0, 500, 503])
def test_a_change_whose_answer_was_lost_is_asked_for_again_with_the_same_key(trouble):
    product = Product((trouble, {}), (201, {"id": 7}))

    with desk_of(product) as desk:
        answer = desk.post("/tickets", {"description": "Light out"})

    assert answer == {"id": 7}
    assert len(keys(product)) == 2
    assert len(set(keys(product))) == 1


def test_two_changes_have_two_keys_and_the_next_run_of_the_seed_has_the_same():
    runs = []
    for _ in range(2):
        product = Product((201, {}), (201, {}))
        with desk_of(product) as desk:
            desk.post("/tickets")
            desk.post("/tickets")
        runs.append(keys(product))

    assert len(set(runs[0])) == 2
    assert runs[0] == runs[1]


def test_a_token_that_has_run_out_is_renewed():
    product = Product((401, {}), (200, {"items": [], "next": None}))

    with desk_of(product) as desk:
        assert desk.items("/tickets") == []

    assert [path for _, path, _ in product.asked if path.endswith("/tokens")] == ["/api/v1/tokens"] * 2


def test_a_list_is_read_to_its_end():
    product = Product((200, {"items": [{"id": 1}], "next": "x"}), (200, {"items": [{"id": 2}], "next": None}))

    with desk_of(product) as desk:
        assert [item["id"] for item in desk.items("/tickets")] == [1, 2]

    assert "after=x" in product.asked[-1][1]


def test_a_refusal_is_told_by_its_code():
    product = Product((409, {"code": "offer.closed"}))

    with desk_of(product) as desk, pytest.raises(Refused) as refused:
        desk.post("/offers/1/acceptance")

    assert (refused.value.status, refused.value.code) == (409, "offer.closed")
