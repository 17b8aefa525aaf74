"""The columns an import understands, read from the table that documents them, and how headers match it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_BRACKETED: Final = re.compile(r"\(.*\)$")
_TABLE: Final = Path(__file__).with_name("columns.md")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export: its name here, whether the file is useless without it, other spellings."""

    file: str
    name: str
    required: bool
    format: str
    meaning: str
    spellings: tuple[str, ...]


@cache
def all_columns() -> tuple[Column, ...]:
    """Every column, in the order of the table."""
    rows = (line.strip("|\n ").split("|") for line in columns_table().splitlines()[2:])
    return tuple(_column(*(cell.strip() for cell in row)) for row in rows)


def columns_table() -> str:
    """The table as Markdown, for the README."""
    text = _TABLE.read_text(encoding="utf-8")
    return text[text.index("| file |") :]


def _column(file: str, name: str, required: str, form: str, meaning: str, spellings: str) -> Column:
    others = tuple(spelling.strip() for spelling in spellings.split(",") if spelling.strip())
    return Column(file.removesuffix(".csv"), name.strip("`"), required == "yes", form, meaning, others)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Where each known column stands in one file, and the headers that are not known or stand there twice."""

    positions: dict[str, int]
    headers: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def width(self) -> int:
        return len(self.headers)

    @property
    def score(self) -> int:
        return len(self.positions)

    def cell(self, cells: Sequence[str], name: str) -> str:
        """The trimmed cell of column *name*; empty where the file or the row has none."""
        at = self.positions.get(name)
        return cells[at].strip() if at is not None and at < len(cells) else ""

    def title(self, name: str) -> str:
        """What the file itself calls column *name*."""
        at = self.positions.get(name)
        return self.headers[at] if at is not None else name


@cache
def columns_of(kind: str) -> tuple[Column, ...]:
    """The columns of one kind of file: donors, gifts or interactions."""
    return tuple(column for column in all_columns() if column.file == kind)


def map_header(kind: str, header: Iterable[str]) -> ColumnMap:
    """Match *header* to the columns of *kind*, by spelling priority, each header once."""
    headers = tuple(" ".join(cell.replace("\ufeff", "").split()) for cell in header)
    first_at: dict[str, int] = {}
    for at, title in enumerate(headers):
        first_at.setdefault(plain(title), at)
    for at, title in enumerate(headers):
        first_at.setdefault(plain(_BRACKETED.sub("", title)), at)
    positions: dict[str, int] = {}
    for own_name_only in (True, False):
        for column in columns_of(kind):
            names = (column.name,) if own_name_only else column.spellings
            found = (first_at[plain(name)] for name in names if plain(name) in first_at)
            free = [at for at in found if at not in positions.values()]
            if column.name not in positions and free:
                positions[column.name] = free[0]
    taken = set(positions.values())
    unknown = tuple(title for at, title in enumerate(headers) if title and at not in taken)
    missing = tuple(c.name for c in columns_of(kind) if c.required and c.name not in positions)
    return ColumnMap(positions, headers, unknown, missing)


def plain(title: str) -> str:
    """*title* without case, spaces and punctuation."""
    return "".join(c for c in title.casefold() if c.isalnum())
