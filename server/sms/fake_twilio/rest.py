"""The part of Twilio's REST that the product uses: make a message, list messages, read one."""

import time
from datetime import datetime
from email.utils import format_datetime
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, jsonify, request

from server.core.numbers import is_fiction
from server.sms.fake_twilio.line import Line
from server.sms.fake_twilio.store import Message
from server.sms.segments import segments

blueprint = Blueprint("rest", __name__, url_prefix="/2010-04-01/Accounts/<account>")

_LONGEST_BODY = 1600
_MOST_ON_A_PAGE = 1000
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class Problem(Exception):
    """Say no as Twilio does: an HTTP status, a code, a sentence."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@blueprint.errorhandler(Problem)
def _refuse(problem: Problem) -> Response:
    more = f"https://www.twilio.com/docs/errors/{problem.code}"
    body = {"code": problem.code, "message": problem.message, "more_info": more, "status": problem.status}
    answer = jsonify(body)
    answer.status_code = problem.status
    if problem.status == 429:
        answer.headers["Retry-After"] = "1"
    return answer


def line() -> Line:
    """Return the provider that this application is the face of."""
    found: Line = current_app.extensions["line"]
    return found


@blueprint.before_request
def _authenticate() -> None:
    given, twilio = request.authorization, line().twilio
    account = (request.view_args or {}).get("account")
    name, password = (given.username or "", given.password or "") if given is not None else ("", "")
    known = any(compare_digest(password.encode(), token.encode()) for token in twilio.auth_tokens)
    if name != twilio.account_sid or account != twilio.account_sid or not known:
        raise Problem(401, 20003, "Authenticate")


@blueprint.post("/Messages.json")
def make(account: str) -> tuple[Response, int]:
    """Take a text to a telephone, and answer as the faults of the hour have it."""
    if line().dice.falls("too_many"):
        raise Problem(429, 20429, "Too Many Requests")
    to, body, callback = request.form.get("To", ""), request.form.get("Body", ""), request.form.get("StatusCallback")
    _check(to, body, callback)
    sender = request.form.get("From") or request.form.get("MessagingServiceSid", "")
    message = line().take(to=to, sender=sender, body=body, callback=callback)
    if line().dice.faults.reply_delay:
        time.sleep(line().dice.faults.reply_delay)
    if line().dice.falls("lost_replies"):
        _cut()
    if line().dice.falls("errors_after_accept"):
        raise Problem(500, 20500, "Internal Server Error")
    return jsonify(_shown(message, account)), 201


@blueprint.get("/Messages.json")
def list_(account: str) -> Response:
    """Return texts, newest first, a page at a time."""
    page, size = _number("Page", 0, 10_000), max(_number("PageSize", 50, _MOST_ON_A_PAGE), 1)
    to, sender = request.args.get("To"), request.args.get("From")
    rows = line().store.listed(to=to, sender=sender, skip=page * size, most=size + 1)
    shown = [_shown(row, account) for row in rows[:size] if _sent_in_range(row)]
    asked = {key: value for key, value in request.args.items() if key not in {"Page", "PageToken"}}
    # One row more was read than fits: whether there is a next page is known without counting all.
    following = None
    if len(rows) > size:
        query = urlencode({**asked, "Page": str(page + 1), "PageToken": f"PA{rows[size - 1].sid}"})
        following = f"{request.path}?{query}"
    return jsonify(
        {
            "messages": shown,
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(shown) - 1, 0),
            "uri": request.full_path,
            "first_page_uri": f"{request.path}?{urlencode({**asked, 'Page': '0'})}",
            "next_page_uri": following,
            "previous_page_uri": None,
        }
    )


@blueprint.get("/Messages/<sid>.json")
def read(account: str, sid: str) -> Response:
    """Return one text."""
    try:
        return jsonify(_shown(line().store.message(sid), account))
    except KeyError:
        raise Problem(404, 20404, "The requested resource was not found") from None


def _check(to: str, body: str, callback: str | None) -> None:
    if not is_fiction(to):
        raise Problem(400, 21211, "Invalid 'To' Phone Number: this provider takes numbers of fiction only")
    if not body:
        raise Problem(400, 21602, "Message body is required")
    if len(body) > _LONGEST_BODY:
        raise Problem(400, 21617, "The concatenated message body exceeds the 1600 character limit")
    if callback is not None and urlsplit(callback).hostname not in _LOOPBACK:
        raise Problem(400, 21609, "Invalid 'StatusCallback': this provider calls loopback only")
    if line().store.is_stopped(to):
        raise Problem(400, 21610, "Attempt to send to unsubscribed recipient")


def _cut() -> None:
    """Cut the connection under the reply that would follow."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.close()
    raise Problem(500, 20500, "Internal Server Error")


def _number(name: str, default: int, most: int) -> int:
    text = request.args.get(name, "")
    return min(int(text), most) if text.isdecimal() else default


def _sent_in_range(message: Message) -> bool:
    day = message.created_at.date().isoformat()
    exactly, after, before = (request.args.get(name, "")[:10] for name in ("DateSent", "DateSent>", "DateSent<"))
    return (not exactly or day == exactly) and (not after or day >= after) and (not before or day <= before)


def _shown(message: Message, account: str) -> dict[str, Any]:
    to, sender = (message.ours, message.phone) if message.is_inbound else (message.phone, message.ours)
    uri = f"/2010-04-01/Accounts/{account}/Messages/{message.sid}.json"
    made, moved = _written(message.created_at), _written(message.updated_at)
    return {
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": made,
        "date_sent": made,
        "date_updated": moved,
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None,
        "from": sender,
        "messaging_service_sid": sender if sender.startswith("MG") else None,
        "num_media": "0",
        "num_segments": str(segments(message.body)),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": uri.replace(".json", "/Media.json")},
        "to": to,
        "uri": uri,
    }


def _written(instant: datetime) -> str:
    return format_datetime(instant)
