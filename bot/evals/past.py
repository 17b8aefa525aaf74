"""Cards that people decided, judged again: what was sent to the model then stands in the audit.

Whoever decided a card said what was right: approved, also in an edited version, the step that was carried out
in the end; declined or taken back, another step than that one. How pressing it was stands on a card that was
approved. Everything else is judged as in the golden set: whether an answer fits the schema, which sentences
the records bear out, and that nothing escapes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict, ValidationError

from bot.assistant.answer import Answer, UnreadableAnswerError, read_answer
from bot.assistant.openai_assistant import OpenAiAssistant
from bot.evals.cases import Case, Use
from bot.evals.escapes import escapes
from bot.evals.past_record import PastRecord
from bot.evals.running import CaseResult
from handlers.ports import AssistantUnavailable
from policy.draft import ModelCall
from policy.escalation import EscalationState
from policy.facts_model import DonorFacts
from policy.triage import LEVELS, Level, Triage
from policy.value import Value
from policy.verifier import verify
from storage.database import Database
from storage.escalations import Escalation
from storage.transaction import Transaction

ANSWERED, DECIDED = "recommendation.model_answered", "recommendation.decided"
_S = EscalationState
APPROVED = frozenset({_S.APPROVED, _S.EXECUTING, _S.EXECUTED, _S.OUTCOME_UNKNOWN, _S.FAILED})
REFUSED = frozenset({_S.DECLINED, _S.UNDONE})
OF_PROMPT: dict[str, Use] = {"recommend": "recommendation", "triage": "triage"}
_BATCH = 200
NOTHING = "no useful answer"


@dataclass(frozen=True, slots=True)
class PastCard:
    """What a model was asked and said about a card, what it was told of, and what a person made of it.

    *expected* is what an answer should come to, None where nobody said so; *base* how pressing the rules
    alone found it.
    """

    id: str
    use: Use
    asked: str
    said: str
    proposed: str
    region: str
    expected: str | None
    reason: str
    facts: DonorFacts
    base: Level = "routine"

    @property
    def actions(self) -> tuple[str, ...]:
        """What an answer may name."""
        return LEVELS if self.use == "triage" else (self.proposed, "other")

    def came_to(self, answer: Answer) -> str:
        """Return what an answer comes to: a step or another than that, or how pressing the card is."""
        if self.use == "triage":
            said = next((level for level in LEVELS if level == answer.action), self.base)
            return max(self.base, said, key=LEVELS.index)
        return self.proposed if answer.action == self.proposed else not_this(self.proposed)


def not_this(kind: str) -> str:
    """Name any step but this one."""
    return f"not {kind}"


class _Call(Value):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    call: dict[str, Any]


class _Decided(Value):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    donor_facts: DonorFacts
    triage: Triage | None = None


@dataclass(frozen=True, slots=True)
class _Page:
    """What was read up to a *position*; *answered* waits for the decision written in the same moment."""

    position: int = 0
    answered: dict[str, bytes] = field(default_factory=dict)
    cards: tuple[PastCard, ...] = ()


def _next_page(tx: Transaction, after: _Page) -> _Page | None:
    entries = tx.audit.page((ANSWERED, DECIDED), after=after.position, since=None, limit=_BATCH)
    answered, cards = dict(after.answered), []
    for entry in entries:
        if entry.kind == ANSWERED:
            answered[entry.correlation_id] = entry.payload or b""
        elif said := answered.pop(entry.correlation_id, b""):
            escalation = tx.escalations.by_correlation(entry.correlation_id)
            card = _card(said, entry.payload or b"", escalation) if escalation else None
            cards += [card] if card else []
    return _Page(entries[-1].position, answered, tuple(cards)) if entries else None


async def past_cards(database: Database, use: Use, most: int) -> AsyncIterator[PastCard]:
    """Yield up to *most* decided cards for which a model wrote, the oldest first."""
    page: _Page | None = _Page()
    found = 0
    while page is not None and found < most:
        after = page
        page = await database.read(lambda tx, after=after: _next_page(tx, after))  # type: ignore[misc]
        for card in page.cards if page else ():
            if card.use == use and found < most:
                found += 1
                yield card


def _card(answered: bytes, decided: bytes, escalation: Escalation) -> PastCard | None:
    if escalation.state not in APPROVED | REFUSED:
        return None
    try:
        call = ModelCall.model_validate(
            {"instructions": ""} | _Call.model_validate_json(answered).call, strict=False
        )
        told = _Decided.model_validate_json(decided)
        proposed = str(json.loads(call.asked)["proposal"]["action"])
        use = OF_PROMPT[call.prompt]
    except (ValidationError, ValueError, KeyError, TypeError):
        return None
    approved, final = escalation.state in APPROVED, escalation.action.kind
    expected: str | None
    if use == "triage":
        expected = told.triage.level if told.triage and approved else None
    else:
        expected = final if approved and final == proposed else not_this(proposed)
    return PastCard(
        id=escalation.id,
        use=use,
        asked=call.asked,
        said=call.answers[-1] if call.answers else "",
        proposed=proposed,
        region=call.endpoint_region,
        expected=expected,
        reason=f"A person {'approved' if approved else 'declined or took back'} {final}.",
        facts=told.donor_facts,
        base=told.triage.by_points if told.triage else "routine",
    )


def said_then(card: PastCard) -> Answer | str:
    """Return what the model said at the time, or why it was of no use."""
    try:
        return read_answer(card.said, card.actions)
    except UnreadableAnswerError:
        return "invalid_output"


async def said_now(assistant: OpenAiAssistant, prompt: str, card: PastCard) -> Answer | str:
    """Return what *assistant* says to the same question, or why it says nothing."""
    try:
        return await assistant.ask_again(prompt, card.asked, card.actions)
    except AssistantUnavailable as unavailable:
        return unavailable.code


async def judge_cards(
    cards: Sequence[PastCard],
    assistant: OpenAiAssistant | None,
    prompt: str,
    *,
    monotonic: Callable[[], float],
    done: Callable[[], None] = lambda: None,
) -> tuple[CaseResult, ...]:
    """Judge what *assistant* says about each card, or without one what was said then."""
    results = []
    for card in cards:
        began = monotonic()
        answer = await said_now(assistant, prompt, card) if assistant else said_then(card)
        took = round((monotonic() - began) * 1000)
        results.append(judged(card, answer).model_copy(update={"took_ms": took}))
        done()
    return tuple(results)


def judged(card: PastCard, answer: Answer | str) -> CaseResult:
    """Judge one answer by the checks of the golden set; a text instead says why there is none."""
    common = {"use": card.use, "id": card.id, "sort": "decided", "reason": card.reason}
    if isinstance(answer, str):
        told = {"expected": card.expected or "an answer", "found": NOTHING}
        return CaseResult.model_validate(
            common | told | {"answered": False, "why_not": answer, "kept": 0, "removed": 0}
        )
    asked = json.loads(card.asked)
    past = PastRecord(asked, card.asked, card.facts)
    checked = verify(tuple(map(past.claim, answer.claims)), past.record, past.facts)
    shown = tuple(each.claim.text for each in checked.kept)
    nobody = Case(id=card.id, sort="hostile", reason=card.reason)
    found = card.came_to(answer)
    return CaseResult.model_validate(
        common
        | {"answered": True, "kept": len(checked.kept), "removed": len(checked.removed)}
        | {"expected": card.expected or found, "found": found}
        | {"escapes": tuple(escapes(shown, nobody, past.record, past.facts))}
    )
