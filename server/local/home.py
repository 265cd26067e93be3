"""Where an installation keeps its data and its secrets."""

import json
import os
import re
import secrets
import stat
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from server.local.locks import FileLock, give_to_owner_of_folder

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_LOCK_SECONDS = 10.0
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]


class SecretsUnreadable(Exception):
    """The file of secrets is damaged; a new one would log everybody out and orphan what was signed."""


def home(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder this installation keeps its data in; nothing is made.

    ``$TRUCKROLL_HOME`` wins, then ``var/`` of a checkout, then the user's own data folder.
    """
    environment = os.environ if environ is None else environ
    told = environment.get("TRUCKROLL_HOME", "").strip()
    if told:
        return Path(told).expanduser().resolve()
    checkout = checkout_of(_PACKAGE_PARENT)
    if checkout is not None:
        return checkout / "var"
    return _user_data_folder(environment) / "truckroll"


def checkout_of(folder: Path) -> Path | None:
    """Return the folder if it is a checkout, that is if its pyproject.toml names truckroll, else None."""
    project = folder / "pyproject.toml"
    if not project.is_file():
        return None
    try:
        described = tomllib.loads(project.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return None
    return folder if described.get("project", {}).get("name") == "truckroll" else None


def _user_data_folder(environment: Mapping[str, str]) -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    told = Path(environment.get("XDG_DATA_HOME", ""))
    # The specification of these folders says that a relative path is to be ignored.
    return told if told.is_absolute() else Path.home() / ".local" / "share"


def secret(home: Path, name: str) -> str:
    """Return the installation's secret of that name, making it the first time it is asked for.

    Secrets are 256 random bits in URL-safe letters, kept in ``secrets.json`` which only its owner may
    read. Two processes that ask at the same moment get the same one, and a crash leaves either the old
    file or the new one.

    :raises ValueError: if the name is not lower-case letters, digits and underscores.
    :raises SecretsUnreadable: if the file exists and is not what we wrote.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name for a secret: {name!r}")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = home / "secrets.json"
    with FileLock(home / "secrets.lock") as lock:
        lock.acquire(timeout_seconds=_LOCK_SECONDS)
        known = _read(file)
        if name not in known:
            known[name] = secrets.token_urlsafe(32)
            write_private(file, json.dumps(known, indent=1, sort_keys=True) + "\n")
        return known[name]


def _read(file: Path) -> dict[str, str]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        file.chmod(0o600)
    try:
        known = json.loads(text)
    except json.JSONDecodeError as error:
        raise SecretsUnreadable(f"{file} is not JSON: {error.msg} at line {error.lineno}") from None
    if not isinstance(known, dict) or not all(isinstance(value, str) and value for value in known.values()):
        raise SecretsUnreadable(f"{file} does not hold names and secrets")
    return known


def write_private(file: Path, text: str) -> None:
    """Replace a file at one stroke with one that only its owner may read or write."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        give_to_owner_of_folder(draft)
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
