"""Read an exported table row by row: any usual delimiter, quoting, title lines, and rows that are broken."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from bot.sandbox.crm.importing.columns import ColumnMap, map_header
from bot.sandbox.crm.importing.decoding import Encoding, detect, repair
from bot.sandbox.crm.importing.report import UnusableExportError

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_LINE_LIMIT: Final = 1 << 20
_QUOTED_LINES: Final = 500
_TITLE_LINES: Final = 20
_UNFINISHED: Final = "unexpected end of data"

ByteProgress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank: *line* where it starts, its cells, or *broken*, the reason it has none."""

    line: int
    cells: tuple[str, ...]
    broken: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose encoding, delimiter and header are known; rows are read from disk each time."""

    path: Path
    kind: str
    encoding: Encoding
    delimiter: str
    header_line: int
    columns: ColumnMap

    def rows(self, advance: ByteProgress = lambda _: None) -> Iterator[Row]:
        """The rows below the header, in order; *advance* is called with bytes read since the last call."""
        with _opened(self.path, self.encoding) as stream:
            lines = _Lines(stream, advance)
            for _ in range(self.header_line):
                lines.take()
            yield from _rows(lines, self.delimiter, self.columns.width, repairs=self.encoding.repairs)


def open_table(path: Path, kind: str) -> Table:
    """Find encoding, delimiter and header; UnusableExportError when no line names the required columns."""
    encoding = detect(path)
    best: Table | None = None
    with _opened(path, encoding) as stream:
        lines = _Lines(stream)
        for number in range(1, _TITLE_LINES + 1):
            if (line := lines.take()) is None:
                break
            for delimiter in DELIMITERS:
                columns = map_header(kind, _header_cells(line, delimiter))
                table = Table(path, kind, encoding, delimiter, number, columns)
                if best is None or columns.score > best.columns.score:
                    best = table
            if best is not None and not best.columns.missing:
                return best
    raise UnusableExportError(_no_header(path, best))


def _no_header(path: Path, best: Table | None) -> str:
    if best is None:
        return f"{path.name} is empty. It needs a header line and at least one row."
    missing = " and ".join(f"'{name}'" for name in best.columns.missing)
    return (
        f"{path.name}: no column for {missing} in the first {_TITLE_LINES} lines. "
        "Rename the column in the header line to one of the accepted spellings and import again."
    )


def _header_cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def _opened(path: Path, encoding: Encoding) -> TextIO:
    errors = "surrogateescape" if encoding.repairs else "replace"
    return path.open(encoding=encoding.codec, errors=errors, newline="")


class _Lines:
    """Physical lines with their numbers; lines can be put back; a line longer than a megabyte is cut."""

    def __init__(self, stream: TextIO, advance: ByteProgress = lambda _: None) -> None:
        self._stream = stream
        self._advance = advance
        self._waiting: deque[str] = deque()
        self.number = 0

    def take(self) -> str | None:
        if self._waiting:
            self.number += 1
            return self._waiting.popleft()
        line = self._stream.readline(_LINE_LIMIT)
        if not line:
            return None
        self._advance(len(line))
        if len(line) == _LINE_LIMIT and line[-1] not in "\r\n":
            self._skip_rest()
        self.number += 1
        return line.replace("\0", "")

    def put_back(self, lines: list[str]) -> None:
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)

    def _skip_rest(self) -> None:
        while (rest := self._stream.readline(_LINE_LIMIT)) and rest[-1] not in "\r\n":
            self._advance(len(rest))


def _rows(lines: _Lines, delimiter: str, width: int, *, repairs: bool) -> Iterator[Row]:
    while (line := lines.take()) is not None:
        start = lines.number
        if len(line) >= _LINE_LIMIT:
            yield Row(start, (line[:80],), broken="The line is longer than a million characters.")
            continue
        row = _quoted(lines, line, delimiter, width) if '"' in line else _plain(start, line, delimiter)
        if not row.broken and not any(cell.strip() for cell in row.cells):
            continue
        yield _mended(_fitted(row, width)) if repairs else _fitted(row, width)


def _plain(start: int, line: str, delimiter: str) -> Row:
    return Row(start, tuple(line.rstrip("\r\n").split(delimiter)))


def _quoted(lines: _Lines, first: str, delimiter: str, width: int) -> Row:
    """A row with quotation marks; a mark that is never closed costs its own line only."""
    start, taken = lines.number, [first]
    while True:
        try:
            return Row(start, tuple(_parse(taken, delimiter, strict=True)))
        except csv.Error as error:
            unfinished = _UNFINISHED in str(error)
        if not unfinished and len(taken) == 1:
            return _loosely_quoted(start, first, delimiter, width)
        more = _until_quote(lines) if unfinished and len(taken) < _QUOTED_LINES else []
        if not more:
            lines.put_back(taken[1:])
            return Row(
                start, (first.strip(),), broken="A quotation mark is opened and never closed in this row."
            )
        taken += more


def _until_quote(lines: _Lines) -> list[str]:
    """The next lines up to and including one with a quotation mark; none when there is no such line near."""
    more: list[str] = []
    while len(more) < _QUOTED_LINES and (line := lines.take()) is not None:
        more.append(line)
        if '"' in line:
            return more
    lines.put_back(more)
    return []


def _loosely_quoted(start: int, line: str, delimiter: str, width: int) -> Row:
    """A row with quotation marks inside a quoted cell that were not doubled."""
    try:
        cells = tuple(_parse([line], delimiter, strict=False))
    except csv.Error:
        return Row(start, (line[:80],), broken="A cell is longer than can be read.")
    if len(cells) != width:
        return Row(start, (line.strip(),), broken="The quotation marks in this row do not pair up.")
    return Row(
        start, cells, note="Quotation marks inside the row were not doubled; read as far as they make sense."
    )


def _parse(taken: list[str], delimiter: str, *, strict: bool) -> list[str]:
    return next(csv.reader(taken, delimiter=delimiter, strict=strict), [])


def _fitted(row: Row, width: int) -> Row:
    if row.broken or len(row.cells) <= width:
        return row
    if any(cell.strip() for cell in row.cells[width:]):
        return Row(
            row.line,
            row.cells,
            broken=f"The row has {len(row.cells)} cells where the header names {width} columns; "
            "a cell that contains the delimiter needs quotation marks.",
        )
    return Row(row.line, row.cells[:width], note=row.note)


def _mended(row: Row) -> Row:
    if not any("\udc80" <= c <= "\udcff" for cell in row.cells if not cell.isascii() for c in cell):
        return row
    note = row.note or "Some characters were not UTF-8 and were read as Windows-1252."
    return Row(row.line, tuple(repair(cell) for cell in row.cells), row.broken, note)
