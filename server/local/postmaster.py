"""The two processes of the embedded server that are ours: the one that becomes it, and its guard."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from server.local.cluster import ClusterUnusable
from server.local.local_server import PostgresNotStarted
from server.local.postgres import EmbeddedPostgres
from server.local.programs import ProgramsMissing
from server.local.sockets import NoPlaceForSocket


def main(arguments: Sequence[str]) -> int:
    """Run ``run DATA`` (become the server) or ``guard DATA`` (stop it after its last user)."""
    parser = argparse.ArgumentParser(prog="python -m server.local.postmaster")
    parser.add_argument("work", choices=("run", "guard"))
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--fast", action="store_true", help="the data may be lost")
    parser.add_argument("--discard", action="store_true", help="remove the data after the last user")
    told = parser.parse_args(arguments)
    server = EmbeddedPostgres(told.data_dir, fast=told.fast, discard=told.discard)
    if told.work == "guard":
        server.guard()
        return 0
    try:
        server.exec_server()
    except (PostgresNotStarted, ClusterUnusable, ProgramsMissing, NoPlaceForSocket) as error:
        sys.stderr.write(f"{error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
