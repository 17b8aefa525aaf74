"""What an import did: counts per file, every row left out with its reason, every value changed on the way."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

FindingKind = Literal["not imported", "imported with a change", "about the file"]

RAW_LIMIT: Final = 80
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class UnusableExportError(Exception):
    """The export as a whole cannot be imported; the message says in plain words what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the reader of an import should know.

    *line* counts from 1 and is the first line of the row (0: the whole file); *raw* is the exported value,
    clipped.
    """

    kind: FindingKind
    file: str
    line: int
    column: str
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class FileCount:
    """How many rows a file held; ``rows == imported + not_imported`` always."""

    file: str
    rows: int
    imported: int
    encoding: str
    delimiter: str

    @property
    def not_imported(self) -> int:
        return self.rows - self.imported


@dataclass(slots=True)
class Findings:
    """The findings of one file while it is being read; a row that is left out has exactly one *problem*."""

    file: str
    problems: list[Finding] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)

    def leave_out(self, line: int, column: str, reason: str, raw: str = "") -> None:
        self.problems.append(Finding("not imported", self.file, line, column, reason, clip(raw)))

    def changed(self, line: int, column: str, reason: str, raw: str = "") -> None:
        self.notices.append(Finding("imported with a change", self.file, line, column, reason, clip(raw)))

    def about_file(self, reason: str, column: str = "", raw: str = "") -> None:
        self.notices.append(Finding("about the file", self.file, 0, column, reason, clip(raw)))


def clip(raw: str) -> str:
    """*raw* on one line without control characters, at most 80 characters."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in raw[: RAW_LIMIT * 4]).split())
    return flat if len(flat) <= RAW_LIMIT else flat[: RAW_LIMIT - 1] + "…"


def spreadsheet_safe(value: str) -> str:
    """*value* so that a spreadsheet shows it and never computes it."""
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA_STARTS) else value


def write_findings(path: Path, findings: list[Finding]) -> None:
    """Write *findings* as CSV (UTF-8 with BOM, so that Excel shows accents)."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["what happened", "file", "line", "column", "reason", "value in the export"])
        for finding in findings:
            cells = (
                finding.kind,
                finding.file,
                str(finding.line or ""),
                finding.column,
                finding.reason,
                finding.raw,
            )
            writer.writerow([spreadsheet_safe(cell) for cell in cells])
