"""Policies: the numbers of the handbook, read by everybody, changed by an administrator from an instant on."""

from flask.views import MethodView
from sqlalchemy.orm import Session

from server.core import clock
from server.core.policies import Policy
from server.organisation import policies
from server.organisation.models import Role
from server.organisation.policies import NewVersion
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.context import current, state
from server.web.fields import BaseSchema, Id, Instant, JsonObject, List, Nested, Text
from server.web.schemas import Shown

blp = Blueprint("policies", __name__, url_prefix="/api/v1/policies", description="The numbers that rules go by")


class PolicySchema(BaseSchema):
    """One version of a policy; durations are seconds, money is in minor units."""

    id = Id(required=True)
    name = Shown(required=True)
    valid_from = Instant(required=True)
    values = JsonObject(required=True)
    author_id = Id(required=True, allow_none=True)
    reason = Shown(required=True, allow_none=True)


class PoliciesSchema(BaseSchema):
    """Some versions."""

    items = List(Nested(PolicySchema), required=True, most=200)


class NewVersionSchema(BaseSchema):
    """Numbers that hold from an instant on; a field that is absent has the handbook's default."""

    makes = NewVersion

    values = JsonObject(required=True)
    valid_from = Instant(required=True)
    reason = Text(required=True, most=500, lines=True)


@blp.route("")
class Policies(MethodView):
    """Every policy."""

    @allowed(*EVERYBODY)
    @blp.reads(PoliciesSchema)
    def get(self, session: Session) -> dict[str, list[Policy]]:
        """List the policies that hold now."""
        return {"items": policies.in_force(session, known=state().terms, now=clock.now())}


@blp.route("/<policy>/versions")
class Versions(MethodView):
    """The versions of one policy."""

    @allowed(*EVERYBODY)
    @blp.reads(PoliciesSchema)
    def get(self, session: Session, policy: str) -> dict[str, list[Policy]]:
        """List the versions of a policy, future ones included."""
        return {"items": policies.versions(session, name=policy, known=state().terms)}

    @allowed(Role.ADMINISTRATOR)
    @blp.arguments(NewVersionSchema)
    @blp.changes(201, PolicySchema)
    def post(self, session: Session, new: NewVersion, policy: str) -> Policy:
        """Let other numbers hold from an instant on."""
        return policies.add_version(
            session, new, name=policy, known=state().terms, author_id=current().id, now=clock.now()
        )
