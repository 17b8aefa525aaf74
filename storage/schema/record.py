"""The audit log, its payloads and excerpts, tree, checkpoints, keys and holds."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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

from storage.columns import POSITION, UtcDateTime
from storage.schema.base import METADATA

_UNSEALED = text("seq IS NULL")


ERASED, RETENTION_OVER = "donor.erased", "retention.applied"
REDACTED, DECLARED = "payload.redacted", "restore.declared"
EXPLAINING = (ERASED, REDACTED, DECLARED, RETENTION_OVER)
"""Kinds of entry that explain what verification finds missing; their own payloads are kept for ever."""


_EXPLAINING = text(f"kind IN ({', '.join(map(repr, EXPLAINING))})")


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
    Index("ix_audit_log_explaining", "position", sqlite_where=_EXPLAINING, postgresql_where=_EXPLAINING),
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


AUDIT_EXCERPTS = Table(
    "audit_excerpts",
    METADATA,
    Column("entry_id", Text, ForeignKey("audit_payloads.entry_id", ondelete="CASCADE"), primary_key=True),
    Column("form", Text, nullable=False),
    Column("alg", Text, nullable=False),
    Column("excerpt", LargeBinary, nullable=False),
)
"""The part of a payload that is gone through by the hundred thousand; it goes when the payload goes."""


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


ERASURES_DONE = Table(
    "erasures_done",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
"""Lines of the list of erasures, kept outside of the database, that this database has seen to."""


LEGAL_HOLDS = Table(
    "legal_holds",
    METADATA,
    Column("donor_id", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("placed_at", UtcDateTime, nullable=False),
)
