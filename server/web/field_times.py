"""Fields of time: instants, days, durations, time zones."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, cast
from zoneinfo import available_timezones

from server.web.field_base import Ruled, broken
from server.web.field_numbers import Int

FIRST_YEAR, LAST_YEAR = 1990, 2100
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Instant(Ruled):
    """An instant in RFC 3339 with its offset, of the years 1990 to 2100; written with `Z`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "string", "format": "date-time", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else written(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.fullmatch(value):
            raise broken("instant")
        try:
            # Python keeps microseconds; further digits say nothing here.
            instant = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value)).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise broken("instant") from error
        if not FIRST_YEAR <= instant.year < LAST_YEAR:
            raise broken("year", least=FIRST_YEAR, most=LAST_YEAR)
        return instant


def written(instant: datetime) -> str:
    """Return an instant in RFC 3339 with `Z`."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Day(Ruled):
    """A calendar day, `YYYY-MM-DD`, of the years 1990 to 2100."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "string", "format": "date", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else cast(date, value).isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise broken("day")
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise broken("day") from error
        if not FIRST_YEAR <= day.year < LAST_YEAR:
            raise broken("year", least=FIRST_YEAR, most=LAST_YEAR)
        return day


class Seconds(Int):
    """A duration in whole seconds, loaded as a timedelta; at most 400 days unless told."""

    def __init__(self, *, least: int = 0, most: int = 400 * 86_400, **kwargs: Any) -> None:
        super().__init__(least=least, most=most, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> int | None:
        return None if value is None else round(value.total_seconds() if isinstance(value, timedelta) else value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return timedelta(seconds=super()._deserialize(value, attr, data, **kwargs))


class TimeZone(Ruled):
    """The IANA name of a time zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "string", "maxLength": 64, "example": "Asia/Shanghai", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in _time_zones():
            raise broken("time_zone")
        return value


@cache
def _time_zones() -> frozenset[str]:
    """Return every name, read from the disk once: the library looks through hundreds of files each time."""
    return frozenset(available_timezones())
