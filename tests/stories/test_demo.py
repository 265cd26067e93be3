"""`truckroll demo` as a newcomer meets it: it starts, says where, is alone, heals, keeps its data, and stops."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.slow

_PATIENCE_SECONDS = 120


class _Demo:
    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.output = folder.parent / f"{folder.name}.out"
        self._log = self.output.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", "demo", "--port", str(port)],
            env=os.environ | {"TRUCKROLL_HOME": str(folder)},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def until(self, ready: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        while not ready():
            assert time.monotonic() < give_up_at, self.said()
            assert self.process.poll() is None, self.said()
            time.sleep(0.1)

    @property
    def address(self) -> str:
        told = re.search(r"Truckroll runs at\s+(\S+)", self.said())
        assert told, self.said()
        return told[1]

    def stop(self) -> float:
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        return time.monotonic() - began

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._log.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], _Demo]]:
    demos: list[_Demo] = []

    def begin() -> _Demo:
        demo = _Demo(tmp_path / "home", 18_000 + os.getpid() % 1_000)
        demos.append(demo)
        return demo

    yield begin
    for demo in demos:
        demo.close()


def _welcomed(demo: _Demo) -> Callable[[], bool]:
    return lambda: "Ctrl-C stops it" in demo.said()


def _is_ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _children(demo: _Demo) -> dict[str, int]:
    """Return the process ids of the demo's children by what they are."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parent = int((folder / "stat").read_text().rsplit(") ", 1)[1].split()[1])
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == demo.process.pid:
                name = next((word.decode() for word in words if word in (b"worker", b"fake-twilio")), "other")
                found["web" if b"gunicorn" in words else name] = int(folder.name)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="finds the children in /proc")
def test_a_newcomer_starts_the_demo_twice_kills_what_he_can_and_keeps_his_data(start: Callable[[], _Demo]) -> None:
    first = start()
    first.until(_welcomed(first))
    address = first.address
    logins = json.loads((first.folder / "logins.json").read_text(encoding="utf-8"))
    assert {"dispatcher", "callback", "auditor", "finance", "cashier"} <= {row["login"] for row in logins}
    assert all(row["password"] in first.said() for row in logins)
    assert (first.folder / "logins.json").stat().st_mode & 0o077 == 0

    second = start()
    assert second.process.wait(60) == 0
    assert address in second.said()

    os.kill(_children(first)["web"], signal.SIGKILL)
    first.until(lambda: "web died" in first.said())
    first.until(lambda: _is_ready(address))

    assert first.stop() < 7
    assert not _is_ready(address)

    third = start()
    third.until(_welcomed(third))
    assert json.loads((third.folder / "logins.json").read_text(encoding="utf-8")) == logins
    third.stop()
