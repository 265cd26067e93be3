"""The words of the customers' pages, in every language."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def words(locale: str) -> Mapping[str, str]:
    """Return every text of a language by its name."""
    content = (files("server.portal") / "texts" / f"{locale}.json").read_text(encoding="utf-8")
    loaded: dict[str, str] = json.loads(content)
    return loaded
