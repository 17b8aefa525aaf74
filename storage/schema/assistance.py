"""What models were asked and cost, how their texts held up, and which of them may be used."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from storage.columns import UtcDateTime
from storage.schema.base import METADATA

MODEL_CALLS = Table(
    "model_calls",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("use", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_micros", BigInteger, nullable=False),
    Column("latency_ms", Integer, nullable=False),
    Index("ix_model_calls_at", "at"),
)


CHECKED_TEXTS = Table(
    "checked_texts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Index("ix_checked_texts_at", "at"),
)


JUDGEMENTS = Table(
    "judgements",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("escalation_id", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("action_kind", Text, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("score", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Index("ix_judgements_at", "at"),
    Index("ix_judgements_scores", "action_kind", "score", "accepted", "at"),
    Index("ix_judgements_latest", "action_kind", "at"),
    Index("ix_judgements_escalation", "escalation_id"),
)


PROMOTIONS = Table(
    "promotions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("use", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt_version", Text, nullable=False),
    Column("promoted_by", Text, nullable=False),
    Column("report", LargeBinary, nullable=False),
    Index("ix_promotions_use", "use", "model", "at"),
)


DRIFT_ALARMS = Table(
    "drift_alarms",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("measure", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", Text),
    Column("choices", LargeBinary),
    Column("channel_id", Text),
    Column("message_ts", Text),
    Column("revision", Integer, nullable=False, server_default="1"),
    Index("ix_drift_alarms_kind", "measure", "kind", "at"),
)
