"""Import an organisation's own export as the world of the simulated CRM."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from bot.sandbox.crm.importing.campaigns import CampaignRegister
from bot.sandbox.crm.importing.cells import Cells, RowProblemError, study
from bot.sandbox.crm.importing.donors import DonorImport
from bot.sandbox.crm.importing.gifts import GiftImport
from bot.sandbox.crm.importing.interactions import InteractionImport
from bot.sandbox.crm.importing.progress import ImportProgress, silent
from bot.sandbox.crm.importing.reading import DELIMITERS, Table, open_table
from bot.sandbox.crm.importing.report import (
    FileCount,
    Finding,
    Findings,
    UnusableExportError,
    write_findings,
)
from bot.sandbox.crm.importing.staffing import StaffRegister
from bot.sandbox.crm.model import Donor, Gift, LifecycleStage, World
from bot.sandbox.crm.rollups import rollups_of

_EXTENSIONS: Final = (".csv", ".tsv", ".txt")
_LAPSED_AFTER: Final = timedelta(days=548)
_STEP: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The imported world, and everything a person should know about how it came to be.

    *problems* are the rows left out, one each; *notices* are values changed and decisions about a file.
    """

    world: World
    counts: tuple[FileCount, ...]
    problems: tuple[Finding, ...]
    notices: tuple[Finding, ...]

    def write_report(self, path: Path) -> None:
        """Write problems and notices as CSV that a spreadsheet opens and never computes."""
        write_findings(path, [*self.problems, *self.notices])

    def summary(self) -> str:
        """A line per file: how many rows were imported, how many not, and how the file was read."""
        return "\n".join(
            f"{count.file}: {count.imported:,} of {count.rows:,} rows imported"
            + (f", {count.not_imported:,} not" if count.not_imported else "")
            + f" ({count.encoding}, {count.delimiter}-separated)"
            for count in self.counts
        )


@dataclass(slots=True)
class _Import:
    """One import under way."""

    today: date
    progress: ImportProgress
    counts: list[FileCount] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)

    def read(self, table: Table, add: Callable[[Cells], None]) -> None:
        """Hand every row of *table* to *add*; a row that cannot be imported costs no other row."""
        findings = Findings(table.path.name)
        _tell_headers(table, findings)
        studied = study(table, findings)
        rows = 0
        for row in table.rows(self._advance(table)):
            rows += 1
            if row.broken:
                findings.leave_out(row.line, "", row.broken, " ".join(row.cells)[:400])
                continue
            _add_row(Cells(row, table, studied, self.today), add, findings)
        self._finish(table, rows, findings)

    def _advance(self, table: Table) -> Callable[[int], None]:
        name, done, shown = table.path.name, 0, 0
        total = table.path.stat().st_size // (2 if table.encoding.codec.startswith("utf-16") else 1)

        def advance(characters: int) -> None:
            nonlocal done, shown
            done += characters
            if done - shown >= _STEP:
                shown = done
                self.progress(name, done, total)

        return advance

    def _finish(self, table: Table, rows: int, findings: Findings) -> None:
        imported = rows - len(findings.problems)
        self.counts.append(
            FileCount(table.path.name, rows, imported, table.encoding.name, DELIMITERS[table.delimiter])
        )
        self.progress(table.path.name, 1, 1)
        self.problems += findings.problems
        self.notices += findings.notices


def import_world(directory: Path, *, today: date, progress: ImportProgress = silent) -> ImportReport:
    """Import donors.csv, gifts.csv and, where there is one, interactions.csv of *directory*.

    UnusableExportError when there is nothing to import from; single rows never stop an import.
    """
    run = _Import(today, progress)
    staff, campaigns = StaffRegister(), CampaignRegister()
    donors = DonorImport(staff)
    tables = {kind: _table(directory, kind) for kind in ("donors", "gifts")}
    run.read(tables["donors"], donors.add)
    gifts = GiftImport(donors.donors, campaigns)
    run.read(tables["gifts"], gifts.add)
    interactions = InteractionImport(donors.donors, staff, campaigns)
    if (path := _find(directory, "interactions")) is not None:
        run.read(open_table(path, "interactions"), interactions.add)
    world = World(
        origin=f"import {_fingerprint(directory)}",
        as_of=today,
        staff=staff.staff,
        donors=_completed(donors, gifts.gifts.values(), today),
        households=donors.household_records(),
        consents=tuple(donors.consents),
        gifts=tuple(gifts.gifts.values()),
        interactions=tuple(interactions.interactions.values()),
        campaigns=campaigns.records(gifts.gifts.values(), today),
    )
    return ImportReport(world, tuple(run.counts), tuple(run.problems), tuple(run.notices))


def _table(directory: Path, kind: str) -> Table:
    path = _find(directory, kind)
    if path is None:
        raise UnusableExportError(
            f"There is no {kind}.csv in {directory}. An import needs donors.csv and gifts.csv; "
            "interactions.csv is optional."
        )
    return open_table(path, kind)


def _find(directory: Path, kind: str) -> Path | None:
    if not directory.is_dir():
        raise UnusableExportError(f"{directory} is not a directory.")
    named = (path for path in sorted(directory.iterdir()) if path.stem.casefold() == kind and path.is_file())
    return next((path for path in named if path.suffix.casefold() in _EXTENSIONS), None)


def _fingerprint(directory: Path) -> str:
    """Short digest of the imported files, so that a changed export is told from one seen before."""
    digest = hashlib.sha256()
    for kind in ("donors", "gifts", "interactions"):
        if (path := _find(directory, kind)) is not None:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


def _tell_headers(table: Table, findings: Findings) -> None:
    if table.header_line > 1:
        findings.about_file(f"The header stands on line {table.header_line}; the lines above it are skipped.")
    for title in table.columns.unknown:
        findings.about_file("The column is not known, or another column means the same; left out.", title)


def _add_row(cells: Cells, add: Callable[[Cells], None], findings: Findings) -> None:
    line = cells.row.line
    try:
        add(cells)
    except RowProblemError as problem:
        findings.leave_out(line, problem.column, problem.reason, problem.raw)
        return
    except ValueError:
        findings.leave_out(line, "", "The row holds a value that no record can have.")
        return
    if cells.row.note:
        findings.changed(line, "", cells.row.note)
    for column, reason, raw in cells.notes:
        findings.changed(line, column, reason, raw)


def _completed(donors: DonorImport, gifts: Iterable[Gift], today: date) -> tuple[Donor, ...]:
    """The donors with their household, their roll-ups and, where the export has none, a lifecycle stage."""
    of_donor: dict[str, list[Gift]] = {}
    for gift in gifts:
        of_donor.setdefault(gift.donor_id, []).append(gift)
    households = donors.household_ids()
    return tuple(
        _complete(donor, of_donor.get(donor.id, []), households.get(donor.id), donors.unstaged, today)
        for donor in donors.donors.values()
    )


def _complete(
    donor: Donor, gifts: list[Gift], household: str | None, unstaged: set[str], today: date
) -> Donor:
    changes: dict[str, object] = {"household_id": household, "rollups": rollups_of(gifts)}
    if donor.id in unstaged:
        changes["lifecycle_stage"] = _stage(gifts, today)
    return donor.model_copy(update=changes)


def _stage(gifts: list[Gift], today: date) -> LifecycleStage:
    if not gifts:
        return "acquisition"
    if max(gift.received_on for gift in gifts) < today - _LAPSED_AFTER:
        return "reactivation"
    return "stewardship" if len(gifts) == 1 else "retention"
