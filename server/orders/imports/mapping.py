"""Mappings: which column of a file is which field, and what its values mean. TOML, shipped or the user's."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from server.core.places import Datum
from server.customers.models import Zone
from server.orders.imports.reader import Layout
from server.orders.words import Channel, ChargeCategory, Priority, WorkType

FIELDS = frozenset(
    {
        "external_id",
        "opened_at",
        "closed_at",
        "deadline_at",
        "description",
        "kind",
        "channel",
        "priority",
        "customer_id",
        "customer_name",
        "customer_phone",
        "contact_name",
        "contact_phone",
        "site_id",
        "address",
        "lat",
        "lon",
        "located",
    }
)
"""The fields that a column may be mapped to."""
_NEEDED = frozenset({"external_id", "opened_at"})


class BadMapping(ValueError):
    """The mapping file cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value of the `kind` column means: the work and what it needs."""

    work_type: WorkType
    product_category: str
    skill: str | None
    skill_level: int
    duration: timedelta
    priority: Priority


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a layout of files becomes tickets.

    :param source: the name under which external ids are unique.
    :param profile: `public_work` for imported public work (R2), else empty.
    :param columns: field to column.
    :param datum: in which the file's coordinates are written; they are kept as WGS-84.
    :param times: formats of `datetime.strptime`, tried in order; times are wall times of ``time_zone``.
    :param kinds: value of the `kind` column to what it means; the key `*` stands for all others.
    :param optional: fields whose column a file may lack; they are then as empty as in a row that says nothing.
    :param constants: fields that the file does not have and that are the same for every row.
    """

    name: str
    source: str
    profile: str
    encoding: str
    delimiter: str
    time_zone: str
    times: tuple[str, ...]
    charge_category: ChargeCategory
    zone: Zone
    datum: Datum
    columns: MappingProxyType[str, str]
    optional: frozenset[str]
    constants: MappingProxyType[str, str]
    kinds: MappingProxyType[str, Kind]
    channels: MappingProxyType[str, Channel]
    true_values: frozenset[str]

    @property
    def layout(self) -> Layout:
        """Return what the reader must know."""
        # A column that also feeds a field which must be there must be there.
        needed = frozenset(column for field, column in self.columns.items() if field not in self.optional)
        return Layout(self.encoding, self.delimiter, needed, frozenset(self.columns.values()) - needed)


def shipped() -> tuple[str, ...]:
    """Return the names of the mappings that come with the product."""
    folder = files("server.orders.imports") / "mappings"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


def load(name: str) -> Mapping:
    """Return a mapping that is shipped under a name, or the one in a file if the name ends in `.toml`.

    :raises BadMapping: if there is none, or it cannot be used.
    """
    try:
        if name.endswith(".toml"):
            text = Path(name).read_text(encoding="utf-8")
        else:
            text = (files("server.orders.imports") / "mappings" / f"{name}.toml").read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BadMapping(
            f"There is no mapping {name}. Shipped: {', '.join(shipped())}; or give a .toml file."
        ) from error
    try:
        return parse(tomllib.loads(text), name=Path(name).stem)
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"{name} is not TOML: {error}") from error


def parse(document: dict[str, Any], *, name: str) -> Mapping:
    """Return the mapping that a TOML document describes.

    :raises BadMapping: naming the place.
    """
    columns, constants = document.get("columns", {}), document.get("constants", {})
    unknown = sorted((set(columns) | set(constants)) - FIELDS)
    if unknown:
        raise BadMapping(f"columns: no such field: {', '.join(unknown)}. Fields: {', '.join(sorted(FIELDS))}.")
    absent = sorted(_NEEDED - set(columns))
    if absent:
        raise BadMapping(f"columns: {', '.join(absent)} must be mapped to a column.")
    optional = _optional(document.get("optional", []), columns)
    try:
        return Mapping(
            name=name,
            source=str(document.get("source", name)),
            profile=str(document.get("profile", "")),
            encoding=str(document.get("encoding", "utf-8")),
            delimiter=str(document.get("delimiter", ",")),
            time_zone=str(document["time_zone"]),
            times=tuple(document["times"]),
            charge_category=ChargeCategory(document.get("charge_category", "A")),
            zone=Zone(document.get("zone", "urban")),
            datum=Datum(document.get("datum", "wgs84")),
            columns=MappingProxyType({str(k): str(v) for k, v in columns.items()}),
            optional=optional,
            constants=MappingProxyType({str(k): str(v) for k, v in constants.items()}),
            kinds=MappingProxyType({key: _kind(key, value) for key, value in document["kinds"].items()}),
            channels=MappingProxyType({str(k): Channel(v) for k, v in document.get("channels", {}).items()}),
            true_values=frozenset(document.get("true_values", ("true", "True", "1", "yes"))),
        )
    except KeyError as error:
        raise BadMapping(f"{error.args[0]} is missing.") from error
    except (ValueError, TypeError) as error:
        raise BadMapping(str(error)) from error


def _optional(told: object, columns: dict[str, Any]) -> frozenset[str]:
    """Return the fields whose column may be absent.

    :raises BadMapping: if one is not mapped to a column, or must be in every file.
    """
    if not isinstance(told, list) or not all(isinstance(field, str) for field in told):
        raise BadMapping("optional: a list of fields.")
    wrong = sorted(set(told) - (set(columns) - _NEEDED))
    if wrong:
        raise BadMapping(f"optional: {', '.join(wrong)} must be mapped to a column, and cannot be one every file has.")
    return frozenset(told)


def _kind(key: str, value: dict[str, Any]) -> Kind:
    try:
        return Kind(
            work_type=WorkType(value["work_type"]),
            product_category=str(value["product_category"]),
            skill=value.get("skill"),
            skill_level=int(value.get("skill_level", 1)),
            duration=timedelta(minutes=int(value.get("minutes", 60))),
            priority=Priority(value.get("priority", "normal")),
        )
    except (KeyError, ValueError) as error:
        raise BadMapping(f'kinds."{key}": {error}') from error
