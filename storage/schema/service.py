"""The processes that run the service."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from storage.columns import UtcDateTime
from storage.schema.base import METADATA

REPLICAS = Table(
    "replicas",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("report", Text, nullable=False),
    Index("ix_replicas_seen", "seen_at"),
)
"""Who runs, since when, when last heard of, and what each reports about itself as JSON without donor data."""
