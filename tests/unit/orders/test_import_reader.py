"""Files of strangers: bounded memory, every defect with its row."""

import gzip
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.orders.imports.reader import FIELD_LIMIT, ROW_LIMIT, FileRefused, Layout, Row, RowError, rows

_LAYOUT = Layout("utf-8", ",", frozenset({"id", "text"}))


def _written(folder: Path, content: bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _read(path: Path, layout: Layout = _LAYOUT) -> list[Row | RowError]:
    return list(rows(path, layout))


def _refusal(path: Path, layout: Layout = _LAYOUT) -> RowError:
    with pytest.raises(FileRefused) as refused:
        _read(path, layout)
    return refused.value.error


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path, mark: bytes) -> None:
    assert _read(_written(tmp_path, mark + b"id,text\n1,hello\n")) == [Row(1, {"id": "1", "text": "hello"})]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_every_end_of_line_and_a_quoted_break_are_read(tmp_path: Path, end: bytes) -> None:
    content = b"id,text" + end + b'1,"two' + end + b'lines"' + end

    (row,) = _read(_written(tmp_path, content))

    assert isinstance(row, Row)
    assert row.values["text"].split() == ["two", "lines"]


def test_a_compressed_file_is_decompressed_on_the_way(tmp_path: Path) -> None:
    assert len(_read(_written(tmp_path, gzip.compress(b"id,text\n1,a\n2,b\n"), "file.csv.gz"))) == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_header"),
        (b"\n", "no_header"),
        (b"id;text\n1;a\n", "columns_absent"),
        (b"id,text,id\n1,a,2\n", "columns_repeated"),
        ("id,text\n1,a\n".encode("utf-16"), "wrong_encoding"),
    ],
)
def test_a_file_that_is_another_layout_is_refused_as_a_whole(tmp_path: Path, content: bytes, code: str) -> None:
    error = _refusal(_written(tmp_path, content))

    assert (error.row, error.code) == (0, code)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"2\n", "ragged"),
        (b"2,b,c\n", "ragged"),
        (b"2,\xff\xfe\n", "wrong_encoding"),
        ("2,中文\n".encode("gbk"), "wrong_encoding"),
        (b"2,a\x00b\n", "nul_character"),
    ],
)
def test_a_defective_row_is_told_by_its_number_and_the_others_are_read(tmp_path: Path, row: bytes, code: str) -> None:
    read = _read(_written(tmp_path, b"id,text\n1,a\n" + row + b"3,c\n"))

    assert [entry.number if isinstance(entry, Row) else (entry.row, entry.code) for entry in read] == [1, (2, code), 3]


def test_chinese_text_in_the_encoding_of_the_mapping_is_read(tmp_path: Path) -> None:
    path = _written(tmp_path, "id,text\n1,空调不制冷\n".encode("gbk"))

    (row,) = _read(path, Layout("gbk", ",", frozenset({"id"})))

    assert isinstance(row, Row)
    assert row.values["text"] == "空调不制冷"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_what_a_spreadsheet_would_compute_is_kept_as_text(tmp_path: Path, text: str) -> None:
    (row,) = _read(_written(tmp_path, f"id,text\n1,{text}\n".encode()))

    assert isinstance(row, Row)
    assert row.values["text"] == text


def test_a_field_over_64_kib_is_refused_and_one_of_64_kib_is_read(tmp_path: Path) -> None:
    assert len(_read(_written(tmp_path, b"id,text\n1," + b"x" * FIELD_LIMIT + b"\n"))) == 1
    error = _refusal(_written(tmp_path, b"id,text\n1,a\n2," + b"x" * (FIELD_LIMIT + 1) + b"\n"))

    assert (error.row, error.code) == (2, "field_too_long")


def test_an_unclosed_quotation_mark_does_not_swallow_the_file(tmp_path: Path) -> None:
    error = _refusal(_written(tmp_path, b'id,text\n1,"a\n' + b"2,b\n" * 50_000))

    assert (error.row, error.code) == (1, "field_too_long")


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    whole = gzip.compress(b"id,text\n" + b"1,a\n" * 5_000)

    assert _refusal(_written(tmp_path, whole[:-20], "file.csv.gz")).code == "damaged_archive"


def test_the_row_after_the_last_allowed_is_told(tmp_path: Path) -> None:
    error = _refusal(_written(tmp_path, b"id,text\n" + b"1,a\n" * (ROW_LIMIT + 1)))

    assert (error.row, error.code) == (ROW_LIMIT + 1, "too_many_rows")


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
def test_a_gigabyte_in_one_field_is_refused_in_flat_memory(tmp_path: Path) -> None:
    def bomb() -> Iterator[bytes]:
        yield b'id,text\n1,"'
        for _ in range(1024):
            yield b"x" * 1024 * 1024

    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as packed:
        for piece in bomb():
            packed.write(piece)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    error = _refusal(path)

    assert (error.row, error.code) == (1, "field_too_long")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
