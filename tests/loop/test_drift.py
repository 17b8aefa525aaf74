"""A drift alarm in a running service: its card, what people choose on it, and what comes of that."""

from __future__ import annotations

from datetime import timedelta

from bot.assistant.prompt import read_prompt
from handlers.commands import DriftDue
from policy.canonical import canonical_json
from storage.judgements import Judgement
from storage.promotions import Promotion
from storage.queue import Received
from storage.transaction import Transaction
from tests.loop.conftest import Loop
from tests.loop.shown import Json, buttons, has
from tests.loop.staging import ADAM, CARMEN, until

OPERATIONS = "C0OPS0000"
SHIPPED = read_prompt("recommend", "v1").version
MODEL, LATER = "gpt-x", "v2+feed"


def _judged(tx: Transaction, loop: Loop) -> None:
    """Sixty decisions under a new prompt like before, then forty of which most were overruled."""
    now = loop.clock.now()
    for number, prompt in enumerate((SHIPPED, LATER)):
        report = canonical_json({"model": MODEL, "prompt_version": prompt})
        tx.promotions.add(
            Promotion(
                id=f"promotion-{number}",
                at=now - timedelta(days=60 - number),
                use="recommend",
                model=MODEL,
                prompt_version=prompt,
                promoted_by="cli:adam",
                report=report,
            )
        )
    for number, accepted in enumerate([n % 10 > 0 for n in range(60)] + [n % 4 == 0 for n in range(40)]):
        tx.judgements.put(
            Judgement(
                id=f"judged-{number}",
                escalation_id=f"judged-{number}",
                at=now - timedelta(days=20) + timedelta(hours=number),
                action_kind="update_stage",
                accepted=accepted,
                score=85,
                origin="model",
                model=MODEL,
                prompt_version=LATER,
                policy_version="p",
            )
        )


async def _alarmed(loop: Loop) -> Json:
    ids, now = loop.runtime.context.ids, loop.clock.now()
    due = DriftDue(period_key="today")

    def write(tx: Transaction) -> None:
        _judged(tx, loop)
        tx.inbox.accept(
            Received(
                id=ids.new(),
                source="timer",
                dedupe_key="drift",
                kind=due.type,
                entity_key=None,
                body=due.model_dump_json().encode(),
                correlation_id=ids.new(),
                received_at=now,
            )
        )

    await loop.runtime.context.database.write(write)

    return await loop.stage.seen(ADAM, OPERATIONS, "Something drifted", "change the stage")


async def _now(loop: Loop, card: Json, *words: str) -> Json:
    async def look() -> Json | None:
        messages = await loop.stage.history(ADAM, OPERATIONS)
        found = next(m for m in messages if m["ts"] == card["ts"])
        return found if has(found, *words) else None

    return await until(look, f"the alarm says {words}")


async def test_an_alarm_is_dealt_with_where_it_stands_by_whoever_may(loop: Loop) -> None:
    card = await _alarmed(loop)
    assert has(card, "Before: 6 of 60 (10 %) were overruled", "Since then: 7 of 9 were overruled")
    assert has(card, f"{MODEL}, prompt {LATER}", "Answers for it: ", f"<@{ADAM}>")
    assert buttons(card) == {"cs:alarm_pause", "cs:alarm_roll_back", "cs:alarm_acknowledge"}

    await loop.stage.press(CARMEN, OPERATIONS, card, "cs:alarm_roll_back")
    await loop.stage.seen(CARMEN, OPERATIONS, "Only admins can change which prompt is in force.")
    await loop.stage.press(ADAM, OPERATIONS, card, "cs:alarm_pause")
    card = await _now(loop, card, "What was chosen", "paused it")
    assert buttons(card) == {"cs:alarm_roll_back", "cs:alarm_acknowledge"}
    await loop.stage.seen(ADAM, OPERATIONS, "Paused: proposing next steps", "Drift alarm")

    await loop.stage.press(ADAM, OPERATIONS, card, "cs:alarm_roll_back")
    card = await _now(loop, card, "rolled back", "v2+feed → v1+")
    in_force = await loop.runtime.context.database.read(lambda tx: tx.promotions.in_force("recommend", MODEL))
    assert in_force is not None
    assert (in_force.prompt_version, in_force.promoted_by) == (SHIPPED, f"slack:{ADAM}")
    assert buttons(card) == {"cs:alarm_acknowledge"}

    await loop.stage.command(ADAM, OPERATIONS, "resume recommend")
    card = await _now(loop, card, "Pause proposing next steps")

    await loop.stage.press(CARMEN, OPERATIONS, card, "cs:alarm_acknowledge")
    form = await loop.stage.shown(CARMEN, "What did you find")
    assert "errors" in str(await loop.stage.submit(CARMEN, form, words="  "))
    await loop.stage.submit(CARMEN, form, words="The new prompt asks too early; rolled back.")
    card = await _now(loop, card, "Drift alarm, acknowledged", "The new prompt asks too early; rolled back.")
    assert buttons(card) == set()

    kinds = [kind for kind in await loop.kinds() if kind.startswith(("drift", "model", "capability"))]
    assert kinds == [
        "drift.alarmed",
        "drift.choice_refused",
        "capability.paused",
        "drift.paused",
        "model.promoted",
        "drift.rolled_back",
        "capability.resumed",
        "drift.acknowledged",
    ]
    assert await loop.dead() == []
    await loop.verified()
