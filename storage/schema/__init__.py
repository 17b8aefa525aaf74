"""The tables, as the newest migration leaves them."""

from __future__ import annotations

from storage.schema.assistance import (
    CHECKED_TEXTS,
    DRIFT_ALARMS,
    JUDGEMENTS,
    MODEL_CALLS,
    PROMOTIONS,
)
from storage.schema.base import HEAD, METADATA
from storage.schema.cleanup import CLEANUP_ITEMS
from storage.schema.considering import CARD_SHOWINGS, CONSIDERATIONS, LOOKS
from storage.schema.counting import (
    CAMPAIGNS_COUNTED,
    DASHBOARD_SESSIONS,
    GIFTS_AFTER,
    INTERACTION_GROUPS,
    INTERACTIONS,
    OUTCOMES_COUNTED,
    RECOMMENDATIONS,
    TALLIES,
)
from storage.schema.decisions import (
    ABSENCES,
    AWAITED_EVENTS,
    CARD_PLACES,
    EDITS,
    ESCALATIONS,
    FEEDBACK,
    GROUPINGS,
    REMINDERS,
)
from storage.schema.practice import DRILL_MEMBERS, DRILLS, PRACTICE_ANSWERS
from storage.schema.pulse import PULSE_REFUSALS, PULSES
from storage.schema.record import (
    AUDIT_CHECKPOINTS,
    AUDIT_EXCERPTS,
    AUDIT_LOG,
    AUDIT_PAYLOADS,
    AUDIT_SUBJECTS,
    AUDIT_TREE,
    DECLARED,
    ERASED,
    ERASURES_DONE,
    EXPLAINING,
    LEGAL_HOLDS,
    NOBODY,
    REDACTED,
    RETENTION_OVER,
    SIGNING_KEYS,
)
from storage.schema.rules import PAUSES, POLICY_PROPOSALS, POLICY_SHADOW, POLICY_VERSIONS
from storage.schema.service import REPLICAS
from storage.schema.work import ANSWERS, HOMES, INBOX, OCCURRENCES, OUTBOX, POSTS, SETTINGS

__all__ = [
    "ABSENCES",
    "ANSWERS",
    "AUDIT_CHECKPOINTS",
    "AUDIT_EXCERPTS",
    "AUDIT_LOG",
    "AUDIT_PAYLOADS",
    "AUDIT_SUBJECTS",
    "AUDIT_TREE",
    "AWAITED_EVENTS",
    "CAMPAIGNS_COUNTED",
    "CARD_PLACES",
    "CARD_SHOWINGS",
    "CHECKED_TEXTS",
    "CLEANUP_ITEMS",
    "CONSIDERATIONS",
    "DASHBOARD_SESSIONS",
    "DECLARED",
    "DRIFT_ALARMS",
    "DRILLS",
    "DRILL_MEMBERS",
    "EDITS",
    "ERASED",
    "ERASURES_DONE",
    "ESCALATIONS",
    "EXPLAINING",
    "FEEDBACK",
    "GIFTS_AFTER",
    "GROUPINGS",
    "HEAD",
    "HOMES",
    "INBOX",
    "INTERACTIONS",
    "INTERACTION_GROUPS",
    "JUDGEMENTS",
    "LEGAL_HOLDS",
    "LOOKS",
    "METADATA",
    "MODEL_CALLS",
    "NOBODY",
    "OCCURRENCES",
    "OUTBOX",
    "OUTCOMES_COUNTED",
    "PAUSES",
    "POLICY_PROPOSALS",
    "POLICY_SHADOW",
    "POLICY_VERSIONS",
    "POSTS",
    "PRACTICE_ANSWERS",
    "PROMOTIONS",
    "PULSES",
    "PULSE_REFUSALS",
    "RECOMMENDATIONS",
    "REDACTED",
    "REMINDERS",
    "REPLICAS",
    "RETENTION_OVER",
    "SETTINGS",
    "SIGNING_KEYS",
    "TALLIES",
]
