"""What people made of proposals is counted, put on the next card, and watched for drift."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from handlers.commands import (
    AlarmAcknowledged,
    AlarmPauseClicked,
    ApprovalClicked,
    ChatUser,
    DriftDue,
    ReplyAddress,
    UndoClicked,
)
from handlers.outcomes import AlarmCard, Notice
from handlers.proposals.escalation_view import card_of
from handlers.record.judging import reliability_by_class
from handlers.rules.alarm_choices import MAY_NOT_PAUSE, NOT_FOR_YOU
from handlers.rules.alarms import NONE_BEFORE, choices_of
from handlers.rules.roll_back_model import earlier_prompt
from policy.canonical import canonical_json
from policy.decide import CompiledPolicy
from policy.digest import in_words
from policy.digest_certified import certified
from storage.judgements import Judgement
from storage.promotions import Promotion
from tests.handlers.conftest import MANAGER, STRANGER, house_in
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
    (card,) = (shown for _, _, shown in desk.house.chat.posts if isinstance(shown, AlarmCard))
    assert card.headline == "Fewer proposals of the kind “change the stage” are right than before."
    assert card.evidence[:2] == (
        "Before: 6 of 60 (10 %) were overruled, the first 60 decisions under this version.",
        "Since then: 7 of 9 were overruled.",
    )
    assert (card.since.date(), card.version, card.pause) == (date(2026, 11, 3), "m, prompt v1", "recommend")
    assert (card.roll_back, card.no_roll_back) == (None, NONE_BEFORE)
    alarms = await desk.house.database.read(lambda tx: tx.alarms.all())
    assert [(each.measure, each.kind, each.version, each.acknowledged_at) for each in alarms] == [
        ("acceptance", "update_stage", "m v1 p", None)
    ]


async def test_managers_acknowledge_an_alarm_once_and_others_do_not(desk: Desk) -> None:
    await judged(desk, [True] * 60 + [False] * 20)
    await desk.house.accept(DriftDue(period_key="1"))
    await desk.house.work_all()
    (alarm,) = await desk.house.database.read(lambda tx: tx.alarms.all())
    told = []
    for who in (STRANGER, MANAGER, MANAGER):
        by, to = ChatUser(id=who.id), ReplyAddress(channel_id="COPS", user_id=who.id)
        await desk.house.accept(AlarmAcknowledged(alarm_id=alarm.id, note="Seen", by=by, reply_to=to))
        await desk.house.accept(AlarmPauseClicked(alarm_id=alarm.id, by=by, reply_to=to))
        await desk.house.work_all()
        told.append([outcome.text for _, outcome in desk.house.chat.whispers if isinstance(outcome, Notice)])
    assert told[0] == [NOT_FOR_YOU.text, MAY_NOT_PAUSE.text]
    closed = "This alarm is closed: Mara Lindqvist acknowledged it."
    assert told[2][2:] == [closed] * 3
    (alarm,) = await desk.house.database.read(lambda tx: tx.alarms.all())
    assert (alarm.acknowledged_by, [each.note for each in choices_of(alarm)]) == (
        f"slack:{MANAGER.id}",
        ["Seen"],
    )
    (card,) = (shown for _, _, shown in desk.house.chat.posts if isinstance(shown, AlarmCard))
    assert (card.is_open, card.pause, card.choices[0].by_name) == (False, None, MANAGER.name)
    assert await desk.house.database.read(lambda tx: tx.pauses.in_force(desk.house.clock.now())) == ()


def promoted(*versions: str) -> list[Promotion]:
    """Promotions in that order; "a<b" is a rolled back to from b."""
    made = []
    for number, each in enumerate(versions):
        version, _, rolled = each.partition("<")
        report = {"prompt_version": version} | ({"rolled_back_from": rolled} if rolled else {})
        at = datetime(2026, 1, 1 + number, tzinfo=UTC)
        made.append(
            Promotion(
                id=str(number),
                at=at,
                use="recommend",
                model="m",
                prompt_version=version,
                promoted_by="cli:a",
                report=canonical_json(report),
            )
        )
    return made


@pytest.mark.parametrize(
    ("versions", "now", "back_to"),
    [
        ((), "a", None),
        (("a",), "a", None),
        (("a", "b"), "b", "a"),
        (("a", "a", "b", "b"), "b", "a"),
        (("a", "b", "a<b"), "a", None),
        (("a", "b", "c", "b<c"), "b", "a"),
        (("a", "b", "a<b", "b"), "b", "a"),
        (("a", "gone", "b"), "b", "a"),
        (("gone", "b"), "b", None),
    ],
)
def test_what_is_gone_back_to_is_what_was_promoted_before(
    versions: tuple[str, ...], now: str, back_to: str | None
) -> None:
    found = earlier_prompt(promoted(*versions), now, lambda _prompt, version: version != "gone")
    assert (found.prompt_version if found else None) == back_to


async def test_the_digest_says_from_which_confidence_on_proposals_can_be_relied_on(desk: Desk) -> None:
    await judged(desk, [True] * 40)
    await judged(desk, [True] * 5, "create_task")
    now = desk.house.clock.now()
    found = await desk.house.database.read(lambda tx: reliability_by_class(tx, now))
    section = certified(found)
    assert section.says == "“Change the stage” can be relied on from a confidence of 0 on."
    assert tuple(tuple(map(in_words, row)) for row in section.rows) == (
        ("Create a task", "5", "5", "not enough data", "–", "–"),
        ("Change the stage", "40", "40", "0 of 100", "100 %", "15 points"),
    )
    assert certified({}).says.startswith("Not enough data")
