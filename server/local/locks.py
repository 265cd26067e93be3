"""File locks that the kernel gives back when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_PAUSE_SECONDS = 0.02


class LockNotTaken(Exception):
    """Somebody else held the lock for the whole time we were ready to wait."""


def give_to_owner_of_folder(file: Path) -> None:
    """As root, give a file just made to whoever owns the folder, or that user could not use it afterwards."""
    if os.geteuid() == 0:
        owner = file.parent.stat()
        os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)


class FileLock:
    """A lock on a file that stays where it is: the file is never deleted, only locked.

    The lock belongs to the open file, so a child that inherits the descriptor keeps it: a postmaster
    started with it holds it until its last process has ended. Nothing has to be cleaned up after a
    ``kill -9``, and no process id is ever trusted.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; it is made when the lock is first taken."""
        self.path = path
        self._fd: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this very object holds the lock."""
        return self._fd is not None

    def fileno(self) -> int:
        """Return the open descriptor, to hand it to a child.

        :raises LockNotTaken: if the lock is not held.
        """
        if self._fd is None:
            raise LockNotTaken(str(self.path))
        return self._fd

    def try_acquire(self, *, shared: bool = False) -> bool:
        """Take the lock if that is possible at once; say whether it was.

        A holder of the shared lock may ask for the exclusive one; if it is refused, nothing is promised
        about the shared one any more, so call :meth:`release` then.
        """
        try:
            fcntl.flock(self._open(), (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def acquire(self, *, shared: bool = False, timeout_seconds: float) -> None:
        """Take the lock, waiting for it as long as told.

        :raises LockNotTaken: if it was never free within that time.
        """
        give_up_at = time.monotonic() + timeout_seconds
        while not self.try_acquire(shared=shared):
            if time.monotonic() >= give_up_at:
                raise LockNotTaken(f"{self.path} was locked by another process for {timeout_seconds:g} s")
            time.sleep(_PAUSE_SECONDS)

    def acquire_whenever_free(self) -> None:
        """Take the exclusive lock, waiting without end and without polling.

        :raises FileNotFoundError: if the file does not exist; it is not made.
        """
        if self._fd is None:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def is_taken_by_another(self) -> bool:
        """Tell whether some process holds the exclusive lock, without disturbing it."""
        if self.is_held or not self.path.exists():
            return False
        probe = FileLock(self.path)
        if not probe.try_acquire(shared=True):
            return True
        probe.release()
        return False

    def release(self) -> None:
        """Let go of our copy of the lock; a child that inherited it keeps its own."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _open(self) -> int:
        if self._fd is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            give_to_owner_of_folder(self.path)
        return self._fd

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
