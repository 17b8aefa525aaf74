"""How long the audit keeps payloads, by what they record; the sealed entries themselves stay for ever."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from policy.value import Value

SHORTEST_DAYS = 183
"""Logs of automated decisions are to be kept for six months at least."""


class RetentionRule(Value):
    """Payloads of these *kinds* ("summary.generated", "summary.*", "*") are kept for so many days."""

    kinds: Annotated[tuple[str, ...], Field(min_length=1)]
    days: Annotated[int, Field(ge=SHORTEST_DAYS, le=36_500)]


def days_for(kind: str, rules: tuple[RetentionRule, ...]) -> int | None:
    """Return how long payloads of *kind* are kept; the first rule that names it counts, None is for ever."""
    return next((rule.days for rule in rules if any(matches(each, kind) for each in rule.kinds)), None)


def matches(pattern: str, kind: str) -> bool:
    """Say whether *kind* is meant by *pattern*: itself, "summary.*", or "*"."""
    return kind.startswith(pattern[:-1]) if pattern.endswith("*") else kind == pattern


SHADOW, REHEARSAL = "shadow.compared", "rehearsal.reported"
"""Kept outside the audit by the same rules: what a candidate would have said beside the rules in force, and
the report that a change of the rules was decided on (the audit keeps one of its own)."""
PULSE = "pulse.answered"
"""What staff answered to the monthly question; kept outside the audit, by person, for sums alone."""

ANSWER = "answer.shown"
"""What somebody was answered, kept outside the audit so that it can be shared, saved and asked about."""

DEFAULT_RETENTION = (
    RetentionRule(
        kinds=("home.*", "help.*", "timeline.*", "request.*", "evidence.*", "click.*", "shadow.*", "pulse.*"),
        days=400,
    ),
    RetentionRule(kinds=("summary.*", "answer.*", "feedback.*", "digest.*", "event.*"), days=800),
    RetentionRule(
        kinds=(
            "policy.*",
            "prompt.*",
            "donor.erased",
            "payload.redacted",
            "retention.*",
            "restore.*",
            "hold.*",
            "checkpoint.*",
        ),
        days=36_500,
    ),
    RetentionRule(kinds=("*",), days=2_557),
)
"""Reading a year, texts two years, decisions and deeds seven years, the rules practically for ever."""
