"""Lock files name versions and hashes, never an address: whoever installs decides where from."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))
ADDRESS = re.compile(
    r"\w+://|^\s*(?:-i|-f|--(?:index-url|extra-index-url|find-links|trusted-host))\b|@ ?file:|\bfile:", re.MULTILINE
)
PINNED = re.compile(r"^([a-z0-9.-]+)==([^\s;]+)", re.MULTILINE)


def test_there_is_a_lock_for_the_product_and_for_every_group() -> None:
    names = {path.name for path in LOCKS}

    assert names == {
        "requirements.lock",
        *(f"requirements-{group}.lock" for group in ("bootstrap", "build", "dev", "bench")),
    }


@pytest.mark.parametrize("lock", [*LOCKS, ROOT / "web/package-lock.json"], ids=lambda path: path.name)
def test_a_lock_holds_no_address(lock: Path) -> None:
    found = ADDRESS.search(lock.read_text(encoding="utf-8"))

    assert found is None, found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pinned_package_has_a_hash(lock: Path) -> None:
    entries = [entry for entry in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip()) if entry]

    assert entries
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry or "==" not in entry] == []


def test_every_fetched_package_of_the_pages_has_a_hash() -> None:
    packages = json.loads((ROOT / "web/package-lock.json").read_text(encoding="utf-8"))["packages"]
    fetched = {name: entry for name, entry in packages.items() if "node_modules/" in name and not entry.get("link")}

    assert fetched
    assert [name for name, entry in fetched.items() if not entry.get("integrity", "").startswith("sha512-")] == []


def test_locks_that_are_installed_together_agree() -> None:
    together = [lock for lock in LOCKS if lock.name != "requirements-bootstrap.lock"]
    versions: dict[str, set[str]] = {}

    for lock in together:
        for name, version in PINNED.findall(lock.read_text(encoding="utf-8")):
            versions.setdefault(name, set()).add(version)

    assert {name: sorted(found) for name, found in versions.items() if len(found) > 1} == {}
