"""`truckroll rehearse`: a whole day through the public interfaces, and its balance."""

import json
import signal
import sys
import threading
from datetime import date, datetime
from pathlib import Path

import click

from server.core import collector
from server.rehearsal import verifying
from server.rehearsal.balance import Balance
from server.rehearsal.conductor import Speed
from server.rehearsal.invariants import Violations
from server.rehearsal.material import NothingReported
from server.rehearsal.rehearsing import Order, rehearsal

_EXAMPLE_DAY = date(2026, 3, 10)


@click.group("rehearse", invoke_without_command=True)
@click.option(
    "--tickets",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of real tickets (Boston 311 layout, .gz accepted); without it the day is made from the seed.",
)
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The local day whose tickets are reported.")
@click.option("--days", type=click.IntRange(1, 7), default=1, show_default=True, help="How many days are reported.")
@click.option("--technicians", type=click.IntRange(1, 500), help="How many; default: as many as the work needs.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same balance.")
@click.option("--speed", type=click.Choice([speed.value for speed in Speed]), default="max", show_default=True)
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the balance there, as JSON.")
@click.option("--keep", is_flag=True, help="Keep the folder with database and logs, and say where it is.")
@click.option("--serve", is_flag=True, help="Keep the address open for people at the end, until Ctrl-C.")
@click.pass_context
def rehearse_command(
    context: click.Context,
    tickets: Path | None,
    day: datetime | None,
    days: int,
    technicians: int | None,
    seed: int,
    speed: str,
    report: Path | None,
    keep: bool,
    serve: bool,
) -> None:
    """Play a whole day through the public interfaces, and balance it."""
    if context.invoked_subcommand is not None:
        return
    if tickets is not None and day is None:
        raise click.UsageError("--tickets needs --date: the day whose tickets are reported.")
    order = Order(
        tickets=tickets,
        day=day.date() if day is not None else _EXAMPLE_DAY,
        days=days,
        technicians=technicians,
        seed=seed,
        speed=Speed(speed),
        keep=keep or serve,
    )
    # Ended from outside it takes its processes along, as with Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    collector.spare()
    try:
        balance = _rehearse(order, report=report, serve=serve)
    except NothingReported as nothing:
        raise click.ClickException(str(nothing)) from nothing
    if not balance.adds_up:
        raise click.exceptions.Exit(1)


def _rehearse(order: Order, *, report: Path | None, serve: bool) -> Balance:
    with rehearsal(order, say=lambda text: click.echo(text, err=True)) as (stage, balance):
        click.echo("\n".join(balance.lines_for_people()))
        if report is not None:
            report.write_text(json.dumps(balance.report(), indent=2) + "\n", encoding="utf-8")
        if serve:
            click.echo(f"Look around at {stage.address}, telephones at {stage.provider_address}; Ctrl-C ends it.")
            for login, password in stage.company.logins.items():
                click.echo(f"  {login:<12}  {password}")
            _until_told()
        if order.keep or not balance.adds_up:
            click.echo(f"Kept: {stage.folder}")
        return balance


def _until_told() -> None:
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    told.wait()


@rehearse_command.command("verify")
@click.argument("place")
def verify(place: str) -> None:
    """Recompute the invariants of a kept rehearsal: PLACE is its folder, or the owner's address of its database."""
    try:
        found = verifying.verify(place)
    except verifying.NotARehearsalsFolder as wrong:
        raise click.ClickException(str(wrong)) from wrong
    for each in found:
        click.echo(_told(each))
    if any(each.count for each in found):
        raise click.exceptions.Exit(1)


def _told(found: Violations) -> str:
    name = found.name.replace("_", " ")
    if not found.count:
        return f"holds     {name}"
    return "\n".join([f"VIOLATED  {name}: {found.count}", *(f"          {sentence}" for sentence in found.named)])
