"""Pauses, versions of the rules, and proposals to change them."""

from __future__ import annotations

from typing import get_args

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from policy.decision_facts import Capability
from storage.columns import UtcDateTime
from storage.schema.base import METADATA

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
