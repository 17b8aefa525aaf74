"""Sentences with their sources, how far they carry, and who wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.slack.blocks import Leaf, leaf, link, said
from bot.slack.text import clip, isolated, one_line
from bot.slack.when import on_day
from policy.claims import Confidence, Origin, Verdict, VerifiedClaim

JUDGEMENT = "judgement, not in the records"
SOURCE = "[{ids}]"
MORE_SOURCES = " +{count}"
MOST_SOURCES = 3
SENTENCE_LIMIT = 450

CONFIDENCE = "Confidence: {level}, {score} of 100"
CONFIDENCE_MEANS = "how well the CRM records back this text up, not a forecast"
AI_WRITTEN = "AI-generated, check before use. Written by {model}{as_of}."
AI_UNNAMED = "a language model"
RECORDS_AS_OF = " from records as of {day}"
FACTS_WRITTEN = "Written without AI, from CRM records{as_of}."
FACTS_AS_OF = " as of {day}"
FACTS_BECAUSE = " No AI was used because {reason}."
FALLBACKS = {
    "no_model": "no AI service is set up",
    "nothing_verified": "nothing the AI wrote could be checked against the records",
    "timeout": "the AI service took too long",
    "unreachable": "the AI service could not be reached",
    "unavailable": "the AI service did not answer",
    "rate_limited": "the AI service is busy",
    "invalid": "the AI service gave an answer that could not be used",
    "invalid_output": "the AI service gave an answer that could not be used",
    "refused": "the AI service declined to answer",
    "residency": "this donor's data may not leave its region and no AI service is permitted there",
    "region": "this donor's data may not leave its region and no AI service is permitted there",
    "kill_switch": "AI is switched off at the moment",
    "off": "AI is switched off at the moment",
}
FALLBACK_UNKNOWN = "the AI service gave no usable answer"
REMOVED_ONE = "1 sentence was left out because the records did not confirm it."
REMOVED_MANY = "{count} sentences were left out because the records did not confirm them."


def sentence(claim: VerifiedClaim, url: str | None, *, limit: int = SENTENCE_LIMIT) -> list[Leaf]:
    """Return one sentence followed by the records it rests on, linked to the donor's record."""
    leaves = said(claim.claim.text, limit, url=url)
    if claim.verdict is Verdict.OPINION:
        return [*leaves, leaf(f" ({JUDGEMENT})", italic=True)]
    if claim.claim.cites:
        mark = SOURCE.format(ids=_sources(claim.claim.cites))
        leaves += [leaf(" "), link(url, mark) if url else leaf(mark, italic=True)]
    return leaves


def confidence_line(confidence: Confidence) -> str:
    """Say how sure we are, what that means and why."""
    line = CONFIDENCE.format(level=confidence.level, score=confidence.score)
    reasons = "; ".join(isolated(clip(one_line(reason), 140)) for reason in confidence.reasons[:3])
    return f"{line} ({CONFIDENCE_MEANS})" + (f": {reasons}" if reasons else "")


def origin_line(origin: Origin, as_of: date | None = None) -> str:
    """Say who wrote the text, and why not an AI if not."""
    if origin.kind == "model":
        model = clip(one_line(origin.model), 60) or AI_UNNAMED
        return AI_WRITTEN.format(model=model, as_of=_as_of(RECORDS_AS_OF, as_of))
    line = FACTS_WRITTEN.format(as_of=_as_of(FACTS_AS_OF, as_of))
    if not origin.fallback_reason:
        return line
    return line + FACTS_BECAUSE.format(reason=FALLBACKS.get(origin.fallback_reason, FALLBACK_UNKNOWN))


def removed_line(count: int) -> str:
    """Say how many sentences did not verify."""
    return REMOVED_ONE if count == 1 else REMOVED_MANY.format(count=count)


def _sources(cites: Sequence[str]) -> str:
    shown = ", ".join(clip(one_line(record), 40) for record in cites[:MOST_SOURCES])
    rest = len(cites) - MOST_SOURCES
    return shown + (MORE_SOURCES.format(count=rest) if rest > 0 else "")


def _as_of(words: str, day: date | None) -> str:
    return words.format(day=on_day(day)) if day else ""
