"""The confidence pulse: one question a month, and what may be said of the answers without naming anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median_low
from typing import Literal

from pydantic import AwareDatetime

from policy.digest import Cell, DigestSection
from policy.digest_words import NONE, count
from policy.value import Value

QUESTION = "How far do you trust Countersign’s suggestions for your donors?"
SCALE: dict[int, str] = {1: "1 Not at all", 2: "2", 3: "3", 4: "4", 5: "5 Completely"}
PulseChoice = Literal["1", "2", "3", "4", "5", "skip", "never"]

FEWEST_ANSWERS = 5
"""Of fewer answers nothing is said: everybody would know who is meant."""
FEWEST_USES = 5
ACTIVE_WITHIN = timedelta(days=30)
APART = timedelta(days=21)
"""Asked late in one month, nobody is asked early in the next."""
COUNTED = timedelta(days=31)

PRIVATE = (
    "Trust is asked once a month with one question; whoever does not want to is not asked. Only sums of five "
    "answers or more are shown, and nobody sees who answered what."
)
NONE_ASKED = "Nobody answered how far they trust the suggestions in the last month."
TOO_FEW = "Fewer than five people answered how far they trust the suggestions, so nothing is said of them."
SAYS = "At least half of the {count} people who answered trust the suggestions with {median} of 5 or more."
BEFORE = " The month before it was {median} of 5 ({count} people)."
NOT_BEFORE = " The month before too few answered to compare."


class Pulse(Value):
    """One asking of one person in one *month* ("2026-11", at their place); *answer* is 1 to 5.

    It is answered, skipped, or still open.
    """

    id: str
    person: str
    month: str
    asked_at: AwareDatetime
    answer: int | None = None
    ended_at: AwareDatetime | None = None


class Trust(Value):
    """The answers of one month and of the month before, one for each person, the latest."""

    now: tuple[int, ...] = ()
    before: tuple[int, ...] = ()


def may_ask(latest: Pulse | None, month: str, now: datetime) -> bool:
    """Say whether somebody may be asked in *month*: once, and not soon after the time before."""
    return latest is None or (latest.month != month and now - latest.asked_at >= APART)


def trust_section(trust: Trust) -> DigestSection:
    """Return what a digest says of the answers; of a few nothing, neither now nor before."""
    return DigestSection(
        id="trust",
        title="How far people trust the suggestions",
        says=_says(trust),
        columns=("Answer", "People", "before"),
        rows=tuple(_rows(trust)) if len(trust.now) >= FEWEST_ANSWERS else (),
    )


def _says(trust: Trust) -> str:
    if not trust.now:
        return NONE_ASKED
    if len(trust.now) < FEWEST_ANSWERS:
        return TOO_FEW
    says = SAYS.format(count=len(trust.now), median=median_low(trust.now))
    if len(trust.before) < FEWEST_ANSWERS:
        return says + NOT_BEFORE
    return says + BEFORE.format(count=len(trust.before), median=median_low(trust.before))


def _rows(trust: Trust) -> list[tuple[Cell, ...]]:
    compared = len(trust.before) >= FEWEST_ANSWERS
    return [
        (words, count(trust.now.count(value)), count(trust.before.count(value)) if compared else NONE)
        for value, words in SCALE.items()
    ]
