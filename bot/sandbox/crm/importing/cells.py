"""The cells of one row, read as what their columns hold; the unreadable is noted or leaves the row out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, TypeVar

from bot.sandbox.crm.importing.amounts import (
    AmountColumn,
    UnreadableAmountError,
    currency_of_header,
    read_amount,
    read_currency,
    study_amounts,
)
from bot.sandbox.crm.importing.columns import columns_of, plain
from bot.sandbox.crm.importing.dates import (
    DateColumn,
    UnreadableDateError,
    read_date,
    read_instant,
    study_dates,
)
from bot.sandbox.crm.importing.reading import Row, Table
from bot.sandbox.crm.importing.report import Findings
from bot.sandbox.crm.importing.vocabulary import NO, YES
from bot.sandbox.crm.model import Money

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,63}")
_EMAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_LIST_MARKS: Final = re.compile(r"[;|,]")
_TEXT_LIMIT: Final = 200

Choice = TypeVar("Choice")


class RowProblemError(Exception):
    """The row cannot be imported: the column at fault, the reason in plain words, the exported value."""

    def __init__(self, column: str, reason: str, raw: str = "") -> None:
        super().__init__(reason)
        self.column, self.reason, self.raw = column, reason, raw


@dataclass(frozen=True, slots=True)
class Study:
    """What was decided about the date and amount columns of a file before its rows were read."""

    dates: Mapping[str, DateColumn]
    amounts: Mapping[str, AmountColumn]


def study(table: Table, findings: Findings) -> Study:
    """Look through the whole of every date and amount column of *table* and say what was decided."""
    dates: dict[str, DateColumn] = {}
    amounts: dict[str, AmountColumn] = {}
    for column in columns_of(table.kind):
        if column.name not in table.columns.positions:
            continue
        title = table.columns.title(column.name)
        if column.format == "date":
            dates[column.name] = study_dates(_values(table, column.name))
            if dates[column.name].reason:
                findings.about_file(dates[column.name].reason, title)
        if column.format == "amount":
            amounts[column.name] = study_amounts(
                _values(table, column.name), currency_of_header(title) or "USD"
            )
            if amounts[column.name].is_mixed:
                findings.about_file("Amounts use both a point and a comma for decimals.", title)
    return Study(dates, amounts)


def _values(table: Table, name: str) -> Iterator[str]:
    return (table.columns.cell(row.cells, name) for row in table.rows() if not row.broken)


@dataclass(slots=True)
class Cells:
    """One row; methods take the name of a column and give its value or the stated default."""

    row: Row
    table: Table
    study: Study
    today: date
    notes: list[tuple[str, str, str]] = field(default_factory=list)

    def raw(self, name: str) -> str:
        return self.table.columns.cell(self.row.cells, name)

    def title(self, name: str) -> str:
        return self.table.columns.title(name)

    def problem(self, name: str, reason: str) -> RowProblemError:
        return RowProblemError(self.title(name), reason, self.raw(name))

    def note(self, name: str, reason: str) -> None:
        self.notes.append((self.title(name), reason, self.raw(name)))

    def text(self, name: str, limit: int = _TEXT_LIMIT) -> str:
        """One line of text, cut at *limit* characters."""
        value = " ".join(self.raw(name).split())
        return self._cut(name, value, limit)

    def prose(self, name: str, limit: int = 10_000) -> str:
        """Text with its line breaks, without control characters."""
        value = self.raw(name).replace("\r\n", "\n").replace("\r", "\n")
        return self._cut(name, "".join(c for c in value if c.isprintable() or c in "\n\t"), limit)

    def _cut(self, name: str, value: str, limit: int) -> str:
        if len(value) <= limit:
            return value
        self.note(name, f"The text is longer than {limit} characters and was cut.")
        return value[:limit]

    def id(self, name: str) -> str:
        """An id that can stand in an address; empty when the cell is."""
        value = self.raw(name)
        if value and _ID.fullmatch(value) is None:
            raise self.problem(
                name,
                "An id has at most 64 letters, digits and . _ : @ + - and starts with a letter or digit.",
            )
        return value

    def flag(self, name: str) -> bool:
        """Yes or no; what is neither counts as yes, because these columns protect the donor."""
        value = plain(self.raw(name))
        if value in YES or (not value and not self.raw(name)):
            return bool(value)
        if value not in NO:
            self.note(name, "Neither yes nor no; read as yes, the cautious reading.")
        return value not in NO

    def choice(self, name: str, words: Mapping[str, Choice], default: Choice) -> Choice:
        """The meaning of the cell among *words*; *default* when empty and, with a note, when unknown."""
        value = self.raw(name)
        if value and plain(value) not in words:
            said = default if default is not None else "empty"
            self.note(name, f"The value is not known; read as {said}.")
        return words.get(plain(value), default)

    def values(self, name: str) -> tuple[str, ...]:
        """A list without repetitions, in the order of the cell."""
        parts = (" ".join(part.split())[:_TEXT_LIMIT] for part in _LIST_MARKS.split(self.raw(name)))
        return tuple(dict.fromkeys(part for part in parts if part))

    def email(self, name: str) -> str | None:
        value = self.raw(name)
        if not value:
            return None
        if _EMAIL.fullmatch(value) is None or len(value) > _TEXT_LIMIT:
            self.note(name, "This is no e-mail address; left empty.")
            return None
        return value

    def day(self, name: str) -> date:
        """The date the row cannot do without."""
        return self._dated(name, read_date)

    def day_if_any(self, name: str) -> date | None:
        if not self.raw(name):
            return None
        try:
            return self._dated(name, read_date)
        except RowProblemError as problem:
            self.note(name, f"{problem.reason} Left empty.")
            return None

    def instant(self, name: str) -> datetime:
        """The instant, in UTC, the row cannot do without."""
        return self._dated(name, read_instant)

    def _dated(self, name: str, read: Callable[[str, DateColumn, date], Choice]) -> Choice:
        if not self.raw(name):
            raise self.problem(name, "The date is empty.")
        try:
            return read(" ".join(self.raw(name).split()), self.study.dates[name], self.today)
        except UnreadableDateError as error:
            raise self.problem(name, str(error)) from error

    def money(self, name: str, currency_name: str) -> Money:
        """The amount the row cannot do without, in the currency of its own column if there is one."""
        if not self.raw(name):
            raise self.problem(name, "The amount is empty.")
        try:
            currency = read_currency(self.raw(currency_name))
        except UnreadableAmountError as error:
            raise self.problem(currency_name, str(error)) from error
        try:
            return read_amount(self.raw(name), self.study.amounts[name], currency)
        except UnreadableAmountError as error:
            raise self.problem(name, str(error)) from error
