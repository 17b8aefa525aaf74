"""Queues, escalations, audit log, answers, schedule occurrences and settings."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TIMESTAMP

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger().with_variant(TIMESTAMP(timezone=True), "postgresql")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

UNFINISHED = sa.text("status IN ('ready', 'in_flight')")
FINISHED = sa.text("status IN ('done', 'dead')")
IN_FLIGHT = sa.text("status = 'in_flight'")
UNSEALED = sa.text("seq IS NULL")

ESCALATION_STATES = (
    "'open', 'deferred', 'escalated', 'approved', 'executing', 'executed', 'outcome_unknown', 'failed', "
    "'undone', 'sent_back', 'declined', 'expired', 'superseded'"
)
NEVER_CHANGING = (
    "position",
    "id",
    "at",
    "kind",
    "correlation_id",
    "subject_ref",
    "actor",
    "commitment",
    "leaf",
    "leaf_hash",
)
TABLES = (
    "settings",
    "occurrences",
    "feedback",
    "answers",
    "audit_payloads",
    "audit_subjects",
    "audit_log",
    "escalations",
    "outbox",
    "inbox",
)


def upgrade() -> None:
    """Create everything."""
    _queue(
        "inbox",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.UniqueConstraint("source", "dedupe_key", name=op.f("uq_inbox_source_dedupe_key")),
    )
    _queue(
        "outbox",
        sa.Column("idem_key", sa.Text(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.UniqueConstraint("idem_key", name=op.f("uq_outbox_idem_key")),
    )
    _escalations()
    _audit()
    _answers()
    _small()
    if op.get_bind().dialect.name == "postgresql":
        _append_only_on_postgresql()
    else:
        _append_only_on_sqlite()


def downgrade() -> None:
    """Drop everything."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_log_is_append_only()")


def _queue(name: str, *own: Any) -> None:
    op.create_table(
        name,
        sa.Column("position", POSITION, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        *own,
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entity_key", sa.Text()),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("first_due_at", MOMENT, nullable=False),
        sa.Column("available_at", MOMENT, nullable=False),
        sa.Column("first_attempt_at", MOMENT),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.Column("last_error", sa.Text()),
        sa.PrimaryKeyConstraint("position", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("id", name=op.f(f"uq_{name}_id")),
        sa.CheckConstraint(
            "status IN ('ready', 'in_flight', 'done', 'dead')", name=op.f(f"ck_{name}_status")
        ),
        sa.CheckConstraint(
            "(status = 'in_flight') = (lease_until IS NOT NULL)", name=op.f(f"ck_{name}_lease")
        ),
        sa.CheckConstraint(
            "(status IN ('done', 'dead')) = (finished_at IS NOT NULL)", name=op.f(f"ck_{name}_finished")
        ),
    )
    _partial_index(f"ix_{name}_claimable", name, ["priority", "first_due_at", "position"], UNFINISHED)
    _partial_index(f"ix_{name}_entity", name, ["entity_key", "first_due_at", "position"], UNFINISHED)
    _partial_index(f"uq_{name}_single_flight", name, ["entity_key"], IN_FLIGHT, unique=True)
    _partial_index(f"ix_{name}_finished", name, ["status", "finished_at"], FINISHED)


def _partial_index(
    name: str, table: str, columns: list[str], where: sa.TextClause, *, unique: bool = False
) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _escalations() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("donor_id", sa.Text(), nullable=False),
        sa.Column("household_id", sa.Text()),
        sa.Column("owner_id", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sa.LargeBinary(), nullable=False),
        sa.Column("action_digest", sa.Text(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.Column("decision_facts", sa.LargeBinary(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("requires", sa.LargeBinary(), nullable=False),
        sa.Column("channel_id", sa.Text()),
        sa.Column("message_ts", sa.Text()),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("moved_at", MOMENT, nullable=False),
        sa.Column("deferred_until", MOMENT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_by_name", sa.Text()),
        sa.Column("decided_at", MOMENT),
        sa.Column("execution_ref", sa.Text()),
        sa.Column("outcome", sa.LargeBinary()),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("trigger_id", sa.Text()),
        sa.Column("fold_key", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
        sa.UniqueConstraint("channel_id", "message_ts", name=op.f("uq_escalations_channel_id_message_ts")),
        sa.CheckConstraint(f"state IN ({ESCALATION_STATES})", name=op.f("ck_escalations_state")),
        sa.CheckConstraint(
            "state <> 'executed' OR execution_ref IS NOT NULL", name=op.f("ck_escalations_executed_has_ref")
        ),
        sa.CheckConstraint(
            "state <> 'deferred' OR deferred_until IS NOT NULL", name=op.f("ck_escalations_deferred_has_date")
        ),
    )
    op.create_index("ix_escalations_donor", "escalations", ["donor_id", "state"])
    op.create_index("ix_escalations_owner", "escalations", ["owner_id", "state", "due_at"])
    op.create_index("ix_escalations_due", "escalations", ["state", "due_at"])
    op.create_index("ix_escalations_created", "escalations", ["created_at"])
    op.create_index("ix_escalations_decided", "escalations", ["decided_at"])
    op.create_index("ix_escalations_fold", "escalations", ["fold_key", "state"])


def _audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("position", POSITION, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("commitment", sa.Text(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("seq", sa.BigInteger()),
        sa.Column("prev_hash", sa.LargeBinary()),
        sa.Column("hash", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("id", name=op.f("uq_audit_log_id")),
        sa.UniqueConstraint("seq", name=op.f("uq_audit_log_seq")),
        sa.CheckConstraint(
            "(seq IS NULL) = (hash IS NULL) AND (seq IS NULL) = (prev_hash IS NULL)",
            name=op.f("ck_audit_log_sealed_whole"),
        ),
    )
    _partial_index("ix_audit_log_unsealed", "audit_log", ["position"], UNSEALED)
    op.create_index("ix_audit_log_subject", "audit_log", ["subject_ref", "at"])
    op.create_index("ix_audit_log_correlation", "audit_log", ["correlation_id"])
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    op.create_table(
        "audit_subjects",
        sa.Column("donor_id", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("donor_id", name=op.f("pk_audit_subjects")),
        sa.UniqueConstraint("subject_ref", name=op.f("uq_audit_subjects_subject_ref")),
    )
    op.create_table(
        "audit_payloads",
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("subject_ref", sa.Text(), nullable=False),
        sa.Column("alg", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_payloads")),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_log.id"], name=op.f("fk_audit_payloads_entry_id")),
    )
    op.create_index("ix_audit_payloads_subject", "audit_payloads", ["subject_ref"])


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("donor_id", sa.Text()),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("shared_to", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
    )
    op.create_index("ix_answers_created", "answers", ["created_at"])
    op.create_index("ix_answers_donor", "answers", ["donor_id"])
    op.create_table(
        "feedback",
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "user_id", name=op.f("pk_feedback")),
    )
    op.create_index("ix_feedback_at", "feedback", ["at"])


def _small() -> None:
    op.create_table(
        "occurrences",
        sa.Column("schedule_id", sa.Text(), nullable=False),
        sa.Column("period_key", sa.Text(), nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("schedule_id", "period_key", name=op.f("pk_occurrences")),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )


def _append_only_on_sqlite() -> None:
    changed = " OR ".join(f'NEW."{column}" IS NOT OLD."{column}"' for column in NEVER_CHANGING)
    op.execute(
        "CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log "
        f"WHEN OLD.seq IS NOT NULL OR NEW.seq IS NULL OR {changed} "
        "BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log "
        "BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END"
    )


def _append_only_on_postgresql() -> None:
    op.execute(
        """
        CREATE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND OLD.seq IS NULL AND NEW.seq IS NOT NULL
               AND to_jsonb(NEW) - '{seq,prev_hash,hash}'::text[]
                   = to_jsonb(OLD) - '{seq,prev_hash,hash}'::text[] THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION 'audit_log is append-only';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_log_rows BEFORE UPDATE OR DELETE ON audit_log "
        "FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER audit_log_truncate BEFORE TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_append_only()"
    )
