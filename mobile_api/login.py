"""How a technician's device logs in: a code by text message, then a token."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import request
from flask.views import MethodView
from sqlalchemy.orm import Session

from server.core import clock
from server.organisation import attempts
from server.organisation.access import Principal
from server.technicians import devices, login
from server.technicians.login import AskedCode, CodeRefused
from server.web.admission import bearer_token
from server.web.auth import for_technicians, public
from server.web.blueprint import Blueprint
from server.web.context import current, database, settings
from server.web.fields import BaseSchema, Id, Instant, Phone, Secret, Text
from server.web.schemas import Shown

blp = Blueprint("login", __name__, url_prefix="/mobile/v1", description="Logging a device in and out")


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A device's token at the only moment at which it is shown."""

    token: str
    expires_at: datetime
    technician_id: int


class AskCodeSchema(BaseSchema):
    """For whom a code is wanted."""

    phone = Phone(required=True)


class AskedCodeSchema(BaseSchema):
    """What to hand in together with the code."""

    request = Shown(required=True)
    expires_at = Instant(required=True)


class CodeSchema(BaseSchema):
    """The code of a message, and the request that it was sent for."""

    request = Text(required=True, most=64)
    code = Secret(required=True, most=12)


class TechnicianSchema(BaseSchema):
    """Who the technician is."""

    id = Id(required=True)
    name = Shown(required=True)
    locale = Shown(required=True)


class GivenTokenSchema(BaseSchema):
    """A new token; it is shown this once and stored as a hash only."""

    token = Shown(required=True)
    expires_at = Instant(required=True)
    technician_id = Id(required=True)


@blp.route("/login-codes")
class LoginCodes(MethodView):
    """Codes by text message."""

    @public
    @blp.arguments(AskCodeSchema)
    @blp.answers(202, AskedCodeSchema)
    def post(self, body: Mapping[str, str]) -> AskedCode:
        """Ask for a code; the answer does not tell whether the telephone is a technician's."""
        now, salt = clock.now(), settings().session_key
        asking = attempts.attempt(login.CODES, name=body["phone"], address=request.remote_addr, salt=salt)
        with database().transaction() as session:
            attempts.begin(session, asking, now=now)
        return database().attempt(lambda session: login.ask_code(session, phone=body["phone"], salt=salt, now=now))


@blp.route("/tokens")
class Tokens(MethodView):
    """Log-ins of devices."""

    @public
    @blp.arguments(CodeSchema)
    @blp.answers(201, GivenTokenSchema, refusals=(401,))
    def post(self, body: Mapping[str, str]) -> GivenToken:
        """Log a device in with a code."""
        now, salt = clock.now(), settings().session_key
        with database().transaction() as session:
            outcome = login.redeem(session, request=body["request"], code=body["code"], salt=salt, now=now)
        # Committed before it is refused: a wrong code has used up a try.
        if isinstance(outcome, CodeRefused):
            raise outcome
        return GivenToken(
            token=outcome.token.text, expires_at=outcome.row.expires_at, technician_id=outcome.row.technician_id
        )


@blp.route("/tokens/revocation")
class Revocation(MethodView):
    """The end of this device's log-in."""

    @for_technicians
    @blp.changes(204)
    def post(self, session: Session) -> None:
        """Log this device out."""
        devices.disconnect(session, token=bearer_token() or "", now=clock.now())


@blp.route("/me")
class Me(MethodView):
    """The technician himself."""

    @for_technicians
    @blp.reads(TechnicianSchema)
    def get(self, _: Session) -> Principal:
        """Show who one is to the product."""
        return current()
