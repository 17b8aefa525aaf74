"""Who was asked how far they trust the suggestions, and what they answered; for sums alone."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint

from storage.columns import UtcDateTime
from storage.schema.base import METADATA

PULSES = Table(
    "pulses",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("month", Text, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("answer", Integer),
    Column("ended_at", UtcDateTime),
    CheckConstraint("answer BETWEEN 1 AND 5", name="answer"),
    UniqueConstraint("person", "month"),
    Index("ix_pulses_ended", "ended_at"),
)

PULSE_REFUSALS = Table(
    "pulse_refusals",
    METADATA,
    Column("person", Text, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)
