"""The local provider of text messages: another company's system as far as the rest of the product is concerned.

It speaks Twilio's REST, signs its own web hooks, keeps its messages in a file of its own, and shows a page of
telephones. It serves 127.0.0.1 only and takes fictional numbers only, so nothing it is given can reach anybody.

Its times are the machine's, also in a rehearsal on simulated time: a provider's clock is its own. Nothing of the
product depends on them there, see `server.sms.twilio_gateway`.
"""

import signal
import sys
from pathlib import Path
from types import FrameType

from werkzeug.serving import WSGIRequestHandler, make_server

from server.config import TwilioSettings
from server.sms.fake_twilio.app import create_app
from server.sms.fake_twilio.postman import Postman
from server.sms.fake_twilio.store import Store

HOST = "127.0.0.1"


class Handler(WSGIRequestHandler):
    """Serves without writing addresses to a log: they carry telephone numbers."""

    protocol_version = "HTTP/1.1"
    # A reply leaves in two pieces, head and body: the second must not wait for the first to be acknowledged.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


def serve(*, port: int, store: str, twilio: TwilioSettings, public_url: str) -> None:
    """Serve until a signal says stop.

    :param store: the file of the messages; one that exists is gone on with.
    :param twilio: account, tokens and sender as the product has them; the first token signs.
    :param public_url: where the product takes texts.
    """
    kept = Store(Path(store))
    postman = Postman(kept, token=twilio.auth_tokens[0] if twilio.auth_tokens else "")
    app = create_app(kept, twilio=twilio, inbound_url=f"{public_url}/hooks/twilio/inbound", postman=postman)
    server = make_server(HOST, port, app, threaded=True, request_handler=Handler)
    # Whoever keeps a connection open does not keep the process alive.
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = False  # type: ignore[attr-defined]
    signal.signal(signal.SIGTERM, _leave)
    postman.start()
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        postman.stop()
        server.server_close()


def _leave(_: int, __: FrameType | None) -> None:
    sys.exit(0)
