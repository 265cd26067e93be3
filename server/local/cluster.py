"""Make a PostgreSQL data folder, and the settings its server runs with."""

import shutil
import subprocess
from pathlib import Path

from server.local.programs import MAJOR_VERSION, RunAs, environment
from server.local.sockets import PORT

SUPERUSER = "postgres"
OWNER = "truckroll"
APPLICATION = "truckroll_app"
DATABASE = "truckroll"

_SAFE = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "120",
    "shared_buffers": "128MB",
    # A failing statement must not carry a customer's telephone number into the log: neither the row
    # (DETAIL), nor the statement, nor its parameters.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_checkpoints": "off",
    # Logging goes to the standard error of the server, which whoever started it sends to a file.
    "logging_collector": "off",
    # Our statements are short: compiling them costs more than it saves.
    "jit": "off",
}
_FAST = {
    # Only for data that may be lost: a crash of the machine ruins such a cluster.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "autovacuum_naptime": "10min",
    "io_method": "sync",
}
_ROLES = f"""\
CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE ROLE {APPLICATION} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE {DATABASE} OWNER {OWNER};
REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;
GRANT CONNECT ON DATABASE {DATABASE} TO {APPLICATION};
"""
_INITDB_SECONDS = 120.0


class ClusterUnusable(Exception):
    """The data folder cannot be made, or is not one this release can run."""


def settings(*, socket_folder: Path, fast: bool) -> list[str]:
    """Return the server's settings as arguments of its command line.

    They are given at every start, so that a data folder made by an older release gets the present ones.
    """
    chosen = _SAFE | {"unix_socket_directories": str(socket_folder)} | (_FAST if fast else {})
    return [argument for name, value in chosen.items() for argument in ("-c", f"{name}={value}")]


def check_version(data_dir: Path) -> None:
    """Make sure that the data folder is of the major version we run.

    :raises ClusterUnusable: if it is another's; it is left as it is.
    """
    found = (data_dir / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != str(MAJOR_VERSION):
        raise ClusterUnusable(
            f"{data_dir} was made by PostgreSQL {found}, this release runs {MAJOR_VERSION}: back it up with the "
            f"release that made it and restore the backup here"
        )


def is_initialised(data_dir: Path) -> bool:
    """Tell whether the folder holds a complete cluster."""
    return (data_dir / "PG_VERSION").is_file()


def initialise(data_dir: Path, *, run_as: RunAs, fast: bool) -> None:
    """Make the cluster with its roles and its empty database, wholly or not at all.

    It is made in a folder beside it and renamed when complete: a process killed on the way leaves
    rubbish that the next start throws away, never half a cluster.

    :raises ClusterUnusable: if PostgreSQL could not make it, or something else lies in its place.
    """
    if data_dir.exists() and any(data_dir.iterdir()):
        raise ClusterUnusable(f"{data_dir} exists and is no PostgreSQL data folder: move it away")
    draft = data_dir.with_name(f"{data_dir.name}.new")
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700, parents=True)
    run_as.own(draft)
    _run(run_as, "initdb", _initdb_arguments(draft, fast=fast))
    _run(run_as, "postgres", ["--single", "-D", str(draft), SUPERUSER], lines=_ROLES)
    if data_dir.exists():
        data_dir.rmdir()
    draft.rename(data_dir)


def _initdb_arguments(draft: Path, *, fast: bool) -> list[str]:
    arguments = [
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        # The builtin provider sorts by code point and knows upper and lower case in every language,
        # alike on every machine: no library of the machine can change the order under an index.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        # The socket lies in a folder of mode 0700: who can reach it could as well read the files.
        "--auth=trust",
    ]
    return [*arguments, "--no-sync", "--no-data-checksums"] if fast else arguments


def _run(run_as: RunAs, program: str, arguments: list[str], *, lines: str = "") -> None:
    try:
        done = subprocess.run(
            run_as.argv(program, arguments),
            user=run_as.uid,
            group=run_as.gid,
            extra_groups=None if run_as.uid is None else [],
            input=lines,
            env=environment(),
            cwd="/",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_INITDB_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ClusterUnusable(f"{program} did not end within {_INITDB_SECONDS:g} s") from None
    # A stand-alone server reports a failing command and still ends with 0.
    failed = [line for line in done.stderr.splitlines() if "ERROR:" in line or "FATAL:" in line or "error:" in line]
    if done.returncode != 0 or (lines and failed):
        told = "; ".join(failed or done.stderr.strip().splitlines()[-3:]) or f"exit code {done.returncode}"
        raise ClusterUnusable(f"{program} failed: {told}")
