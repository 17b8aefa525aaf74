"""A gift becomes a card, the card a decision, the decision one task in the CRM, and all of it evidence."""

from __future__ import annotations

import json

import pytest

from bot.assistant.prompt import read_prompt
from tests.loop.conftest import Loop, Open
from tests.loop.shown import buttons, escalation_of, has
from tests.loop.staging import FIONA, FUNDRAISING, JANE, MARA, OLIVIA, OLIVIAS, until

MODEL_SAID = "recommendation.model_answered"


async def _gift_to_task(loop: Loop) -> None:
    card = await loop.card(amount_minor=250_000)
    assert has(card, "Decision needed: Jane Doe", "Olivia Hart", "decides by", "Jane Doe gave $2,500")
    assert has(card, "AI-generated, check before use", "Thank-you call to Jane Doe for $2,500")
    assert buttons(card) == {"cs:approve", "cs:edit", "cs:more", "cs:read_in_full", "cs:evidence"}
    assert await loop.stage.own_tasks(JANE) == []

    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    done = await loop.now_shows(card, "Done: Jane Doe", f"<@{OLIVIA}>", "approved this", "read back to check")
    await loop.settled()

    [task] = await loop.stage.own_tasks(JANE)
    assert task["title"] == "Thank-you call to Jane Doe for $2,500"
    assert task["assignee_id"] == "staff-olivia"
    [opened] = [entry for entry in await loop.entries() if entry.kind == "escalation.opened"]
    reference = opened.correlation_id[-6:].lower()
    assert has(done, reference), "card, audit and CRM share one reference"
    assert task["created_by"] == f"countersign for Olivia Hart (ref {reference})"
    assert task["external_key"].startswith(escalation_of(card))
    assert has(done, task["id"], task["title"])
    assert buttons(done) == {"cs:read_in_full", "cs:evidence", "cs:undo"}
    assert await loop.kinds() == [
        "prompt.recorded",
        "recommendation.model_answered",
        "recommendation.decided",
        "escalation.opened",
        "escalation.approved",
        "action.begun",
        "action.executed",
    ]
    cards = [m for m in await loop.stage.history(OLIVIA, OLIVIAS) if m["blocks"] and not m["is_ephemeral"]]
    assert [m["ts"] for m in cards] == [card["ts"]]
    assert await loop.dead() == []
    [decided] = [entry.payload for entry in await loop.entries() if entry.kind == "recommendation.decided"]
    assert decided is not None
    assert decided["gift"] == {"minor": 250_000, "currency": "USD"}, "what outcomes are counted from"
    [prompt, said] = [e.payload for e in await loop.entries() if e.kind in ("prompt.recorded", MODEL_SAID)]
    assert prompt is not None
    assert said is not None
    shipped = read_prompt("recommend", "v1")
    assert prompt == {"prompt": "recommend", "version": shipped.version, "text": shipped.text}
    call = said["call"]
    assert (call["prompt_version"], call["model"]) == (shipped.version, "sandbox-model")
    assert "Jane" not in call["asked"], "names are pseudonyms on the way to the model"
    assert json.loads(call["answers"][-1])["claims"], "the answer as it came"
    assert said["kept"]
    assert opened.correlation_id in {e.correlation_id for e in await loop.entries() if e.kind == MODEL_SAID}


async def test_a_gift_becomes_one_task_with_evidence(loop: Loop) -> None:
    await _gift_to_task(loop)
    await loop.verified()
    [done] = [m for m in await loop.stage.history(OLIVIA, OLIVIAS) if m["blocks"] and not m["is_ephemeral"]]
    await loop.stage.press(OLIVIA, OLIVIAS, done, "cs:evidence")
    why = await loop.stage.shown(OLIVIA, "Written to the CRM as task-")
    assert has(
        why,
        "Trigger: donation.received. Jane Doe gave $2,500",
        "Reasons written by: model sandbox-model",
        "Card posted",
        "Approved",
        "Olivia Hart",
        "read back and equal",
    )
    assert (await loop.kinds())[-1] == "evidence.shown"


async def test_the_same_over_socket_mode(open_loop: Open) -> None:
    loop = await open_loop(socket_mode=True)
    await _gift_to_task(loop)
    await loop.verified()
    refused = await loop.stage.signed_click(OLIVIA, "cs:approve", "x")
    assert refused.status_code == 404, "with Socket Mode there is no HTTP door for Slack"


async def _connected(loop: Loop) -> None:
    async def connected() -> bool:
        return loop.runtime.socket is not None and await loop.runtime.socket.is_connected()

    await until(connected, "the socket is connected")


async def test_over_socket_mode_people_are_answered_as_well(open_loop: Open) -> None:
    loop = await open_loop(socket_mode=True)
    await _connected(loop)
    await loop.stage.command(FIONA, FUNDRAISING, "summary Jane Doe")
    answer = await loop.stage.seen(FIONA, FUNDRAISING, "Jane Doe", "Confidence:")
    assert answer["is_ephemeral"]
    card = await loop.card()
    await loop.stage.press(MARA, OLIVIAS, card, "cs:approve")
    told = await loop.stage.seen(MARA, OLIVIAS, "This decision is for Olivia Hart.")
    assert told["is_ephemeral"]
    await loop.stage.home(OLIVIA)
    assert has(await loop.stage.published_home(OLIVIA), "Jane Doe")


async def test_a_cut_socket_comes_back(open_loop: Open) -> None:
    loop = await open_loop(socket_mode=True)
    card = await loop.card()
    await loop.stage.break_slack(down=True)
    await loop.stage.break_slack(down=False)
    await _connected(loop)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Done: Jane Doe")
    assert len(await loop.stage.written_for(card, JANE)) == 1


@pytest.mark.postgres
@pytest.mark.redis
async def test_the_same_on_postgresql_and_redis(open_loop: Open, postgres_url: str, redis_url: str) -> None:
    loop = await open_loop(database_url=postgres_url, redis_url=redis_url)
    await _gift_to_task(loop)
    await loop.runtime.scheduler.seal()
    await loop.verified()
    assert loop.runtime.context.stream is not None


@pytest.mark.postgres
async def test_without_redis_only_time_is_lost(open_loop: Open, postgres_url: str) -> None:
    loop = await open_loop(database_url=postgres_url, redis_url="redis://127.0.0.1:1/0")
    card = await loop.card()
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Done: Jane Doe")
    assert len(await loop.stage.own_tasks(JANE)) == 1


async def test_without_a_model_the_card_says_so(open_loop: Open) -> None:
    loop = await open_loop(model=False)
    card = await loop.card()
    assert has(card, "Written without AI, from CRM records")
    assert not has(card, "AI-generated")
