"""The figures of a digest as a file for a spreadsheet, in which no cell is ever a formula."""

from __future__ import annotations

import csv
import io

from handlers.outcomes import DigestShown
from policy.digest import Cell, Told, in_words

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEAD = ("Part", "What", "Column", "Value", "Number", "Of", "Low", "High", "Unit")


def file_name(digest: DigestShown) -> str:
    """Return a name that tells digests of different periods apart."""
    whose = f"-{''.join(c if c.isalnum() else '-' for c in digest.team)}" if digest.team else ""
    first, last = digest.days
    return f"{digest.kind.value}{whose}-{first:%Y-%m-%d}-{last:%Y-%m-%d}.csv"


def as_csv(digest: DigestShown) -> str:
    """Return one line per cell: where it is, what it says as in the digest, and the numbers behind it.

    A share is *Number* of *Of*, never a rounded percentage; *Low* and *High* bound the 95 % interval.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for figure in digest.figures:
        writer.writerow(_line("Figures", figure.label, "now", figure.value))
        if figure.before is not None:
            writer.writerow(_line("Figures", figure.label, "before", figure.before))
    for section in digest.sections:
        for row in section.rows:
            for column, cell in zip(section.columns[1:], row[1:], strict=False):
                writer.writerow(_line(section.title, in_words(row[0]), column, cell))
    return out.getvalue()


def _line(part: str, what: str, column: str, cell: Cell) -> list[str]:
    told = cell if isinstance(cell, Told) else Told(words=cell)
    numbers = (told.number, told.of, told.low, told.high)
    words = (harmless(each) for each in (part, what, column, told.words))
    return [*words, *("" if each is None else f"{each:.15g}" for each in numbers), told.unit]


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
