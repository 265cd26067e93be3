"""The documents of the APIs (OpenAPI 3.1) and the page that shows them, without anything from elsewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Any

import flask_smorest
import flask_swagger_ui
from flask import Blueprint as PlainBlueprint
from flask import Flask, Response, json, send_from_directory
from marshmallow import Schema, fields

from server.core.errors import NotFound
from server.web.auth import public
from server.web.context import timeless
from server.web.errors import MEDIA_TYPE
from server.web.http import contents_policy

_DIST = Path(flask_swagger_ui.__file__).parent / "dist"
_SHOWN = ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "favicon-32x32.png")
_TRY_AGAIN = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_RETRY_AFTER = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}, "required": True}
_OWN = {"start.js": "text/javascript", "docs.html": "text/html"}


class ProblemSchema(Schema):
    """What went wrong, by RFC 9457; `code` is for machines, `title` and `detail` are in the caller's language."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    instance = fields.String(required=True)
    details = fields.Dict(required=True)
    current = fields.Dict()


@dataclass(frozen=True, slots=True)
class Document:
    """One API and its document.

    :param prefix: of its settings within the application; empty for one of them.
    :param path: where the document is.
    """

    prefix: str
    path: str
    title: str
    description: str


class Api(flask_smorest.Api):  # type: ignore[misc]  # published without types
    """An API whose errors are problems, in its document as in its answers."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to `server.web.errors`, which the whole application shares."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            if status >= HTTPStatus.BAD_REQUEST:
                content = {MEDIA_TYPE: {"schema": ProblemSchema}}
                response: dict[str, Any] = {"description": status.phrase, "content": content}
                if status in _TRY_AGAIN:
                    response["headers"] = {"Retry-After": _RETRY_AFTER}
                self.spec.components.response(status.name, response, lazy=True)


def install(app: Flask, document: Document, *, version: str, blueprints: Iterable[flask_smorest.Blueprint]) -> Api:
    """Register the parts of an API and serve its document."""
    prefix = f"{document.prefix}_" if document.prefix else ""
    app.config[f"{prefix}API_TITLE"] = document.title
    app.config[f"{prefix}API_VERSION"] = version
    app.config[f"{prefix}OPENAPI_VERSION"] = "3.1.0"
    api = Api(app, config_prefix=document.prefix, spec_kwargs={"info": {"description": document.description}})
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
    app.register_blueprint(_serving(document, api.spec.to_dict()))
    return api


def _serving(document: Document, spec: Mapping[str, Any]) -> PlainBlueprint:
    text = json.dumps(spec)
    blueprint = PlainBlueprint(f"document{document.prefix.lower()}", __name__)

    @blueprint.get(document.path, endpoint="openapi")
    @public
    @timeless
    def openapi() -> Response:
        """Return the document."""
        return Response(text, content_type="application/json")

    return blueprint


pages = PlainBlueprint("docs", __name__, url_prefix="/docs")


@pages.get("")
@public
@timeless
def page() -> Response:
    """Show the documents."""
    return _own("docs.html")


@pages.get("/start.js")
@public
@timeless
def start() -> Response:
    """Return the script that starts the page: none stands in the page itself."""
    return _own("start.js")


@pages.get("/files/<name>")
@public
@timeless
def library(name: str) -> Response:
    """Return a file of the viewer, as installed with its package."""
    if name not in _SHOWN:
        raise NotFound
    return send_from_directory(_DIST, name, max_age=86_400)


def _own(name: str) -> Response:
    text = (files("server") / "web" / "static" / name).read_text(encoding="utf-8")
    answer = Response(text, content_type=f"{_OWN[name]}; charset=utf-8")
    # The viewer draws with styles and images that it makes itself; scripts stay files of ours.
    answer.headers["Content-Security-Policy"] = contents_policy(style="'self' 'unsafe-inline'", image="'self' data:")
    return answer
