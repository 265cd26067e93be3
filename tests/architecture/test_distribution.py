"""A distribution is complete: pages without styles or untranslated words are not shipped by mistake."""

import json
import os
from pathlib import Path

import pytest

from hatch_build import missing_assets, missing_translations


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


def test_a_translation_that_was_not_compiled_is_named(tmp_path: Path) -> None:
    source = tmp_path / "server/translations/zh/LC_MESSAGES/messages.po"
    source.parent.mkdir(parents=True)
    source.touch()

    assert missing_translations(tmp_path) == [str(source.with_suffix(".mo"))]


def test_a_translation_that_was_compiled_before_its_last_change_is_named(tmp_path: Path) -> None:
    source = tmp_path / "server/translations/zh/LC_MESSAGES/messages.po"
    compiled = source.with_suffix(".mo")
    source.parent.mkdir(parents=True)
    source.touch()
    compiled.touch()
    os.utime(source, (2_000, 2_000))
    os.utime(compiled, (1_000, 1_000))

    assert missing_translations(tmp_path) == [str(compiled)]

    os.utime(compiled, (2_000, 2_000))

    assert missing_translations(tmp_path) == []
