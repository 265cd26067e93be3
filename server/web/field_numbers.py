"""Fields of numbers, and of true and false."""

import math
import re
from typing import Any

from server.web.field_base import Ruled, broken, is_written

LARGEST_INT = 2**63 - 1
"""Of a bigint."""


class Int(Ruled):
    """A whole number; in a query it is written in digits. No 3.7, no true, nothing beyond bigint."""

    def __init__(self, *, least: int = -LARGEST_INT - 1, most: int = LARGEST_INT, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most
        self.metadata = {"type": "integer", "minimum": least, "maximum": most, **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> int | None:
        return None if value is None else int(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if is_written(self) and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
            value = int(value)
        if type(value) is not int:
            raise broken("integer")
        if not self.least <= value <= self.most:
            raise broken("between", least=self.least, most=self.most)
        return value


class Id(Int):
    """The identity of a row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"least": 1, **kwargs})


class Number(Ruled):
    """A finite number within bounds."""

    def __init__(self, *, least: float, most: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most
        self.metadata = {"type": "number", "minimum": least, "maximum": most, **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float | None:
        return None if value is None else float(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if is_written(self) and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", value):
            value = float(value)
        if type(value) not in {int, float}:
            raise broken("number")
        if not (math.isfinite(value) and self.least <= value <= self.most):
            raise broken("between", least=self.least, most=self.most)
        return float(value)


class Flag(Ruled):
    """True or false, and nothing that looks like it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"type": "boolean", **self.metadata}

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> bool | None:
        return None if value is None else bool(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if is_written(self) and value in {"true", "false"}:
            return bool(value == "true")
        if type(value) is not bool:
            raise broken("flag")
        return value


class Latitude(Number):
    """Degrees north of the equator, WGS-84."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=-90, most=90, **kwargs)


class Longitude(Number):
    """Degrees east of Greenwich, WGS-84."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=-180, most=180, **kwargs)
