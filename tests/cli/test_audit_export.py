"""An export is checked by a program of its own, in an interpreter that has never heard of Countersign."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli import main
from bot.cli.loading import database_settings
from bot.export.contents import formula_safe
from bot.master_key import open_encrypted
from storage.appending import AuditEntry
from storage.transaction import Transaction
from tests.databases import fresh_sqlite

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
BLOCKED = """
import runpy, sys
class NoCountersign:
    def find_spec(self, name, path=None, target=None):
        ours = ("bot", "handlers", "storage", "policy", "sqlalchemy", "pydantic", "rfc8785")
        if name.partition(".")[0] in ours:
            raise ImportError(name)
sys.meta_path.insert(0, NoCountersign())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

DECIDED = {
    "event": {"type": "donation.received"},
    "happened": "Jane Doe gave $2,500.",
    "recommendation": {
        "action": {"kind": "create_task"},
        "headline": "Thank her",
        "signals": [],
        "unknowns": [],
        "alternatives": [],
        "removed": 0,
        "confidence": {"score": 80},
        "origin": {"kind": "model", "model": "m", "prompt": "p", "prompt_version": "v"},
    },
    "decision": {
        "outcome": "require_approval",
        "policy_version": "ab" * 32,
        "gates": [{"id": "g", "reason": "r"}],
    },
    "decision_facts": {"donor": {"tier": "major"}},
}
STORY = [
    ("recommendation.decided", "system", DECIDED),
    ("escalation.approved", "slack:U1", {"name": "Olivia Hart", "role": "owner"}),
    (
        "action.executed",
        "system",
        {"ref": "t-1", "verified": True, "changes": [{"field": "Task", "before": "", "after": "Call"}]},
    ),
    ("action.undone", "slack:U1", {"name": "=cmd()"}),
]


def entries() -> list[AuditEntry]:
    found = []
    for number in range(600):
        kind, actor, payload = STORY[number % 4]
        found.append(
            AuditEntry(
                id=f"e{number:04}",
                at=NOW.replace(day=1 + number // 30),
                kind=kind,
                correlation_id=f"cor{number // 4:03}",
                subject=f"donor-{number // 4 % 3}",
                actor=actor,
                payload=payload,
            )
        )
    return found


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a database, in which commands are run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", fresh_sqlite(tmp_path / "countersign.db"))
    database = await open_encrypted(database_settings(None), may_make=True)

    def work(tx: Transaction) -> None:
        for entry in entries():
            tx.audit.append(entry)
        tx.policies.keep("ab" * 32, "rules", "policy: 1\n", NOW)

    await database.write(work)
    await database.close()
    return tmp_path


async def run(*arguments: str) -> int:
    import asyncio

    return await asyncio.to_thread(main, ["audit", *arguments])


def verify(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the export's own program with everything of Countersign out of reach."""
    command = [sys.executable, "-I", "-c", BLOCKED, str(folder / "verify.py"), *more]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)


def unpacked(path: Path) -> Path:
    folder = path.with_suffix("")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


async def test_an_export_proves_itself_and_tells_a_decision_from_beginning_to_end(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("checkpoint") == 0
    assert await run("keys", "rotate", "--by", "it@example.org") == 0
    assert await run("export", "--out", "all.zip", "--by", "carmen@example.org") == 0
    assert (here / "countersign.checkpoints" / "000000000602.checkpoint").exists(), "kept with the others"
    folder = unpacked(here / "all.zip")
    done = verify(folder, "--show", "cor001")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "OK: 602 entries are in the log of 602 entries, 2 checkpoints continue each other"
    )
    for told in (
        "Jane Doe gave $2,500.",
        "require_approval",
        '"model": "m"',
        "Olivia Hart",
        "t-1",
        "action.undone",
    ):
        assert told in done.stdout
    assert (folder / "policies" / f"{'ab' * 32}.yaml").read_text() == "policy: 1\n"
    rows = list(csv.reader(io.StringIO((folder / "events.csv").read_text(encoding="utf-8-sig"))))
    assert len(rows) == 603
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert verify(folder, "--vkey", (folder / "vkey.txt").read_text().splitlines()[-1]).returncode == 0
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert "not signed by any of the verifier keys" in verify(folder, "--vkey", other).stderr
    assert verify(folder, str(here / "all.zip")).returncode == 0
    assert await run("export", "--out", "all.zip", "--by", "carmen@example.org") == 1, "never written over"
    assert await run("search", "--kind", "export.made", "carmen@example.org", "nonsense") == 1
    capsys.readouterr()
    assert await run("search", "--kind", "export.*", "carmen@example.org") == 0
    assert "\n    audience: compliance\n" in capsys.readouterr().out
    assert await run("verify") == 0
    assert await run("show", "e0004") == await run("show", "cor001") == 0
    assert await run("show", "r0") == await run("show", "nothing") == 1
    capsys.readouterr()
    assert await run("trace", "donor-1") == 0
    screen = capsys.readouterr().out
    assert max(map(len, screen.splitlines())) <= 80
    path = screen.partition("Decision cor001")[2].partition("Decision")[0]
    stages = [line.split()[1] for line in path.splitlines() if line[4:5] == ":"]
    assert stages == ["Trigger", "Facts", "Model", "Policy", "Person", "Effect", "Undo"]
    assert "Approved (Olivia Hart)" in path
    database = await open_encrypted(database_settings(None), may_make=False)
    reads = await database.read(lambda tx: tx.audit.of_kind("audit.read"))
    await database.close()
    told = [(each.subject, each.payload and each.payload["what"]) for each in reads]
    assert told == [(None, "search"), ("donor-1", "show"), ("donor-1", "show"), ("donor-1", "trace")]
    assert all(each.actor.startswith("shell:") for each in reads)


Spoil = Callable[[Path], None]


def replaced(name: str, old: str, new: str, *, fix_manifest: bool = True) -> Spoil:
    def spoil(folder: Path) -> None:
        import hashlib

        path = folder / name
        path.write_text(path.read_text().replace(old, new, 1))
        manifest = json.loads((folder / "manifest.json").read_text())
        if fix_manifest:
            manifest["files"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return spoil


def left_out(folder: Path) -> None:
    """Take a payload away as if it had been erased, and fit the manifest."""
    first = next(line for line in (folder / "payloads.jsonl").read_text().splitlines())
    entry = json.loads(first)["id"]
    replaced("payloads.jsonl", first, json.dumps({"id": entry, "payload": None, "why": "removed"}))(folder)


SIGNED = "the manifest was changed after the export was made"
SPOILT: dict[str, tuple[Spoil, str]] = {
    "a file": (replaced("events.csv", "Jane", "June", fix_manifest=False), "events.csv was changed"),
    "an entry": (replaced("events.jsonl", "slack:U1", "slack:U2"), "is not in the log that was signed"),
    "a path": (replaced("proofs.jsonl", '"path":["', '"path":["00'), "is not in the log that was signed"),
    "a payload": (replaced("payloads.jsonl", "Jane", "June"), "is not the one that was sealed"),
    "a payload is gone": (left_out, SIGNED),
    "the table": (replaced("events.csv", "Jane", "June"), SIGNED),
    "the cover": (replaced("manifest.json", "c@x.org", "d@x.org", fix_manifest=False), SIGNED),
    "the signature": (
        replaced("manifest.sig", "SHA-256", "SHA-512", fix_manifest=False),
        "the manifest is not signed by any of the verifier keys",
    ),
    "a reason": (replaced("payloads.jsonl", "{", '{"x":0}\n{'), "WRONG"),
    "a checkpoint": (replaced("checkpoints.txt", "\n600\n", "\n601\n"), "not signed by any"),
    "an order": (replaced("proofs.jsonl", '"seq":1}', '"seq":9}'), "WRONG"),
}


async def test_whatever_is_changed_in_an_export_is_found(here: Path) -> None:
    import shutil

    arguments = ("--donor", "donor-0", "--from", "2026-11-01", "--to", "2026-11-10", "--by", "c@x.org")
    assert await run("export", "--out", "some.zip", *arguments) == 0
    folder = unpacked(here / "some.zip")
    done = verify(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("OK: 100 entries are in the log of 600 entries")
    for what, (spoil, complaint) in SPOILT.items():
        copy = Path(shutil.copytree(folder, here / f"spoilt {what}"))
        spoil(copy)
        done = verify(copy)
        assert done.returncode == 1, what
        assert complaint in done.stderr, what


async def test_an_auditor_sees_proofs_and_a_donor_their_own_words(here: Path) -> None:
    assert await run("export", "--out", "proofs.zip", "--by", "c@x.org", "--role", "auditor") == 0
    proofs = unpacked(here / "proofs.zip")
    assert (
        verify(proofs).stdout.count("0 payloads are what was sealed, 600 are left out for stated reasons")
        == 1
    )
    everything = b"".join(path.read_bytes() for path in proofs.rglob("*") if path.is_file())
    assert b"Jane" not in everything
    assert b"Olivia" not in everything
    assert await run("access", "donor-1", "--out", "own.zip", "--by", "c@x.org") == 0
    own = unpacked(here / "own.zip")
    assert verify(own).returncode == 0
    theirs = (own / "your-data.csv").read_text(encoding="utf-8-sig")
    assert "Jane Doe gave $2,500." in theirs
    assert all(line.startswith('"') for line in theirs.splitlines()), "a semicolon begins no cell of its own"
    explained = (own / "explanation.txt").read_text()
    assert "after we received a gift from you" in explained
    assert "You may ask for a copy of your data" in explained
    everything = b"".join(path.read_bytes() for path in own.rglob("*") if path.is_file())
    for hidden in (b"major", b"Olivia", b'confidence":', b"require_approval", b'U1"'):
        assert hidden not in everything.replace(b'"actor":"slack:U1"', b""), hidden
    assert await run("access", "nobody", "--out", "no.zip", "--by", "c@x.org") == 1
    assert not (here / "no.zip").exists()


async def test_only_compliance_and_admins_hand_the_log_over(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people: dict[str, Any] = {
        "review_channel": "#desk",
        "people": [{"email": "fiona@x.org"}, {"email": "carmen@x.org", "roles": ["compliance"]}],
    }
    (here / "organisation.yaml").write_text(yaml.safe_dump(people))
    monkeypatch.setenv("COUNTERSIGN_ORGANISATION_FILE", str(here / "organisation.yaml"))
    assert await run("export", "--out", "f.zip", "--by", "fiona@x.org") == 1
    assert await run("erase", "donor-1", "--by", "fiona@x.org", "--reason", "x") == 1
    assert not (here / "f.zip").exists()
    assert await run("export", "--out", "c.zip", "--by", "carmen@x.org") == 0
    assert await run("erase", "donor-1", "--by", "carmen@x.org", "--reason", "asked") == 0
    assert await run("export", "--out", "after.zip", "--by", "carmen@x.org") == 0
    done = verify(unpacked(here / "after.zip"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "200 are left out for stated reasons" in done.stdout
    assert await run("trace", "donor-1") == 1
    assert await run("verify") == 0


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\t=1",
        "\r1",
        "  =1",
        "\n=1",
        "\uff1d1+1",
        "\uff20x",
        "\u200b=1",
        "\ufeff =1",
    ],
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert formula_safe(text) == f"'{text}"
    assert formula_safe("Jane") == "Jane"
    assert formula_safe("") == ""
