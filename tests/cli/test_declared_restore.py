"""A restored back-up is declared: what was lost is said for ever, and nothing else is excused by it."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.cli.doctor_evidence import evidence
from bot.cli.loading import database_settings
from bot.master_key import open_encrypted
from storage.appending import AuditEntry
from storage.merkle import KnownRoot
from storage.migrate import upgrade
from storage.queue import Effect
from tests.cli.test_audit_export import verify as check

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
BY = ("--by", "carmen@example.org")
WHY = ("--reason", "the disk died")


async def run(*arguments: str) -> int:
    return await asyncio.to_thread(main, ["audit", *arguments])


async def append(*names: str) -> None:
    database = await open_encrypted(database_settings(None), may_make=True)
    for name in names:
        entry = AuditEntry(
            id=name,
            at=NOW + timedelta(seconds=len(name)),
            kind="card.shown",
            correlation_id=name,
            subject="donor-1",
            actor="system",
            payload={"n": name},
        )
        await database.write(lambda tx, each=entry: tx.audit.append(each))  # type: ignore[misc]
    await database.close()


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a log of 4 entries, a checkpoint over them outside, and a back-up taken then."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", f"sqlite:///{tmp_path / 'countersign.db'}")
    monkeypatch.setenv("COUNTERSIGN_CHECKPOINT_PATHS", str(tmp_path / "elsewhere"))
    await asyncio.to_thread(upgrade, f"sqlite:///{tmp_path / 'countersign.db'}")
    await append("a", "b", "c", "d")
    assert await run("checkpoint") == 0  # over 4; that it was signed is entry 5
    with sqlite3.connect("countersign.db") as source, sqlite3.connect("backup.db") as target:
        source.backup(target)
    await append("e", "f", "g")
    assert await run("checkpoint") == 0  # over 8
    return tmp_path


def restore(here: Path) -> None:
    for leftover in here.glob("countersign.db*"):
        leftover.unlink()
    shutil.copy(here / "backup.db", here / "countersign.db")


def queued(here: Path, kind: str) -> int:
    with closing(sqlite3.connect(here / "countersign.db")) as database:
        count: int = database.execute("SELECT count(*) FROM outbox WHERE kind = ?", (kind,)).fetchone()[0]
        return count


async def wait_in_queue(name: str) -> None:
    database = await open_encrypted(database_settings(None), may_make=True)
    effect = Effect(name, name, "show_card", None, b"{}", name, created_at=NOW, available_at=NOW)
    await database.write(lambda tx: tx.outbox.enqueue(effect))
    await database.close()


async def taken_up() -> dict[str, tuple[int, datetime | None]]:
    """Return how often each effect counts as tried, and since when."""
    database = await open_encrypted(database_settings(None), may_make=True)
    lease = timedelta(seconds=30)
    items = await database.write(lambda tx: tx.outbox.claim(owner="me", now=NOW, lease=lease, limit=9))
    await database.close()
    return {item.id: (item.attempts, item.first_attempt_at) for item in items}


async def verified(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = await run("verify", "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, found


def about_the_log(found: list[Any]) -> list[str]:
    return [each.level for each in found if each.what == "Log"]


async def test_a_restore_is_an_alarm_until_it_is_declared_and_said_for_ever_after(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("declare-restore", *BY, *WHY) == 1, "nothing was lost"
    restore(here)
    code, found = await verified(capsys)
    assert (code, found["what"], found["first_bad"]) == (1, "truncated", 6)
    assert about_the_log(await evidence(database_settings(None), None, NOW)) == ["fail"]
    assert await run("declare-restore", *BY) == 1, "without a reason"
    assert await run("declare-restore", *BY, *WHY) == 0
    assert "Entries 6 to 8 of the audit log were lost in a restore." in capsys.readouterr().out
    assert queued(here, "refresh_cards") == 1, "what was decided since is open again, and its card says Done"
    code, found = await verified(capsys)
    lost = [(each["lost_from"], each["lost_to"], each["by"], each["reason"]) for each in found["restores"]]
    assert (code, found["what"]) == (0, None)
    assert lost == [(6, 8, "carmen@example.org (not verified)", "the disk died")]
    assert about_the_log(await evidence(database_settings(None), None, NOW)) == []
    assert await run("declare-restore", *BY, *WHY) == 1, "declared already"

    await append("h", "i")
    assert await run("checkpoint") == 0
    assert await run("verify") == 0
    told = capsys.readouterr().out
    assert "Entries 6 to 8 were lost in a restore that carmen@example.org (not verified) declared on" in told
    kept = here / "elsewhere" / "000000000008.checkpoint"
    for role in ("compliance", "auditor"):
        assert await run("export", "--out", f"{role}.zip", "--role", role, *BY) == 0
        zipfile.ZipFile(f"{role}.zip").extractall(role)
        done = check(here / role, "--checkpoint", str(kept))
        assert (done.returncode, done.stderr) == (0, "")
        assert "Entries 6 to 8 were lost in a restore that carmen@example.org" in done.stdout


async def test_what_waited_in_the_back_up_is_looked_for_where_it_goes_before_it_is_sent(here: Path) -> None:
    restore(here)
    await wait_in_queue("card")
    assert await run("declare-restore", *BY, *WHY) == 0
    assert (await taken_up())["card"] == (2, NOW)


async def test_a_service_that_went_on_before_anybody_noticed_is_declared_from_what_is_certain(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restore(here)
    await append("h", "i", "j", "k", "l")
    assert await run("checkpoint") == 0
    code, found = await verified(capsys)
    assert (code, found["what"]) == (1, "rewritten")
    assert await run("export", "--out", "undeclared.zip", *BY) == 0
    zipfile.ZipFile("undeclared.zip").extractall("undeclared")
    kept = here / "elsewhere" / "000000000008.checkpoint"
    assert (
        "not those of a checkpoint that you kept"
        in check(here / "undeclared", "--checkpoint", str(kept)).stderr
    )
    capsys.readouterr()
    assert await run("declare-restore", *BY, *WHY) == 0
    assert "Entries 5 to 8 of the audit log were lost in a restore, or fewer: " in capsys.readouterr().out
    code, found = await verified(capsys)
    lost = [(e["lost_from"], e["lost_to"], e["exact"]) for e in found["restores"]]
    assert (code, lost) == (0, [(5, 8, False)])


async def test_a_declaration_hides_no_change(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    restore(here)
    assert await run("declare-restore", *BY, *WHY) == 0
    with sqlite3.connect("countersign.db") as meddler:
        meddler.execute("DROP TRIGGER audit_log_no_update")
        meddler.execute("UPDATE audit_log SET actor = 'slack:U9' WHERE seq = 2")
    code, found = await verified(capsys)
    assert (code, found["what"], found["first_bad"]) == (1, "changed", 2)
    assert await run("declare-restore", *BY, *WHY) == 1, "a change is no restore"


async def test_a_declaration_made_up_excuses_nothing_before_what_it_says_was_kept(here: Path) -> None:
    wrong, later = KnownRoot(4, b"x" * 32), KnownRoot(9, b"y" * 32)
    told = {"name": "Mallory", "reason": "tidying", "kept": 6}
    lost = [{"size": root.size, "root": root.root.hex()} for root in (wrong, later)]
    forged = AuditEntry(
        id="z",
        at=NOW,
        kind="restore.declared",
        correlation_id="z",
        actor="cli:mallory",
        payload=told | {"lost": lost},
    )
    database = await open_encrypted(database_settings(None), may_make=False)
    await database.write(lambda tx: tx.audit.append(forged))
    report = await database.read(lambda tx: tx.audit.verify(roots=(wrong, later)))
    assert (report.first_bad, report.until) == ((1, "rewritten"), 4)
    excused = await database.read(lambda tx: tx.audit.verify(roots=(later,)))
    assert (excused.ok, [each.lost for each in excused.restores]) == (True, [{later}])
    await database.close()


async def test_a_log_cut_off_by_hand_cannot_be_declared(here: Path) -> None:
    with sqlite3.connect("countersign.db") as meddler:
        meddler.execute("DROP TRIGGER audit_log_no_delete")
        gone = "SELECT id FROM audit_log WHERE seq > 5"
        meddler.execute(f"DELETE FROM audit_payloads WHERE entry_id IN ({gone})")
        meddler.execute("DELETE FROM audit_log WHERE seq > 5")
    assert await run("declare-restore", *BY, *WHY) == 1, "its own checkpoint reaches further"
