"""The embedded PostgreSQL server: one per data folder, shared by whoever needs it, gone with its last user.

Three locked files lie beside the data folder. ``.lock`` is held while somebody looks whether to start
the server. ``.server`` is inherited by the postmaster and every process of its cluster, so it says
whether any of them lives. ``.users`` is shared by everybody who uses the server; a guard process waits
for it and stops the server when the last user has gone, also if that one was killed.
"""

import os
import shutil
import signal
import subprocess
import time
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from server.local import cluster
from server.local.local_server import PAUSE_SECONDS, START_SECONDS, LocalServer, PostgresNotStarted
from server.local.locks import FileLock, LockNotTaken, give_to_owner_of_folder
from server.local.processes import module_argv, start_apart
from server.local.programs import RunAs, choose_run_as, environment


class PostgresNotStopped(Exception):
    """The server was told to end and did not."""


class StopMode(StrEnum):
    """How to end the server, in PostgreSQL's own words."""

    SMART = "smart"
    """Wait for everybody to leave."""
    FAST = "fast"
    """Throw everybody out and end tidily."""
    IMMEDIATE = "immediate"
    """End without writing anything; the next start recovers."""


_SIGNALS = {StopMode.SMART: signal.SIGTERM, StopMode.FAST: signal.SIGINT, StopMode.IMMEDIATE: signal.SIGQUIT}


class EmbeddedPostgres(LocalServer):
    """PostgreSQL on a data folder of our own, reached through a private socket only.

    As a context manager it starts the server, or joins the one that runs, and on the way out stops it
    unless somebody else still uses it.
    """

    def __init__(self, data_dir: Path, *, fast: bool = False, discard: bool = False) -> None:
        """Name the data folder; nothing is made or started yet.

        ``fast`` gives durability away and is for data that may be lost, such as those of tests;
        ``discard`` removes the data when the last user of the server has gone.
        """
        super().__init__(data_dir)
        self.fast = fast
        self.discard = discard
        self._children: list[subprocess.Popen[bytes]] = []
        self._start_lock = FileLock(self._beside("lock"))
        self._use = FileLock(self._beside("users"))

    # -- the data folder ---------------------------------------------------------------------------

    def ensure_initialised(self) -> None:
        """Make the cluster with its roles and its empty database if it is not there yet.

        :raises server.local.cluster.ClusterUnusable: if that fails or the folder is of another version.
        """
        with self._start_lock:
            self._start_lock.acquire(timeout_seconds=2 * START_SECONDS)
            if self._server_lock.is_taken_by_another():
                return
            self._initialise(choose_run_as(self.data_dir))

    def remove(self) -> None:
        """Stop the server and remove its data and everything of ours beside them.

        :raises PostgresNotStopped: if it does not end; then nothing is removed.
        """
        self.stop(StopMode.IMMEDIATE)
        # The guard waits for this lock too and would find a half removed folder.
        self._use.acquire(timeout_seconds=START_SECONDS)
        self._remove_files()
        self._use.release()

    def _remove_files(self) -> None:
        for folder in (self.data_dir, self._beside("new")):
            if folder.exists():
                shutil.rmtree(folder)
        for suffix in ("log", "socket", "server", "users", "lock"):
            self._beside(suffix).unlink(missing_ok=True)

    def command(self) -> list[str]:
        """Return the command line of a process that turns into the server, for a supervisor."""
        return module_argv("server.local.postmaster", "run", str(self.data_dir), *(["--fast"] if self.fast else []))

    # -- starting ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Make sure that the server runs and answers, and count as one of its users.

        Of any number of processes that call this at once one starts it and all join it. What a killed
        server left behind is recovered from.

        :raises PostgresNotStarted: if it does not answer within 60 seconds.
        """
        give_up_at = time.monotonic() + START_SECONDS
        try:
            with self._start_lock:
                self._start_lock.acquire(timeout_seconds=2 * START_SECONDS)
                self._use.acquire(shared=True, timeout_seconds=START_SECONDS)
                if not self._join(give_up_at):
                    self._launch(give_up_at)
        except LockNotTaken as error:
            self._use.release()
            raise PostgresNotStarted(str(error)) from None
        except BaseException:
            self._use.release()
            raise

    def exec_server(self) -> None:
        """Become the server: this process turns into the postmaster and does not return.

        For a supervisor that wants the postmaster as its own child. The server counts as its own user,
        so that others who come and go leave it running.

        :raises PostgresNotStarted: if another server of this folder runs and does not end.
        """
        self._start_lock.acquire(timeout_seconds=2 * START_SECONDS)
        try:
            self._use.acquire(shared=True, timeout_seconds=START_SECONDS)
            # The processes of a killed postmaster need a moment to notice.
            self._server_lock.acquire(timeout_seconds=START_SECONDS / 6)
        except LockNotTaken as error:
            raise PostgresNotStarted(f"another process runs this server: {error}") from None
        run_as = choose_run_as(self.data_dir)
        argv = self._prepare(run_as)
        os.set_inheritable(self._use.fileno(), True)
        os.set_inheritable(self._server_lock.fileno(), True)
        os.chdir("/")
        run_as.switch()
        os.execve(argv[0], argv, environment())

    def _join(self, give_up_at: float) -> bool:
        """Wait for the server that somebody else runs; say False when nobody does, its lock being ours."""
        while not self._server_lock.try_acquire():
            if self.answers():
                return True
            if time.monotonic() >= give_up_at:
                raise PostgresNotStarted(f"the server of {self.data_dir} does not answer\n{self.last_lines()}")
            time.sleep(PAUSE_SECONDS)
        return False

    def _launch(self, give_up_at: float) -> None:
        run_as = choose_run_as(self.data_dir)
        try:
            argv = self._prepare(run_as)
            with self.log_file.open("ab") as log:
                give_to_owner_of_folder(self.log_file)
                postmaster = subprocess.Popen(
                    argv,
                    user=run_as.uid,
                    group=run_as.gid,
                    extra_groups=None if run_as.uid is None else [],
                    cwd="/",
                    env=environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=[self._server_lock.fileno()],
                )
        finally:
            self._server_lock.release()
        # First the guard: if we are interrupted while waiting, nobody else would stop the server.
        self._post_guard()
        try:
            self._await(postmaster, give_up_at)
        finally:
            if postmaster.returncode is None:
                self._adopt(postmaster)

    def _prepare(self, run_as: RunAs) -> list[str]:
        """Make the folder ready, the server's lock being ours, and return the postmaster's command line."""
        if self.postmaster() is not None:
            raise PostgresNotStarted(f"a server that we did not start runs on {self.data_dir}: stop it first")
        self._initialise(run_as)
        folder = self._sockets.make(for_uid=run_as.uid)
        run_as.own(folder)
        # We hold the lock that every process of this cluster would hold: whatever process lives under
        # the number in these files, it is not ours, and PostgreSQL would take it for a running server.
        self._sockets.clear()
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        return run_as.argv(
            "postgres", ["-D", str(self.data_dir), *cluster.settings(socket_folder=folder, fast=self.fast)]
        )

    def _initialise(self, run_as: RunAs) -> None:
        if not cluster.is_initialised(self.data_dir):
            cluster.initialise(self.data_dir, run_as=run_as, fast=self.fast)
        cluster.check_version(self.data_dir)
        run_as.own_tree(self.data_dir)

    def _await(self, postmaster: "subprocess.Popen[bytes]", give_up_at: float) -> None:
        while not self.answers():
            ended = postmaster.poll()
            if ended is not None:
                raise PostgresNotStarted(f"the server ended at once with {ended}\n{self.last_lines()}")
            if time.monotonic() >= give_up_at:
                postmaster.send_signal(signal.SIGQUIT)
                raise PostgresNotStarted(f"the server did not answer in time\n{self.last_lines()}")
            time.sleep(PAUSE_SECONDS)

    def _post_guard(self) -> None:
        options = [f"--{name}" for name, on in (("fast", self.fast), ("discard", self.discard)) if on]
        self._adopt(start_apart(module_argv("server.local.postmaster", "guard", str(self.data_dir), *options)))

    def _adopt(self, child: "subprocess.Popen[bytes]") -> None:
        # Server and guard outlive us if others use the server, so nobody waits for them; the code that
        # is noted here only tells Popen so. Whichever ends before us is buried by _reap.
        child.returncode = 0
        self._children.append(child)

    def _reap(self) -> None:
        for child in list(self._children):
            try:
                ended, _status = os.waitpid(child.pid, os.WNOHANG)
            except ChildProcessError:
                ended = child.pid
            if ended:
                self._children.remove(child)

    # -- stopping ----------------------------------------------------------------------------------

    def stop(self, mode: StopMode = StopMode.FAST, *, timeout_seconds: float = START_SECONDS) -> None:
        """Stop the server, whoever uses it, and wait until its last process has ended.

        Nothing happens if none runs. Only a process that has proved to be this folder's postmaster is
        ever signalled.

        :raises PostgresNotStopped: if a process of it still lives after that time.
        """
        self._use.release()
        give_up_at = time.monotonic() + timeout_seconds
        told: int | None = None
        while self._server_lock.is_taken_by_another():
            postmaster = self.postmaster()
            if postmaster is not None and postmaster != told:
                os.kill(postmaster, _SIGNALS[mode])
                told = postmaster
            if time.monotonic() >= give_up_at:
                raise PostgresNotStopped(f"the server of {self.data_dir} still runs {timeout_seconds:g} s after {mode}")
            time.sleep(PAUSE_SECONDS)
        self.tidy()

    def tidy(self) -> None:
        """Remove the socket's folder if the server does not run, so that nothing is left in the temp folder."""
        self._reap()
        if self._beside("server").exists() and self._server_lock.try_acquire():
            self._sockets.remove()
            self._server_lock.release()

    def leave(self) -> None:
        """Stop using the server; the last of its users stops it."""
        if self._use.is_held and self._use.try_acquire():
            # Nobody can join while this is locked: they wait, and then start it anew.
            self._stop_as_last()
        self._use.release()

    def guard(self) -> None:
        """Wait until the server has no user left, then stop it: the work of the guard process."""
        try:
            self._use.acquire_whenever_free()
        except FileNotFoundError:
            # Everything was removed before we were there.
            return
        self._stop_as_last()
        self._use.release()

    def _stop_as_last(self) -> None:
        # Whoever waits for clients to leave would wait for ever: all that are left are strangers to us.
        last = EmbeddedPostgres(self.data_dir)
        try:
            last.stop(StopMode.IMMEDIATE if self.discard else StopMode.FAST, timeout_seconds=START_SECONDS / 2)
        except PostgresNotStopped:
            last.stop(StopMode.IMMEDIATE)
        self._reap()
        if self.discard:
            self._remove_files()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
