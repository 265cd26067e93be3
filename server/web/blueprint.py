"""How a resource is written: a view, a use case, a schema.

    blp = Blueprint("stations", __name__, url_prefix="/api/v1/stations", description="Service stations")

    @blp.route("/<int:station_id>")
    class OneStation(MethodView):

        @allowed(*EVERYBODY)
        @blp.reads(StationSchema)
        def get(self, session: Session, station_id: int) -> Station:
            \"\"\"Show a station\"\"\"
            return stations.one(session, station_id=station_id, scope=current().scope)

        @allowed(Role.ADMINISTRATOR)
        @blp.arguments(StationChangeSchema)
        @blp.changes(200, StationSchema)
        def patch(self, session: Session, change: StationChange, station_id: int) -> Station:
            \"\"\"Change a station\"\"\"
            station = stations.locked(session, station_id=station_id)
            etag.match(station, schema=StationSchema)
            return stations.change(session, station, change=change)

`reads` opens a glance at the database and `changes` a transaction; they hand the session to the view as its
first argument, and write the answer while it is still open. A POST through `changes` needs an Idempotency-Key and happens once;
PUT, PATCH and DELETE need If-Match (the view compares, `server.web.etag`). What a view returns may be the
value, or `(value, {"Location": …})`. A value with a `version` gives the answer its ETag.

The document gets every status that can occur: the usual ones by themselves, others by ``refusals``.
"""

from collections.abc import Callable, Collection
from functools import wraps
from http import HTTPStatus
from typing import Any

import flask_smorest
from flask import Response, g, request
from flask.views import MethodView
from marshmallow import Schema
from sqlalchemy.orm import Session

from server.core import clock
from server.web import etag, idempotency
from server.web.auth import Access, Audience
from server.web.context import caller, database
from server.web.parsing import Parser

View = Callable[..., Any]

_NEEDED_KEY = {
    "in": "header",
    "name": idempotency.HEADER,
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
    "description": "Chosen by the caller; the same request sent again with the same key happens once.",
}
_NEEDED_VERSION = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string", "pattern": '^"[0-9]{1,10}"$'},
    "description": "The ETag of the version that the change is meant for.",
}
_ETAG = {"description": "The version of what is shown", "schema": {"type": "string"}}


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # published without types
    """A part of an API: addresses that are read and changed in transactions, and documented with every status."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(_document)

    def arguments(self, schema: type[Schema] | Schema, **kwargs: Any) -> Callable[[View], View]:
        """Let a view be given what a body or a query says, read by a schema.

        The schema is made once, with every schema nested in it; the library would make all of them for each request.
        """
        made = schema() if isinstance(schema, type) else schema
        decorate: Callable[[View], View] = super().arguments(made, **kwargs)
        return decorate

    def reads(
        self, schema: type[Schema] | Schema, *, refusals: Collection[int] = (), etag: bool = False
    ) -> Callable[[View], View]:
        """Let a view read; it gets the session first, and each of its statements sees what is committed by then.

        :param refusals: statuses besides the usual ones that the view may answer with.
        :param etag: whether the answer carries a version, for the document.
        """

        def decorate(view: View) -> View:
            respond = self._responding(view, 200, schema, etag=etag)

            @wraps(respond)
            def wrapper(this: MethodView, *args: Any, **kwargs: Any) -> Response:
                with database().glance() as session:
                    answer: Response = respond(this, session, *args, **kwargs)
                return answer

            return _note(wrapper, refusals)

        return decorate

    def changes(
        self,
        status: int,
        schema: type[Schema] | Schema | None = None,
        *,
        refusals: Collection[int] = (),
        keep: bool = False,
        withheld: Collection[str] = (),
    ) -> Callable[[View], View]:
        """Let a view change something in one transaction, tried again after a deadlock.

        The view gets the session first.

        :param status: of the answer; with 204 the view returns nothing.
        :param refusals: statuses besides the usual ones that the view may answer with.
        :param keep: for money: the answer to a repeated request is kept for ever.
        :param withheld: fields of the answer that are secrets: a repeated request gets null for them.
        """

        def decorate(view: View) -> View:
            @wraps(view)
            def written(this: MethodView, session: Session, *args: Any, **kwargs: Any) -> Any:
                result = view(this, session, *args, **kwargs)
                # What is shown has its id and its version from the database.
                session.flush()
                return result

            respond = self._responding(written, status, schema, etag=False)

            @wraps(respond)
            def wrapper(this: MethodView, *args: Any, **kwargs: Any) -> Response:
                def work(session: Session) -> Response:
                    answer: Response = respond(this, session, *args, **kwargs)
                    return answer

                if request.method == "POST":
                    return _once(work, keep=keep, withheld=frozenset(withheld))
                etag.expected_version()
                return database().attempt(work)

            return _note(wrapper, refusals, changes=True)

        return decorate

    def answers(
        self, status: int, schema: type[Schema] | Schema, *, refusals: Collection[int] = ()
    ) -> Callable[[View], View]:
        """Let a view answer that opens its transactions itself, such as a log-in: nobody is known yet."""

        def decorate(view: View) -> View:
            return _note(self.response(status, schema)(view), refusals)

        return decorate

    def _responding(self, view: View, status: int, schema: Any, *, etag: bool) -> View:
        @wraps(view)
        def remembering(this: MethodView, *args: Any, **kwargs: Any) -> Any:
            g.pop("version", None)
            result = view(this, *args, **kwargs)
            if status == HTTPStatus.NO_CONTENT:
                return Response(status=status)
            value = result[0] if isinstance(result, tuple) else result
            if (version := getattr(value, "version", None)) is not None and "version" not in g:
                g.version = version
            return result

        headers = {"ETag": _ETAG} if etag else None
        respond = self.response(status, schema, headers=headers)(remembering)

        @wraps(respond)
        def tagged(*args: Any, **kwargs: Any) -> Response:
            answer: Response = respond(*args, **kwargs)
            if (version := g.pop("version", None)) is not None:
                answer.headers["ETag"] = f'"{version}"'
            return answer

        return tagged


def _once(work: Callable[[Session], Response], *, keep: bool, withheld: frozenset[str]) -> Response:
    principal = caller()
    asked = idempotency.Repeatable(
        caller=f"{principal.kind}:{principal.id}" if principal else "nobody",
        key=idempotency.key(),
        keep=keep,
        withheld=withheld,
    )
    now = clock.now()
    return database().attempt(lambda session: idempotency.once(session, asked, now=now, change=lambda: work(session)))


def _note(view: View, refusals: Collection[int], *, changes: bool = False) -> View:
    documented = {**getattr(view, "_apidoc", {}), "refusals": tuple(refusals), "changes": changes}
    setattr(view, "_apidoc", documented)  # noqa: B010 - an attribute that functions do not declare
    return view


def _document(doc: dict[str, Any], doc_info: dict[str, Any], *, method: str, **_: Any) -> dict[str, Any]:
    """Complete the document of an operation: who may, which headers, every status that can occur."""
    doc_info["docstring"]["summary"] = doc_info["docstring"].get("summary", "").rstrip(".")
    access: Access | None = doc_info.get("access")
    known = access is not None and access.audience in {Audience.STAFF, Audience.TECHNICIANS}
    doc["security"] = [{"bearer": []}] if known else []
    if access is not None and access.roles:
        doc["x-roles"] = sorted(access.roles)
    changes = bool(doc_info.get("changes"))
    if changes:
        doc.setdefault("parameters", []).append(_NEEDED_KEY if method == "post" else _NEEDED_VERSION)
    statuses = {*_usual(doc, known=known, changes=changes, method=method), *doc_info.get("refusals", ())}
    for status in sorted(statuses):
        doc.setdefault("responses", {}).setdefault(status, HTTPStatus(status).name)
    return doc


def _usual(doc: dict[str, Any], *, known: bool, changes: bool, method: str) -> set[int]:
    statuses = {400, 404, 429, 503}
    if known:
        statuses |= {401, 403}
    if "requestBody" in doc:
        statuses |= {413, 415, 422}
    if changes:
        statuses |= {409, 422, 428} | (set() if method == "post" else {412})
    return statuses
