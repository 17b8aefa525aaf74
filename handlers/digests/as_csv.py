"""The figures of a digest as a file for a spreadsheet, in which no cell is ever a formula."""

from __future__ import annotations

import csv
import io

from handlers.outcomes import DigestShown

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEAD = ("Part", "What", "Column", "Value")


def file_name(digest: DigestShown) -> str:
    """Return a name that tells digests of different periods apart."""
    whose = f"-{''.join(c if c.isalnum() else '-' for c in digest.team)}" if digest.team else ""
    return f"{digest.kind.value}{whose}-{digest.period_start:%Y-%m-%d}-{digest.period_end:%Y-%m-%d}.csv"


def as_csv(digest: DigestShown) -> str:
    """Return one line per figure: the part it is in, what it is of, which column, and its value."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEAD)
    for figure in digest.figures:
        writer.writerow(map(harmless, ("Figures", figure.label, "now", figure.value)))
        if figure.before is not None:
            writer.writerow(map(harmless, ("Figures", figure.label, "before", figure.before)))
    for section in digest.sections:
        for row in section.rows:
            for column, value in zip(section.columns[1:], row[1:], strict=False):
                writer.writerow(map(harmless, (section.title, row[0], column, value)))
    return out.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
