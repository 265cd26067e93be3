"""One row's fields as values, or what is wrong with them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from server.core.numbers import BadPhone, e164
from server.core.places import BadPosition, Datum, Position, from_gcj02
from server.orders.imports.mapping import Kind, Mapping
from server.orders.imports.reader import Row, RowError
from server.orders.words import Channel

_LONGEST_ID = 100
_LONGEST_LINE = 500
_LONGEST_TEXT = 5_000


@dataclass(frozen=True, slots=True)
class PlaceFields:
    """A site as a row names it; `key` is its id in the file's system, or a digest of the address."""

    key: str
    address: str
    position: Position | None
    trusted: bool


@dataclass(frozen=True, slots=True)
class CustomerFields:
    """A customer as a row names him."""

    key: str
    name: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class TicketFields:
    """A report as a row makes it. Instants are aware UTC; `row` is the row's number."""

    row: int
    external_id: str
    kind: Kind
    channel: Channel
    opened_at: datetime
    closed_at: datetime | None
    deadline_at: datetime | None
    description: str
    contact_name: str | None
    contact_phone: str | None
    customer: CustomerFields
    place: PlaceFields | None


class _Bad(Exception):
    """A field cannot be used."""

    def __init__(self, code: str, field: str, value: str = "") -> None:
        self.code, self.field, self.value = code, field, value[:80]


def read_fields(row: Row, mapping: Mapping, *, country: str) -> TicketFields | RowError:
    """Return what a row says, or its first defect.

    :param country: in which telephone numbers without prefix are dialled.
    """
    try:
        return _Fields(row, mapping, country).ticket()
    except _Bad as bad:
        return RowError(row.number, bad.code, bad.field, bad.value)


def read_glimpse(row: Row, mapping: Mapping) -> tuple[datetime, PlaceFields | None] | None:
    """Return only when a row was reported and where, without looking at the rest; None if it does not say that."""
    fields = _Fields(row, mapping, "")
    try:
        opened_at = fields.instant("opened_at")
        return (opened_at, fields.place()) if opened_at is not None else None
    except _Bad:
        return None


class _Fields:
    """The fields of one row, each read when it is asked for."""

    def __init__(self, row: Row, mapping: Mapping, country: str) -> None:
        self._row, self._mapping, self._country = row, mapping, country

    def ticket(self) -> TicketFields:
        """Return all of them."""
        mapping = self._mapping
        kind_text = self._text("kind", _LONGEST_LINE)
        kind = mapping.kinds.get(kind_text) or mapping.kinds.get("*")
        if kind is None:
            raise _Bad("unknown_kind", "kind", kind_text)
        opened_at = self.instant("opened_at")
        if opened_at is None:
            raise _Bad("needed", "opened_at")
        closed_at = self.instant("closed_at")
        if closed_at is not None and closed_at < opened_at:
            raise _Bad("closed_before_opened", "closed_at", closed_at.isoformat())
        channel = self._text("channel", _LONGEST_LINE)
        return TicketFields(
            row=self._row.number,
            external_id=self._needed("external_id", _LONGEST_ID),
            kind=kind,
            channel=mapping.channels.get(channel) or mapping.channels.get("*") or Channel.EMAIL,
            opened_at=opened_at,
            closed_at=closed_at,
            deadline_at=self.instant("deadline_at"),
            description=self._text("description", _LONGEST_TEXT),
            contact_name=self._text("contact_name", _LONGEST_LINE) or None,
            contact_phone=self._phone("contact_phone"),
            customer=self._customer(),
            place=self.place(),
        )

    def _customer(self) -> CustomerFields:
        name, phone = self._needed("customer_name", _LONGEST_LINE), self._phone("customer_phone")
        return CustomerFields(self._text("customer_id", _LONGEST_ID) or _digest(name, phone or ""), name, phone)

    def place(self) -> PlaceFields | None:
        """Return where the work is, None if the row does not say."""
        address = self._text("address", _LONGEST_LINE)
        key = self._text("site_id", _LONGEST_ID)
        if not address:
            return None
        position = self._position()
        located = self._text("located", _LONGEST_LINE)
        trusted = position is not None and (not self._is_told("located") or located in self._mapping.true_values)
        where = f"{position.lat:.5f}/{position.lon:.5f}" if position else ""
        return PlaceFields(key or _digest(address, where), address, position, trusted)

    def _position(self) -> Position | None:
        lat, lon = self._text("lat", 40), self._text("lon", 40)
        if not lat and not lon:
            return None
        try:
            position = Position(float(lat), float(lon))
        except (BadPosition, ValueError) as error:
            raise _Bad("bad_position", "lat", f"{lat}, {lon}") from error
        return from_gcj02(position) if self._mapping.datum is Datum.GCJ02 else position

    def instant(self, field: str) -> datetime | None:
        """Return an instant, None if the row has none."""
        text = self._text(field, 60)
        if not text:
            return None
        for form in self._mapping.times:
            try:
                written = _written(text, form)
            except ValueError:
                continue
            if written.tzinfo is None:
                written = written.replace(tzinfo=ZoneInfo(self._mapping.time_zone))
            if not 1990 <= written.year <= 2100:
                raise _Bad("bad_time", field, text)
            return written.astimezone(UTC)
        raise _Bad("bad_time", field, text)

    def _phone(self, field: str) -> str | None:
        text = self._text(field, 60)
        try:
            return e164(text, country=self._country) if text else None
        except BadPhone as error:
            raise _Bad("bad_phone", field) from error

    def _needed(self, field: str, longest: int) -> str:
        text = self._text(field, longest)
        if not text:
            raise _Bad("needed", field)
        return text

    def _is_told(self, field: str) -> bool:
        """Return whether the file has a column for a field: what must be there was demanded of its header."""
        column = self._mapping.columns.get(field)
        return column is not None and column in self._row.values

    def _text(self, field: str, longest: int) -> str:
        if self._is_told(field):
            text = self._row.values[self._mapping.columns[field]].strip()
        else:
            text = self._mapping.constants.get(field, "").strip()
        if len(text) > longest:
            raise _Bad("too_long", field, str(longest))
        return text


_USUAL_TIME = "%Y-%m-%d %H:%M:%S"
_USUAL_LENGTH = 19


def _written(text: str, form: str) -> datetime:
    """Return a time as it is written; the usual form is read twenty times faster than `strptime` does.

    :raises ValueError: if it is not written so.
    """
    if form == _USUAL_TIME and len(text) == _USUAL_LENGTH and text[10] == " ":
        return datetime.fromisoformat(text)
    return datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows


def _digest(*parts: str) -> str:
    return "#" + sha256("\x1f".join(parts).encode()).hexdigest()[:24]
