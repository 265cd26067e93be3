"""`truckroll web`: the web server. It imports little, because it becomes another program."""

import os
import sys

import click

from server.commands.settings import settings_or_exit

_GIVEN_BACK_AT_ONCE = 1024 * 1024
"""Bytes of memory from which a piece is returned to the system when it is freed."""


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
    # Each password hash takes 19 MiB for a moment. Left to itself the C library soon keeps such a piece for every
    # thread; with a fixed threshold it gives them back at once (fault 47). Elsewhere than on glibc it means nothing.
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(_GIVEN_BACK_AT_ONCE))
    # The server replaces this process, so that a signal to it is a signal to the server.
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *arguments, "server.app:create_app()"])  # noqa: S606


def _loopback_only(bind: str) -> None:
    if not bind.startswith(("127.0.0.1:", "[::1]:")):
        raise click.ClickException("A demo or rehearsal is served on 127.0.0.1 only: use --bind 127.0.0.1:PORT.")
