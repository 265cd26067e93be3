"""The private folder of PostgreSQL's socket, and who listens on it."""

import hashlib
import os
import socket
import stat
import struct
import sys
import tempfile
from pathlib import Path

from server.local.locks import give_to_owner_of_folder

PORT = 5432
_LIMIT_BYTES = 107
_SOCKET = f".s.PGSQL.{PORT}"
_CONNECT_SECONDS = 2.0


class NoPlaceForSocket(Exception):
    """No folder is short enough, ours and private enough for PostgreSQL's socket."""


class SocketFolder:
    """A folder of mode 0700 that holds nothing but the socket of one data folder.

    Whoever may enter it is trusted, so it belongs to us alone. Its place is written beside the data:
    a shell with other settings for temporary files must still find the server.
    """

    def __init__(self, data_dir: Path) -> None:
        """Choose the folder of this data folder; nothing is made yet."""
        self._note = data_dir.with_name(f"{data_dir.name}.socket")
        self._name = f"truckroll-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]}"

    @property
    def path(self) -> Path:
        """The folder: the one noted at the last start if it is still good, else the first that fits.

        :raises NoPlaceForSocket: if every candidate's path is too long for a socket.
        """
        try:
            noted = Path(self._note.read_text(encoding="utf-8").strip())
        except (FileNotFoundError, UnicodeDecodeError):
            noted = None
        # A copied data folder brings the note of its original along; the name tells.
        if noted is not None and noted.name == self._name and noted.parent.is_dir():
            return noted
        for parent in _candidates():
            folder = parent / self._name
            if len(os.fsencode(folder / _SOCKET)) <= _LIMIT_BYTES:
                return folder
        raise NoPlaceForSocket("the temporary folders' names are too long for a socket: set TMPDIR to a short one")

    @property
    def socket(self) -> Path:
        """The socket itself."""
        return self.path / _SOCKET

    def make(self, *, for_uid: int | None = None) -> Path:
        """Make the folder, or make sure that the one that is there is ours alone.

        ``for_uid`` is the user PostgreSQL runs as where that is not this one.

        :raises NoPlaceForSocket: if somebody else made a folder of that name.
        """
        folder = self.path
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), for_uid}:
                raise NoPlaceForSocket(f"{folder} belongs to somebody else: remove it") from None
            folder.chmod(0o700)
        self._note.write_text(f"{folder}\n", encoding="utf-8")
        give_to_owner_of_folder(self._note)
        return folder

    def clear(self) -> None:
        """Remove what a killed server left, while its data folder is locked by us."""
        folder = self.path
        (folder / _SOCKET).unlink(missing_ok=True)
        (folder / f"{_SOCKET}.lock").unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder with all that is ours in it."""
        folder = self.path
        if folder.is_dir() and not folder.is_symlink():
            self.clear()
            try:
                folder.rmdir()
            except OSError:
                # Something that is not ours lies in it: then it is not ours to throw away.
                return

    def listener(self) -> int | None:
        """Return the process id of the postmaster that listens now, as the kernel tells it, or None.

        A number in a file may by now belong to any process; the other end of a socket cannot.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(_CONNECT_SECONDS)
            try:
                channel.connect(os.fspath(self.socket))
            except OSError:
                return None
            return _peer(channel)


def _peer(channel: socket.socket) -> int:
    if sys.platform == "darwin":
        sol_local, local_peerpid = 0, 2
        return channel.getsockopt(sol_local, local_peerpid)
    pid, _uid, _gid = struct.unpack("3i", channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid)


def _candidates() -> list[Path]:
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    # Root may hand the server to another user, who could not enter root's runtime folder.
    candidates = [runtime] if runtime.is_absolute() and os.geteuid() != 0 else []
    candidates += [Path(tempfile.gettempdir()).resolve(), Path("/tmp")]  # noqa: S108 - the folder in it is made private
    return [folder for folder in candidates if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)]
