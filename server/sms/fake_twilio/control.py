"""What a conductor, a test or the demo asks of the provider: texts from telephones, what arrived, bad days."""

import time
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from server.core.numbers import is_fiction
from server.sms.fake_twilio.faults import faults_of
from server.sms.fake_twilio.rest import line
from server.sms.fake_twilio.store import Message

blueprint = Blueprint("control", __name__)

_LONGEST_BODY = 1600
_LONGEST_WAIT_SECONDS = 30.0
_KINDS = frozenset({"technician", "customer", "payee", ""})


@blueprint.post("/phones/<phone>/messages")
def write(phone: str) -> tuple[Response, int]:
    """Let a telephone send us a text: `{"body": "…"}`."""
    body = _json().get("body")
    if not is_fiction(phone) or not isinstance(body, str) or not 0 < len(body) <= _LONGEST_BODY:
        abort(400)
    return jsonify(_shown(line().send(phone=phone, body=body))), 201


@blueprint.get("/phones/<phone>/messages")
def read_one(phone: str) -> Response:
    """Return the texts of a telephone after the n-th, both ways, oldest first."""
    return _listed(phone)


@blueprint.get("/messages")
def read_all() -> Response:
    """Return all texts after the n-th; `wait=5` waits so many seconds for the first."""
    return _listed(None)


@blueprint.put("/phones/<phone>")
def name(phone: str) -> tuple[str, int]:
    """Say whose telephone it is: `{"name": "…", "kind": "technician"}`."""
    given = _json()
    label, kind = given.get("name"), given.get("kind", "")
    if not is_fiction(phone) or not isinstance(label, str) or len(label) > 80 or kind not in _KINDS:
        abort(400)
    line().store.name(phone, name=label, kind=kind)
    return "", 204


@blueprint.get("/idle")
def idle() -> Response:
    """Say whether every web hook was delivered."""
    owed = line().store.owed()
    return jsonify({"idle": owed == 0, "pending": owed})


@blueprint.put("/faults")
def break_things() -> tuple[str, int]:
    """Begin a bad day: shares of what goes wrong, and the seed that decides."""
    try:
        line().dice.load(faults_of(_json()))
    except ValueError:
        abort(400)
    return "", 204


def _json() -> dict[str, Any]:
    given = request.get_json()
    if not isinstance(given, dict):
        abort(400)
    return given


def _listed(phone: str | None) -> Response:
    n, wait = request.args.get("after", 0, int), request.args.get("wait", 0.0, float)
    direction = request.args.get("direction")
    store, until = line().store, time.monotonic() + min(wait, _LONGEST_WAIT_SECONDS)
    found = store.after(n, phone=phone)
    while not found and (left := until - time.monotonic()) > 0:
        with store.changed:
            store.changed.wait(min(left, 0.5))
        found = store.after(n, phone=phone)
    wanted = [_shown(message) for message in found if direction in (None, message.direction)]
    return jsonify({"items": wanted, "last": found[-1].n if found else n})


def _shown(message: Message) -> dict[str, Any]:
    return {
        "n": message.n,
        "sid": message.sid,
        "direction": message.direction,
        "phone": message.phone,
        "body": message.body,
        "status": message.status,
        "created_at": message.created_at.isoformat().replace("+00:00", "Z"),
    }
