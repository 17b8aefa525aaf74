"""Records to put right."""

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
)

from policy.cleanup import CleanupState
from storage.columns import UtcDateTime
from storage.schema.base import METADATA

_CLEANUP_STATES = ", ".join(f"'{state}'" for state in CleanupState)


CLEANUP_ITEMS = Table(
    "cleanup_items",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("escalation_id", Text, ForeignKey("escalations.id")),
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
    Column("reminded_at", UtcDateTime),
    Column("answer_id", Text),
    CheckConstraint(f"state IN ({_CLEANUP_STATES})", name="state"),
    Index("ix_cleanup_items_state", "state", "asked_at"),
    Index("ix_cleanup_items_escalation", "escalation_id"),
    Index("ix_cleanup_items_donor", "donor_id"),
    Index("ix_cleanup_items_answer", "answer_id"),
)
