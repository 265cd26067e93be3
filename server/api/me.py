"""The caller himself: who he is to the product, and his password."""

from collections.abc import Mapping

from flask import request
from flask.views import MethodView
from sqlalchemy.orm import Session

from server.core import clock
from server.organisation import passwords, staff
from server.organisation.access import Principal
from server.web import signing_in
from server.web.auth import EVERYBODY, allowed
from server.web.blueprint import Blueprint
from server.web.context import current
from server.web.fields import BaseSchema, Id, List, Nested, Secret
from server.web.schemas import Shown

blp = Blueprint("me", __name__, url_prefix="/api/v1/me", description="The caller himself")


class ScopeSchema(BaseSchema):
    """What part of the company the caller sees; null for all of it."""

    region_id = Id(required=True, allow_none=True)
    station_id = Id(required=True, allow_none=True)


class MeSchema(BaseSchema):
    """Who the caller is."""

    id = Id(required=True)
    name = Shown(required=True)
    roles = List(Shown(), required=True)
    scope = Nested(ScopeSchema, required=True)
    locale = Shown(required=True)


class PasswordChangeSchema(BaseSchema):
    """The present password and the next one."""

    present = Secret(required=True)
    next = Secret(required=True)


@blp.route("")
class Me(MethodView):
    """The caller."""

    @allowed(*EVERYBODY)
    @blp.reads(MeSchema)
    def get(self, _: Session) -> Principal:
        """Show who one is to the product."""
        return current()


@blp.route("/password")
class OwnPassword(MethodView):
    """The caller's password."""

    @allowed(*EVERYBODY)
    @blp.arguments(PasswordChangeSchema)
    @blp.changes(204)
    def post(self, session: Session, body: Mapping[str, str]) -> None:
        """Change one's password; every session and token of one's account ends, this one too."""
        person = staff.one(session, staff_id=current().id)
        signing_in.prove(login=person.login, password=body["present"], address=request.remote_addr)
        with signing_in.hashing():
            stored = passwords.hashed(body["next"], login=person.login)
        staff.set_password(session, staff_id=person.id, password_hash=stored, now=clock.now())
