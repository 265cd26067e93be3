"""A day from report to paid labour, through HTTP and text messages alone, on simulated time."""

from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pytest

from server.rehearsal.balance import Balance
from server.rehearsal.rehearsing import Order
from tests.needs import shared_folder
from tests.rehearsals import DAY, balance_of, played

SMALL = Order(tickets=None, day=DAY, count=15, seed=1)


def wrong(balance: Balance) -> dict[str, tuple[str, ...]]:
    return {each.name: each.named for each in balance.violations if each.count}


@pytest.mark.slow
def test_a_day_of_fifteen_reports_balances_and_the_same_seed_balances_alike():
    # Side by side: two rehearsals on one machine do not touch each other, and who is faster must not matter.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as both:
        balances = list(both.map(balance_of, [SMALL, SMALL]))
    reports = [balance.report() | {"timings": {}} for balance in balances]

    assert [wrong(balance) for balance in balances] == [{}, {}]
    assert reports[0] == reports[1]
    assert reports[0]["tickets"]["reported"] >= 15
    assert reports[0]["visits"]["completed"] >= 11
    assert reports[0]["lines"]["paid"] >= 8
    assert set(reports[0]["messages"]) <= {"delivered", "suppressed", "failed"}


@pytest.mark.slow
def test_a_rehearsal_leaves_nothing_behind():
    with played(Order(tickets=None, day=DAY, count=3, seed=2)) as rehearsal:
        folder = rehearsal.folder
        pids = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit() and belongs(each, folder)]
        assert pids

    assert not folder.exists()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists() and belongs(Path(f"/proc/{pid}"), folder)]


def belongs(process: Path, folder: Path) -> bool:
    try:
        return str(folder).encode() in (process / "cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.soak
@pytest.mark.shared
@pytest.mark.parametrize("day", [date(2015, 1, 13), date(2015, 2, 10)])
def test_a_real_day_balances_and_shows_every_behaviour(day):
    folder = shared_folder()
    assert folder is not None
    tickets = folder / "data" / "tickets" / "boston_repair_2015.csv.gz"

    with played(Order(tickets=tickets, day=day)) as rehearsal:
        balance = rehearsal.balance

    assert wrong(balance) == {}
    assert balance.absent_branches == ()
    assert balance.located_completed >= 0.95 * balance.located
