"""`truckroll import`: tickets from files."""

import os
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.commands.db import owner_url
from server.core.clock import SystemClock
from server.core.db import Database
from server.core.events import Actor, ActorKind, Via
from server.orders.imports import mapping as mappings
from server.orders.imports.load import Import, ImportRefused, Outcome, import_tickets
from server.organisation.models import Region
from server.web import texts

_IMPORTER = Actor(ActorKind.SYSTEM, None, Via.IMPORT)


@click.group("import")
def import_command() -> None:
    """Import what another system has."""


@import_command.command("tickets")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--mapping", "name", required=True, help=f"Shipped: {', '.join(mappings.shipped())}; or a .toml file.")
@click.option("--region", help="The region of its places; made if it does not exist. Default: the mapping's name.")
@click.option("--dry-run", is_flag=True, help="Look at every row, change nothing.")
@click.option("--locale", type=click.Choice(texts.LOCALES), default="en", show_default=True)
def tickets(file: Path, name: str, region: str | None, dry_run: bool, locale: str) -> None:
    """Import the tickets of FILE (CSV, also .csv.gz), wholly or not at all.

    Rows that were imported before change nothing, so a file can be imported again.
    """
    try:
        mapping = mappings.load(name)
    except mappings.BadMapping as error:
        raise click.ClickException(str(error)) from error
    with owner_url() as url:
        database = Database(os.environ.get("DATABASE_URL") or url, pool_size=1, name="truckroll import")
        try:
            outcome = _import(database, file, mapping, region or mapping.name, dry_run=dry_run)
        except ImportRefused as refused:
            _tell_errors(refused.outcome, locale)
            raise click.ClickException("Nothing was imported. Mend the rows and import the file again.") from refused
        finally:
            database.dispose()
    _tell(outcome, dry_run=dry_run)


def _import(database: Database, file: Path, mapping: mappings.Mapping, region: str, *, dry_run: bool) -> Outcome:
    now = SystemClock().read()
    country = os.environ.get("TRUCKROLL_COUNTRY", "CN")
    with (
        database.transaction() as session,
        click.progressbar(length=file.stat().st_size, label=file.name, show_pos=False) as bar,
    ):
        order = Import(mapping, _region(session, region, mapping.time_zone), country, _IMPORTER, now)
        outcome = import_tickets(session, file, order, watch=lambda position: bar.update(position - bar.pos))
        if dry_run:
            session.rollback()
    return outcome


def _region(session: Session, name: str, time_zone: str) -> Region:
    region = session.scalar(select(Region).where(Region.name == name))
    if region is None:
        region = Region(name=name, time_zone=time_zone)
        session.add(region)
        session.flush()
    return region


def _tell(outcome: Outcome, *, dry_run: bool) -> None:
    rows = (
        ("rows", outcome.rows),
        ("new tickets", outcome.tickets),
        ("  of these closed elsewhere", outcome.closed),
        ("facts added to open tickets", outcome.added_facts),
        ("imported before", outcome.present),
    )
    click.echo("\n".join(f"{label:<32}{count:>9,}" for label, count in rows))
    if dry_run:
        click.echo("A dry run: nothing was changed.")


def _tell_errors(outcome: Outcome, locale: str) -> None:
    for error in outcome.errors:
        text = texts.said(f"import.{error.code}", locale=locale, details={"field": error.field, "value": error.value})
        where = f"row {error.row}" if error.row else "file"
        click.echo(f"{where:>10}  {text.detail if text else error.code}", err=True)
    more = outcome.wrong - len(outcome.errors)
    click.echo(f"{outcome.wrong} rows are wrong{f'; {more} more are not shown' if more > 0 else ''}.", err=True)
