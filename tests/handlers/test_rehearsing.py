"""A rehearsal on what people decided: asked again word for word, compared, and promoted in the audit."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from bot.assistant import AiSettings, Endpoint, OpenAiAssistant
from bot.assistant.ledger import DatabaseLedger
from bot.assistant.openai_assistant import RECOMMEND
from bot.assistant.prompt import read_prompt
from bot.evals.past import agrees, answer_then, is_bound, past_cards
from bot.sandbox.model import ModelSandboxConfig, build_model
from handlers.commands import ApprovalClicked
from handlers.proposals.escalation_view import card_of
from handlers.rules.pausing import Operator
from handlers.rules.promote_model import may_promote, promote
from policy.decide import CompiledPolicy
from tests.evals.test_golden_set import StoppedClock
from tests.handlers.conftest import house_in
from tests.handlers.test_editing import Desk

ADMIN = Operator("cli:adam@x.example", "Adam", frozenset({"admin"}))
PROMPT = read_prompt(*RECOMMEND)
MODEL = Endpoint(model="sandbox-model", base_url="http://sandbox.test/model/v1", region="local")


@pytest.fixture
async def desk(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[Desk]:
    model = build_model(ModelSandboxConfig(), StoppedClock())
    with house_in(migrated, default_policy) as house:
        assistant = OpenAiAssistant(
            AiSettings(endpoints=(MODEL,), daily_budget_micros=10**9),
            http_client=lambda: httpx2.AsyncClient(transport=httpx2.ASGITransport(app=model)),
            ledger=DatabaseLedger(house.database, house.clock, house.ids),
            prompts=None,
        )
        house.context = replace(house.context, assistant=assistant)
        yield Desk(house)
        await assistant.close()
        await house.database.close()


async def test_decided_cards_are_found_with_what_was_asked_and_said(desk: Desk) -> None:
    await desk.open()
    assert [card async for card in past_cards(desk.house.database, 10)] == []
    await desk.click(ApprovalClicked)
    (card,) = [card async for card in past_cards(desk.house.database, 10)]
    assert (card.accepted, card.actions[1], card.region) == (True, "other", "local")
    then = answer_then(card)
    assert then is not None
    assert agrees(card, then)
    assert not agrees(card, then.model_copy(update={"action": "other"}))
    assert not agrees(replace(card, accepted=False), then)
    invented = then.claims[0].model_copy(update={"text": "She gave $9,999.", "slots": []})
    assert not agrees(card, then.model_copy(update={"claims": [invented]}))
    assert not agrees(card, None)
    assert is_bound({"text": "DONOR_1 deserves thanks.", "slots": []}, card.asked)
    for text in (
        "DONOR_1 never deserves thanks.",
        "Robert Smith deserves thanks.",
        "DONOR_1 deserves thanks, see evil.example.",
        "DONOR_1 has promised twelve thousand.",
        "DONOR_1 gives more than before.",
    ):
        assert not is_bound({"text": text, "slots": []}, card.asked), text
    again = OpenAiAssistant(
        AiSettings(endpoints=(MODEL,)),
        http_client=lambda: httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=build_model(ModelSandboxConfig(), StoppedClock()))
        ),
        prompts={"recommend": PROMPT},
    )
    assert again.may_see(card.region)
    assert agrees(card, await again.ask_again("recommend", card.asked, card.actions))
    await again.close()


async def test_a_promotion_is_in_force_at_once_and_in_the_audit(desk: Desk) -> None:
    rehearsal = {"model": "sandbox-model", "prompt_version": PROMPT.version, "in_force": "none"}
    database = desk.house.database
    await desk.open()
    assert card_of(await desk.now()).origin.unrehearsed
    await database.write(lambda tx: promote(tx, _arrived(desk), ADMIN, "recommend", rehearsal))
    ledger = DatabaseLedger(database, desk.house.clock, desk.house.ids)
    assert await ledger.promoted("recommend", "sandbox-model") == PROMPT.version
    assert await ledger.promoted("recommend", "another") is None
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    entries = await database.read(lambda tx: tx.audit.between(start, end))
    (entry,) = [each for each in entries if each.kind == "model.promoted"]
    assert (entry.actor, entry.payload) == (ADMIN.actor, {"prompt": "recommend", "rehearsal": rehearsal})
    (kept,) = [await database.read(lambda tx: tx.promotions.in_force("recommend", "sandbox-model"))]
    assert kept is not None
    assert json.loads(kept.report) == rehearsal


async def test_what_was_spent_is_added_up_by_use(desk: Desk) -> None:
    await desk.open()
    now = desk.house.clock.now()
    (use,) = await desk.house.database.read(
        lambda tx: tx.calls.spending(datetime(2026, 1, 1, tzinfo=UTC), now.replace(year=2027))
    )
    assert (use.use, use.calls, use.unanswered) == ("recommend", 1, 0)
    assert use.input_tokens > 100


def test_only_admins_promote() -> None:
    assert may_promote(ADMIN)
    assert not may_promote(Operator("cli:m@x.example", "M", frozenset({"manager", "compliance"})))


def _arrived(desk: Desk):  # type: ignore[no-untyped-def]
    from handlers.context import Arrived

    now = desk.house.clock.now()
    return Arrived("i", "c" * 26, 1, None, now, desk.house.ids)
