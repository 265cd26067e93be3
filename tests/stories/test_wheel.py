"""What `make wheel` builds: it holds everything the product needs, and works where there is no checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACKAGES = ("server", "routing", "mobile_api")

PAGES_ANSWER = """
from server.app import create_app
from server.console.frame import styles

app = create_app()
with app.test_request_context():
    addresses = styles()
for address in ("/console/login", "/docs", "/openapi.json", "/mobile/openapi.json", "/healthz", *addresses):
    print("answer", app.test_client().get(address).status_code, address)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `make wheel` builds it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("truckroll-*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> frozenset[str]:
    """The files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return frozenset(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs' folder of a fresh environment with the wheel, which sees what the product depends on."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=True)
    subprocess.run(
        [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)],
        cwd=folder,
        env=_environment({"PIP_DISABLE_PIP_VERSION_CHECK": "1"}),
        check=True,
    )
    # A path in such a file is searched after the environment's own, and .pth files in it, such as that of the
    # editable checkout, do not count.
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin"


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without what would lead back to the checkout or to another database."""
    ours = ("PYTHON", "DATABASE", "TRUCKROLL", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)} | dict(more)


def run(program: Path, *arguments: str, home: Path, **settings: str) -> str:
    """Run a program of the fresh environment far from the checkout, and return what it says."""
    done = subprocess.run(
        [program, *arguments],
        cwd=home,
        env=_environment({"TRUCKROLL_HOME": str(home), **settings}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_file_of_the_packages_is_in_the_wheel(names: frozenset[str]) -> None:
    there = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }

    assert sorted(there - names) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "server/console/templates/console/base.html",
        "server/portal/templates/portal/page.html",
        "server/console/static/built/manifest.json",
        "server/console/static/built/assets/*.css",
        "server/console/static/built/assets/*.js",
        "server/web/static/docs.html",
        "server/migrations/versions/0001_*.py",
        "server/web/problems/parts/core.zh.json",
        "server/console/words/pages.en.json",
        "server/conversation/phrases/zh.json",
        "server/portal/texts/zh.json",
        "server/sms/texts/en.json",
        "server/orders/imports/mappings/boston311.toml",
        "truckroll-*.dist-info/entry_points.txt",
        "truckroll-*.dist-info/licenses/LICENSE",
        "truckroll-*.dist-info/licenses/NOTICE",
    ],
)
def test_each_kind_of_file_is_in_the_wheel(names: frozenset[str], pattern: str) -> None:
    assert [name for name in names if Path(name).match(pattern)] != []


def test_nothing_but_the_packages_is_in_the_wheel(names: frozenset[str]) -> None:
    others = {name.partition("/")[0] for name in names} - set(PACKAGES)

    assert {name.rpartition(".")[2] for name in others} == {"dist-info"}
    assert [name for name in names if name.endswith((".pyc", ".po")) or "node_modules" in name] == []


def test_the_command_works_where_there_is_no_checkout(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "python", "-c", "import server; print(server.__file__)", home=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)

    told = run(installed / "truckroll", "--help", home=tmp_path)

    assert {"demo", "web", "worker", "db", "import", "rehearse"} <= set(told.split())
    assert run(installed / "truckroll", "--version", home=tmp_path).startswith("truckroll")


def test_an_installed_product_migrates_a_database_of_its_own_to_its_models(installed: Path, tmp_path: Path) -> None:
    told = run(installed / "truckroll", "db", "check", "--models", home=tmp_path)

    assert told.startswith("Models and database agree at revision ")


def test_the_pages_of_an_installed_product_have_their_templates_styles_and_documents(
    installed: Path, tmp_path: Path
) -> None:
    told = run(
        installed / "python",
        "-c",
        PAGES_ANSWER,
        home=tmp_path,
        DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing",
        TRUCKROLL_SESSION_KEY="a key",
    )

    answers = [line.split()[1] for line in told.splitlines() if line.startswith("answer ")]
    assert len(answers) >= 6
    assert set(answers) == {"200"}
