"""What waits to be done, and what was posted and answered."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    text,
)

from storage.columns import POSITION, UtcDateTime
from storage.schema.base import METADATA

_UNFINISHED = text("status IN ('ready', 'in_flight')")
_FINISHED = text("status IN ('done', 'dead')")
_IN_FLIGHT = text("status = 'in_flight'")


def _queue(name: str, *own: Column[str] | UniqueConstraint) -> Table:
    """Build a table of leased work; *own* is what tells this queue from the other."""
    position = Column("position", POSITION, primary_key=True, autoincrement=True)
    known = Column("id", Text, nullable=False, unique=True)
    parts = (*_item(), *_lease(), *_states(), *_indexes(name))
    return Table(name, METADATA, position, known, *own, *parts)


def _item() -> tuple[Column[Any], ...]:
    """Return what an item is, from its arrival on."""
    return (
        Column("kind", Text, nullable=False),
        Column("entity_key", Text),
        Column("body", LargeBinary, nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("priority", Integer, nullable=False),
    )


def _lease() -> tuple[Column[Any], ...]:
    """Return how an item stands, and who works on it until when."""
    return (
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
    )


def _states() -> tuple[CheckConstraint, ...]:
    return (
        CheckConstraint("status IN ('ready', 'in_flight', 'done', 'dead')", name="status"),
        CheckConstraint("(status = 'in_flight') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("(status IN ('done', 'dead')) = (finished_at IS NOT NULL)", name="finished"),
    )


def _indexes(name: str) -> tuple[Index, ...]:
    """Return what claims, single flight and the clearing away of old items are found by."""

    def partial(suffix: str, where: TextClause, *columns: str) -> Index:
        return Index(f"ix_{name}_{suffix}", *columns, sqlite_where=where, postgresql_where=where)

    single_flight = Index(
        f"uq_{name}_single_flight",
        "entity_key",
        unique=True,
        sqlite_where=_IN_FLIGHT,
        postgresql_where=_IN_FLIGHT,
    )
    return (
        partial("claimable", _UNFINISHED, "priority", "first_due_at", "position"),
        partial("entity", _UNFINISHED, "entity_key", "first_due_at", "position"),
        single_flight,
        partial("finished", _FINISHED, "status", "finished_at"),
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


HOMES = Table(
    "homes",
    METADATA,
    Column("user_id", Text, primary_key=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("shown_digest", Text),
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
