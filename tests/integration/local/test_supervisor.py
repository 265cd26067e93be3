"""The supervisor keeps its children running and takes them along when it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.local.instance import Instance
from server.local.processes import module_environment
from server.local.stopping import Patience, signal_name
from server.local.supervisor import first_free_port
from server.local.watcher import Watched, tell_farewell, tell_gone, tell_started, watch

OBEDIENT = """
import os, signal, sys, time
def end(number, frame):
    with open("ended", "a") as file:
        file.write(sys.argv[1] + "\\n")
    os._exit(0)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, end)
with open(sys.argv[1] + ".pid", "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(60)
"""
STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
with open(sys.argv[1] + ".pid", "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(60)
"""
WITH_WORKERS = """
import os, signal, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
with open(sys.argv[1] + ".pid", "a") as file:
    file.write(f"{os.getpid()}\\n{worker.pid}\\n")
time.sleep(60)
"""
SHORT_LIVED = """
import sys
with open(sys.argv[1] + ".pid", "a") as file:
    file.write("0\\n")
print("I cannot go on", flush=True)
sys.exit(3)
"""
SUPERVISOR = """
import json, pathlib, signal, sys
from server.local.child import Child
from server.local.stopping import Patience
from server.local.supervisor import Supervisor
plan = json.loads(sys.argv[1])
with Supervisor(log_folder=pathlib.Path("log"), patience=Patience(**plan["patience"])) as supervisor:
    for name, code, order, stop in plan["children"]:
        argv = (sys.executable, "-S", "-c", code, name)
        supervisor.start(Child(name=name, argv=argv, stop_order=order, stop_signal=signal.Signals(stop)))
    if plan["prepares"]:
        import time
        time.sleep(60)
    supervisor.run()
"""
QUICK = {"stop_seconds": 1.2, "last_seconds": 0.5, "harsh_seconds": 0.1, "first_delay_seconds": 0.02}


def eventually(claim: Callable[[], bool], *, seconds: float = 15) -> None:
    give_up_at = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < give_up_at, "it never came true"
        time.sleep(0.01)


def pids(folder: Path, name: str) -> list[int]:
    file = folder / f"{name}.pid"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def lives(pid: int) -> bool:
    return not Watched(pid=pid, order=0, stop_signal=15, harsh_signal=9).is_gone()


class Run:
    """A supervisor in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None
        self.expected: dict[str, int] = {}

    def start(
        self, *children: tuple[str, str, int] | tuple[str, str, int, int], prepares: bool = False, **patience: float
    ) -> None:
        plan = {
            "prepares": prepares,
            "children": [[*child, signal.SIGTERM][:4] for child in children],
            "patience": QUICK | patience,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, json.dumps(plan)],
            cwd=self.folder,
            env=module_environment(),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        eventually(lambda: all(pids(self.folder, child[0]) for child in children))

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ended(self) -> tuple[int, str]:
        assert self.process is not None
        _out, told = self.process.communicate(timeout=20)
        return self.process.returncode, told

    def all_pids(self) -> list[int]:
        return [pid for file in self.folder.glob("*.pid") for pid in pids(self.folder, file.stem) if pid]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path)
    yield run
    for pid in run.all_pids():
        if lives(pid):
            os.kill(pid, signal.SIGKILL)
    if run.process is not None:
        run.process.kill()
        run.process.wait()
        if run.process.stderr is not None:
            run.process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_children_stop_in_their_order_whichever_way_it_is_told(run: Run, number: signal.Signals):
    run.start(("postgres", OBEDIENT, 9, signal.SIGINT), ("web", OBEDIENT, 2), ("worker", OBEDIENT, 1))

    run.send(number)

    assert run.ended()[0] == 0
    assert (run.folder / "ended").read_text().split() == ["worker", "web", "postgres"]


def test_a_child_that_does_not_listen_is_killed_before_the_last_one_is_asked(run: Run):
    run.start(("postgres", OBEDIENT, 9), ("web", STUBBORN, 2), ("worker", OBEDIENT, 1))

    begun_at = time.monotonic()
    run.send(signal.SIGTERM)
    _code, told = run.ended()

    assert time.monotonic() - begun_at < 2
    assert "web stopped (SIGKILL)" in told
    assert (run.folder / "ended").read_text().split() == ["worker", "postgres"]
    assert not any(map(lives, run.all_pids()))


def test_nobody_listens_and_yet_it_ends_in_time(run: Run):
    run.start(("postgres", STUBBORN, 9), ("web", STUBBORN, 2), ("worker", STUBBORN, 1))

    begun_at = time.monotonic()
    run.send(signal.SIGINT)
    run.ended()

    assert time.monotonic() - begun_at < 2
    assert not any(map(lives, run.all_pids()))


def test_the_promise_of_six_seconds_is_kept_by_the_settings_in_use():
    patience = Patience()

    assert patience.stop_seconds + patience.harsh_seconds <= 6


def test_a_second_signal_ends_everything_at_once(run: Run):
    run.start(("postgres", STUBBORN, 9), ("worker", STUBBORN, 1), stop_seconds=60, last_seconds=20)
    assert run.process is not None
    assert run.process.stderr is not None

    run.send(signal.SIGINT)
    while "stopping" not in run.process.stderr.readline():
        pass
    begun_at = time.monotonic()
    run.send(signal.SIGINT)
    run.ended()

    assert time.monotonic() - begun_at < 3
    assert not any(map(lives, run.all_pids()))


def test_the_children_and_their_workers_end_with_a_killed_supervisor(run: Run):
    run.start(("web", WITH_WORKERS, 2), ("worker", STUBBORN, 1), ("postgres", OBEDIENT, 9, signal.SIGINT))
    eventually(lambda: len(pids(run.folder, "web")) == 2)

    run.send(signal.SIGKILL)

    eventually(lambda: not any(map(lives, run.all_pids())))
    assert "postgres" in (run.folder / "ended").read_text()


def test_a_child_that_dies_is_started_again_and_its_workers_do_not_stay(run: Run):
    run.start(("web", WITH_WORKERS, 2))
    eventually(lambda: len(pids(run.folder, "web")) == 2)
    leader, worker = pids(run.folder, "web")

    os.kill(leader, signal.SIGKILL)
    eventually(lambda: len(pids(run.folder, "web")) == 4)
    run.send(signal.SIGTERM)
    _code, told = run.ended()

    assert "web died (SIGKILL), starting it again in 0.02 s" in told
    assert "web started again" in told
    assert not lives(worker)


def test_children_stop_although_the_terminal_has_gone(run: Run):
    run.start(("postgres", OBEDIENT, 9), ("worker", OBEDIENT, 1))
    assert run.process is not None
    assert run.process.stderr is not None
    run.process.stderr.close()

    run.send(signal.SIGHUP)
    run.process.wait(timeout=20)

    assert (run.folder / "ended").read_text().split() == ["worker", "postgres"]


def test_a_signal_while_something_is_prepared_stops_what_runs_already(run: Run):
    run.start(("worker", OBEDIENT, 1), prepares=True)

    run.send(signal.SIGTERM)
    code, told = run.ended()

    assert code == 0
    assert "worker stopped (exit code 0)" in told


def test_without_its_watcher_the_supervisor_gets_another_one(run: Run):
    run.start(("web", WITH_WORKERS, 2), ("worker", STUBBORN, 1))
    eventually(lambda: len(pids(run.folder, "web")) == 2)

    os.kill(watcher_of(run), signal.SIGKILL)
    os.kill(pids(run.folder, "web")[0], signal.SIGKILL)
    eventually(lambda: len(pids(run.folder, "web")) == 4)
    run.send(signal.SIGKILL)

    eventually(lambda: not any(map(lives, run.all_pids())))


def watcher_of(run: Run) -> int:
    assert run.process is not None
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listed.splitlines()]
    return next(int(pid) for pid, parent, args in rows if int(parent) == run.process.pid and args.endswith("watcher"))


def test_a_child_that_keeps_dying_is_told_and_its_words_are_kept(run: Run):
    run.start(("web", SHORT_LIVED, 2), longest_delay_seconds=0.05)

    eventually(lambda: len(pids(run.folder, "web")) >= 6)
    run.send(signal.SIGTERM)
    _code, told = run.ended()

    assert "web died (exit code 3), starting it again in 0.02 s" in told
    assert "web keeps dying (5 times in a row): see log/web.log" in told
    assert (run.folder / "log" / "web.log").read_text().startswith("I cannot go on\n")


@pytest.mark.parametrize(
    ("deaths", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (5, 3.2), (6, 5.0), (7, 5.0), (5000, 5.0)]
)
def test_each_death_in_a_row_doubles_the_wait_up_to_five_seconds(deaths: int, seconds: float):
    assert Patience().delay_seconds(deaths=deaths) == pytest.approx(seconds)


def test_the_watcher_knows_who_is_left_and_nobody_after_a_farewell():
    web = Watched(pid=7, order=2, stop_signal=15, harsh_signal=9)
    worker = Watched(pid=8, order=1, stop_signal=15, harsh_signal=9)
    told = [tell_started(web).decode(), tell_started(worker).decode(), tell_gone(7).decode()]

    assert watch(told) == [worker]
    assert watch([*told, tell_farewell().decode()]) == []


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL"), (-250, "signal 250")]
)
def test_an_end_is_told_in_words(code: int, words: str):
    assert signal_name(code) == words


def test_the_second_in_a_folder_learns_where_the_first_one_runs(tmp_path: Path):
    first, second = Instance(tmp_path), Instance(tmp_path)

    assert first.claim()
    assert not second.claim()
    assert second.found() is None
    first.announce("http://127.0.0.1:8001")

    found = second.found()
    assert found is not None
    assert (found.address, found.pid) == ("http://127.0.0.1:8001", os.getpid())
    first.give_up()


def test_a_killed_one_does_not_keep_the_next_one_out(tmp_path: Path):
    code = (
        "import sys, os, pathlib; from server.local.instance import Instance; "
        "i = Instance(pathlib.Path(sys.argv[1])); assert i.claim(); i.announce('http://127.0.0.1:1'); "
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=module_environment(), check=False)
    after = Instance(tmp_path)

    assert after.claim()
    assert after.found() is None
    after.give_up()


def test_a_port_somebody_listens_on_is_passed_over():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]

        assert first_free_port(taken) > taken
    assert first_free_port(taken) == taken
