"""Reading bodies: what is not plain, sound JSON of a sane shape is refused before a schema sees it (faults 54, 56)."""

import json
import re
from typing import Any, Never

from flask import Request
from marshmallow import Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser

from server.web.errors import BadRequest, WrongMediaType, rules_broken
from server.web.fields import Broken

DEEPEST = 32
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_ONCE = [Broken("once")]


class BadJson(BadRequest):
    """The body is not JSON in UTF-8, names a key twice, has NaN or a number without end, or nests too deep."""

    code = "request.bad_json"


def parse_json(body: bytes) -> Any:
    """Return what a body says.

    :raises BadJson: if it is not JSON in UTF-8, an object names a key twice, a number is NaN, infinite or
        beyond a double (`1e400`), or arrays and objects nest deeper than 32.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson from error
    if _depth(text) > DEEPEST:
        raise BadJson
    try:
        return json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_constant, parse_float=_finite)
    except ValueError as error:  # also a whole number of more digits than Python reads
        raise BadJson from error


def _depth(text: str) -> int:
    """Return how deep brackets nest; texts that could not be too deep are not looked through."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return 0
    depth = deepest = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("the number is too large")
    return number


class Parser(FlaskParser):
    """Reads bodies and queries for `Blueprint.arguments`; unknown keys are the schema's business everywhere."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - as webargs declares it
        "json": None,
        "form": None,
        "json_or_form": None,
        "query": None,
        "querystring": None,
        "headers": "exclude",
        "cookies": "exclude",
        "files": None,
    }

    def load_json(self, req: Request, schema: Schema) -> Any:
        """Return the body's value.

        :raises WrongMediaType: if the body is not declared to be JSON.
        :raises BadJson: if it cannot be read.
        """
        if req.mimetype != "application/json":
            raise WrongMediaType
        return parse_json(req.get_data(cache=True))

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """Return the query's values; a key that stands twice where one value is meant is refused.

        :raises RulesBroken: naming the key.
        """
        twice = [key for key, values in req.args.lists() if len(values) > 1 and not _takes_several(schema, key)]
        if twice:
            raise rules_broken(ValidationError(dict.fromkeys(twice, _ONCE)))
        return super().load_querystring(req, schema)

    def handle_error(
        self,
        error: ValidationError,
        req: Request,
        schema: Schema,
        *,
        error_status_code: int | None,
        error_headers: Any,
    ) -> Never:
        """Refuse values that break rules.

        :raises RulesBroken: naming each field and rule.
        """
        raise rules_broken(error) from error


def _takes_several(schema: Schema, key: str) -> bool:
    field = next((f for name, f in schema.load_fields.items() if (f.data_key or name) == key), None)
    return isinstance(field, fields.List)
