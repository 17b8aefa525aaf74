"""Decisions, where they are shown, and what people add to them."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from policy.escalation import EscalationState
from storage.columns import UtcDateTime
from storage.schema.base import METADATA

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
    Column("decided_for", Text),
    Column("for_person", Text),
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
    Index("ix_escalations_person", "for_person", "shown", "created_at"),
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


# Figures are counted from the audit log. Nothing uses this any more; the release before writes it still while
# another replica is upgraded, so only the next one may drop it.
Table(
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


GROUPINGS = Table(
    "groupings",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("route", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("channel_id", Text),
    Column("message_ts", Text),
    Column("for_person", Text),
    Index("ix_groupings_route", "route", "created_at"),
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
