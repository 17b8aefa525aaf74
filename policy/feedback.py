"""What people may say was wrong with an AI text: a short list, so that digests can count it."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class FeedbackReason(StrEnum):
    """Why a text was not useful."""

    WRONG_FIGURE = "wrong_figure"
    OUTDATED = "outdated"
    MISSING = "missing"
    IRRELEVANT = "irrelevant"
    TOO_LONG = "too_long"
    OTHER = "other"


FEEDBACK_WORDS: dict[FeedbackReason, str] = {
    FeedbackReason.WRONG_FIGURE: "A figure, a name or a date is wrong",
    FeedbackReason.OUTDATED: "The record is out of date",
    FeedbackReason.MISSING: "Something important is missing",
    FeedbackReason.IRRELEVANT: "Not what I needed",
    FeedbackReason.TOO_LONG: "Too long",
    FeedbackReason.OTHER: "Something else",
}
ABOUT_THE_RECORD = frozenset({FeedbackReason.WRONG_FIGURE, FeedbackReason.OUTDATED})
"""What somebody has to look at in the CRM: a text is computed from there, and would say the same again."""
