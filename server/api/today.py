"""Today: what waits for the caller, worst first."""

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.core import clock
from server.reports import today as waiting
from server.reports.today import Queue
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Id, Instant, Int, List, Nested
from server.web.schemas import Shown

blp = Blueprint("today", __name__, url_prefix="/api/v1/today", description="What waits for the caller")


class ItemSchema(BaseSchema):
    """One thing that waits."""

    thing = Shown(required=True)
    id = Id(required=True)
    ticket_id = Id(required=True, allow_none=True)
    at = Instant(required=True, allow_none=True)
    what = Shown(required=True)


class QueueSchema(BaseSchema):
    """What waits for one kind of attention."""

    name = Shown(required=True)
    count = Int(required=True, least=0)
    items = List(Nested(ItemSchema), required=True)


class TodaySchema(BaseSchema):
    """Every queue that is for the caller."""

    queues = List(Nested(QueueSchema), required=True)


@blp.route("")
class Today(MethodView):
    """What waits."""

    @allowed(*EVERYBODY)
    @blp.reads(TodaySchema)
    def get(self, session: Session) -> dict[str, tuple[Queue, ...]]:
        """Show the caller's queues with counts, the worst first in each."""
        caller = current()
        return {"queues": waiting.today(session, scope=caller.scope, roles=caller.roles, now=clock.now())}
