"""The tables, as the newest migration leaves them."""

from __future__ import annotations

from typing import get_args

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from policy.cleanup import CleanupState
from policy.decision_facts import Capability
from policy.escalation import EscalationState
from storage.columns import POSITION, UtcDateTime

HEAD = "0008"
"""The newest migration, known without loading the migration library."""

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_UNFINISHED = text("status IN ('ready', 'in_flight')")
_FINISHED = text("status IN ('done', 'dead')")
_IN_FLIGHT = text("status = 'in_flight'")


def _queue(name: str, *own: Column[str] | UniqueConstraint) -> Table:
    """Build a table of leased work; *own* is what tells this queue from the other."""
    return Table(
        name,
        METADATA,
        Column("position", POSITION, primary_key=True, autoincrement=True),
        Column("id", Text, nullable=False, unique=True),
        *own,
        Column("kind", Text, nullable=False),
        Column("entity_key", Text),
        Column("body", LargeBinary, nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("priority", Integer, nullable=False),
        Column("status", Text, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("fence", BigInteger, nullable=False),
        Column("received_at", UtcDateTime, nullable=False),
        Column("first_due_at", UtcDateTime, nullable=False),
        Column("available_at", UtcDateTime, nullable=False),
        Column("first_attempt_at", UtcDateTime),
        Column("lease_owner", Text),
        Column("lease_until", UtcDateTime),
        Column("finished_at", UtcDateTime),
        Column("last_error", Text),
        CheckConstraint("status IN ('ready', 'in_flight', 'done', 'dead')", name="status"),
        CheckConstraint("(status = 'in_flight') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("(status IN ('done', 'dead')) = (finished_at IS NOT NULL)", name="finished"),
        Index(
            f"ix_{name}_claimable",
            "priority",
            "first_due_at",
            "position",
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
        Index(
            f"ix_{name}_entity",
            "entity_key",
            "first_due_at",
            "position",
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
        Index(
            f"uq_{name}_single_flight",
            "entity_key",
            unique=True,
            sqlite_where=_IN_FLIGHT,
            postgresql_where=_IN_FLIGHT,
        ),
        Index(
            f"ix_{name}_finished",
            "status",
            "finished_at",
            sqlite_where=_FINISHED,
            postgresql_where=_FINISHED,
        ),
    )


INBOX = _queue(
    "inbox",
    Column("source", Text, nullable=False),
    Column("dedupe_key", Text, nullable=False),
    UniqueConstraint("source", "dedupe_key"),
)

OUTBOX = _queue(
    "outbox",
    Column("idem_key", Text, nullable=False),
    Column("result", Text),
    UniqueConstraint("idem_key"),
)

_STATES = ", ".join(f"'{state}'" for state in EscalationState)

ESCALATIONS = Table(
    "escalations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("donor_id", Text, nullable=False),
    Column("household_id", Text),
    Column("owner_id", Text),
    Column("state", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("action", LargeBinary, nullable=False),
    Column("action_digest", Text, nullable=False),
    Column("card", LargeBinary, nullable=False),
    Column("decision_facts", LargeBinary, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("requires", LargeBinary, nullable=False),
    Column("channel_id", Text),
    Column("message_ts", Text),
    Column("route", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("moved_at", UtcDateTime, nullable=False),
    Column("deferred_until", UtcDateTime),
    Column("decided_by", Text),
    Column("decided_by_name", Text),
    Column("decided_at", UtcDateTime),
    Column("execution_ref", Text),
    Column("outcome", LargeBinary),
    Column("correlation_id", Text, nullable=False),
    Column("trigger_id", Text),
    Column("fold_key", Text),
    Column("trigger", LargeBinary),
    Column("reason_code", Text),
    Column("reason_text", Text),
    Column("successor_id", Text),
    Column("replaces", Text),
    Column("grouping_id", Text),
    Column("permalink", Text),
    Column("about", LargeBinary),
    Column("shown", Text, nullable=False, server_default="card"),
    UniqueConstraint("channel_id", "message_ts"),
    CheckConstraint(f"state IN ({_STATES})", name="state"),
    CheckConstraint("state <> 'executed' OR execution_ref IS NOT NULL", name="executed_has_ref"),
    CheckConstraint("state <> 'deferred' OR deferred_until IS NOT NULL", name="deferred_has_date"),
    Index("ix_escalations_donor", "donor_id", "state"),
    Index("ix_escalations_owner", "owner_id", "state", "due_at"),
    Index("ix_escalations_due", "state", "due_at"),
    Index("ix_escalations_created", "created_at"),
    Index("ix_escalations_decided", "decided_at"),
    Index("ix_escalations_fold", "fold_key", "state"),
    Index("ix_escalations_correlation", "correlation_id"),
    Index("ix_escalations_successor", "successor_id"),
    Index("ix_escalations_household", "household_id", "state"),
    Index("ix_escalations_route", "route", "shown", "created_at"),
    Index("ix_escalations_grouping", "grouping_id"),
)

CARD_PLACES = Table(
    "card_places",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("escalation_id", Text, ForeignKey("escalations.id"), nullable=False),
    Column("channel_id", Text, nullable=False),
    Column("message_ts", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("shown_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_why", Text),
    UniqueConstraint("channel_id", "message_ts"),
    Index("ix_card_places_escalation", "escalation_id"),
)

OVERRIDES = Table(
    "overrides",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("escalation_id", Text, ForeignKey("escalations.id"), nullable=False),
    Column("override", Text, nullable=False),
    Column("reason", Text),
    Column("by_user", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_overrides_at", "at"),
)

_CLEANUP_STATES = ", ".join(f"'{state}'" for state in CleanupState)

CLEANUP_ITEMS = Table(
    "cleanup_items",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("escalation_id", Text, ForeignKey("escalations.id"), nullable=False),
    Column("donor_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("card", LargeBinary, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("answered_by", Text),
    Column("answered_by_name", Text),
    Column("answered_at", UtcDateTime),
    Column("answer", Text),
    Column("route", Text, nullable=False),
    Column("channel_id", Text),
    Column("message_ts", Text),
    Column("revision", Integer, nullable=False),
    Column("correlation_id", Text, nullable=False),
    CheckConstraint(f"state IN ({_CLEANUP_STATES})", name="state"),
    Index("ix_cleanup_items_state", "state", "asked_at"),
    Index("ix_cleanup_items_escalation", "escalation_id"),
    Index("ix_cleanup_items_donor", "donor_id"),
)

GROUPINGS = Table(
    "groupings",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("channel_id", Text),
    Column("message_ts", Text),
    Index("ix_groupings_route", "route", "created_at"),
)

HOMES = Table(
    "homes",
    METADATA,
    Column("user_id", Text, primary_key=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("shown_digest", Text),
)

_UNSEALED = text("seq IS NULL")
_REMOVAL = text("kind IN ('donor.erased', 'retention.applied')")

AUDIT_LOG = Table(
    "audit_log",
    METADATA,
    Column("position", POSITION, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("subject_ref", Text),
    Column("actor", Text, nullable=False),
    Column("commitment", Text, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("seq", BigInteger, unique=True),
    Column("prev_hash", LargeBinary),
    Column("hash", LargeBinary),
    CheckConstraint(
        "(seq IS NULL) = (hash IS NULL) AND (seq IS NULL) = (prev_hash IS NULL)", name="sealed_whole"
    ),
    Index("ix_audit_log_unsealed", "position", sqlite_where=_UNSEALED, postgresql_where=_UNSEALED),
    Index("ix_audit_log_subject", "subject_ref", "at"),
    Index("ix_audit_log_correlation", "correlation_id"),
    Index("ix_audit_log_at", "at"),
    Index("ix_audit_log_removals", "position", sqlite_where=_REMOVAL, postgresql_where=_REMOVAL),
)

NOBODY = "@nobody"
"""The donor id under which the key for entries about no donor is kept."""

AUDIT_SUBJECTS = Table(
    "audit_subjects",
    METADATA,
    Column("donor_id", Text, primary_key=True),
    Column("subject_ref", Text, nullable=False, unique=True),
    Column("key", LargeBinary, nullable=False),
    Column("master_id", Text),
    Index("ix_audit_subjects_master", "master_id"),
)

AUDIT_PAYLOADS = Table(
    "audit_payloads",
    METADATA,
    Column("entry_id", Text, ForeignKey("audit_log.id"), primary_key=True),
    Column("subject_ref", Text, nullable=False),
    Column("alg", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

AUDIT_TREE = Table(
    "audit_tree",
    METADATA,
    Column("level", Integer, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
)
"""Roots of complete subtrees over 256 to the power of *level* leaves; the leaves' own are in the log."""

AUDIT_CHECKPOINTS = Table(
    "audit_checkpoints",
    METADATA,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

SIGNING_KEYS = Table(
    "signing_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("public", LargeBinary, nullable=False),
    Column("private", LargeBinary, nullable=False),
    Column("master_id", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("signs_until", UtcDateTime),
)

LEGAL_HOLDS = Table(
    "legal_holds",
    METADATA,
    Column("donor_id", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
)

POSTS = Table(
    "posts",
    METADATA,
    Column("channel_id", Text, primary_key=True),
    Column("message_ts", Text, primary_key=True),
    Column("subject_id", Text, nullable=False),
    Column("donor_id", Text),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_posts_donor", "donor_id"),
    Index("ix_posts_subject", "subject_id"),
)
"""Messages in Slack that name a donor; *subject_id* is the answer they show."""

ANSWERS = Table(
    "answers",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("donor_id", Text),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("shared_to", Text),
    Index("ix_answers_created", "created_at"),
    Index("ix_answers_donor", "donor_id"),
)

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("subject_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Index("ix_feedback_at", "at"),
)

OCCURRENCES = Table(
    "occurrences",
    METADATA,
    Column("schedule_id", Text, primary_key=True),
    Column("period_key", Text, primary_key=True),
    Column("claimed_at", UtcDateTime, nullable=False),
)

SETTINGS = Table(
    "settings",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

EDITS = Table(
    "edits",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("escalation_id", Text, nullable=False),
    Column("donor_id", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("by_user", Text, nullable=False),
    Column("action", LargeBinary, nullable=False),
    Column("action_digest", Text, nullable=False),
    Column("checked", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_edits_escalation", "escalation_id"),
    Index("ix_edits_donor", "donor_id"),
    Index("ix_edits_created", "created_at"),
)

CARD_SHOWINGS = Table(
    "card_showings",
    METADATA,
    Column("escalation_id", Text, primary_key=True),
    Column("content", Text, primary_key=True),
    Column("words", Integer, nullable=False),
    Column("shown_at", UtcDateTime, nullable=False),
)

LOOKS = Table(
    "looks",
    METADATA,
    Column("escalation_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

CONSIDERATIONS = Table(
    "considerations",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("escalation_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("action_kind", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("seconds", Integer),
    Column("words", Integer),
    Column("looked", Boolean, nullable=False),
    Column("words_changed", Integer),
    Column("faster", Boolean, nullable=False),
    Column("told", Boolean, nullable=False),
    Index("ix_considerations_user", "user_id", "at"),
    Index("ix_considerations_at", "at"),
)

_CAPABILITIES = ", ".join(f"'{capability}'" for capability in get_args(Capability))

PAUSES = Table(
    "pauses",
    METADATA,
    Column("capability", Text, primary_key=True),
    Column("change_id", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    CheckConstraint(f"capability IN ({_CAPABILITIES})", name="capability"),
)

POLICY_VERSIONS = Table(
    "policy_versions",
    METADATA,
    Column("version", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_digest", Text, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
)

_IN_FORCE = text("state = 'in_force'")

POLICY_PROPOSALS = Table(
    "policy_proposals",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("version", Text, ForeignKey("policy_versions.version"), nullable=False),
    Column("base_version", Text),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("author", Text, nullable=False),
    Column("people_needed", Integer, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Column("approvals", LargeBinary, nullable=False),
    Column("proposed_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("decided_by_name", Text),
    Column("retired_at", UtcDateTime),
    Column("channel_id", Text),
    Column("message_ts", Text),
    Column("correlation_id", Text, nullable=False),
    CheckConstraint("state IN ('proposed', 'in_force', 'retired', 'rejected', 'withdrawn')", name="state"),
    Index(
        "uq_policy_proposals_in_force",
        "state",
        unique=True,
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    ),
    Index("ix_policy_proposals_proposed", "proposed_at"),
)

POLICY_SHADOW = Table(
    "policy_shadow",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("candidate", Text, nullable=False),
    Column("in_force", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("candidate_outcome", Text),
    Column("agrees", Boolean, nullable=False),
    Column("details", LargeBinary, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Index("ix_policy_shadow_candidate", "candidate", "agrees", "at"),
)

ABSENCES = Table(
    "absences",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("delegate_email", Text),
    Column("delegate_name", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    CheckConstraint("starts_at < ends_at", name="starts_first"),
    Index("ix_absences_email", "email", "ends_at"),
    Index("ix_absences_ends", "ends_at"),
)

REMINDERS = Table(
    "reminders",
    METADATA,
    Column("escalation_id", Text, ForeignKey("escalations.id"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("planned_at", UtcDateTime, primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
    Column("given_at", UtcDateTime),
    Index("ix_reminders_person", "person", "given_at"),
)

AWAITED_EVENTS = Table(
    "awaited_events",
    METADATA,
    Column("escalation_id", Text, ForeignKey("escalations.id"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    CheckConstraint("kind IN ('next_gift', 'next_reply', 'campaign_end')", name="kind"),
    Index("ix_awaited_events_subject", "subject_id", "kind"),
)
