"""What a page says when something is refused: to the door if nobody is known, else a page in plain words."""

from flask import make_response, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from server.console import console
from server.console.frame import page
from server.core.errors import NotFound, Refusal
from server.web import errors, texts
from server.web.auth import Unauthenticated
from server.web.context import request_id
from server.web.locale import locale


@console.errorhandler(Refusal)
def refused(refusal: Refusal) -> Response:
    """Say why something was refused, and what to do."""
    if isinstance(refusal, Unauthenticated):
        back = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect(url_for("console.log_in", back=back or None), code=303)
    text = texts.of(refusal, locale=locale())
    back = url_for("console.home") if request.method == "GET" else request.full_path.rstrip("?")
    shown = page("problem.html", status=refusal.status, text=text, reference=request_id(), back=back)
    answer = make_response(shown)
    answer.headers.update(errors.headers_of(refusal))
    return answer


@console.errorhandler(HTTPException)
def failed(error: HTTPException) -> Response | tuple[str, int]:
    """Say the framework's own refusals in the same way."""
    if error.code == NotFound.status:
        return refused(NotFound())
    text = texts.Text(error.name, error.description or "")
    return page(
        "problem.html", status=error.code or 500, text=text, reference=request_id(), back=url_for("console.home")
    )
