"""A distribution is complete: pages without styles are not shipped by mistake."""

import json
from pathlib import Path

import pytest

from hatch_build import missing_assets


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "built"
    folder.mkdir()
    manifest = {"src/console.ts": {"file": "console-1.js", "css": ["console-1.css"]}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "console-1.js").touch()
    (folder / "console-1.css").touch()
    return folder


def test_assets_that_are_all_there_are_complete(built: Path) -> None:
    assert missing_assets(built) == []


@pytest.mark.parametrize("name", ["console-1.js", "console-1.css", "manifest.json"])
def test_an_asset_that_is_missing_is_named(built: Path, name: str) -> None:
    (built / name).unlink()

    assert missing_assets(built) == [str(built / name)]
