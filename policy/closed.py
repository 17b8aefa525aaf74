"""The rules that rule when no others can be read: nothing is allowed, and the reason says so."""

from __future__ import annotations

from functools import lru_cache

from policy.decide import CompiledPolicy, compile_policy
from policy.policy_model import Guard, Policy

UNREADABLE = "rules_unreadable"
SENTENCE = (
    "The rules in force cannot be read, so nothing is allowed until an admin has repaired them "
    "(countersign doctor says how)."
)


@lru_cache
def nothing_allowed() -> CompiledPolicy:
    """Return a policy that denies everything, with a sentence for whoever asks why."""
    guard = Guard(id=UNREADABLE, reason=SENTENCE, when="true", deny=True)
    return compile_policy(Policy(policy=1, title="No rules can be read", guards=(guard,)))
