"""What managers' figures are counted from: one row per interaction, filled from the audit as it is written.

`recommendations` has a row for every proposal, with what became of it. `interactions` has one for everything
that happened; what an interaction can be counted by stands in `interaction_groups`, whose id is a digest of
its other columns, so that a million rows group by one integer. `gifts_after` has every gift once, beside the
last decision before it. *cluster* is a digest of the household, or of a donor without one. None of it holds a
word about a donor, and what is about one goes with them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text

from storage.columns import UtcDateTime
from storage.schema.base import METADATA

RECOMMENDATIONS = Table(
    "recommendations",
    METADATA,
    Column("entry_id", Text, primary_key=True),
    Column("correlation_id", Text, nullable=False),
    Column("donor_id", Text),
    Column("at", UtcDateTime, nullable=False),
    Column("event_at", UtcDateTime),
    Column("outcome", Text, nullable=False),
    Column("action_kind", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("confidence", Integer),
    Column("escalation_id", Text),
    Column("owner", Text, nullable=False),
    Column("edited", Boolean, nullable=False),
    Column("conclusion", Text),
    Column("concluded_at", UtcDateTime),
    Column("gave_at", UtcDateTime),
    Column("replied_at", UtcDateTime),
    Column("cluster", BigInteger),
    Column("campaign_id", Text),
    Column("after_gift", Boolean),
    Index("ix_recommendations_correlation", "correlation_id"),
    Index("ix_recommendations_escalation", "escalation_id"),
    Index("ix_recommendations_donor", "donor_id", "concluded_at"),
    Index(
        "ix_recommendations_campaign",
        "campaign_id",
        "concluded_at",
        sqlite_where=text("campaign_id IS NOT NULL"),
        postgresql_where=text("campaign_id IS NOT NULL"),
    ),
    Index(
        "ix_recommendations_outcomes",
        "concluded_at",
        "conclusion",
        "action_kind",
        "owner",
        "gave_at",
        "replied_at",
        "cluster",
        "after_gift",
    ),
)

CAMPAIGNS_COUNTED = Table(
    "campaigns_counted",
    METADATA,
    Column("campaign_id", Text, primary_key=True),
    Column("campaign_name", Text, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
)

GIFTS_AFTER = Table(
    "gifts_after",
    METADATA,
    Column("event_id", Text, primary_key=True),
    Column("recommendation_id", Text, nullable=False),
    Column("donor_id", Text),
    Column("at", UtcDateTime, nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", Text),
    Index("ix_gifts_after_at", "at", "recommendation_id"),
    Index("ix_gifts_after_donor", "donor_id"),
)

INTERACTION_GROUPS = Table(
    "interaction_groups",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("action_kind", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("confidence", Integer, nullable=False),
    Index("ix_interaction_groups_kind", "kind"),
)

INTERACTIONS = Table(
    "interactions",
    METADATA,
    Column("entry_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("group_id", BigInteger, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("amount", Integer),
    Column("donor_id", Text),
    Column("escalation_id", Text),
    Index("ix_interactions_at", "at", "group_id", "amount"),
    Index("ix_interactions_donor", "donor_id"),
)

TALLIES = Table(
    "tallies",
    METADATA,
    Column("first_day", Integer, primary_key=True, autoincrement=False),
    Column("days", Integer, primary_key=True, autoincrement=False),
    Column("scope", Text, primary_key=True),
    Column("counts", Text, nullable=False),
)

OUTCOMES_COUNTED = Table(
    "outcomes_counted",
    METADATA,
    Column("scope", Text, primary_key=True),
    Column("days", Integer, primary_key=True, autoincrement=False),
    Column("counted_at", UtcDateTime, nullable=False),
    Column("shown", Text, nullable=False),
)

DASHBOARD_SESSIONS = Table(
    "dashboard_sessions",
    METADATA,
    Column("link_digest", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("session_digest", Text, unique=True),
    Column("opened_at", UtcDateTime),
    Column("seen_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Index("ix_dashboard_sessions_issued", "issued_at"),
)
