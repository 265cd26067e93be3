"""The provider as a web application: REST for the product, control for conductors, a page for people."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from server.config import TwilioSettings
from server.sms.fake_twilio import control, pages, rest
from server.sms.fake_twilio.faults import Dice
from server.sms.fake_twilio.line import Line
from server.sms.fake_twilio.postman import Postman
from server.sms.fake_twilio.store import Store

_LOOPBACK = ["127.0.0.1", "localhost"]
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_app(store: Store, *, twilio: TwilioSettings, inbound_url: str, postman: Postman | None = None) -> Flask:
    """Return the application on a store.

    :param inbound_url: where texts of telephones are posted to.
    :param postman: kept with the application; whoever serves it starts and stops it.
    """
    app = Flask("server.sms.fake_twilio", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.config["TRUSTED_HOSTS"] = _LOOPBACK
    app.extensions["line"] = Line(store=store, twilio=twilio, inbound_url=inbound_url, dice=Dice())
    app.extensions["postman"] = postman
    app.before_request(_same_origin)
    app.after_request(_protect)
    for part in (rest.blueprint, control.blueprint, pages.blueprint):
        app.register_blueprint(part)
    return app


def _same_origin() -> None:
    """Refuse what a page of another site makes a browser send: it could answer in a technician's name."""
    request.host  # noqa: B018 - raises for a host that is not loopback
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Not "no-referrer": a browser would then send its forms with "Origin: null".
    response.headers["Referrer-Policy"] = "same-origin"
    return response
