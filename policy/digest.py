"""What a digest is: figures with the period before, and sections that each say what they mean."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Literal

from policy.value import Value


@unique
class DigestKind(StrEnum):
    """What a digest is about."""

    ADOPTION = "adoption"
    OVERRIDE = "override"
    OUTCOMES = "outcomes"
    OPERATIONS = "operations"


TITLES: dict[DigestKind, str] = {
    DigestKind.ADOPTION: "Who uses it, and for what",
    DigestKind.OVERRIDE: "What people made of the proposals",
    DigestKind.OUTCOMES: "What came after the decisions",
    DigestKind.OPERATIONS: "Operations and compliance",
}


class Told(Value):
    """What a cell of a table says in *words*, with the numbers behind them for whoever computes further.

    *number* is in *unit* (empty for plain counts, "min", "%", or a currency in its major unit); of a share it
    is the part and *of* the whole. *low* and *high* are the bounds of the 95 % interval, in *unit*. All are
    None where nothing may be said in numbers, such as of too few.
    """

    words: str
    number: int | float | None = None
    of: int | None = None
    low: int | float | None = None
    high: int | float | None = None
    unit: str = ""


Cell = Told | str


def in_words(cell: Cell) -> str:
    """Return what a cell says."""
    return cell if isinstance(cell, str) else cell.words


class DigestFigure(Value):
    """One figure of a digest with the same figure of the period before; None where there were none.

    *change* says in words what became of it, where that can be said at all.
    """

    label: str
    value: Cell
    before: Cell | None = None
    change: str = ""


class Series(Value):
    """One line or colour of a chart, with a value for each of the chart's categories."""

    name: str
    values: tuple[float, ...]


class Chart(Value):
    """A chart; *unit* is what its values are in, such as "%"."""

    title: str
    kind: Literal["bar", "line"] = "bar"
    unit: str = ""
    categories: tuple[str, ...]
    series: tuple[Series, ...]


class DigestSection(Value):
    """One thing to know: *says* is what it means in a sentence, the table is the text alternative."""

    id: str
    title: str
    says: str
    chart: Chart | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    links: tuple[str | None, ...] = ()
    notes: tuple[str, ...] = ()


class Digest(Value):
    """A digest's content; the first two charts are shown at once, everything else as the detail."""

    kind: DigestKind
    headline: str
    figures: tuple[DigestFigure, ...]
    sections: tuple[DigestSection, ...] = ()
    footnotes: tuple[str, ...] = ()
