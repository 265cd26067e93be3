"""`truckroll web`: the web server. It imports little, because it becomes another program."""

import os
import sys

import click

from server.commands.settings import settings_or_exit


@click.command("web")
@click.option("--bind", default="127.0.0.1:8000", show_default=True)
@click.option("--processes", default=2, show_default=True)
@click.option("--threads", default=8, show_default=True)
def web_command(bind: str, processes: int, threads: int) -> None:
    """Serve pages, API and web hooks."""
    settings = settings_or_exit()
    patience = 5
    if settings.demo or settings.simulated:
        _loopback_only(bind)
        # Ctrl-C of a demo ends all its processes within six seconds, this one among them.
        patience = 1
    arguments = ["-c", "python:server.web.gunicorn_conf", "-b", bind, "-w", str(processes), "--threads", str(threads)]
    arguments += ["--graceful-timeout", str(patience)]
    # The server replaces this process, so that a signal to it is a signal to the server.
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments, "server.app:create_app()"])  # noqa: S606


def _loopback_only(bind: str) -> None:
    if not bind.startswith(("127.0.0.1:", "[::1]:")):
        raise click.ClickException("A demo or rehearsal is served on 127.0.0.1 only: use --bind 127.0.0.1:PORT.")
