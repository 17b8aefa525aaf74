"""Confidence from evidence: what held, what is cited, how old it is, what is missing and what conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date

from policy.claims import Confidence, Verdict, Verification
from policy.donor import DonorRecord
from policy.facts import DonorFacts, is_unread

HIGH = 80
MEDIUM = 55
NOT_ENGLISH = "The text does not read as English, so its words tell nothing."
_FRESH_DAYS = 180
_STALE_DAYS = 730
_SUPPORT, _CITED, _FRESH, _COMPLETE, _CONSISTENT = 40, 25, 15, 10, 10


def confidence(verification: Verification, record: DonorRecord, facts: DonorFacts, as_of: date) -> Confidence:
    """Score 0 to 100 with one plain reason per part; a contradicted or incomplete record is never "high"."""
    kept, removed = verification.kept, verification.removed
    supported = [claim for claim in kept if claim.verdict is Verdict.SUPPORTED]
    if not supported:
        reason = "No sentence could be checked against the CRM."
        return Confidence(score=0, level="low", reasons=(reason, *_reservations(record, facts)))
    points = (
        _SUPPORT * len(supported) / (len(supported) + len(removed))
        + _CITED * len(supported) / len(kept)
        + _FRESH * _freshness(record, as_of)
        + (0 if record.gaps else _COMPLETE)
        + (0 if facts.discrepancies else _CONSISTENT)
    )
    score = min(round(points), _ceiling(record, facts))
    level = "high" if score >= HIGH else "medium" if score >= MEDIUM else "low"
    reasons = (
        _held(len(supported), len(removed)),
        *_aged(record, as_of),
        *_reservations(record, facts),
    )
    return Confidence.model_validate({"score": score, "level": level, "reasons": reasons})


def unread(scored: Confidence) -> Confidence:
    """Return low confidence in what was made of a text that only a person can read."""
    score = min(scored.score, MEDIUM - 1)
    return Confidence(score=score, level="low", reasons=(NOT_ENGLISH, *scored.reasons))


def _ceiling(record: DonorRecord, facts: DonorFacts) -> int:
    if is_unread(record, "gifts"):
        return MEDIUM - 1
    return HIGH - 1 if record.gaps or facts.discrepancies else 100


def _held(supported: int, removed: int) -> str:
    if not removed:
        counted = {1: "The sentence matches", 2: "Both sentences match"}
        return f"{counted.get(supported, f'All {supported} sentences match')} the CRM."
    were = "was" if removed == 1 else "were"
    return f"{removed} of {supported + removed} sentences did not match the CRM and {were} removed."


def _latest(record: DonorRecord) -> date | None:
    days = [gift.received_on for gift in record.gifts]
    days += [i.at.astimezone(UTC).date() for i in record.interactions if i.status == "completed"]
    days += [note.written_at.astimezone(UTC).date() for note in record.notes]
    if record.donor.modified_at is not None:
        days.append(record.donor.modified_at.astimezone(UTC).date())
    return max(days, default=None)


def _freshness(record: DonorRecord, as_of: date) -> float:
    latest = _latest(record)
    if latest is None:
        return 0.0
    age = (as_of - latest).days
    return min(1.0, max(0.0, (_STALE_DAYS - age) / (_STALE_DAYS - _FRESH_DAYS)))


def _aged(record: DonorRecord, as_of: date) -> Iterator[str]:
    latest = _latest(record)
    if latest is None:
        yield "The CRM holds no activity for this donor."
    elif (as_of - latest).days > _FRESH_DAYS:
        months = (as_of - latest).days // 30
        yield f"The latest entry in the CRM is {months} months old."


def _reservations(record: DonorRecord, facts: DonorFacts) -> Iterator[str]:
    for gap in record.gaps:
        kind = gap.split(":")[0].strip().replace("_", " ")
        yield f"{kind.capitalize()} could not be read from the CRM."
    if facts.discrepancies:
        yield "The CRM's own totals differ from its records."
