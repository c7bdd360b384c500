"""The tables that we write, and read again.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula and
computes it. Texts that do, and are no number, get an apostrophe in front, as OWASP advises
against CSV injection (https://owasp.org/www-community/attacks/CSV_Injection). Bytes of file
names that are no UTF-8 are escaped as Python does it, ``\\udcfc``. Reading takes both back.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|nan)", re.ASCII | re.IGNORECASE)
_RISKY = re.compile(r"'*(\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")
"""Also in the full width of East Asian fonts, and behind apostrophes of its own."""
_NO_UTF8 = re.compile(r"(\\*)([\udc80-\udcff]|udc[89a-f][0-9a-f])")
_ESCAPED = re.compile(r"(\\+)udc([89a-f][0-9a-f])")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table as text: its columns' names, and a line a row.

    Parameters
    ----------
    columns : sequence of str
    rows : iterable of sequence
        Texts, and numbers as they are or as text.
    """
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(map(_cell, columns))
    writer.writerows(map(_cell, row) for row in rows)
    return "".join(lines)


def read_csv(text: Iterable[str]) -> Iterator[list[str]]:
    """Rows of a table that `csv_text` made, that of its columns' names first.

    Parameters
    ----------
    text : iterable of str
        A file that was opened with ``newline=""``, or such.

    Raises
    ------
    csv.Error
        It is no table.
    """
    return (list(map(_read_cell, row)) for row in csv.reader(text))


def read_records(text: Iterable[str]) -> Iterator[dict[str, str]]:
    """The same as a dict a row, by the columns' names.

    Raises
    ------
    csv.Error
        It is no table.
    ValueError
        A row has more or fewer cells than columns.
    """
    rows = read_csv(text)
    columns = next(rows, [])
    return (dict(zip(columns, row, strict=True)) for row in rows if row)


class _Lines(list[str]):
    """Takes rows with the end of line that has all ends of lines in cells quoted."""

    def write(self, line: str) -> None:
        """Take a row."""
        self.append(line.removesuffix("\r\n") + "\n")


def _cell(value: object) -> str:
    if not isinstance(value, str):
        return "" if value is None else str(value)
    text = _NO_UTF8.sub(_escape, value)
    return f"'{text}" if _RISKY.match(text) and not _NUMBER.fullmatch(text) else text


def _read_cell(text: str) -> str:
    plain = text[1:] if text.startswith("'") and _RISKY.match(text) else text
    return _ESCAPED.sub(_unescape, plain) if "\\" in plain else plain


def _escape(found: re.Match[str]) -> str:
    """Backslashes before it are doubled, so that those of names are told from ours."""
    backslashes, rest = found.groups()
    return 2 * backslashes + (rest if len(rest) > 1 else f"\\udc{ord(rest) & 0xFF:02x}")


def _unescape(found: re.Match[str]) -> str:
    backslashes, digits = found.groups()
    half = "\\" * (len(backslashes) // 2)
    return half + (f"udc{digits}" if len(backslashes) % 2 == 0 else chr(0xDC00 + int(digits, 16)))
