"""Files as strangers send them, and what must become of each: wholly in, or wholly out with its defects told."""

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.orders.imports.load import Outcome
from server.orders.imports.reader import FIELD_LIMIT, ROW_LIMIT

HEAD = "id,opened,kind,customer,address,text"
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a file.

    :param rows: how many of its rows were looked at; None where that depends on how it was packed.
    :param code: its first defect; None for a file that comes in.
    :param row: where that is; None where it depends on how it was packed.
    :param wrong: how many defects it has.
    """

    rows: int | None
    tickets: int = 0
    added: int = 0
    present: int = 0
    code: str | None = None
    row: int | None = None
    wrong: int = 0

    def missed_by(self, outcome: Outcome) -> list[str]:
        """Return where an import ended otherwise; tickets of a file that stays out are nobody's."""
        compared: list[tuple[str, object, object]] = [
            ("wrong", outcome.wrong, self.wrong),
            ("told", len(outcome.errors), min(20, self.wrong)),
        ]
        if self.rows is not None:
            compared.append(("rows", outcome.rows, self.rows))
        if self.code is None:
            counts = (outcome.tickets, outcome.added_facts, outcome.present)
            compared.append(("tickets, facts, present", counts, (self.tickets, self.added, self.present)))
        else:
            compared.append(("code", outcome.errors[0].code, self.code))
        if self.row is not None:
            compared.append(("row", outcome.errors[0].row, self.row))
        return [f"{what}: {found}, not {wanted}" for what, found, wanted in compared if found != wanted]


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of the corpus.

    :param write: writes it where it is told.
    """

    name: str
    write: Callable[[Path], object]
    fate: Fate
    suffix: str = ".csv"
    encoding: str = "utf-8"
    delimiter: str = ","

    def written(self, folder: Path) -> Path:
        """Write the file and return where it is."""
        path = folder / f"sample{self.suffix}"
        self.write(path)
        return path


def row(number: int, *, text: str = "It drips", address: str | None = None, opened: str | None = None) -> str:
    """Return a sound row."""
    opened = f"2026-04-01 08:{number % 60:02d}" if opened is None else opened
    return f"{number},{opened},repair,Customer {number},{address or f'{number} Mill Lane'},{text}"


def table(*rows: str, head: str = HEAD, end: str = "\n") -> str:
    """Return header and rows as one text."""
    return "".join(line + end for line in (head, *rows))


def _sample(name: str, content: str | bytes, fate: Fate, **more: str) -> Sample:
    encoding = more.get("encoding", "utf-8")
    packed = content if isinstance(content, bytes) else content.encode(encoding)
    return Sample(name, lambda path: path.write_bytes(packed), fate, **more)


def _comes_in(name: str, content: str | bytes, tickets: int, **more: str) -> Sample:
    return _sample(name, content, Fate(tickets, tickets), **more)


def _stays_out(
    name: str, content: str | bytes, row: int, code: str, *, rows: int, wrong: int = 1, **more: str
) -> Sample:
    return _sample(name, content, Fate(rows, code=code, row=row, wrong=wrong), **more)


def _refused(name: str, content: str | bytes, code: str, **more: str) -> Sample:
    """Return a file that is refused at its header."""
    return _stays_out(name, content, 0, code, rows=0, **more)


def _bad_row(name: str, bad: str | bytes, code: str, *, ends_it: bool = False, **more: str) -> Sample:
    """Return a file whose second of three rows has a defect; where that ends the reading, the third is not reached."""
    encoding = more.get("encoding", "utf-8")
    middle = bad if isinstance(bad, bytes) else bad.encode(encoding)
    content = table(row(1)).encode(encoding) + middle + b"\n" + row(3).encode(encoding) + b"\n"
    return _stays_out(name, content, 2, code, rows=1 if ends_it else 3, **more)


TWO = table(row(1), row(2))
CHINESE = table(row(1, text="空调不制冷", address="梅园路一号"), row(2, text="漏水"))
_QUOTED = table(row(1, text='"a, b, ""c"""'), row(2, text='"two\nlines"'), row(3, text='"three\r\nlines"'))
_FORMULAS = table(*(row(n, text=text) for n, text in enumerate(("=1+1", "+1", "-1", "@SUM(A1)", '"\t=1"', "'=1"), 1)))
_STRANGE = table(row(1, text="a\x0bb\x0cc\x1ad"), row(2, text="u\u2028v\u2029w\x85x"), row(3, text="\u202etxt 😀 𠮷"))

WRITTEN_AS: tuple[Sample, ...] = (
    _comes_in("plain", TWO, 2),
    _comes_in("lines end with CR LF", table(row(1), row(2), end="\r\n"), 2),
    _comes_in("line ends are mixed", f"{HEAD}\r\n{row(1)}\n{row(2)}\r\n", 2),
    _comes_in("the last line has no end", TWO.rstrip("\n"), 2),
    _comes_in("a byte order mark", b"\xef\xbb\xbf" + TWO.encode(), 2),
    _comes_in("a byte order mark and CR LF", b"\xef\xbb\xbf" + table(row(1), end="\r\n").encode(), 1),
    _comes_in("a quoted header behind a byte order mark", b'\xef\xbb\xbf"id"' + TWO.encode()[2:], 2),
    _comes_in("Chinese as UTF-8", CHINESE, 2),
    _comes_in("Chinese as GBK", CHINESE, 2, encoding="gbk"),
    _comes_in("rare Chinese as GB 18030", table(row(1, text="𠮷野家 😀")), 1, encoding="gb18030"),
    _comes_in("Chinese as Big5", table(row(1, text="冷氣不冷")), 1, encoding="big5"),
    _comes_in("Western letters as Latin-1", table(row(1, text="Es tröpfelt")), 1, encoding="latin-1"),
    _comes_in("semicolons", TWO.replace(",", ";"), 2, delimiter=";"),
    _comes_in("tabs", TWO.replace(",", "\t"), 2, delimiter="\t"),
    _comes_in("bars", TWO.replace(",", "|"), 2, delimiter="|"),
    _comes_in("quotation marks, commas and breaks inside", _QUOTED, 3),
    _comes_in(
        "everything in quotation marks", '"' + TWO.replace(",", '","').rstrip("\n").replace("\n", '"\n"') + '"\n', 2
    ),
    _comes_in("columns nobody asked for", table(row(1) + ",x,", head=f"{HEAD},more,empty"), 1),
    _comes_in(
        "columns in another order", "text,address,customer,kind,opened,id\nIt,1 A,B,repair,2026-04-01 08:00,1\n", 1
    ),
    _comes_in("spaces around the names of columns", table(row(1), head=HEAD.replace(",", " , ")), 1),
    _comes_in("a column without a name twice", table(row(1) + ",,", head=f"{HEAD},,"), 1),
    _comes_in("empty fields that may be empty", "id,opened,kind,customer,address,text\n1,2026-04-01 08:00,,B,,\n", 1),
    _comes_in("what a spreadsheet would compute", _FORMULAS, 6),
    _comes_in("strange characters that are text all the same", _STRANGE, 3),
    _comes_in("a field of 64 KiB that nobody asked for", table(row(1) + "," + "x" * FIELD_LIMIT, head=HEAD + ",x"), 1),
    _comes_in("a header and nothing else", table(), 0),
    _comes_in("a header without an end", HEAD, 0),
    _comes_in("compressed", gzip.compress(TWO.encode()), 2, suffix=".csv.gz"),
    _comes_in(
        "compressed in two parts",
        gzip.compress(TWO.encode()) + gzip.compress(f"{row(3)}\n".encode()),
        3,
        suffix=".csv.gz",
    ),
)

SEEN_BEFORE: tuple[Sample, ...] = (
    _sample("a row twice", table(row(1), row(2), row(1)), Fate(3, 2, present=1)),
    _sample("one key with two texts", table(row(1), row(1, text="Another")), Fate(2, 1, present=1)),
    _sample("one row a thousand times", table(*[row(1)] * 1_500), Fate(1_500, 1, present=1_499)),
    _sample(
        "one place under two keys",
        table("1,2026-04-01 08:00,repair,B,1 A,x", "2,2026-04-01 09:00,repair,B,1 A,y"),
        Fate(2, 1, added=1),
    ),
)

NOT_THIS_LAYOUT: tuple[Sample, ...] = (
    _refused("nothing", b"", "no_header"),
    _refused("an empty line and nothing else", b"\n", "no_header"),
    _refused("a byte order mark and nothing else", b"\xef\xbb\xbf", "no_header"),
    _refused("an empty line above the header", "\n" + TWO, "no_header"),
    _refused("a column is absent", table("1,2", head="id,opened"), "columns_absent"),
    _refused("no header", row(1) + "\n" + row(2) + "\n", "columns_absent"),
    _refused("a column stands twice", table(row(1) + ",2", head=f"{HEAD},id"), "columns_repeated"),
    _refused("semicolons where commas were told", TWO.replace(",", ";"), "columns_absent"),
    _refused("tabs where commas were told", TWO.replace(",", "\t"), "columns_absent"),
    _refused("UTF-16, little end first", TWO.encode("utf-16"), "wrong_encoding"),
    _refused("UTF-16, big end first", b"\xfe\xff" + TWO.encode("utf-16-be"), "wrong_encoding"),
    _refused("a header in another encoding", table(row(1) + ",x", head=f"{HEAD},备注").encode("gbk"), "wrong_encoding"),
    _refused("such a header and nothing else", f"{HEAD},备注\n".encode("gbk"), "wrong_encoding"),
    _refused("a picture", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "wrong_encoding"),
    _refused("a header of a mebibyte", b"x" * (MIB + 1), "field_too_long"),
    _refused("only CR between the lines", table(row(1), row(2), end="\r"), "broken_lines"),
)

DEFECTIVE: tuple[Sample, ...] = (
    _bad_row("a field too few", "2,2026-04-01 08:00,repair,B,1 A", "ragged"),
    _bad_row("a field too many", row(2) + ",more", "ragged"),
    _bad_row("an empty line", "", "ragged"),
    _bad_row("two files one below the other", HEAD, "bad_time"),
    _bad_row("GBK among UTF-8", row(2, text="空调").encode("gbk"), "wrong_encoding"),
    _bad_row("UTF-8 among GBK", row(2, text="空").encode(), "wrong_encoding", encoding="gbk"),
    _bad_row("half a character", row(2).encode() + b"\xe7\xa9", "wrong_encoding"),
    _bad_row("a lone surrogate", row(2).encode() + b"\xed\xa0\x80", "wrong_encoding"),
    _bad_row("an overlong slash", row(2).encode() + b"\xc0\xaf", "wrong_encoding"),
    _bad_row("NUL", row(2, text="a\x00b"), "nul_character"),
    _bad_row("NUL in front of a formula", row(2, text="\x00=1"), "nul_character"),
    _bad_row("a lone CR", row(2, text="a\rb"), "broken_lines", ends_it=True),
    _bad_row("text behind a closing quotation mark", row(2, text='"a"b'), "broken_quotes", ends_it=True),
    _bad_row("a quotation mark that is never closed", row(2, text='"a'), "broken_quotes", ends_it=True),
    _bad_row("a field over 64 KiB", row(2, text="x" * (FIELD_LIMIT + 1)), "field_too_long", ends_it=True),
    _bad_row("a text over 5,000 letters", row(2, text="x" * 5_001), "too_long"),
    _bad_row("a time that is none", row(2, opened="2026-02-30 08:00"), "bad_time"),
    _bad_row("a time to come", row(2, opened="2027-01-01 08:00"), "opened_in_future"),
    _bad_row("no key", row(2)[1:], "needed"),
    _stays_out("more defects than are shown", table(row(1), *["x"] * 25, row(3)), 2, "ragged", rows=27, wrong=25),
)


_LONG = table(*(row(number) for number in range(1, 200))).encode()


def _spoiled() -> bytes:
    """Return a packed file that is sound for a while and then has bytes that cannot be unpacked."""
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    no_kind_of_block = b"\x07"
    return gzip.compress(b"")[:10] + packing.compress(_LONG) + packing.flush(zlib.Z_FULL_FLUSH) + no_kind_of_block


def _packed(name: str, content: bytes, *, rows: int | None = None, row: int | None = None) -> Sample:
    """Return a damaged packed file."""
    return _sample(name, content, Fate(rows, code="damaged_archive", row=row, wrong=1), suffix=".csv.gz")


def _bomb(head: str, piece: bytes, times: int) -> Callable[[Path], object]:
    """Return a writer of a small file that unpacks to a large one: the same part again and again."""

    def write(path: Path) -> None:
        part = gzip.compress(piece, compresslevel=9)
        with path.open("wb") as out:
            out.write(gzip.compress(head.encode()))
            for _ in range(times):
                out.write(part)

    return write


def _sparse(path: Path) -> None:
    """Write a field of a gibibyte that takes no room."""
    with path.open("wb") as out:
        out.write(table(row(1)).encode() + b"2,")
        out.truncate(1024 * MIB)


ROW = f"{row(2)}\n"
LARGE: tuple[Sample, ...] = (
    Sample("a gigabyte in one field", _sparse, Fate(1, code="field_too_long", row=2, wrong=1)),
    Sample(
        "a gigabyte in one field, packed into a mebibyte",
        _bomb(table(row(1)) + "2,", b"x" * (16 * MIB), 64),
        Fate(1, code="field_too_long", row=2, wrong=1),
        suffix=".csv.gz",
    ),
    Sample(
        "two hundred million empty lines",
        _bomb(table(row(1)), b"\n" * (4 * MIB), 48),
        Fate(ROW_LIMIT, code="ragged", row=2, wrong=ROW_LIMIT),
        suffix=".csv.gz",
    ),
    _packed("a packed file cut short", gzip.compress(_LONG)[:-300]),
    _packed("a packed file whose last bytes are missing", gzip.compress(_LONG)[:-8], rows=199, row=200),
    _packed("a packed file with another checksum", gzip.compress(_LONG)[:-8] + bytes(8), rows=199, row=200),
    _packed("a packed file with spoiled bytes", _spoiled()),
    _packed("a plain file that calls itself packed", TWO.encode(), rows=0, row=0),
    _packed("rubbish behind a packed file", gzip.compress(TWO.encode()) + b"rubbish", rows=2, row=3),
)
LONG: tuple[Sample, ...] = (
    Sample(
        "a row more than may be",
        lambda path: path.write_text(f"{HEAD}\nx\n" + ROW * ROW_LIMIT),
        Fate(ROW_LIMIT, code="ragged", row=1, wrong=2),
    ),
    Sample(
        "over a gigabyte of sound fields, packed",
        _bomb(table(row(1) + ",", head=f"{HEAD},x"), f"{row(2)},{'x' * 12_000}\n".encode() * 100, 950),
        Fate(None, code="too_many_bytes", wrong=1),
        suffix=".csv.gz",
    ),
)
"""Files that take long to read: for the long form."""

CORPUS: tuple[Sample, ...] = (*WRITTEN_AS, *SEEN_BEFORE, *NOT_THIS_LAYOUT, *DEFECTIVE, *LARGE)
