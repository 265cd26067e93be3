"""The embedded server: one per data folder, whoever asks, however its predecessors ended."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from server.local.child import Child
from server.local.cluster import OWNER, ClusterUnusable
from server.local.local_server import PostgresNotStarted
from server.local.postgres import EmbeddedPostgres, StopMode
from server.local.processes import is_postmaster_of, module_environment
from server.local.programs import choose_run_as
from server.local.sockets import NoPlaceForSocket, SocketFolder

USER = """
import pathlib, sys
from server.local.postgres import EmbeddedPostgres
with EmbeddedPostgres(pathlib.Path(sys.argv[1]), fast=True) as postgres:
    with postgres.connect() as connection:
        print(*connection.execute("SELECT pg_postmaster_start_time()").fetchone(), flush=True)
    sys.stdin.read()
"""
SUPERVISOR = """
import pathlib, signal, sys
from server.local.child import Child
from server.local.postgres import EmbeddedPostgres
from server.local.supervisor import Supervisor
postgres = EmbeddedPostgres(pathlib.Path(sys.argv[1]), fast=True)
with Supervisor(log_folder=pathlib.Path(sys.argv[1]).parent / "log") as supervisor:
    supervisor.start(Child("postgres", tuple(postgres.command()), 9, {}, signal.SIGINT, signal.SIGQUIT))
    supervisor.wait_for("postgres", postgres.answers, timeout_seconds=60)
    print("ready", flush=True)
    supervisor.run()
"""


def eventually(claim: Callable[[], bool], *, seconds: float = 20) -> None:
    give_up_at = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < give_up_at, "it never came true"
        time.sleep(0.01)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for data on a RAM disk where there is one; whatever runs in it is stopped and removed."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="place-", dir=memory if os.access(memory, os.W_OK) else None))
    yield folder
    for data_dir in folder.glob("**/postgres"):
        if data_dir.is_dir():
            EmbeddedPostgres(data_dir).remove()
    shutil.rmtree(folder)


@pytest.fixture
def postgres(place: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(place / "postgres", fast=True)


def use(place: Path, code: str = USER, **how: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code, str(place / "postgres")],
        env=module_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **how,  # type: ignore[call-overload]
    )


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ask(postgres: EmbeddedPostgres, statement: str) -> object:
    with psycopg.connect(postgres.url(role=OWNER), autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def postmaster(postgres: EmbeddedPostgres) -> int:
    return int((postgres.data_dir / "postmaster.pid").read_text().split()[0])


# -- who starts and who stops ----------------------------------------------------------------------


def test_of_processes_that_start_at_once_one_runs_the_server_and_all_reach_it(place: Path, postgres: EmbeddedPostgres):
    users = [use(place) for _ in range(3)]

    started = [first_line(user) for user in users]

    assert started[0]
    assert set(started) == {started[0]}
    for user in users:
        assert postgres.answers()
        user.communicate(timeout=30)
    assert not postgres.is_running()


def test_whoever_leaves_does_not_take_the_server_from_the_others(place: Path, postgres: EmbeddedPostgres):
    first = use(place)
    first_line(first)

    with postgres:
        first.communicate(timeout=30)

        assert ask(postgres, "SELECT 1") == 1
    assert not postgres.is_running()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_does_not_outlive_a_user_that_was_killed(
    place: Path, postgres: EmbeddedPostgres, number: signal.Signals
):
    user = use(place)
    first_line(user)

    user.send_signal(number)
    user.communicate()

    eventually(lambda: not postgres.is_running())
    eventually(lambda: not SocketFolder(postgres.data_dir).path.exists())


def test_what_was_stopped_starts_again_with_its_data(postgres: EmbeddedPostgres):
    with postgres:
        ask(postgres, "CREATE TABLE kept AS SELECT 7 AS number")
    with postgres:
        assert ask(postgres, "SELECT number FROM kept") == 7


def test_stopping_what_does_not_run_does_nothing(postgres: EmbeddedPostgres):
    postgres.stop()
    assert not postgres.is_running()
    postgres.ensure_initialised()

    postgres.stop(StopMode.IMMEDIATE)

    assert not postgres.is_running()


def test_it_can_be_stopped_under_those_who_use_it(place: Path, postgres: EmbeddedPostgres):
    user = use(place)
    first_line(user)

    postgres.stop(StopMode.FAST)

    assert not postgres.is_running()
    user.communicate(timeout=30)


# -- what killed servers leave behind --------------------------------------------------------------


def test_a_killed_server_is_recovered_with_all_that_was_committed(place: Path):
    durable = EmbeddedPostgres(place / "postgres")
    with durable:
        ask(durable, "CREATE TABLE kept AS SELECT 7 AS number")
        os.kill(postmaster(durable), signal.SIGKILL)

        durable.start()

        assert ask(durable, "SELECT number FROM kept") == 7


def test_a_pid_file_whose_process_has_gone_does_not_matter(postgres: EmbeddedPostgres):
    gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
    gone.wait()

    leave_stale_files(postgres, gone.pid)

    with postgres:
        assert ask(postgres, "SELECT 1") == 1


def test_another_process_under_the_recorded_number_neither_hinders_nor_is_harmed(postgres: EmbeddedPostgres):
    other = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    try:
        leave_stale_files(postgres, other.pid)
        assert not postgres.is_running()
        postgres.stop()
        leave_stale_files(postgres, other.pid)

        with postgres:
            assert ask(postgres, "SELECT 1") == 1
            assert postmaster(postgres) != other.pid
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def leave_stale_files(postgres: EmbeddedPostgres, pid: int) -> None:
    """Leave the files of a server that was killed, with this process id in them."""
    with postgres:
        lines = (postgres.data_dir / "postmaster.pid").read_text().splitlines()
    stale = "\n".join([str(pid), *lines[1:]]) + "\n"
    (postgres.data_dir / "postmaster.pid").write_text(stale)
    sockets = SocketFolder(postgres.data_dir)
    sockets.make()
    sockets.socket.write_text("")
    sockets.socket.with_name(f"{sockets.socket.name}.lock").write_text(stale)


def test_a_server_that_somebody_started_by_hand_is_left_alone(place: Path, postgres: EmbeddedPostgres):
    postgres.ensure_initialised()
    run_as = choose_run_as(postgres.data_dir)
    arguments = ["-D", str(postgres.data_dir), "-c", f"unix_socket_directories={place}", "-c", "listen_addresses="]
    with (place / "by-hand.log").open("wb") as log:
        by_hand = subprocess.Popen(run_as.argv("postgres", arguments), stderr=log, start_new_session=True)
    try:
        eventually(lambda: b"ready to accept connections" in (place / "by-hand.log").read_bytes())

        with pytest.raises(PostgresNotStarted, match="a server that we did not start"):
            postgres.start()

        assert by_hand.poll() is None
    finally:
        by_hand.send_signal(signal.SIGINT)
        by_hand.wait(timeout=20)


def test_half_a_cluster_is_thrown_away(place: Path, postgres: EmbeddedPostgres):
    draft = place / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")

    with postgres:
        assert ask(postgres, "SELECT 1") == 1

    assert not draft.exists()


def test_data_of_another_version_are_refused_and_left_alone(postgres: EmbeddedPostgres):
    postgres.data_dir.mkdir()
    (postgres.data_dir / "PG_VERSION").write_text("17\n")

    with pytest.raises(ClusterUnusable, match="PostgreSQL 17"):
        postgres.start()

    assert (postgres.data_dir / "PG_VERSION").read_text() == "17\n"


def test_somebody_elses_folder_is_refused_and_left_alone(postgres: EmbeddedPostgres):
    postgres.data_dir.mkdir()
    (postgres.data_dir / "diary.txt").write_text("dear diary")

    with pytest.raises(ClusterUnusable, match="no PostgreSQL data folder"):
        postgres.start()

    assert (postgres.data_dir / "diary.txt").exists()


def test_a_server_that_cannot_start_says_why(postgres: EmbeddedPostgres):
    postgres.ensure_initialised()
    (postgres.data_dir / "global" / "pg_control").unlink()

    with pytest.raises(PostgresNotStarted, match="pg_control"):
        postgres.start()

    assert not postgres.is_running()


# -- the server itself -----------------------------------------------------------------------------


def test_it_speaks_utf8_and_utc_and_listens_on_no_network(postgres: EmbeddedPostgres):
    with postgres:
        told = {name: ask(postgres, f"SHOW {name}") for name in ("server_encoding", "timezone", "listen_addresses")}
        lowered = ask(postgres, "SELECT lower('ÄÉ中')")
        with postgres.connect() as connection:
            superusers = connection.execute("SELECT rolname FROM pg_roles WHERE rolsuper").fetchall()

    assert told == {"server_encoding": "UTF8", "timezone": "UTC", "listen_addresses": ""}
    assert lowered == "äé中"
    assert superusers == [("postgres",)]


def test_the_application_reaches_the_owners_database_and_no_other_and_makes_nothing(postgres: EmbeddedPostgres):
    with postgres:
        ask(postgres, "CREATE TABLE kept AS SELECT 7 AS number")
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            for statement in ("CREATE TABLE t (i int)", "CREATE TEMP TABLE t (i int)", "SELECT * FROM kept"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
        postgres.create_database("other", template="truckroll")
        with psycopg.connect(postgres.url(database="other", role=OWNER)) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        postgres.drop_database("other")
        postgres.drop_database("other")


def test_what_a_failing_statement_carried_does_not_reach_the_log(postgres: EmbeddedPostgres):
    with postgres:
        ask(postgres, "CREATE TABLE customer (phone text NOT NULL, name text NOT NULL)")
        with pytest.raises(psycopg.errors.NotNullViolation):
            ask(postgres, "INSERT INTO customer (phone) VALUES ('+15550100')")
        with psycopg.connect(postgres.url(role=OWNER)) as connection, pytest.raises(psycopg.errors.NotNullViolation):
            connection.execute("INSERT INTO customer (phone) VALUES (%s)", ("+15550100",))
        log = postgres.log_file.read_text()

    assert "null value in column" in log
    assert "5550100" not in log


def test_only_its_owner_may_enter_the_socket_folder_and_nothing_stays_in_the_temp_folder(postgres: EmbeddedPostgres):
    temp = Path(tempfile.gettempdir())
    before = {entry.name for entry in temp.iterdir()}
    with postgres:
        folder = SocketFolder(postgres.data_dir).path
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    assert not folder.exists()
    assert not {name for name in {entry.name for entry in temp.iterdir()} - before if folder.name in name}


def test_a_deep_data_folder_does_not_make_the_socket_too_long(place: Path):
    deep = EmbeddedPostgres(place.joinpath(*["a-rather-long-name-of-a-folder"] * 6) / "postgres", fast=True)

    with deep:
        assert ask(deep, "SELECT 1") == 1


def test_another_temp_folder_does_not_hide_the_server(
    place: Path, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
):
    with postgres:
        monkeypatch.setattr(tempfile, "tempdir", str(place))

        assert EmbeddedPostgres(postgres.data_dir).answers()


def test_settings_of_the_users_shell_do_not_lead_astray(postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch):
    for name, value in {"PGPORT": "6000", "PGDATA": "/nowhere", "PGHOST": "elsewhere", "PGUSER": "somebody"}.items():
        monkeypatch.setenv(name, value)

    with postgres:
        assert ask(postgres, "SELECT current_user::text") == "truckroll"


# -- as root, as an ordinary user, as a supervised child -------------------------------------------


@pytest.mark.root
def test_root_runs_it_in_a_private_folder_without_opening_it_or_adding_anybody(place: Path):
    private = place / "private"
    private.mkdir(mode=0o700)
    users = Path("/etc/passwd").read_bytes()
    inside = EmbeddedPostgres(private / "data" / "postgres", fast=True)

    with inside:
        assert ask(inside, "SELECT 1") == 1

    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert Path("/etc/passwd").read_bytes() == users


@pytest.mark.root
def test_root_runs_an_ordinary_users_data_as_that_user(place: Path, postgres: EmbeddedPostgres):
    user = pwd.getpwnam("nobody")
    place.chmod(0o711)
    postgres.data_dir.mkdir()
    os.chown(postgres.data_dir, user.pw_uid, user.pw_gid)

    with postgres:
        assert Path(f"/proc/{postmaster(postgres)}").stat().st_uid == user.pw_uid
        assert (postgres.data_dir / "PG_VERSION").stat().st_uid == user.pw_uid


@pytest.mark.root
def test_root_without_user_namespaces_switches_the_user(place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("server.local.programs._in_namespace", lambda: None)
    place.chmod(0o711)
    switched = EmbeddedPostgres(place / "postgres", fast=True)

    with switched:
        assert choose_run_as(switched.data_dir).uid not in {None, 0}
        assert ask(switched, "SELECT 1") == 1


def as_user(place: Path, uid: int, argv: list[str]) -> tuple[list[str], dict[str, object]]:
    """Return how root runs a program as an ordinary user.

    Where the Python in use lies in a folder of root's, that user could not even start it: then a user
    namespace makes root an ordinary user in the program's eyes.
    """
    switched: dict[str, object] = {"user": uid, "group": uid, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", ""], check=True, capture_output=True, **switched)  # type: ignore[call-overload]
    except (PermissionError, subprocess.CalledProcessError):
        return ["unshare", "--user", f"--map-user={uid}", f"--map-group={uid}", *argv], {}
    os.chown(place, uid, uid)
    return argv, switched


@pytest.mark.root
@pytest.mark.parametrize("uid", [65534, 54321], ids=["known", "unknown to the machine"])
def test_an_ordinary_user_runs_it_too(place: Path, postgres: EmbeddedPostgres, uid: int):
    argv, how = as_user(place, uid, [sys.executable, "-c", f"import os; assert os.geteuid() == {uid}\n{USER}"])

    user = subprocess.Popen(  # type: ignore[call-overload]
        [*argv, str(postgres.data_dir)],
        env=module_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **how,
    )

    assert first_line(user)
    user.communicate(timeout=30)
    assert user.returncode == 0
    assert not postgres.is_running()


@pytest.mark.root
def test_a_socket_folder_that_somebody_else_made_is_refused(postgres: EmbeddedPostgres):
    postgres.ensure_initialised()
    folder = SocketFolder(postgres.data_dir).path
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    try:
        with pytest.raises(NoPlaceForSocket, match="belongs to somebody else"):
            postgres.start()
    finally:
        folder.rmdir()


def test_a_supervised_server_stays_when_users_leave_and_ends_with_its_supervisor(
    place: Path, postgres: EmbeddedPostgres
):
    supervisor = use(place, SUPERVISOR, stderr=subprocess.PIPE)
    assert first_line(supervisor) == "ready"
    with postgres:
        first = postmaster(postgres)
    assert postgres.answers()
    assert is_postmaster_of(first, postgres.data_dir)

    os.kill(first, signal.SIGKILL)
    eventually(lambda: postgres.answers() and postmaster(postgres) != first)
    supervisor.send_signal(signal.SIGINT)
    _out, told = supervisor.communicate(timeout=20)

    assert "postgres died (SIGKILL), starting it again" in told
    assert "postgres stopped (exit code 0)" in told
    assert not postgres.is_running()


def test_a_supervised_server_ends_with_a_killed_supervisor(place: Path, postgres: EmbeddedPostgres):
    supervisor = use(place, SUPERVISOR, stderr=subprocess.PIPE)
    assert first_line(supervisor) == "ready"

    supervisor.kill()
    supervisor.communicate(timeout=20)

    eventually(lambda: not postgres.is_running())
    assert "database system is shut down" in (place / "log" / "postgres.log").read_text()


def test_the_process_that_becomes_the_server_says_why_it_does_not(place: Path, postgres: EmbeddedPostgres):
    (place / "postgres").mkdir()
    (place / "postgres" / "diary.txt").touch()
    child = Child("postgres", tuple(postgres.command()), stop_order=9)

    done = subprocess.run(child.argv, env=module_environment(), capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "no PostgreSQL data folder" in done.stderr
    assert "Traceback" not in done.stderr
    (place / "postgres" / "diary.txt").unlink()
