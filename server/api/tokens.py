"""Tokens: whoever knows a login and its password gets one; its owner sees and revokes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import request
from flask.views import MethodView
from sqlalchemy.orm import Session

from server.core import clock
from server.organisation import logins
from server.organisation.models import ApiToken
from server.web import signing_in
from server.web.auth import EVERYBODY, allowed, public
from server.web.blueprint import Blueprint
from server.web.context import current, database
from server.web.fields import BaseSchema, Id, Instant, List, Nested, Seconds, Secret, Text
from server.web.schemas import Shown

blp = Blueprint("tokens", __name__, url_prefix="/api/v1/tokens", description="Bearer tokens of staff")


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token at the only moment at which it is shown."""

    id: int
    label: str
    created_at: datetime
    expires_at: datetime
    token: str


class LoginSchema(BaseSchema):
    """A login and its password."""

    login = Text(required=True, most=100)
    password = Secret(required=True)
    label = Text(required=True, most=100)
    expires_in = Seconds(least=60, most=round(logins.MOST_TOKEN_LASTS.total_seconds()), load_default=logins.TOKEN_LASTS)


class TokenSchema(BaseSchema):
    """A token, without the token itself."""

    id = Id(required=True)
    label = Shown(required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True)


class GivenTokenSchema(TokenSchema):
    """A new token; it is shown this once and stored as a hash only."""

    token = Shown(required=True)


class TokensSchema(BaseSchema):
    """The caller's tokens."""

    items = List(Nested(TokenSchema), required=True, most=200)


@blp.route("")
class Tokens(MethodView):
    """The caller's tokens."""

    @public
    @blp.arguments(LoginSchema)
    @blp.answers(201, GivenTokenSchema, refusals=(401,))
    def post(self, body: Mapping[str, Any]) -> GivenToken:
        """Log in with a password and get a token.

        Sending it again gives another token; no Idempotency-Key is taken, because nobody is known yet.
        """
        staff_id = signing_in.prove(login=body["login"], password=body["password"], address=request.remote_addr)
        lasts: timedelta = body["expires_in"]
        with database().transaction() as session:
            row, token = logins.issue(session, staff_id=staff_id, label=body["label"], now=clock.now(), lasts=lasts)
        return GivenToken(
            id=row.id, label=row.label, created_at=row.created_at, expires_at=row.expires_at, token=token.text
        )

    @allowed(*EVERYBODY)
    @blp.reads(TokensSchema)
    def get(self, session: Session) -> Mapping[str, list[ApiToken]]:
        """List one's own tokens that are still valid."""
        return {"items": logins.tokens_of(session, staff_id=current().id, now=clock.now())}


@blp.route("/<int:token_id>/revocation")
class Revocation(MethodView):
    """The end of a token."""

    @allowed(*EVERYBODY)
    @blp.changes(204)
    def post(self, session: Session, token_id: int) -> None:
        """Revoke one of one's own tokens; it opens nothing from the next request on."""
        logins.revoke(session, token_id=token_id, staff_id=current().id, now=clock.now())
