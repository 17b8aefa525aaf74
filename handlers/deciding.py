"""Asking the rules: what policy says about one action for one donor, now."""

from __future__ import annotations

from dataclasses import dataclass

from policy.claims import Confidence, Origin
from policy.decision import Decision
from policy.decision_facts import DecisionFacts
from policy.value import Value

STOPPED = "kill_switch"


class AiFindings(Value):
    """What is known about the text behind a proposal."""

    origin: Origin
    confidence: Confidence
    unsupported: int = 0
    contradictions: int = 0
    suspected_injection: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with the facts it was made on, both kept as evidence."""

    decision: Decision
    facts: DecisionFacts
