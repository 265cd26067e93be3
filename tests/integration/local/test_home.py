"""Where an installation keeps its data and secrets."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from server.local.home import SecretsUnreadable, checkout_of, home, secret
from server.local.processes import module_environment


def test_the_told_home_wins(tmp_path: Path):
    assert home({"TRUCKROLL_HOME": str(tmp_path)}) == tmp_path


def test_a_checkout_keeps_its_data_under_var():
    checkout = Path(__file__).parents[3]

    assert home({}) == checkout / "var"
    assert home({"TRUCKROLL_HOME": "  "}) == checkout / "var"


@pytest.mark.parametrize(
    ("text", "is_ours"),
    [
        ('[project]\nname = "truckroll"\n', True),
        ('[project]\nname = "truckroll-plugin"\n', False),
        ("[tool.ruff]\n", False),
        ("not toml at all [", False),
    ],
)
def test_only_a_project_that_names_truckroll_is_a_checkout(tmp_path: Path, text: str, is_ours: bool):
    (tmp_path / "pyproject.toml").write_text(text)

    assert (checkout_of(tmp_path) == tmp_path) is is_ours


def test_an_installed_package_uses_the_users_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("server.local.home._PACKAGE_PARENT", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path / "somebody"))

    assert home({"XDG_DATA_HOME": str(tmp_path / "data")}) == tmp_path / "data" / "truckroll"
    assert home({"XDG_DATA_HOME": "relative"}) == tmp_path / "somebody" / ".local" / "share" / "truckroll"


def test_a_secret_is_made_once_and_kept(tmp_path: Path):
    folder = tmp_path / "var"

    first = secret(folder, "session_key")

    assert secret(folder, "session_key") == first
    assert secret(folder, "webhook_token") != first
    assert len(first) >= 43


def test_secrets_are_their_owners_alone_even_if_somebody_opened_them(tmp_path: Path):
    secret(tmp_path, "session_key")
    file = tmp_path / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o644)

    secret(tmp_path, "session_key")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not [left for left in tmp_path.iterdir() if left.name.startswith(".")]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"session_key": ""}', '{"session_key": 7}'])
def test_damaged_secrets_are_told_and_not_replaced(tmp_path: Path, text: str):
    (tmp_path / "secrets.json").write_text(text)

    with pytest.raises(SecretsUnreadable):
        secret(tmp_path, "session_key")

    assert (tmp_path / "secrets.json").read_text() == text


@pytest.mark.parametrize("name", ["", "Session", "a b", "../x", "1st", "a" * 64])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="not a name"):
        secret(tmp_path, name)


def test_two_processes_that_ask_at_once_get_the_same_secret(tmp_path: Path):
    code = (
        "import pathlib, sys; from server.local.home import secret; "
        "print(secret(pathlib.Path(sys.argv[1]), 'session_key'))"
    )
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], env=module_environment(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    answers = {process.communicate(timeout=20)[0].strip() for process in asking}

    assert answers == {json.loads((tmp_path / "secrets.json").read_text())["session_key"]}
