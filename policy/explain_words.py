"""The sentences an explanation is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from policy.action_words import ACTION_WORDS, DONE_WORDS
from policy.condition_words import value_words
from policy.decision import Decision, Outcome, RequiredApproval
from policy.decision_facts import DecisionFacts
from policy.fact_catalogue import catalogue
from policy.money import Money

_AMOUNTS = frozenset({"action.amount", "action.major_gift_threshold"})
_CHANGED = "The recorded answer and today's evaluation differ: the record or the rules were altered."


def paragraph(
    facts: DecisionFacts, recorded: Decision, near: Sequence[str], *, is_recorded: bool, agrees: bool
) -> str:
    """Say in plain words what was asked, what the answer was, why, and what it rests on."""
    parts = [_question(facts), _answer(recorded), *_obligations(recorded)]
    if recorded.errors:
        parts.append("A rule could not be checked, which alone means no.")
    if near:
        parts.append(f"Nearly otherwise: {near[0]}")
    parts.append(_basis(recorded, is_recorded=is_recorded, agrees=agrees))
    return " ".join(parts)


def people_words(approvals: Sequence[RequiredApproval]) -> str:
    """Name who has to agree: "the owner", "the owner and 2 people of compliance"."""
    people = [
        f"the {each.role.value}" if each.count == 1 else f"{each.count} people of {each.role.value}"
        for each in approvals
    ]
    return " and ".join(people)


def value_in_words(name: str, facts: DecisionFacts) -> str:
    """Say the value of a fact as people read it."""
    group, _, field = name.partition(".")
    value: Any = getattr(getattr(facts, group), field)
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    if name in _AMOUNTS:
        return _amount(value, facts.action.currency)
    return value_words(name, value) if catalogue()[name].values else str(value)


def _amount(minor: int, currency: str) -> str:
    return str(Money(minor=minor, currency=currency)) if len(currency) == 3 else str(minor)


def _question(facts: DecisionFacts) -> str:
    action = ACTION_WORDS[facts.action.kind].lower()
    done, stage = DONE_WORDS[facts.action.capability], facts.donor.lifecycle_stage
    return f"The question was whether “{action}” may be {done} for a donor in {stage}."


def _answer(recorded: Decision) -> str:
    reasons = " ".join(recorded.reasons)
    if recorded.outcome is Outcome.DENY:
        return f"The answer was no: {reasons}"
    if recorded.outcome is Outcome.ALLOW:
        return f"The answer was yes, without asking anybody: {reasons}"
    return f"The answer was yes, if {people_words(recorded.approvals)} agreed: {reasons}"


def _obligations(recorded: Decision) -> list[str]:
    told = {
        "mask_field": "{0} must not be shown",
        "add_footer": "it carries the words “{0}”",
        "delay_until": "it waits until {0}",
        "notify": "the {0} is informed",
        "route_to": "it goes to {0}",
    }
    duties = [told[duty.kind].format(duty.value.replace("_", " ")) for duty in recorded.obligations]
    return [f"Besides, {'; '.join(duties)}."] if duties else []


def _basis(recorded: Decision, *, is_recorded: bool, agrees: bool) -> str:
    version = recorded.policy_version[:12]
    if not is_recorded:
        return (
            f"It was decided under version {version} of the rules, which is not stored here. What follows "
            f"applies the rules in force now, which {'answer the same' if agrees else 'answer otherwise'}."
        )
    if not agrees:
        return f"It was decided under version {version} of the rules. {_CHANGED}"
    return f"It was decided under version {version} of the rules, which give the same answer today."
