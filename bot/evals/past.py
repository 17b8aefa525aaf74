"""Cards that people decided, asked again: what was sent to the model then stands in the audit."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ConfigDict, ValidationError

from bot.assistant.answer import Answer, UnreadableAnswerError, read_answer
from policy.draft import ModelCall
from policy.value import Value
from policy.verifier_language import MASK, unexplained
from storage.database import Database
from storage.transaction import Transaction

ANSWERED = "recommendation.model_answered"
_BATCH = 200
_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_PSEUDONYM = re.compile(r"\b[A-Z]+_\d+\b")
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


@dataclass(frozen=True, slots=True)
class PastCard:
    """What a model was asked and said about a card, and whether the person accepted the step."""

    asked: str
    said: str
    actions: tuple[str, str]
    region: str
    accepted: bool


class _Call(Value):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    call: dict[str, Any]


async def past_cards(database: Database, most: int) -> AsyncIterator[PastCard]:
    """Yield up to *most* decided cards for which a model wrote, the oldest first."""
    position = found = 0
    while found < most:
        after = position
        page = await database.read(lambda tx, after=after: _page(tx, after))  # type: ignore[misc]
        if not page:
            return
        for at, card in page:
            position = at
            if card is not None and found < most:
                found += 1
                yield card


def _page(tx: Transaction, after: int) -> list[tuple[int, PastCard | None]]:
    accepted = {each.escalation_id: each.accepted for each in tx.judgements.since(_EVER)}
    page: list[tuple[int, PastCard | None]] = []
    for entry in tx.audit.page((ANSWERED,), after=after, since=None, limit=_BATCH):
        escalation = tx.escalations.by_correlation(entry.correlation_id)
        judged = accepted.get(escalation.id) if escalation else None
        readable = None if entry.payload is None or judged is None else _card(entry.payload, accepted=judged)
        page.append((entry.position, readable))
    return page


def _card(payload: bytes, *, accepted: bool) -> PastCard | None:
    try:
        call = ModelCall.model_validate(
            {"instructions": ""} | _Call.model_validate_json(payload).call, strict=False
        )
        action = str(json.loads(call.asked)["proposal"]["action"])
    except (ValidationError, ValueError, KeyError, TypeError):
        return None
    said = call.answers[-1] if call.answers else ""
    return PastCard(call.asked, said, (action, "other"), call.endpoint_region, accepted)


def agrees(card: PastCard, answer: Answer | None) -> bool:
    """Say whether an answer is fit to be shown and took the side that the person took afterwards."""
    if answer is None or not all(is_bound(claim.model_dump(), card.asked) for claim in answer.claims):
        return False
    return (answer.action == card.actions[0]) == card.accepted


def answer_then(card: PastCard) -> Answer | None:
    """Return what the model said at the time; None when it was of no use."""
    try:
        return read_answer(card.said, card.actions)
    except UnreadableAnswerError:
        return None


def is_bound(claim: dict[str, Any], asked: str) -> bool:
    """Say whether every figure of a sentence is bound to what the question itself stated.

    The words between the figures are held to what the verifier lets pass: no names, links, figures in words,
    comparisons or statuses that no slot answers.
    """
    data = json.loads(asked)
    facts = {fact["id"]: {str(fact["value"]), *fact.get("say", ())} for fact in data["facts"]}
    records = {row["ref"]: row for row in data["records"]}
    rest = claim["text"]
    for slot in claim["slots"]:
        stated = facts.get(slot["fact"] or "", set())
        if slot["record"] in records:
            stated = stated | {str(records[slot["record"]].get(slot["field"]))}
        if slot["text"] not in stated and slot["kind"] != "name":
            return False
        rest = rest.replace(slot["text"], MASK)
    rest = _PSEUDONYM.sub(MASK, rest)
    return _NUMBER.search(rest) is None and unexplained(rest) is None
