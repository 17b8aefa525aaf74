"""Writing an export: entries, payloads, proofs, checkpoints, rules, and the program that checks them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from bot.export.contents import REASONS, Audience, Scope, formula_safe, own_words
from handlers.record.explain_to_donor import told_to_donor
from policy.canonical import canonical_json
from policy.donor_explanation import DISCLOSURE
from policy.language import PolicyInvalidError, parse_policy
from storage import leaf
from storage.checkpoints import Checkpoint
from storage.keys import SubjectKey
from storage.policies import PolicyVersion
from storage.removals import recorded_removals
from storage.schema import DECLARED
from storage.stored_entries import StoredEntry, entries_in_order
from storage.transaction import Transaction

SCHEMA = 1
CSV_COLUMNS = ("number", "time (UTC)", "what", "by", "reference", "donor", "details")


@dataclass(frozen=True, slots=True)
class Export:
    """What was written: how many entries, up to which checkpoint, and the zip's SHA-256."""

    entries: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants what, for whom, and when (UTC); *time_zone* is for dates in texts."""

    scope: Scope
    audience: Audience
    by: str
    at: datetime
    time_zone: str = "UTC"


class ExportImpossible(Exception):
    """Nothing can be exported; the message says why."""


def write_export(tx: Transaction, out: Path, order: Order) -> Export:
    """Write the zip at *out*, which must not exist; raises ExportImpossible, FileExistsError."""
    last = tx.checkpoints.latest()
    if last is None:
        raise ExportImpossible("The log is empty: there is nothing to export.")
    with TemporaryDirectory() as folder:
        writer = _Writer(tx, Path(folder), order, last)
        writer.write()
        return _zip(Path(folder), out, writer.count, last.size)


class _Writer:
    def __init__(self, tx: Transaction, folder: Path, order: Order, last: Checkpoint) -> None:
        self._tx, self._folder, self._order, self._last = tx, folder, order, last
        self._keys: dict[str, SubjectKey] = tx.audit.subject_keys()
        self._nobody = tx.audit.reference_of_nobody() or ""
        self._ref = tx.audit.reference_of(order.scope.donor_id) if order.scope.donor_id else None
        self._redacted = recorded_removals(tx.audit.connection, self._keys, self._nobody).redacted
        self._versions: set[str] = set()
        self.count = 0

    def write(self) -> None:
        """Write every file, the manifest last, with a signature over it."""
        scope = self._order.scope
        if scope.donor_id and self._ref is None:
            raise ExportImpossible(f"The audit log holds nothing about {scope.donor_id}.")
        self._entries()
        self._checkpoints()
        self._policies()
        if self._order.audience == "donor" and scope.donor_id:
            self._explanation(scope.donor_id)
        own = files("bot.export")
        (self._folder / "verify.py").write_bytes((own / "verify.py").read_bytes())
        (self._folder / "README.txt").write_bytes((own / "README.txt").read_bytes())
        self._manifest()

    def _entries(self) -> None:
        tree = self._tx.checkpoints.tree.remembering()
        everything = self._order.scope.is_everything
        donor = self._order.audience == "donor"
        table = "your-data.csv" if donor else "events.csv"
        with (
            (self._folder / "events.jsonl").open("wb") as events,
            (self._folder / "proofs.jsonl").open("wb") as proofs,
            (self._folder / "payloads.jsonl").open("wb") as payloads,
            (self._folder / table).open("w", encoding="utf-8-sig", newline="") as readable,
        ):
            # Quoted throughout: where spreadsheets expect semicolons, one in a text would begin a new cell.
            rows = csv.writer(readable, quoting=csv.QUOTE_ALL)
            rows.writerow(CSV_COLUMNS)
            for entry in self._wanted():
                path = [] if everything else tree.inclusion_proof(entry.seq, self._last.size)
                _line(events, entry.leaf)
                _line(proofs, canonical_json({"seq": entry.seq, "path": [part.hex() for part in path]}))
                payload = self._payload(entry)
                _line(payloads, canonical_json(self._shown(entry, payload)))
                rows.writerow([formula_safe(cell) for cell in self._row(entry, payload)])
                self.count += 1

    def _wanted(self) -> Iterator[StoredEntry]:
        scope, last = self._order.scope, self._last.size
        for page in entries_in_order(self._tx.audit.connection, with_payloads=True, last=last):
            for row in page:
                entry = StoredEntry(*row)
                if self._says_what_is_lost(entry):
                    yield entry
                    continue
                if self._ref is not None and entry.subject_ref != self._ref:
                    continue
                if (scope.start and entry.moment < scope.start) or (scope.end and entry.moment >= scope.end):
                    continue
                yield entry

    def _says_what_is_lost(self, entry: StoredEntry) -> bool:
        """Say whether it declares a restore: whoever checks an export has to know, whatever its scope."""
        return entry.kind == DECLARED and self._order.audience != "donor"

    def _payload(self, entry: StoredEntry) -> bytes | None:
        key = self._keys.get(entry.subject_ref or self._nobody)
        payload = entry.read(key, entry.subject_ref or self._nobody) if key else None
        if payload is not None:
            self._versions.update(_versions(leaf.read_payload(payload)))
        return payload

    def _shown(self, entry: StoredEntry, payload: bytes | None) -> dict[str, Any]:
        key = self._keys.get(entry.subject_ref or self._nobody)
        why = self._left_out(entry, payload)
        if why or payload is None or key is None:
            return {"id": entry.id, "payload": None, "why": why or "removed"}
        return {
            "id": entry.id,
            "payload": payload.decode(),
            "commitment_key": entry.commitment_key(key).hex(),
        }

    def _left_out(self, entry: StoredEntry, payload: bytes | None) -> str | None:
        if payload is None:
            return "removed"
        if self._order.audience == "auditor" and not self._says_what_is_lost(entry):
            return "audience"
        if self._order.audience == "donor":
            return "own_words"
        if entry.id in self._redacted and (self._order.scope.start or self._order.scope.end):
            return "redacted"  # what says so may lie outside of the period
        # The key of an old commitment is the donor's own, which must not leave the house.
        return "older_seal" if leaf.version_of(entry.leaf) == 1 else None

    def _row(self, entry: StoredEntry, payload: bytes | None) -> list[str]:
        donor = self._order.scope.donor_id or entry.subject_ref or ""
        details = ""
        if payload is not None and self._order.audience == "compliance":
            details = payload.decode()
        elif payload is not None and self._order.audience == "donor":
            details = " ".join(own_words(entry.kind, leaf.read_payload(payload)))
        who = "staff" if self._order.audience == "donor" and entry.actor.startswith("slack:") else entry.actor
        reference = entry.correlation_id[-6:].lower()
        return [str(entry.seq), leaf.moment(entry.moment), entry.kind, who, reference, donor, details]

    def _checkpoints(self) -> None:
        stated = [each for each in self._tx.checkpoints.all() if each.size <= self._last.size]
        notes = "\n".join(each.note for each in stated)
        (self._folder / "checkpoints.txt").write_text(notes, encoding="utf-8")
        tree = self._tx.checkpoints.tree
        with (self._folder / "consistency.jsonl").open("wb") as proofs:
            for old, new in pairwise(stated):
                path = [part.hex() for part in tree.consistency_proof(old.size, new.size)]
                _line(proofs, canonical_json({"old": old.size, "new": new.size, "path": path}))
        keys = "".join(f"{each.key}\n" for each in self._tx.checkpoints.signing_keys())
        (self._folder / "vkey.txt").write_text(keys, encoding="utf-8")

    def _policies(self) -> None:
        folder = self._folder / "policies"
        folder.mkdir()
        if self._order.audience == "donor":
            return
        for version in sorted(self._versions):
            stored = self._tx.policies.version(version)
            if stored:
                (folder / f"{version}.yaml").write_text(stored.source, encoding="utf-8")
                if meant := _meant(stored):
                    (folder / f"{version}.json").write_bytes(meant)

    def _explanation(self, donor_id: str) -> None:
        lines = (*told_to_donor(self._tx, donor_id, self._order.time_zone), *DISCLOSURE)
        (self._folder / "explanation.txt").write_text("\n\n".join(lines) + "\n", encoding="utf-8")

    def _manifest(self) -> None:
        scope = self._order.scope
        names = sorted(path for path in self._folder.rglob("*") if path.is_file())
        manifest = {
            "schema": SCHEMA,
            "made_at": self._order.at.astimezone(UTC).isoformat(),
            "by": self._order.by,
            "audience": self._order.audience,
            "donor": scope.donor_id,
            "from": scope.start.isoformat() if scope.start else None,
            "to": scope.end.isoformat() if scope.end else None,
            "complete": scope.is_everything,
            "entries": self.count,
            "log_size": self._last.size,
            "reasons": REASONS,
            "files": {
                str(path.relative_to(self._folder)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in names
            },
        }
        spelled = json.dumps(manifest, indent=2, ensure_ascii=False, sort_keys=True).encode()
        (self._folder / "manifest.json").write_bytes(spelled)
        vouched = self._tx.checkpoints.vouch_for("manifest.json", spelled, self._order.at)
        (self._folder / "manifest.sig").write_text(vouched, encoding="utf-8")


def _meant(stored: PolicyVersion) -> bytes | None:
    """Return the bytes whose digest the version is: whoever checks the rules then takes nobody's word.

    None for rules that this release reads otherwise than the one that stored them.
    """
    try:
        meant = canonical_json(parse_policy(stored.source, stored.version).meant())
    except PolicyInvalidError:
        return None
    return meant if hashlib.sha256(meant).hexdigest() == stored.version else None


def _versions(value: Any) -> Iterator[str]:
    """Yield every policy version that a payload names."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "policy_version" and isinstance(part, str):
                yield part
            else:
                yield from _versions(part)
    elif isinstance(value, list):
        for part in value:
            yield from _versions(part)


def _line(file: IO[bytes], line: bytes) -> None:
    file.write(line + b"\n")


def _zip(folder: Path, out: Path, entries: int, size: int) -> Export:
    handle = os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            archive.write(path, path.relative_to(folder))
    with out.open("rb") as written:
        return Export(entries, size, hashlib.file_digest(written, "sha256").hexdigest())
