"""Fault 70: migrating a filled database, there and back, twice at once, killed midway, under the old code's feet."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from server import schema
from server.app import create_app
from server.commands.db import db_command
from server.core.db import Database
from server.local import databases
from tests.builders.settings import settings_for
from tests.databases import DatabaseServer, MadeDatabase, make_template
from tests.faults import filled
from tests.faults.deployers import AT_THE_END, Nursery, build_hurdles, is_killed_at, nursery
from tests.faults.filled import BASE, Column
from tests.faults.houses import until
from tests.faults.old_code import CLERKS, clerks, old_requests, tried_one_by_one

pytestmark = pytest.mark.slow

FEW, MANY = 500, 50_000
SHORT = 3
"""So many of the newest steps are tried by the short form; the long one tries all."""
LONGEST_LOCK_SECONDS = 2.0
SOON, EVERYWHERE = ("1", AT_THE_END), ("1", "2", "4", "8", "16", "32", "64", "128", AT_THE_END)


def steps(*, without_base: bool = False) -> list[object]:
    """Return the revision pairs of the short form, and all of them for the long one, with the size of the filling."""
    known = [pair for pair in filled.pairs() if not (without_base and pair[0] == BASE)]
    return [
        *(pytest.param(pair, FEW, id=" to ".join(pair)) for pair in known[-SHORT:]),
        *(pytest.param(pair, MANY, id=" to ".join(pair) + ", large", marks=pytest.mark.soak) for pair in known),
    ]


@dataclass(frozen=True, slots=True)
class State:
    """What a database is and holds."""

    revision: str
    shape: frozenset[tuple[object, ...]]
    data: dict[Column, tuple[int, int]]

    def differs(self, other: "State") -> dict[Column, tuple[object, object]]:
        """Return the columns that both have and whose values are not the same."""
        common = self.data.keys() & other.data.keys()
        return {each: (self.data[each], other.data[each]) for each in common if self.data[each] != other.data[each]}


def look(made: MadeDatabase) -> State:
    """Look at a database."""
    with filled.connect(made.owner_url) as connection:
        return State(schema.current(made.owner_url), filled.shape(connection), filled.data(connection))


@pytest.fixture(scope="module")
def deployers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("deployers")) as opened:
        yield opened


@dataclass(slots=True)
class Fillings:
    """Filled databases at the newest revision, each made once and copied for every test that wants one."""

    server: DatabaseServer
    folder: Path
    names: dict[int, str] = field(default_factory=dict)

    def copy(self, tickets: int) -> MadeDatabase:
        """Return a copy of the database with so many tickets."""
        if tickets not in self.names:
            name = self._made(template=make_template(self.server))
            assert filled.fill(self.server.database(name), tickets=tickets, folder=self.folder).tickets == tickets
            self.names[tickets] = name
        return self.server.database(self._made(template=self.names[tickets]))

    def drop(self, name: str) -> None:
        """Drop a database."""
        with self.server.connect() as connection:
            databases.drop(connection, name)

    def _made(self, *, template: str) -> str:
        name = f"{self.server.prefix}_{uuid4().hex[:16]}"
        with self.server.connect() as connection:
            databases.create(connection, name, template=template)
        return name


@pytest.fixture(scope="module")
def fillings(database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fillings]:
    made = Fillings(database_server, tmp_path_factory.mktemp("filling"))
    yield made
    for name in made.names.values():
        made.drop(name)


@pytest.fixture
def tickets() -> int:
    """How many tickets the database has; the long form of a test says more."""
    return FEW


@pytest.fixture
def full(fillings: Fillings, tickets: int) -> Iterator[MadeDatabase]:
    """A filled database of the test's own, at the newest revision."""
    made = fillings.copy(tickets)
    yield made
    fillings.drop(made.name)


@pytest.fixture
def newer_state(full: MadeDatabase, pair: tuple[str, str]) -> State:
    """The filled database was brought to the newer one of the pair."""
    if schema.current(full.owner_url) != pair[1]:
        schema.downgrade(full.owner_url, pair[1])
    return look(full)


@pytest.fixture
def older_state(full: MadeDatabase, newer_state: State, pair: tuple[str, str]) -> State:
    """The filled database was brought to the older one of the pair."""
    schema.downgrade(full.owner_url, pair[0])
    return look(full)


@pytest.mark.parametrize(("pair", "tickets"), steps())
def test_a_step_goes_up_and_down_and_up_and_leaves_every_row_as_it_was(
    full: MadeDatabase, newer_state: State, older_state: State, pair: tuple[str, str], tickets: int
) -> None:
    older, newer = pair

    schema.upgrade(full.owner_url, newer)

    again = look(full)
    assert (older_state.revision, again.revision) == ("none" if older == BASE else older, newer)
    assert again.shape ^ newer_state.shape == frozenset()
    assert older_state.differs(newer_state) == again.differs(older_state) == {}
    if older != BASE:
        assert again.differs(newer_state).keys() <= newer_state.data.keys() - older_state.data.keys()
        assert max(rows for column, (rows, _) in again.data.items() if column.table == "ticket") >= tickets


@pytest.mark.parametrize(
    ("pair", "tickets", "stops"),
    [
        *(pytest.param(pair, FEW, SOON, id=" to ".join(pair)) for pair in filled.pairs()[-1:]),
        *(
            pytest.param(pair, MANY, EVERYWHERE, id=" to ".join(pair) + ", large", marks=pytest.mark.soak)
            for pair in filled.pairs()
        ),
    ],
)
def test_a_deployer_who_is_killed_midway_leaves_one_whole_schema_and_every_row(
    full: MadeDatabase,
    database_server: DatabaseServer,
    newer_state: State,
    older_state: State,
    pair: tuple[str, str],
    tickets: int,
    stops: tuple[str, ...],
    deployers: Nursery,
) -> None:
    build_hurdles(database_server, full)

    midway = 0
    for stop in stops:
        # A step with fewer changes of the schema gets through where a longer one would be stopped.
        killed = is_killed_at(deployers, full, pair[1], stop)
        found = look(full)
        if found.revision == pair[1]:
            assert not killed or stop == AT_THE_END
            assert (found.shape ^ newer_state.shape, found.differs(older_state)) == (frozenset(), {}), stop
            schema.downgrade(full.owner_url, pair[0])
        else:
            assert killed
            assert found == older_state, stop
            midway += 1

    assert midway > 0
    assert deployers.deployer(full, pair[1]).wait() == ""
    again = look(full)
    assert (again.revision, again.shape ^ newer_state.shape) == (pair[1], frozenset())
    assert again.differs(older_state) == {}


def test_two_deployers_at_once_migrate_a_filled_database_once(full: MadeDatabase, deployers: Nursery) -> None:
    before = look(full)
    schema.downgrade(full.owner_url, "-1")
    between = look(full)

    both = [deployers.deployer(full) for _ in range(2)]

    assert [deployer.wait() for deployer in both] == ["", ""]
    after = look(full)
    assert (after.revision, after.shape ^ before.shape) == (before.revision, frozenset())
    assert after.differs(between) == {}


def test_a_table_that_somebody_holds_at_every_try_stops_the_deployer(full: MadeDatabase) -> None:
    owner = {"DATABASE_ADMIN_URL": full.owner_url}
    schema.downgrade(full.owner_url, "-1")
    before = look(full)

    with filled.connect(full.owner_url) as somebody, somebody.transaction():
        somebody.execute("lock table alembic_version in access exclusive mode")
        refused = CliRunner().invoke(db_command, ["upgrade", "--tries", "2"], env=owner)

    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 2), refused.output
    assert "trying again (2 of 2)" in refused.stderr
    assert "a table was in use at each of 2 tries" in refused.stderr
    assert look(full) == before
    assert CliRunner().invoke(db_command, ["upgrade"], env=owner).exit_code == 0


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_deployer_comes_back_to_a_table_that_somebody_gives_up_meanwhile(full: MadeDatabase, way: str) -> None:
    *_, before, newest = filled.revisions()
    start, goal = (before, newest) if way == "up" else (newest, before)
    if way == "up":
        schema.downgrade(full.owner_url, before)
    told: list[str] = []

    with filled.connect(full.owner_url) as somebody:
        somebody.execute("begin")
        # He lets the whole step through to where it writes down that it was done.
        somebody.execute("lock table alembic_version in share mode")

        def hear(text: str) -> None:
            told.append(text)
            somebody.execute("rollback")

        patience = schema.Patience(tries=2, pause_seconds=0, tell=hear)
        move = schema.upgrade if way == "up" else schema.downgrade
        move(full.owner_url, "head" if way == "up" else "-1", patience=patience)

    assert told == ["A table is in use; trying again (2 of 2)."]
    assert (start, look(full).revision) == (start, goal)


@pytest.mark.parametrize(("pair", "tickets"), steps(without_base=True))
def test_the_code_before_goes_on_working_while_the_next_schema_is_applied_and_on_it(
    full: MadeDatabase, older_state: State, pair: tuple[str, str], tickets: int
) -> None:
    asked = old_requests(full)
    assert len(asked) > 100

    with clerks(full.url, asked) as work:
        until(lambda: work.done >= CLERKS, "the old code works")
        schema.upgrade(full.owner_url, pair[1])
        enough = work.done + 10
        until(lambda: work.done >= enough, "the old code works on")

    assert work.failures == []
    assert tried_one_by_one(full.url, asked) == []
    assert look(full).differs(older_state) == {}
    if tickets == MANY:
        assert work.slowest < LONGEST_LOCK_SECONDS


def test_a_release_that_is_being_rolled_out_keeps_the_version_before_it_ready(
    full: MadeDatabase,
) -> None:
    settings = settings_for(full.url)
    database = Database(full.url, pool_size=1)
    client = create_app(settings, database=database).test_client()

    def ready_at(revision: str) -> int:
        with filled.connect(full.owner_url) as connection:
            connection.execute("update alembic_version set version_num = %s", (revision,))
        return client.get("/readyz").status_code

    *older, newest = filled.revisions()[1:]

    try:
        assert {ready_at(revision) for revision in older} == {503}
        assert (ready_at(newest), ready_at("of a newer release")) == (200, 200)
    finally:
        database.dispose()
