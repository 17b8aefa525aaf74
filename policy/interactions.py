"""The interactions that managers' figures are made of: what kinds there are, and which say what together.

Everything a digest, the Home tab or the dashboard says is counted from interactions, and an interaction is
made of nothing but an audit entry. Whoever has the audit can therefore count every figure again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

NO_CONFIDENCE = -1
TOP_DECILE = 9


@unique
class Kind(StrEnum):
    """What happened. *amount* of an interaction is in the unit named here, else it has none."""

    SUMMARY = "summary"
    TIMELINE = "timeline"
    SHARED = "shared"
    LOOKED = "looked"
    USEFUL = "useful"
    NOT_USEFUL = "not_useful"
    REASON_GIVEN = "reason_given"
    RECOMMENDED = "recommended"
    HELD_BY = "held_by"
    ASKED_BY = "asked_by"
    INJECTION = "injection"
    REMOVED = "removed"  # sentences taken out of an AI text
    TOKENS = "tokens"  # read and written by a model
    WITHOUT_MODEL = "without_model"
    OPENED = "opened"
    APPROVED = "approved"  # minutes from the event
    APPROVED_EDITED = "approved_edited"  # minutes from the event
    DECLINED = "declined"  # minutes from the event
    SENT_BACK = "sent_back"  # minutes from the event
    EXPIRED = "expired"
    UNASKED = "unasked"
    APPROVAL_GIVEN = "approval_given"
    EDITED = "edited"
    DEFERRED = "deferred"
    PASSED_ON = "passed_on"
    FASTER = "faster"
    MEASURED = "measured"
    EXECUTED = "executed"
    UNDONE = "undone"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    GIVEN_UP = "given_up"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REFUSED = "refused"
    PAUSED = "paused"
    RULES_CHANGED = "rules_changed"
    RULES_FAULTY = "rules_faulty"
    ERASED = "erased"
    RETENTION = "retention"
    CHECKPOINT = "checkpoint"
    CHECKPOINT_FAILED = "checkpoint_failed"
    REPLAY_SAME = "replay_same"  # decisions that came out the same
    REPLAY_DIFFERENT = "replay_different"  # decisions that came out differently
    EXPORTED = "exported"


CONCLUDED = (Kind.APPROVED, Kind.APPROVED_EDITED, Kind.DECLINED, Kind.SENT_BACK, Kind.EXPIRED)
"""How a proposal that was put before somebody ends; the shares of these add up to one."""
ACTED = frozenset({Kind.APPROVED, Kind.APPROVED_EDITED, Kind.UNASKED})
NOT_ACTED = frozenset({Kind.DECLINED, Kind.SENT_BACK, Kind.EXPIRED})
BY_PEOPLE = (Kind.APPROVED, Kind.APPROVED_EDITED, Kind.DECLINED, Kind.SENT_BACK)
OVERRIDES = (Kind.EDITED, Kind.DEFERRED, Kind.DECLINED, Kind.SENT_BACK, Kind.PASSED_ON, Kind.UNDONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """One thing that happened; *reason* is a code, *amount* is in the unit of its kind."""

    kind: Kind
    reason: str = ""
    amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """What was proposed and on what grounds; *confidence* is from 0 to 100."""

    event_at: datetime | None
    outcome: str
    action_kind: str
    stage: str
    model: str
    prompt: str
    confidence: int | None


def decile(confidence: int | None) -> int:
    """Return the tenth that a confidence of 0 to 100 falls in: 0 for 0-9, 9 for 90-100; -1 without one."""
    return NO_CONFIDENCE if confidence is None else min(confidence // 10, TOP_DECILE)
