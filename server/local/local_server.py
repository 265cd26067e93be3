"""A PostgreSQL server on a data folder of this machine, as its clients see it."""

import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from server.local import cluster, databases
from server.local.locks import FileLock
from server.local.processes import is_postmaster_of
from server.local.sockets import PORT, SocketFolder

START_SECONDS = 60.0
PAUSE_SECONDS = 0.02
_CONNECT_SECONDS = 5


class PostgresNotStarted(Exception):
    """The server did not come up; the message ends with what it logged last."""


class LocalServer:
    """Knows where the server of a data folder is, whether it lives, and how to talk to it."""

    def __init__(self, data_dir: Path) -> None:
        """Name the data folder; nothing is made or started."""
        self.data_dir = data_dir.resolve()
        self.log_file = self._beside("log")
        self._sockets = SocketFolder(self.data_dir)
        self._server_lock = FileLock(self._beside("server"))

    def is_running(self) -> bool:
        """Tell whether any process of this cluster lives, answering or not."""
        return self._server_lock.is_taken_by_another()

    def answers(self) -> bool:
        """Tell whether the server runs and lets a client in now."""
        if self._sockets.listener() is None:
            return False
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def wait_until_ready(self, *, timeout_seconds: float = START_SECONDS) -> None:
        """Wait for a server that another process is starting.

        :raises PostgresNotStarted: if it does not answer within that time.
        """
        give_up_at = time.monotonic() + timeout_seconds
        while not self.answers():
            if time.monotonic() >= give_up_at:
                raise PostgresNotStarted(f"the server of {self.data_dir} did not answer in time\n{self.last_lines()}")
            time.sleep(PAUSE_SECONDS)

    def url(self, *, database: str = cluster.DATABASE, role: str = cluster.APPLICATION) -> str:
        """Return the address of a database as SQLAlchemy and libpq both understand it."""
        folder = quote(str(self._sockets.path), safe="")
        return f"postgresql://{quote(role, safe='')}@/{quote(database, safe='')}?host={folder}&port={PORT}"

    def connect(self, *, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Open a connection of the superuser, each statement a transaction of its own."""
        return psycopg.connect(
            self.url(database=database, role=cluster.SUPERUSER), autocommit=True, connect_timeout=_CONNECT_SECONDS
        )

    def create_database(self, name: str, *, template: str | None = None) -> None:
        """Make a database that belongs to the owner, empty or as a copy of a template."""
        with self.connect() as connection:
            databases.create(connection, name, template=template)

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there, throwing out whoever is connected to it."""
        with self.connect() as connection:
            databases.drop(connection, name)

    def postmaster(self) -> int | None:
        """Return the process id of our postmaster if it can be proved, else None."""
        listening = self._sockets.listener()
        if listening:
            return listening
        try:
            noted = int((self.data_dir / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        return noted if noted > 1 and is_postmaster_of(noted, self.data_dir) else None

    def last_lines(self) -> str:
        """Return the end of what the server logged."""
        try:
            return "\n".join(self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
        except FileNotFoundError:
            return ""

    def _beside(self, suffix: str) -> Path:
        return self.data_dir.with_name(f"{self.data_dir.name}.{suffix}")
