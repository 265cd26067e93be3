"""Whether this process lives, and whether it can work."""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from server.core.errors import Unavailable
from server.web.auth import public
from server.web.context import database, timeless


class SchemaBehind(Unavailable):
    """The database is at an older revision than this version needs: migrate, or wait for the deployer."""

    code = "health.schema_behind"


def blueprint(*, heads: frozenset[str], known: frozenset[str]) -> Blueprint:
    """Return the two addresses that a supervisor or a load balancer asks.

    :param heads: the revisions that the database must be at.
    :param known: every revision of this version. A revision that is none of them is a newer version's, and a newer
        schema serves the version before it (fault 70): while a release is being rolled out, both are ready.
    """
    health = Blueprint("health", __name__)

    @health.get("/healthz")
    @public
    @timeless
    def healthz() -> Response:
        """Say that the process answers."""
        return jsonify(status="ok")

    @health.get("/readyz")
    @public
    @timeless
    def readyz() -> Response:
        """Say that the database is reachable, and at our revision or a newer one."""
        with database().transaction() as session:
            found = frozenset(session.scalars(text("select version_num from alembic_version")))
        if found != heads and found <= known:
            raise SchemaBehind
        return jsonify(status="ready")

    return health
