"""A rehearsal from its beginning to its balance."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection

from server.rehearsal import branches, material, verifying
from server.rehearsal.agenda import Agenda
from server.rehearsal.balance import Balance, count_by, one
from server.rehearsal.beat import Beat
from server.rehearsal.casting import ENOUGH, cast
from server.rehearsal.conductor import Cast, Conductor, Speed
from server.rehearsal.desk import Desk, Line
from server.rehearsal.material import Material
from server.rehearsal.people.administrator import Administrator
from server.rehearsal.people.customers import Customers
from server.rehearsal.people.dispatcher import Dispatchers
from server.rehearsal.people.month_end import MonthEnd
from server.rehearsal.people.office import CallbackAgents, Clerk, Supervisor
from server.rehearsal.people.reporters import Reporters
from server.rehearsal.people.technicians import Technicians
from server.rehearsal.play import Play
from server.rehearsal.shaping import shape_of
from server.rehearsal.stage import Ending, Pace, Stage, stage
from server.rehearsal.tally import Tally
from server.rehearsal.telephones import Telephones
from server.rehearsal.witness import Witness

_ENOUGH_LOCATED = 50
_LONGEST = timedelta(days=7)
_AFTER_AUDIT = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be rehearsed.

    :param tickets: a file of real tickets, or None for a day made from the seed.
    :param count: how many reports a made day has.
    :param technicians: how many; None for so many as the work needs.
    :param keep: whether the folder stays though all went well.
    """

    tickets: Path | None
    day: date
    days: int = 1
    technicians: int | None = None
    seed: int = 1
    speed: Speed = Speed.MAX
    keep: bool = False
    count: int = material.EXAMPLE_COUNT


def material_of(order: Order) -> Material:
    """Return what is reported.

    :raises NothingReported: if the file has nothing of that day.
    """
    if order.tickets is not None:
        return material.from_file(order.tickets, day=order.day, days=order.days)
    return material.invent(seed=order.seed, day=order.day, days=order.days, count=order.count)


@contextmanager
def rehearsal(order: Order, *, say: Callable[[str], None]) -> Iterator[tuple[Stage, Balance]]:
    """Play a rehearsal, and hand out its balance while its processes still run."""
    began = time.monotonic()
    given = material_of(order)
    shape = shape_of(given, technicians=order.technicians)
    pace = Pace() if order.speed is Speed.MAX else Pace(tick=1.0)
    verdict: list[Balance] = []

    def keep() -> bool:
        return order.keep or not verdict or not verdict[0].adds_up

    with stage(
        shape=shape, country=given.country, seed=order.seed, begins_at=given.begins_at, pace=pace, end=Ending(keep, say)
    ) as built:
        say(f"{len(given.reports)} reports, {shape.technicians} technicians; it plays in {built.folder}")
        ready = time.monotonic()
        tally = _play(order, given, built, say=say)
        played = time.monotonic()
        balance = take_balance(built.owner_url, built.folder, given, tally)
        if order.technicians is None:
            balance = replace(balance, located_wanted=enough_of(balance.located))
        timings = {
            "preparing": round(ready - began, 1),
            "playing": round(played - ready, 1),
            "balancing": round(time.monotonic() - played, 1),
        }
        verdict.append(replace(balance, timings=timings))
        yield built, verdict[0]


def _play(order: Order, given: Material, built: Stage, *, say: Callable[[str], None]) -> Tally:
    with Line(built.provider_address) as provider, Line(built.address) as line:
        return _play_over(order, given, built, (provider, line), say=say)


def _play_over(
    order: Order, given: Material, built: Stage, lines: tuple[Line, Line], *, say: Callable[[str], None]
) -> Tally:
    provider, line = lines
    telephones = Telephones(provider)
    beat = Beat(built.owner_url, begins_at=given.begins_at, provider_pending=telephones.pending)
    witness = Witness(built.folder)
    desks = {
        login: Desk(line, login=login, password=password, seed=order.seed, told=witness.secret)
        for login, password in built.company.logins.items()
    }
    play = Play(
        seed=order.seed,
        region_id=built.company.region_id,
        material=given,
        parts=cast(given.reports, seed=order.seed),
        agenda=Agenda(),
        beat=beat,
        desks=desks,
        public=line,
        telephones=telephones,
        tally=Tally(),
        ends_at=given.begins_at + timedelta(days=given.days) + _LONGEST,
    )
    try:
        _prepare(play, given, currency=built.company.currency)
        conductor = Conductor(play, _people(play, witness, built), speed=order.speed, say=say)
        conductor.play_days()
        say(f"the days are over at {play.local(play.now):%Y-%m-%d %H:%M}; now the month is closed")
        for month in _months(given, play):
            closing = MonthEnd(play, month)
            closing.plan()
            conductor.play_until(closing.begins_at + _AFTER_AUDIT)
    finally:
        beat.close()
    return play.tally


def _prepare(play: Play, given: Material, *, currency: str) -> None:
    """Name the telephones, and set what this company's policies say differently."""
    for report in given.reports:
        play.telephones.name(report.phone, name=report.name, kind="customer")
    Administrator(play, currency=currency).prepare()


def _people(play: Play, witness: Witness, built: Stage) -> Cast:
    for phone, name in built.company.technicians:
        play.telephones.name(phone, name=name, kind="technician")
    Reporters(play, witness)
    return Cast(
        technicians=Technicians(play, [phone for phone, _ in built.company.technicians]),
        customers=Customers(play),
        dispatchers=Dispatchers(play),
        clerk=Clerk(play),
        agents=CallbackAgents(play),
        supervisor=Supervisor(play),
    )


def _months(given: Material, play: Play) -> list[date]:
    """Return the first day of every month in which work can have ended."""
    first, last = given.day.replace(day=1), play.local(play.now).date().replace(day=1)
    months = [first]
    while months[-1] < last:
        months.append((months[-1] + timedelta(days=31)).replace(day=1))
    return months


def enough_of(located: int) -> int:
    """Return how many of the located tickets the usual staffing must complete: 95 %, once there are enough of them."""
    return -(-located * 95 // 100) if located >= _ENOUGH_LOCATED else 0


def take_balance(owner_url: str, folder: Path, given: Material, tally: Tally) -> Balance:
    """Count everything and look for what does not add up."""
    with verifying.connected(owner_url) as connection:
        counted = branches.count(connection, tally)
        large = len(given.reports) >= ENOUGH
        return Balance(
            reported=len(Witness(folder).reports()),
            ended=count_by(connection, "select status, count(*) from ticket group by status order by status"),
            added_facts=one(connection, "select count(*) - (select count(*) from ticket) from ticket_report"),
            located=sum(report.trusted for report in given.reports),
            located_completed=_completed(connection, given),
            visits_completed=one(connection, "select count(*) from visit where status = 'done'"),
            messages=count_by(
                connection, "select status, count(*) from outbox_message group by status order by status"
            ),
            lines=_lines(connection),
            branches=counted,
            absent_branches=tuple(name for name, times in counted.items() if not times) if large else (),
            violations=tuple(verifying.check(connection, folder)),
        )


_VERDICTS = {"pay": "paid", "reduced": "reduced", "hold": "held", "refuse": "refused", "open": "open"}


def _lines(connection: Connection) -> dict[str, int]:
    query = "select verdict, count(*) from statement_line where kind in ('labour', 'visit') group by verdict"
    found = count_by(connection, query)
    return {word: found.get(verdict, 0) for verdict, word in _VERDICTS.items()}


def _completed(connection: Connection, given: Material) -> int:
    """Return how many reports with a trusted position belong to a ticket that somebody finished."""
    done = count_by(
        connection,
        "select tr.external_id, count(*) from ticket_report tr join visit v on v.ticket_id = tr.ticket_id"
        " where v.status = 'done' group by tr.external_id",
    )
    return sum(1 for report in given.reports if report.trusted and report.key in done)
