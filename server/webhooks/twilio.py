"""What Twilio calls: a text came in, a message's state has changed. Thin: verify, keep, answer."""

import structlog
from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from server.core import clock
from server.core.numbers import BadPhone, e164
from server.sms import inbound, notices
from server.sms.signatures import is_signed
from server.web.auth import by_provider
from server.web.context import database, settings
from server.web.http import longest_body
from server.webhooks import forms
from server.webhooks.forms import ForgedRequest

log = structlog.get_logger(__name__)

PROVIDER = "twilio"
LONGEST_BODY = 64 * 1024
"""Bytes; Twilio's longest is a tenth of it."""

blueprint = Blueprint("twilio", __name__, url_prefix="/hooks/twilio")

_SIGNATURE = "X-Twilio-Signature"
_NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@blueprint.post("/inbound")
@by_provider
@longest_body(LONGEST_BODY)
def take_text() -> Response:
    """Keep a text and have it read; answers leave through the outbox, so Twilio is told nothing."""
    _verify("/hooks/twilio/inbound")
    form = forms.inbound(request.form)
    _verify_account(form.account)
    now = clock.now()
    with database().transaction() as session:
        inbound.take_in(
            session,
            provider=PROVIDER,
            provider_id=form.message,
            phone=_international(form.phone),
            body=form.body,
            now=now,
        )
    return Response(_NOTHING_TO_SAY, content_type="text/xml")


@blueprint.post("/status/<int:outbox_id>")
@by_provider
@longest_body(LONGEST_BODY)
def take_status(outbox_id: int) -> Response:
    """Keep a notice. One about a message that we do not have is answered alike: sending it again would not help."""
    _verify(f"/hooks/twilio/status/{outbox_id}")
    form = forms.status(request.form)
    _verify_account(form.account)
    now = clock.now()

    def take(session: Session) -> None:
        notices.take_notice(
            session,
            message_id=outbox_id,
            provider_id=form.message,
            state=form.state,
            failure=form.failure,
            now=now,
        )

    try:
        # A notice that bars a customer also holds his ticket, which somebody else may hold who wants this message.
        database().attempt(take, races=notices.RACES)
    except notices.UnknownMessage:
        log.warning("notice about an unknown message", message=outbox_id)
    return Response(_NOTHING_TO_SAY, content_type="text/xml")


def _verify(path: str) -> None:
    """Find out whether Twilio sent this, by the address that we gave it: the request's own headers do not count.

    :raises ForgedRequest: otherwise; nothing is kept of such a request.
    """
    ours = settings()
    signature = request.headers.get(_SIGNATURE)
    url = f"{ours.public_url}{path}"
    if not is_signed(url=url, fields=request.form, signature=signature, tokens=ours.twilio.auth_tokens):
        log.warning("forged request refused", hook=request.endpoint)
        raise ForgedRequest


def _verify_account(account: str) -> None:
    if account != settings().twilio.account_sid:
        log.warning("request about another account refused", hook=request.endpoint)
        raise ForgedRequest


def _international(phone: str) -> str:
    """Return a sender's number as we keep numbers; a short code of a carrier stays as it is."""
    try:
        return e164(phone, country=settings().country)
    except BadPhone:
        return phone
