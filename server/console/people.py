"""Who works at a desk: accounts, roles, and closing them."""

from flask import redirect, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from server.console import console
from server.console.frame import page
from server.core import clock
from server.core.errors import NotFound
from server.organisation import logins
from server.organisation.models import Role, Staff
from server.web.auth import allowed
from server.web.context import current, database
from server.web.zones import callers_zone


@console.get("/console/people")
@allowed(Role.ADMINISTRATOR)
def people() -> tuple[str, int]:
    """Show the accounts of the staff."""
    with database().transaction() as session:
        found = list(session.scalars(select(Staff).order_by(Staff.login).limit(500)))
        zone = callers_zone(session)
    return page("people.html", found=found, zone=zone, own=current().id)


@console.post("/console/people/<id:staff_id>/log-out")
@allowed(Role.ADMINISTRATOR)
def end_log_ins(staff_id: int) -> Response:
    """End every log-in and token of somebody, on every device."""

    def do(session: Session) -> None:
        if session.get(Staff, staff_id) is None:
            raise NotFound
        logins.revoke_everything(session, staff_id=staff_id, now=clock.now())

    database().attempt(do)
    return redirect(url_for("console.people", done="people.logged_out"), code=303)
