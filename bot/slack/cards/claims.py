"""Sentences with their sources, how far they carry, and who wrote them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.slack.blocks import Leaf, dated, leaf, safe_url, said
from bot.slack.text import clip, isolated, one_line
from bot.slack.when import on_day
from handlers.outcomes import Source
from policy.calibration import TOO_FEW
from policy.claims import Confidence, Contradiction, Origin, Verdict, VerifiedClaim

JUDGEMENT = "judgement, not in the records"
OPENING, BETWEEN, CLOSING = "[", ", ", "]"
MORE_SOURCES = " +{count}"
MOST_SOURCES = 3
SENTENCE_LIMIT = 450
CONTRADICTION_LIMIT = 240

CONFIDENCE = "Confidence: {level}, {score} of 100"
ONE_MORE_REASON = " And 1 more reason."
MORE_REASONS = " And {count} more reasons."
MOST_REASONS = 3
IN_BRIEF = "Confidence: {level} ({means})"
BACKED = "match with CRM, no forecast"
CONFIDENCE_MEANS = "how well the CRM records back this text up, not a forecast"
PAST = "Past decisions: {past}"
AI_SAID_NOTHING = "The AI service ({model}) was asked and said nothing that the CRM records bear out."
AI_WRITTEN = "AI-generated, check before use. Written by {model}{as_of}."
AI_UNREHEARSED = " This AI model was not yet tried out on our own examples."
AI_BRIEFLY = "AI-generated, check before use."
AI_UNTRIED = " Model not tested here."
AI_UNNAMED = "a language model"
RECORDS_AS_OF = " from records as of {day}"
AI_BROKE_OFF = " It did not finish because {reason}: {own}, the rest was written without AI."
AI_STOPPED = " You stopped it: {own}."
OWN_ONE = "1 sentence is its own, and was checked"
OWN_MANY = "{count} sentences are its own, and were checked"
FACTS_WRITTEN = "Written without AI, from CRM records{as_of}."
FACTS_AS_OF = " as of {day}"
FACTS_BECAUSE = " No AI was used because {reason}."
FALLBACKS = {
    "no_model": "no AI service is set up",
    "nothing_verified": "nothing the AI wrote could be checked against the records",
    "no_permitted_endpoint": (
        "this donor's data may not leave its region and no AI service is permitted there"
    ),
    "paused": "somebody has paused what the AI writes; /donor pause says who and why",
    "timeout": "the AI service took too long",
    "deadline": "the AI service took too long",
    "unreachable": "the AI service could not be reached",
    "endpoint_error": "the AI service failed",
    "circuit_open": "the AI service has failed several times and is left alone for a minute",
    "rate_limited": "the AI service is busy",
    "not_authorised": "the AI service refuses our key; IT can see it with countersign doctor",
    "model_not_found": "the AI service does not know the model; IT can see it with countersign doctor",
    "refused": "the AI service declined to answer",
    "request_refused": "the AI service did not accept the request",
    "truncated": "the AI service stopped in the middle of its answer",
    "empty_answer": "the AI service gave an empty answer",
    "over_budget": "the budget for AI is used up for now",
    "unrehearsed": "the AI model was not yet tried out on our own examples, as IT requires",
    "request_too_long": "the record is too long for the AI service",
    "instructions_leaked": "the AI gave away its instructions, as if a text in the record had asked it to",
    "invalid_output": "the AI service gave an answer that could not be used",
}
FALLBACK_UNKNOWN = "the AI service gave no usable answer"
REMOVED_ONE = "1 sentence was left out because the records did not confirm it."
REMOVED_MANY = "{count} sentences were left out because the records did not confirm them."


def sentence(
    claim: VerifiedClaim,
    sources: Sequence[Source],
    url: str | None,
    *,
    limit: int = SENTENCE_LIMIT,
    elsewhere: str | None = None,
    most_sources: int = MOST_SOURCES,
) -> list[Leaf]:
    """Return one sentence followed by the records it rests on, each a link, else to the donor's at *url*."""
    if elsewhere is None:
        leaves = said(claim.claim.text, limit, url=url)
    else:
        leaves = said(claim.claim.text, limit, elsewhere=elsewhere)
    if claim.verdict is Verdict.OPINION:
        return [*leaves, leaf(f" ({JUDGEMENT})", italic=True)]
    if claim.claim.cites:
        leaves += [leaf(" "), *_cited(claim.claim.cites, sources, url, most_sources)]
    return leaves


def both_sides(found: Contradiction, sources: Sequence[Source], url: str | None) -> list[Leaf]:
    """Return what does not agree, followed by the records of both sides."""
    leaves = said(found.text, CONTRADICTION_LIMIT)
    return [*leaves, leaf(" "), *_cited(found.cites, sources, url, MOST_SOURCES)] if found.cites else leaves


def confidence_line(confidence: Confidence) -> str:
    """Say how sure we are, what that means and why."""
    line = CONFIDENCE.format(level=confidence.level, score=confidence.score)
    reasons = " ".join(isolated(clip(one_line(reason), 140)) for reason in confidence.reasons[:MOST_REASONS])
    left = len(confidence.reasons) - MOST_REASONS
    if left > 0:
        reasons += ONE_MORE_REASON if left == 1 else MORE_REASONS.format(count=left)
    line = f"{line} ({CONFIDENCE_MEANS})" + (f": {reasons}" if reasons else "")
    past = isolated(clip(one_line(confidence.track_record), 200))
    return f"{line.rstrip('.')}. {PAST.format(past=past)}" if confidence.track_record else line


def brief_confidence(confidence: Confidence) -> str:
    """Say in words how sure we are and what that means, why if not very, and what people made of it."""
    line = IN_BRIEF.format(level=confidence.level, means=BACKED)
    if confidence.level != "high" and confidence.reasons:
        line += f": {isolated(clip(one_line(confidence.reasons[0]), 140))}"
    line = f"{line.rstrip('.')}."
    past = isolated(clip(one_line(confidence.track_record), 200))
    return line if not past or past.startswith(TOO_FEW) else f"{line} {PAST.format(past=past)}."


def brief_origin(origin: Origin) -> str:
    """Say whether an AI wrote the text, and why not if not, without naming the model."""
    if origin.kind == "model":
        return AI_BRIEFLY + (AI_UNTRIED if origin.unrehearsed else "") + _broke_off(origin)
    return origin_line(origin)


def origin_line(origin: Origin, as_of: date | None = None) -> str:
    """Say who wrote the text, and why not an AI if not."""
    if origin.kind == "model":
        model = clip(one_line(origin.model), 60) or AI_UNNAMED
        line = AI_WRITTEN.format(model=model, as_of=_as_of(RECORDS_AS_OF, as_of))
        return line + (AI_UNREHEARSED if origin.unrehearsed else "") + _broke_off(origin)
    line = FACTS_WRITTEN.format(as_of=_as_of(FACTS_AS_OF, as_of))
    if not origin.fallback_reason:
        return line
    return line + FACTS_BECAUSE.format(reason=FALLBACKS.get(origin.fallback_reason, FALLBACK_UNKNOWN))


def empty_line(origin: Origin, as_of: date | None = None) -> str:
    """Say who was asked where nothing came of it: no text is there that anybody wrote."""
    if origin.kind == "model" and not origin.broke_off:
        return AI_SAID_NOTHING.format(model=clip(one_line(origin.model), 60) or AI_UNNAMED)
    return origin_line(origin, as_of)


def _broke_off(origin: Origin) -> str:
    """Say that a model did not finish, why, and how much of the text is its own."""
    if not origin.broke_off:
        return ""
    own = OWN_ONE if origin.finished == 1 else OWN_MANY.format(count=origin.finished)
    if origin.broke_off == "stopped":
        return AI_STOPPED.format(own=own)
    return AI_BROKE_OFF.format(reason=FALLBACKS.get(origin.broke_off, FALLBACK_UNKNOWN), own=own)


def removed_line(count: int) -> str:
    """Say how many sentences did not verify."""
    return REMOVED_ONE if count == 1 else REMOVED_MANY.format(count=count)


def _cited(cites: Sequence[str], sources: Sequence[Source], url: str | None, most: int) -> list[Leaf]:
    """Return the records in brackets, each a link to where it is."""
    known = {source.id: source for source in sources}
    marks: dict[str, str | None] = {}
    for cite in cites:
        source = known.get(cite)
        label = clip(one_line(source.label if source else cite), 60)
        marks.setdefault(label, safe_url(source.url if source else None) or url)
    left = len(marks) - most
    shown = list(marks.items())[:most]
    leaves = [leaf(OPENING)]
    for index, (label, address) in enumerate(shown):
        leaves += [leaf(BETWEEN)] if index else []
        leaves += dated(label, italic=address is None, url=address)
    return [*leaves, leaf((MORE_SOURCES.format(count=left) if left > 0 else "") + CLOSING)]


def _as_of(words: str, day: date | None) -> str:
    return words.format(day=on_day(day)) if day else ""
