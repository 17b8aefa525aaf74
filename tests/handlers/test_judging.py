"""What people made of proposals is counted, put on the next card, and watched for drift."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from handlers.commands import ApprovalClicked, DriftDue, UndoClicked
from handlers.outcomes import Notice
from handlers.proposals.escalation_view import card_of
from handlers.record.judging import reliability_by_class
from policy.decide import CompiledPolicy
from policy.digest_certified import certified
from storage.assistance import Judgement
from tests.handlers.conftest import house_in
from tests.handlers.test_editing import Desk


@pytest.fixture
async def desk(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[Desk]:
    with house_in(migrated, default_policy) as house:
        yield Desk(house)
        await house.database.close()


async def judged(desk: Desk, accepted: list[bool], kind: str = "update_stage", model: str = "m") -> None:
    """People decided a while ago, an hour apart."""
    start = desk.house.clock.now() - timedelta(days=20)

    def write(tx) -> None:  # type: ignore[no-untyped-def]
        for number, each in enumerate(accepted):
            tx.judgements.put(
                Judgement(
                    id=f"{kind}-{number}",
                    escalation_id=f"{kind}-{number}",
                    at=start + timedelta(hours=number),
                    action_kind=kind,
                    accepted=each,
                    score=85,
                    origin="model",
                    model=model,
                    prompt_version="v1",
                    policy_version="p",
                )
            )

    await desk.house.database.write(write)


async def said_on_card(desk: Desk) -> str:
    await desk.open()
    escalation = await desk.house.database.read(lambda tx: tx.escalations.get(desk.about))
    assert escalation is not None
    return card_of(escalation).confidence.track_record


async def test_a_card_says_that_there_is_not_enough_data_until_there_is(desk: Desk) -> None:
    said = await said_on_card(desk)
    assert said == "not enough data yet to say how often people agree (0 of at least 29 decisions)"


async def test_a_decision_counts_and_an_undo_takes_that_back(desk: Desk) -> None:
    await desk.open()
    await desk.click(ApprovalClicked)
    beginning = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    (one,) = await desk.house.database.read(lambda tx: tx.judgements.since(beginning))
    assert (one.escalation_id, one.accepted, one.origin) == (desk.about, True, "facts")
    assert one.score > 50
    await desk.click(UndoClicked)
    (one,) = await desk.house.database.read(lambda tx: tx.judgements.since(beginning))
    assert not one.accepted
    texts = await desk.house.database.read(lambda tx: tx.texts.since(beginning))
    assert [(each.kind, each.origin, each.removed) for each in texts] == [(one.action_kind, "facts", 0)]


async def test_managers_see_how_each_kind_of_action_fared(desk: Desk) -> None:
    await judged(desk, [True] * 35)
    await judged(desk, [True] * 5, "create_task")
    now = desk.house.clock.now()
    found = await desk.house.database.read(lambda tx: reliability_by_class(tx, now))
    assert {kind: (each.decisions, each.missing, each.threshold) for kind, each in found.items()} == {
        "create_task": (5, 24, None),
        "update_stage": (35, 0, 0),
    }


async def test_drift_is_announced_once_with_its_evidence(desk: Desk) -> None:
    await judged(desk, [n % 10 > 0 for n in range(60)] + [n % 4 == 0 for n in range(40)])
    for day in ("1", "2", "2"):
        await desk.house.accept(DriftDue(period_key=day))
        await desk.house.work_all()
        desk.house.clock.move(days=1)
    (text,) = (shown.text for _, _, shown in desk.house.chat.posts if isinstance(shown, Notice))
    assert text == (
        "Fewer proposals of the kind “change the stage” are right than before. "
        "People overruled 7 of 9 proposals lately, 6 of 60 before. It began on 3 Nov 2026."
    )
    alarms = await desk.house.database.read(lambda tx: tx.alarms.all())
    assert [(each.measure, each.kind, each.version, each.acknowledged_at) for each in alarms] == [
        ("acceptance", "update_stage", "m v1 p", None)
    ]


async def test_who_took_an_alarm_in_hand_is_kept(desk: Desk) -> None:
    await judged(desk, [True] * 60 + [False] * 20)
    await desk.house.accept(DriftDue(period_key="1"))
    await desk.house.work_all()
    now = desk.house.clock.now()
    (alarm,) = await desk.house.database.read(lambda tx: tx.alarms.all())
    taken = [
        await desk.house.database.write(lambda tx: tx.alarms.acknowledge(alarm.id, "slack:U1", now))
        for _ in range(2)
    ]
    assert taken == [True, False]


async def test_the_digest_says_from_which_confidence_on_proposals_can_be_relied_on(desk: Desk) -> None:
    await judged(desk, [True] * 40)
    await judged(desk, [True] * 5, "create_task")
    now = desk.house.clock.now()
    found = await desk.house.database.read(lambda tx: reliability_by_class(tx, now))
    section = certified(found)
    assert section.says == "“Change the stage” can be relied on from a confidence of 0 on."
    assert section.rows == (
        ("Create a task", "5", "5", "not enough data", "–", "–"),
        ("Change the stage", "40", "40", "0 of 100", "100 %", "15 points"),
    )
    assert certified({}).says.startswith("Not enough data")
