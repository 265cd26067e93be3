"""The built styles, scripts and icons."""

from pathlib import Path

from flask import Response, send_from_directory
from werkzeug.exceptions import NotFound

from server.console import console
from server.web.auth import public
from server.web.context import timeless

_FOLDER = Path(__file__).parent / "static" / "built"
_YEAR_SECONDS = 365 * 24 * 3600


@console.get("/static/built/<path:filename>")
@public
@timeless
def static(filename: str) -> Response:
    """Give a built file; its name changes with its content, so a browser may keep it for ever."""
    try:
        answer = send_from_directory(_FOLDER, filename, max_age=_YEAR_SECONDS)
    except NotFound:
        # No page in the frame: it would want the caller, the language and the time, which a file has not.
        return Response(status=NotFound.code)
    answer.cache_control.public = True
    answer.cache_control.immutable = True
    return answer
