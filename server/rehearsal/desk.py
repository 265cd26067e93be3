"""Somebody at a desk, as the product sees him: a log-in, requests over HTTP, nothing else."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from itertools import count
from json import JSONDecodeError, dumps
from typing import Any, Self
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

import urllib3

from server.rehearsal.abreast import LANES

Answer = dict[str, Any]
"""The JSON object that the product answered."""

_PATIENCE_SECONDS = 90.0
"""How long a request is repeated while processes are started again."""
_DEFECT_SECONDS = 20.0
"""How long an error of the product itself is repeated: it may come from a database that is being started again."""
_PAUSE_SECONDS = 0.1
_TIMEOUT_SECONDS = 30.0
_GONE = frozenset({502, 503, 504})
_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class NoAnswer(RuntimeError):
    """The product did not answer for a minute and a half of real time, or failed over and over."""


class Refused(RuntimeError):
    """The product said no.

    :param status: of HTTP.
    :param code: the dotted code of the problem document.
    """

    def __init__(self, method: str, path: str, status: int, code: str) -> None:
        super().__init__(f"{method} {path}: {status} {code}")
        self.status, self.code = status, code


class Line:
    """A way to an address that survives the killing of whoever answers there."""

    def __init__(self, address: str) -> None:
        """Open nothing yet; connections are kept and used again."""
        self.address = address
        # Without whatever the environment says of proxies: loopback is never reached through one.
        self._http = urllib3.PoolManager(maxsize=LANES, timeout=_TIMEOUT_SECONDS, retries=False)

    def __enter__(self) -> Self:
        """Use it for a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.clear()

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        data: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request until it is answered; whoever sends what changes something gives it a key.

        :raises NoAnswer: if that does not happen in a bounded time.
        """
        body, kind = _body(json, data)
        url = f"{self.address}{path}" + (f"?{urlencode(params)}" if params else "")
        began = time.monotonic()
        while True:
            trouble, patience = "no connection", _PATIENCE_SECONDS
            try:
                answer = self._http.request(method, url, body=body, headers=kind | dict(headers or {}), redirect=False)
            except urllib3.exceptions.HTTPError:
                pass
            else:
                if answer.status < 500:
                    return answer
                trouble = str(answer.status)
                patience = _PATIENCE_SECONDS if answer.status in _GONE else _DEFECT_SECONDS
            if time.monotonic() - began > patience:
                raise NoAnswer(f"{method} {path}: {trouble} for {patience:g} s")
            time.sleep(_PAUSE_SECONDS)


class Desk:
    """A member of staff with a token of the API."""

    def __init__(
        self, line: Line, *, login: str, password: str, seed: int, told: Callable[[str], None] = lambda _: None
    ) -> None:
        """Log in at the first request.

        :param told: is told every token, which must stand in no log.
        """
        self._told = told
        self._line = line
        self.login = login
        self._password = password
        self._seed = seed
        self._sent = count(1)
        self._token = ""

    def get(self, path: str, **params: str | int | datetime) -> Answer:
        """Return what is at a path.

        :raises Refused: if the product says no.
        """
        return self._request("GET", path, params={name: _written(value) for name, value in params.items()})

    def items(self, path: str, **params: str | int | datetime) -> list[Answer]:
        """Return every item of a list, page after page."""
        found: list[Answer] = []
        after: str | None = None
        while True:
            page = self.get(path, limit=100, **params, **({"after": after} if after is not None else {}))
            found += page["items"]
            after = page["next"]
            if after is None:
                return found

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Answer:
        """Change something, once, however often the request must be repeated.

        :raises Refused: if the product says no.
        """
        key = str(uuid5(NAMESPACE_URL, f"rehearsal/{self._seed}/{self.login}/{next(self._sent)}"))
        return self._request("POST", path, json=dict(body or {}), headers={"Idempotency-Key": key})

    def patch(self, path: str, body: Mapping[str, object]) -> Answer:
        """Correct something in the version that is there now.

        :raises Refused: if the product says no.
        """
        tag = self._call("GET", path).headers.get("ETag", "")
        return self._request("PATCH", path, json=dict(body), headers={"If-Match": tag})

    def text(self, path: str) -> str:
        """Return a document that is no JSON.

        :raises Refused: if the product says no.
        """
        return self._call("GET", path).data.decode()

    def _request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        answer = self._call(method, path, json=json, params=params, headers=headers)
        return dict(answer.json()) if answer.data else {}

    def _call(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        if not self._token:
            self._log_in()
        answer = self._send(method, path, json, params, headers)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            # Simulated weeks are longer than a token's life.
            self._log_in()
            answer = self._send(method, path, json, params, headers)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise refusal(method, path, answer)
        return answer

    def _send(
        self,
        method: str,
        path: str,
        json: object,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> urllib3.BaseHTTPResponse:
        bearer = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        return self._line.ask(method, f"/api/v1{path}", headers=bearer | dict(headers or {}), json=json, params=params)

    def _log_in(self) -> None:
        body = {"login": self.login, "password": self._password, "label": "rehearsal"}
        key = str(uuid5(NAMESPACE_URL, f"rehearsal/{self._seed}/{self.login}/token/{next(self._sent)}"))
        answer = self._line.ask("POST", "/api/v1/tokens", json=body, headers={"Idempotency-Key": key})
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise refusal("POST", "/tokens", answer)
        self._token = str(answer.json()["token"])
        self._told(self._token)


def refusal(method: str, path: str, answer: urllib3.BaseHTTPResponse) -> Refused:
    """Return a refusal of the product as what can be raised."""
    try:
        code = str(answer.json().get("code", ""))
    except JSONDecodeError:
        code = ""
    return Refused(method, path, answer.status, code)


def _written(value: str | int | datetime) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def _body(json: object, data: Mapping[str, str] | None) -> tuple[bytes | None, dict[str, str]]:
    """Return what a request carries, and the header that says what it is."""
    if json is not None:
        return dumps(json).encode(), _JSON
    if data is not None:
        return urlencode(data).encode(), _FORM
    return None, {}
