"""`truckroll db`: migrate, check, back up, restore."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from server import schema
from server.local import backup as backups
from server.local.home import home
from server.local.postgres import EmbeddedPostgres

OWNER_ROLE = "truckroll"


@contextmanager
def owner_url() -> Iterator[str]:
    """Return the owner's address: `DATABASE_ADMIN_URL`, or the embedded server, started if need be."""
    given = os.environ.get("DATABASE_ADMIN_URL", "")
    if given:
        yield given
        return
    with EmbeddedPostgres(home() / "postgres") as postgres:
        yield postgres.url(role=OWNER_ROLE)


@contextmanager
def _told_in_words() -> Iterator[None]:
    try:
        yield
    except schema.TableInUse as error:
        raise click.ClickException(f"Not migrated: {error}. The database is as the last whole step left it.") from error


def _patience(tries: int) -> schema.Patience:
    return schema.Patience(tries=tries, tell=lambda text: click.echo(text, err=True))


_TRIES = click.option(
    "--tries",
    type=click.IntRange(1, 100),
    default=schema.PATIENT.tries,
    show_default=True,
    help="How often to come back to a table that is in use.",
)


@click.group("db")
def db_command() -> None:
    """Look after the database (`DATABASE_ADMIN_URL`, else the embedded one)."""


@db_command.command("upgrade")
@click.argument("revision", default="head")
@_TRIES
def upgrade(revision: str, tries: int) -> None:
    """Bring the schema to REVISION (default: the newest)."""
    with owner_url() as url, _told_in_words():
        schema.upgrade(url, revision, patience=_patience(tries))
        click.echo(f"The database is at revision {schema.current(url)}.")


@db_command.command("downgrade")
@click.argument("revision")
@_TRIES
def downgrade(revision: str, tries: int) -> None:
    """Take the schema back to REVISION (`-1`: one step; `base`: empty)."""
    with owner_url() as url, _told_in_words():
        schema.downgrade(url, revision, patience=_patience(tries))
        click.echo(f"The database is at revision {schema.current(url)}.")


@db_command.command("check")
@click.option("--models", is_flag=True, help="Migrate an empty throw-away database and compare it with the models.")
def check(models: bool) -> None:
    """Compare the database, tables and CHECKs, with the models."""
    try:
        if models:
            with (
                tempfile.TemporaryDirectory(prefix="truckroll-check-") as folder,
                EmbeddedPostgres(Path(folder) / "postgres", fast=True) as postgres,
            ):
                schema.upgrade(postgres.url(role=OWNER_ROLE))
                revision = schema.check(postgres.url(role=OWNER_ROLE))
        else:
            with owner_url() as url:
                revision = schema.check(url)
    except schema.SchemaDrift as drift:
        raise click.ClickException(f"Models and database differ:\n{drift}\nWrite a migration, or upgrade.") from drift
    click.echo(f"Models and database agree at revision {revision}.")


@db_command.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Write everything into FILE, as one moment saw it."""
    with owner_url() as url:
        backups.backup(url, file)
    click.echo(f"Written: {file}")


@db_command.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def restore(file: Path) -> None:
    """Fill an empty, migrated database from FILE, wholly or not at all."""
    with owner_url() as url:
        backups.restore(url, file)
    click.echo(f"Restored from {file}")
