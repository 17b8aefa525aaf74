"""What the audit does by the clock: checkpoints outside of the database, retention, and replay."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text

from bot.checkpoint_files import head_of, read_outside
from handlers.record.apply_retention import apply_rules
from handlers.record.last_checks import last_checks
from policy.decide import decide
from policy.retention import RetentionRule
from storage.holds import LegalHold
from storage.merkle import KnownRoot
from storage.transaction import Transaction
from tests.databases import perform
from tests.loop.conftest import Loop
from tests.loop.shown import text_of
from tests.loop.staging import ADAM, JANE, OLIVIA, OLIVIAS

OPERATIONS = "C0OPS0000"
MEDDLING = """DELETE FROM audit_payloads
    WHERE entry_id IN (SELECT id FROM audit_log WHERE kind = 'escalation.opened')"""


async def keep_evidence(loop: Loop) -> None:
    await loop.runtime.scheduler.keep_evidence()
    await loop.settled()


def places(loop: Loop) -> Path:
    return Path(make_url(loop.database_url).database or "").with_suffix(".checkpoints")


async def test_checkpoints_go_to_files_and_to_slack_and_the_log_agrees(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Done: Jane Doe")
    await keep_evidence(loop)
    await keep_evidence(loop)
    loop.clock.move(minutes=61)
    await keep_evidence(loop)

    outside = read_outside([places(loop)])
    heads = [head_of(note, outside.keys) for _, note in outside.notes]
    sizes = [head.size for head in heads if head]
    assert len(sizes) == len(outside.notes) >= 2
    assert sizes == sorted(sizes)
    roots = [KnownRoot(head.size, head.root) for head in heads if head]
    report = await loop.runtime.context.database.read(lambda tx: tx.audit.verify(roots=roots))
    assert (report.ok, report.roots) == (True, len(sizes))

    channels = (await loop.stage._get("/sim/boot", {"as": ADAM}))["channels"]
    ops = next(channel["id"] for channel in channels if channel["name"] == "countersign-ops")
    shown = await loop.stage.seen(ADAM, ops, "Audit checkpoint")
    [said] = [note for _, note in outside.notes if note.splitlines()[2] in text_of(shown)]
    assert all(line in text_of(shown) for line in said.splitlines())
    kinds = await loop.kinds()
    assert (kinds.count("checkpoint.signed"), kinds.count("checkpoint.kept")) == (len(sizes),) * 2
    await loop.verified()


async def test_a_log_that_was_rewritten_is_signed_no_more_and_somebody_hears_of_it(loop: Loop) -> None:
    await loop.card()
    await keep_evidence(loop)

    def rewrite(connection: Connection) -> None:
        connection.execute(text("DROP TRIGGER audit_log_no_delete"))
        connection.execute(text("DELETE FROM audit_payloads"))
        connection.execute(text("DELETE FROM audit_log"))

    perform(loop.database_url, rewrite)
    loop.clock.move(minutes=61)
    await keep_evidence(loop)
    channels = (await loop.stage._get("/sim/boot", {"as": ADAM}))["channels"]
    ops = next(channel["id"] for channel in channels if channel["name"] == "countersign-ops")
    await loop.stage.seen(ADAM, ops, "no longer continues what was signed before")
    assert "checkpoint.refused" in await loop.kinds()


async def test_payloads_go_when_their_time_is_over_but_for_donors_on_hold(loop: Loop) -> None:
    await loop.card()
    await loop.card("donor-0017")
    await loop.settled()
    database, now = loop.runtime.context.database, loop.clock.now()
    hold = LegalHold(donor_id=JANE, reason="inquiry", placed_by="carmen", placed_at=now)
    await database.write(lambda tx: tx.holds.place(hold))
    rules = (RetentionRule(kinds=("escalation.*",), days=400), RetentionRule(kinds=("*",), days=200))
    loop.clock.move(days=300)

    def apply(tx: Transaction) -> int:
        from bot.cli.operator import arrival

        at = arrival()
        return apply_rules(
            tx, type(at)(at.item_id, at.correlation_id, 1, None, loop.clock.now(), at.ids), rules
        )

    assert await database.write(apply) > 0
    assert await database.write(apply) == 0
    held = await database.read(lambda tx: tx.audit.trace(JANE))
    assert all(entry.payload is not None for entry in held)
    # What comes due when the clock moves is written down anew and is not old yet.
    traced = await database.read(lambda tx: tx.audit.trace("donor-0017"))
    others = [entry for entry in traced if entry.at <= now]
    assert {entry.kind.partition(".")[0] for entry in others if entry.payload is not None} == {"escalation"}
    assert [entry.kind for entry in others if entry.payload is None] == [
        "recommendation.model_answered",
        "recommendation.decided",
    ]
    await loop.verified()

    def meddle(connection: Connection) -> None:
        connection.execute(text(MEDDLING))

    perform(loop.database_url, meddle)
    report = await database.read(lambda tx: tx.audit.verify())
    assert report.first_bad is not None
    assert report.first_bad[1] == "payload missing"


async def test_recorded_decisions_come_out_the_same(loop: Loop) -> None:
    await loop.card()
    await loop.card("donor-0017")
    await keep_evidence(loop)
    result = await loop.runtime.context.database.read(lambda tx: tx.settings.get("replay_result"))
    assert isinstance(result, dict)
    assert (result["same"], result["different"], result["not_replayable"]) == (2, [], {})
    assert {"replay.done", "log.verified"} <= set(await loop.kinds())
    found = await loop.runtime.context.database.read(last_checks)
    assert (found.ok, found.same, found.differ, found.first_bad) == (True, 2, 0, None)
    assert found.entries > 0
    assert found.replayed_at == found.verified_at

    def meddle(connection: Connection) -> None:
        connection.execute(text(MEDDLING))

    perform(loop.database_url, meddle)
    loop.clock.move(days=1)
    await keep_evidence(loop)
    found = await loop.runtime.context.database.read(last_checks)
    assert (found.ok, found.what) == (False, "payload missing")
    await loop.stage.seen(
        ADAM, OPERATIONS, f"Entry {found.first_bad} of the audit log is not what was sealed"
    )


async def test_a_decision_that_would_differ_is_reported(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    await loop.card()
    await loop.settled()
    monkeypatch.setattr(
        sys.modules["handlers.record.replay_decisions"],
        "decide",
        lambda rules, facts: decide(rules, facts).model_copy(update={"facts_digest": "0"}),
    )
    await keep_evidence(loop)
    result = await loop.runtime.context.database.read(lambda tx: tx.settings.get("replay_result"))
    assert isinstance(result, dict)
    assert (result["same"], result["differ"]) == (0, 1)
    await loop.verified()
