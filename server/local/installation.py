"""What the processes of one installation on this machine need to find each other."""

import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from signal import SIGINT, SIGQUIT

from server.local.child import Child
from server.local.home import secret
from server.local.postgres import EmbeddedPostgres

_SENDER = "+12005550100"
"""The company's own number in demo and rehearsal: one of those reserved for fiction."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the processes listen, all on 127.0.0.1."""

    web: int
    provider: int
    metrics: int = 0


@dataclass(frozen=True, slots=True)
class Installation:
    """One home folder with its PostgreSQL and its ports.

    :param simulated: whether its processes live on simulated time.
    :param extra: settings added to every process's environment.
    """

    home: Path
    postgres: EmbeddedPostgres
    ports: Ports
    simulated: bool = False
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def address(self) -> str:
        """Return where people reach it."""
        return f"http://127.0.0.1:{self.ports.web}"

    @property
    def provider_address(self) -> str:
        """Return where its provider of text messages is reached."""
        return f"http://127.0.0.1:{self.ports.provider}"

    def environment(self) -> dict[str, str]:
        """Return the settings of its processes; secrets are made at the first call and kept in the home folder."""
        return {
            "DATABASE_URL": self.postgres.url(),
            "TRUCKROLL_HOME": str(self.home),
            "TRUCKROLL_SESSION_KEY": secret(self.home, "session_key"),
            "TRUCKROLL_PUBLIC_URL": self.address,
            "TRUCKROLL_GATEWAY": "twilio",
            "TRUCKROLL_TWILIO_ACCOUNT": "AC" + sha256(secret(self.home, "provider_account").encode()).hexdigest()[:32],
            "TRUCKROLL_TWILIO_TOKENS": secret(self.home, "provider_token"),
            "TRUCKROLL_TWILIO_SENDER": _SENDER,
            "TRUCKROLL_TWILIO_API": self.provider_address,
            "TRUCKROLL_METRICS_PORT": str(self.ports.metrics),
            # Everything here comes from one address, and a rehearsal asks as fast as it can.
            "TRUCKROLL_RATE_PER_CALLER": "0",
            "TRUCKROLL_RATE_PER_ADDRESS": "0",
            "TRUCKROLL_DEMO": "1",
            "TRUCKROLL_SIMULATED": "1" if self.simulated else "0",
            **dict(self.extra),
        }

    def database(self) -> Child:
        """Return PostgreSQL as a child: told to stop last, and with a mild way to end at once."""
        return Child("postgres", tuple(self.postgres.command()), stop_order=9, stop_signal=SIGINT, harsh_signal=SIGQUIT)

    def web(self) -> Child:
        """Return the web server."""
        return self._command("web", 2, "--bind", f"127.0.0.1:{self.ports.web}")

    def worker(self, *, tick: float = 1.0, stalled: float = 30.0) -> Child:
        """Return the background worker."""
        return self._command("worker", 1, "--tick", str(tick), "--stalled", str(stalled))

    def provider(self) -> Child:
        """Return the local provider of text messages."""
        store = str(self.home / "provider.sqlite")
        return self._command("fake-twilio", 3, "--port", str(self.ports.provider), "--file", store)

    def _command(self, name: str, stop_order: int, *arguments: str) -> Child:
        argv = (sys.executable, "-m", "server", name, *arguments)
        return Child(name, argv, stop_order=stop_order, env=self.environment())
