"""What waits for somebody's attention, worst first."""

from flask import url_for

from server.console import console
from server.console.frame import page
from server.core import clock
from server.organisation.models import Role
from server.reports.today import today as queues
from server.web.auth import allowed
from server.web.context import current, database, settings


@console.get("/console/today")
@allowed(Role.DISPATCHER, Role.SUPERVISOR)
def today() -> tuple[str, int]:
    """Show the caller's queues with counts and the worst of each."""
    caller = current()
    with database().transaction() as session:
        found = queues(session, scope=caller.scope, roles=caller.roles, now=clock.now())
    links = {
        item.ticket_id: url_for("console.ticket", ticket_id=item.ticket_id)
        for queue in found
        for item in queue.items
        if item.ticket_id is not None
    }
    return page("today.html", queues=found, links=links, zone=settings().zone)
