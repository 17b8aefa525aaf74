"""What the release before left is brought up to date with everything in it, and a back-up comes back."""

from __future__ import annotations

import asyncio
import base64
import gzip
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from handlers.commands import ApprovalClicked, ChatUser, ReplyAddress
from handlers.proposals.escalation_view import card_of, requirement_of
from policy.decide import CompiledPolicy
from policy.escalation import EscalationState
from storage.audit import AuditReport
from storage.database import Database
from storage.keys import KeyRing
from storage.migrate import current, is_current, upgrade
from storage.schema import HEAD
from storage.transaction import Transaction
from tests.handlers.conftest import OWNER, default_policy, house_on

__all__ = ["default_policy"]

LEFT_BEHIND = Path(__file__).parent / "previous_release.sql.gz"
"""A database as the release before wrote it: three decisions about made-up donors, one of them executed."""

KEY = "FlJC2t9Jfdm2f14Qh4WJcvn+gpHUfOp1/n8ZWkKctZo="
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """The folder of an installation of the release before."""
    path = tmp_path / "countersign.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(gzip.decompress(LEFT_BEHIND.read_bytes()).decode())
    connection.close()
    (tmp_path / "countersign.key").write_text(f"{KEY}\n")
    return path


async def _looked(path: Path) -> tuple[dict[str, int], AuditReport, list[Any], list[str]]:
    def look(tx: Transaction) -> tuple[dict[str, int], AuditReport, list[Any], list[str]]:
        found = tx.escalations.newest(tuple(EscalationState), limit=100)
        states = {state: sum(e.state.value == state for e in found) for state in ("open", "executed")}
        payloads = [record.payload for record in tx.audit.of_kind("action.executed")]
        return states, tx.audit.verify(), payloads, sorted(e.donor_id for e in found)

    database = Database.open(f"sqlite:///{path}", keys=KeyRing(base64.b64decode(KEY)))
    try:
        await database.write(lambda tx: tx.checkpoints.sign(NOW))
        return await database.read(look)
    finally:
        await database.close()


async def test_everything_is_there_after_an_upgrade(installation: Path) -> None:
    url = f"sqlite:///{installation}"
    assert (current(url), is_current(url)) == ("0008", False)
    upgrade(url)
    assert current(url) == HEAD
    states, report, payloads, donors = await _looked(installation)
    assert states == {"open": 2, "executed": 1}
    assert (report.ok, report.entries, report.first_bad) == (True, 12, None)
    assert len(payloads) == 1
    assert payloads[0]["escalation_id"], "what was encrypted then is readable now"
    assert donors == ["donor-0001", "donor-0101", "donor-0102"]


async def test_a_card_of_the_release_before_is_decided_in_this_one(
    installation: Path, default_policy: CompiledPolicy
) -> None:
    url = f"sqlite:///{installation}"
    upgrade(url)
    database = Database.open(url, keys=KeyRing(base64.b64decode(KEY)))
    plain = house_on(url, default_policy)
    await plain.database.close()
    house = replace(plain, context=replace(plain.context, database=database))
    try:
        house.clock.move(seconds=max((NOW - house.clock.now()).total_seconds(), 0))
        card = (await database.read(lambda tx: tx.escalations.newest((EscalationState.OPEN,), limit=9)))[0]
        shown, holder = card_of(card), requirement_of(card).holder
        assert shown.donor.name
        assert holder
        house.chat.people = (replace(OWNER, email=holder),)
        to = ReplyAddress(channel_id="C1", user_id=OWNER.id)
        click = ApprovalClicked(escalation_id=card.id, by=ChatUser(id=OWNER.id), reply_to=to)
        await house.accept(click)
        await house.work(1)
        after = await database.read(lambda tx: tx.escalations.get(card.id))
        assert after is not None
        assert (after.state, after.decided_by) == (EscalationState.APPROVED, OWNER.id)
        entries = await database.read(lambda tx: tx.audit.between(LONG_AGO, NOW + timedelta(days=1)))
        assert [e.kind for e in entries if e.payload is None] == [], "each old entry is readable"
        assert (await database.read(lambda tx: tx.audit.verify())).ok
    finally:
        await database.close()


async def test_a_backup_comes_back_in_an_empty_folder(
    installation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade(f"sqlite:///{installation}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    source, copy = sqlite3.connect(installation), sqlite3.connect(elsewhere / "countersign.db")
    source.backup(copy)
    source.close()
    copy.close()
    verify = ["audit", "verify", "--database", f"sqlite:///{elsewhere / 'countersign.db'}"]
    assert await asyncio.to_thread(main, verify) == 1
    assert "master key" in capsys.readouterr().err, "without the key nothing is opened"
    (elsewhere / "countersign.key").write_text(f"{KEY}\n")
    states, report, payloads, _ = await _looked(elsewhere / "countersign.db")
    assert (states, report.ok, len(payloads)) == ({"open": 2, "executed": 1}, True, 1)
