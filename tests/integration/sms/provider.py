"""The local provider, served inside the test's process, and a listener for its web hooks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, make_server

from server.config import TwilioSettings
from server.sms.fake_twilio import Handler
from server.sms.fake_twilio.app import create_app
from server.sms.fake_twilio.faults import Faults
from server.sms.fake_twilio.line import Line
from server.sms.fake_twilio.postman import Postman
from server.sms.fake_twilio.store import Store
from server.sms.twilio_gateway import Patience, TwilioGateway
from tests.integration.sms.builders import ACCOUNT, OLD_TOKEN, TOKEN


@dataclass
class Listener:
    """Takes web hooks and answers as told: 200, or the next of the given statuses."""

    url: str
    answers: list[int] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> list[tuple[str, dict[str, str], str]]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.got) >= count, timeout=10), f"{len(self.got)} of {count}"
            return list(self.got)


@contextmanager
def served(app: Flask) -> Iterator[str]:
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


@contextmanager
def listening() -> Iterator[Listener]:
    app = Flask("listener")
    listener = Listener("")

    @app.post("/<path:path>")
    def take(path: str) -> Response:
        with listener.arrived:
            status = listener.answers.pop(0) if listener.answers else 200
            if status == 200:
                listener.got.append((f"/{path}", request.form.to_dict(), request.headers["X-Twilio-Signature"]))
            listener.arrived.notify_all()
        return Response(status=status)

    with served(app) as url:
        listener.url = url
        yield listener


@dataclass
class Provider:
    """The running provider, and what a test looks into."""

    url: str
    line: Line
    app: Flask

    def fail(self, **shares: float) -> None:
        self.line.dice.load(Faults(**shares))  # type: ignore[arg-type]

    def gateway(self, public_url: str, **options: object) -> TwilioGateway:
        return TwilioGateway(
            twilio(self.url),
            public_url=public_url,
            patience=Patience(first=0.01, most=0.05),
            **options,  # type: ignore[arg-type]
        )


def twilio(api_base: str) -> TwilioSettings:
    return TwilioSettings(ACCOUNT, (TOKEN, OLD_TOKEN), "+12125550100", "", api_base)


@contextmanager
def providing(folder: Path, inbound_url: str) -> Iterator[Provider]:
    store = Store(folder / "provider.sqlite")
    postman = Postman(store, token=TOKEN)
    app = create_app(store, twilio=twilio(""), inbound_url=inbound_url, postman=postman)
    with served(app) as url:
        postman.start()
        yield Provider(url, app.extensions["line"], app)
        postman.stop()
    store.close()
