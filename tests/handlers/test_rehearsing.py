"""A rehearsal on what people decided: asked again word for word, compared, and promoted in the audit."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot.assistant import AiSettings, Endpoint, OpenAiAssistant
from bot.assistant.answer import Answer
from bot.assistant.ledger import DatabaseLedger
from bot.assistant.openai_assistant import RECOMMEND
from bot.assistant.prompt import read_prompt
from bot.cli.eval_candidates import Candidate
from bot.cli.eval_rehearse import _past
from bot.evals.cases import Use
from bot.evals.past import PastCard, judge_cards, judged, past_cards, said_then
from bot.evals.rehearsal import Rehearsal, compare, compare_results
from bot.evals.report import report_of
from bot.sandbox.model.app import ModelSandboxConfig, build_model
from handlers.commands import ApprovalClicked, CrmEventArrived
from handlers.proposals.escalation_view import card_of
from handlers.rules.pausing import Operator
from handlers.rules.promote_model import may_promote, promote
from policy.actions import AddNote
from policy.canonical import digest
from policy.decide import CompiledPolicy
from policy.donor import Interaction, LifecycleStage
from policy.escalation import EscalationState
from policy.events import CrmEvent, CrmEventType
from tests.evals.test_golden_set import StoppedClock
from tests.handlers.conftest import house_in
from tests.handlers.test_editing import Desk
from tests.handlers.test_triage import CONSENT

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


async def cards_of(desk: Desk, use: Use = "recommendation") -> list[PastCard]:
    return [card async for card in past_cards(desk.house.database, use, 10)]


async def move(desk: Desk, state: EscalationState, **changes: Any) -> None:
    now, at = await desk.now(), desk.house.clock.now()
    await desk.house.database.write(
        lambda tx: tx.escalations.move(desk.about, (now.state,), state, at, **changes)
    )


async def test_decided_cards_are_judged_as_the_golden_set_is(desk: Desk) -> None:
    await desk.open()
    assert await cards_of(desk) == []
    await desk.click(ApprovalClicked)
    (card,) = await cards_of(desk)
    kind = card.proposed
    assert (card.id, card.expected, card.actions, card.region) == (desk.about, kind, (kind, "other"), "local")
    then = said_then(card)
    assert isinstance(then, Answer)
    found = judged(card, then)
    assert (found.passed, found.expected, found.found, found.answered) == (True, kind, kind, True)
    assert (found.kept, found.removed, found.escapes) == (len(then.claims), 0, ())
    assert found.kept > 1

    other = judged(card, then.model_copy(update={"action": "other"}))
    assert (other.passed, other.found) == (False, f"not {kind}")
    for text in (
        "She gave $9,999.",
        "DONOR_1 never deserves thanks.",
        "Robert Smith deserves thanks.",
        "DONOR_1 deserves thanks, see evil.example.",
        "DONOR_1 has promised twelve thousand.",
        "DONOR_1 gives more than before.",
    ):
        invented = then.claims[0].model_copy(update={"text": text, "slots": [], "cites": []})
        spoiled = judged(card, then.model_copy(update={"claims": [invented, *then.claims[1:]]}))
        assert (spoiled.removed, spoiled.kept) == (1, len(then.claims) - 1), text
    nothing = judged(card, "timeout")
    assert (nothing.passed, nothing.answered, nothing.why_not) == (False, False, "timeout")

    again = OpenAiAssistant(
        AiSettings(endpoints=(MODEL,)),
        http_client=lambda: httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=build_model(ModelSandboxConfig(), StoppedClock()))
        ),
        prompts={"recommend": PROMPT},
    )
    assert again.may_see(card.region)
    asked = await judge_cards([card], again, "recommend", monotonic=lambda: 1.0)
    assert asked == await judge_cards([card], None, "recommend", monotonic=lambda: 1.0) == (found,)
    await again.close()


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (EscalationState.DECLINED, "not {kind}"),
        (EscalationState.APPROVED, "{kind}"),
        (EscalationState.EXPIRED, None),
        (EscalationState.SENT_BACK, None),
    ],
)
async def test_what_a_person_decided_is_what_is_expected(
    desk: Desk, state: EscalationState, expected: str | None
) -> None:
    await desk.open()
    await move(desk, state)
    found = await cards_of(desk)
    assert [card.expected for card in found] == (
        [expected.format(kind=found[0].proposed)] if expected else []
    )


async def test_another_step_that_somebody_made_of_it_is_what_was_right(desk: Desk) -> None:
    proposed = await desk.open()
    note = AddNote(donor_id=proposed.donor_id, text="Thanked in person.")
    await move(desk, EscalationState.APPROVED, action=note, action_digest=digest(note))
    (card,) = await cards_of(desk)
    assert (card.proposed, card.expected) == (proposed.action.kind, f"not {proposed.action.kind}")
    assert card.reason == "A person approved add_note."


async def test_how_pressing_an_approved_card_was_is_expected_of_a_triage(desk: Desk) -> None:
    house = desk.house
    house.crm.consents.append(CONSENT)
    house.crm.change("donor-1", lifecycle_stage=LifecycleStage.CULTIVATION)
    house.crm.interactions.append(
        Interaction(
            id="interaction-late",
            donor_id="donor-1",
            kind="reply",
            direction="inbound",
            status="completed",
            at=house.clock.now(),
            staff_id="staff-1",
            body="This is not the right time; could we talk in the spring?",
        )
    )
    event = CrmEvent(
        id="evt-reply",
        source="/crm",
        type=CrmEventType.REPLY_RECEIVED,
        time=house.clock.now(),
        donor_id="donor-1",
        record_id="interaction-late",
    )
    await house.accept(CrmEventArrived(event=event), order="donor:donor-1")
    await house.work_all()
    opened = await house.database.read(lambda tx: tx.escalations.open_for_donor("donor-1"))
    desk.about = opened[-1].id
    await move(desk, EscalationState.APPROVED)
    assert await cards_of(desk) == []
    (card,) = await cards_of(desk, "triage")
    assert (card.expected, card.base, card.actions) == ("soon", "soon", ("routine", "soon", "now"))
    then = said_then(card)
    assert isinstance(then, Answer)
    levels = {level: judged(card, then.model_copy(update={"action": level})) for level in card.actions}
    assert {level: (each.found, each.passed) for level, each in levels.items()} == {
        "routine": ("soon", True),
        "soon": ("soon", True),
        "now": ("now", False),
    }


def tried(answer: dict[str, Any] | None, label: str) -> Candidate:
    """A model that says *answer* whatever it is asked, or else what the simulated one says."""
    model = build_model(ModelSandboxConfig(), StoppedClock())

    def said(_: httpx2.Request) -> httpx2.Response:
        message = {"role": "assistant", "content": json.dumps(answer)}
        whole = {"id": "r", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
        return httpx2.Response(200, json=whole)

    def client() -> httpx2.AsyncClient:
        transport = httpx2.MockTransport(said) if answer else httpx2.ASGITransport(app=model)
        return httpx2.AsyncClient(transport=transport)

    prompts = {"recommend": PROMPT}
    assistant = OpenAiAssistant(AiSettings(endpoints=(MODEL,)), http_client=client, prompts=prompts)
    return Candidate(assistant, label, prompts)


async def test_a_candidate_that_is_worse_about_decided_cards_is_refused(desk: Desk) -> None:
    await desk.open()
    await desk.click(ApprovalClicked)
    (card,) = await cards_of(desk)
    options = Namespace(use="recommendation", past=10)
    before, same = tried(None, "in-force"), tried(None, "another")
    wrong = tried({"claims": [], "action": "other"}, "wrong")
    loose = tried({"claims": [{"text": "She gave $9,999."}], "action": card.proposed}, "loose")
    found = {}
    for each in (same, wrong, loose):
        past = await _past(options, desk.house.database, each, before)
        assert past is not None
        then, now = past
        # One card asked many times over: what a person decided stands for each of them.
        pairs = [
            tuple(result.model_copy(update={"id": f"{result.id}-{n}"}) for n in range(8) for result in side)
            for side in (then, now)
        ]
        rehearsal = Rehearsal(
            use="recommendation",
            candidate_model=each.model,
            candidate_prompt="v2",
            in_force=before.label,
            report=report_of("golden", ()),
            comparisons=compare_results("8 decided cards", *pairs),
            past=report_of(each.label, pairs[1]),
            past_before=report_of(before.label, pairs[0]),
        )
        found[each.model] = rehearsal.objections
        await each.assistant.close()
    await before.assistant.close()
    borne_out = "8 decided cards, every sentence borne out"
    worse = "worse (so many worse by chance: 0.4 %); worse by at most 100 in 100 (95 %)"
    assert found == {
        "another": (),
        "wrong": (f"Worse than before. 8 decided cards, outcome: 0 better, 8 worse, 0 alike; {worse}",),
        "loose": (f"Worse than before. {borne_out}: 0 better, 8 worse, 0 alike; {worse}",),
    }


def test_of_few_cards_it_is_said_how_much_worse_it_may_be_all_the_same() -> None:
    alike = compare("x", [(True, True)] * 59)
    mixed = compare("x", [(True, False)] * 3 + [(False, True)] * 3 + [(True, True)] * 94)
    better = compare("x", [(False, True)] * 20 + [(True, True)] * 80)
    nothing = compare("x", [])
    # 1 - 0.05 ** (1 / 59) = 4.95 %; of six that differ three are worse: at most 84.7 % of them.
    assert [each.at_most_worse for each in (alike, mixed, better, nothing)] == [5, 5, 0, 100]
    assert alike.words == "x: no difference in 59; worse by at most 5 in 100 (95 %)"


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
