"""Refuses to build a distribution whose pages would have no styles."""

import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ASSETS = ("server/console/static/built",)


class CompleteDistribution(BuildHookInterface[Any]):
    """Checks that built assets are there; an editable install may come before them."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Stop the build with a list of what is missing.

        :raises RuntimeError: if `make assets` has not run.
        """
        if version == "editable":
            return
        root = Path(self.root)
        missing = [name for folder in ASSETS for name in missing_assets(root / folder)]
        if missing:
            raise RuntimeError("run `make setup` first; missing: " + ", ".join(missing))


def missing_assets(folder: Path) -> list[str]:
    """Return the built files that the manifest names and the folder lacks; the manifest itself if there is none."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return [str(manifest)]
    chunks = json.loads(manifest.read_text(encoding="utf-8")).values()
    named = {name for chunk in chunks for name in (chunk["file"], *chunk.get("css", ()), *chunk.get("assets", ()))}
    return sorted(str(folder / name) for name in named if not (folder / name).is_file())
