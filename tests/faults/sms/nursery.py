"""Raises sending processes quickly: everything is imported once, and each worker is a fork of this process.

A line on the standard input starts one, and its process id is answered; the line is the seed of its chances. They
die with this process. Arguments: addresses of database, provider and product, share of sends that freeze.
"""

import ctypes
import os
import random
import signal
import sys
import time

from server.config import TwilioSettings
from server.core.clock import SystemClock
from server.core.db import Database
from server.sms import sender as sending
from server.sms.provider import Outcome
from server.sms.sender import Sender
from server.sms.twilio_gateway import TwilioGateway
from tests.integration.sms import builders

PR_SET_PDEATHSIG = 1
PAUSE_SECONDS = 0.02
HESITATION_SECONDS = 0.2


class Hesitating(TwilioGateway):
    """Waits, or freezes the whole process, when a message is taken and not yet handed over: the worst moment."""

    def __init__(self, settings: TwilioSettings, *, public_url: str, freezing: float) -> None:
        super().__init__(settings, public_url=public_url)
        self._freezing = freezing

    def send(self, *, to: str, text: str, reference: int) -> Outcome:
        time.sleep(random.uniform(0, HESITATION_SECONDS))
        if random.random() < self._freezing:
            os.kill(os.getpid(), signal.SIGSTOP)
        return super().send(to=to, text=text, reference=reference)


def work(database_url: str, api_base: str, public_url: str, freezing: str) -> None:
    """Send what is due, again and again, until killed; a broken database connection is another try."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    sending.BATCH = 6  # short passes, so that what others left is looked up in time
    settings = builders.settings(database_url, api_base=api_base, public_url=public_url)
    database = Database(database_url, pool_size=4)
    sender = Sender(
        database=database,
        gateway=Hesitating(settings.twilio, public_url=public_url, freezing=float(freezing)),
        conninfo=database_url.replace("postgresql+psycopg://", "postgresql://"),
        settings=settings,
        lanes=3,
    )
    clock = SystemClock()
    while True:
        sender.send_due(now=clock.read())
        time.sleep(PAUSE_SECONDS)


def main() -> None:
    """Fork a worker for every line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            random.seed(line)
            work(*sys.argv[1:])
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
