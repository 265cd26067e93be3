"""A small local server that speaks OSRM's table service as a test tells it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[int, int], tuple[int, bytes]]


def table(rows: int, columns: int) -> tuple[int, bytes]:
    """Whatever is asked takes 100.4 seconds."""
    return 200, json.dumps({"code": "Ok", "durations": [[100.4] * columns] * rows}).encode()


@dataclass
class Streets:
    """A server that answers as it is told, and remembers what it was asked."""

    answer: Answer = table
    asked: list[tuple[int, int]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving() -> Iterator[Streets]:
    """Serve until the end of the block."""
    streets = Streets()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            coordinates = path.rsplit("/", 1)[1].split(";")
            wanted = dict(part.split("=") for part in query.replace("%3B", ";").split("&"))
            rows, columns = (len(wanted[name].split(";")) for name in ("sources", "destinations"))
            assert path.startswith("/table/v1/driving/")
            assert len(coordinates) == rows + columns <= 100
            streets.asked.append((rows, columns))
            status, body = streets.answer(rows, columns)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # a client that has given up
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    streets.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield streets
    server.shutdown()
    thread.join()
    server.server_close()
