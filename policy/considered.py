"""How long a card takes to read, and what the figures about decisions say; nobody is measured by them alone.

The speeds are of silent reading of English non-fiction: 238 words a minute on average in a meta-analysis of
190 studies (Brysbaert 2019). Nobody understands much of a text taken in at more than twice that speed, so a
decision counts as faster than reading only when even a reader of 480 words a minute could not have finished.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from statistics import median

from policy.value import Value

WORDS_A_MINUTE = 238
FASTEST_WORDS_A_MINUTE = 480

_WORD = re.compile(r"[^\W_]+(?:['’.,:/-][^\W_]+)*")
_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


def words_in(texts: Iterable[str]) -> int:
    """Count the words of *texts*; of scripts without spaces, two characters count as one word."""
    count = dense = 0
    for text in texts:
        if not text.isascii():
            dense += len(_WITHOUT_SPACES.findall(text))
            text = _WITHOUT_SPACES.sub(" ", text)  # noqa: PLW2901 - what is left of it
        count += len(_WORD.findall(text))
    return count + (dense + 1) // 2


def reading_seconds(words: int) -> int:
    """Return how many seconds an average reader takes for *words*."""
    return round(words * 60 / WORDS_A_MINUTE)


def is_faster_than_reading(seconds: int | None, words: int | None) -> bool:
    """Say whether nobody can have read *words* in *seconds*; what is not known is held against nobody."""
    if seconds is None or words is None:
        return False
    return seconds * FASTEST_WORDS_A_MINUTE < words * 60


class Considered(Value):
    """How one decision was made, as far as it is counted."""

    seconds: int | None
    looked: bool
    edited: bool
    faster: bool


class Figures(Value):
    """How a number of decisions were made; *median_seconds* is None where no time is known."""

    decisions: int
    median_seconds: int | None
    looked: int
    edited: int
    faster: int


def figures_of(decisions: Sequence[Considered]) -> Figures:
    """Add *decisions* up."""
    known = [each.seconds for each in decisions if each.seconds is not None]
    return Figures(
        decisions=len(decisions),
        median_seconds=round(median(known)) if known else None,
        looked=sum(each.looked for each in decisions),
        edited=sum(each.edited for each in decisions),
        faster=sum(each.faster for each in decisions),
    )
