"""Erasing a donor: everything that names them goes, wherever it is kept, in one transaction.

Tables are treated by what their columns are called: rows with the donor's id or with the id of one of their
decisions are deleted, and of what is about others every mention of the donor's name is struck out.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    String,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)

from policy.escalation import EscalationState
from storage.audit import Audit
from storage.mentions import Mentions
from storage.occurrences import Occurrences
from storage.one_at_a_time import one_at_a_time
from storage.outcomes_counted import OutcomesCounted
from storage.redaction import Named, Struck
from storage.schema import (
    ANSWERS,
    AUDIT_CHECKPOINTS,
    AUDIT_EXCERPTS,
    AUDIT_LOG,
    AUDIT_PAYLOADS,
    AUDIT_SUBJECTS,
    AUDIT_TREE,
    ESCALATIONS,
    FEEDBACK,
    HOMES,
    INBOX,
    LEGAL_HOLDS,
    METADATA,
    OCCURRENCES,
    OUTBOX,
    POSTS,
    SIGNING_KEYS,
)
from storage.tallies import MATTER, Tallies

_SHORTEST_NAME = 5

ELSEWHERE = (
    AUDIT_LOG,
    AUDIT_PAYLOADS,
    AUDIT_EXCERPTS,
    AUDIT_SUBJECTS,
    AUDIT_TREE,
    AUDIT_CHECKPOINTS,
    SIGNING_KEYS,
    LEGAL_HOLDS,
)
"""Tables that the audit's own erasure looks after."""

TOLD_BY = ("show_card", "show_cleanup", "show_to_stand_in", "send_answer", "post_outcome", "remind_decider")
"""What posts a message about a donor; until it is known where, the message could not be found again."""

UNDER_WAY = (EscalationState.EXECUTING, EscalationState.OUTCOME_UNKNOWN)

_QUEUES = (INBOX, OUTBOX)
_BLANK: dict[str, Any] = {
    "body": b"{}",
    "entity_key": None,
    "status": "done",
    "lease_owner": None,
    "lease_until": None,
}
_FREE_TEXT = frozenset({"body", "reason", "reason_text", "answer", "result", "event", "campaign_name"})


@dataclass(frozen=True, slots=True)
class Place:
    """A message in Slack that showed something about the donor."""

    channel_id: str
    message_ts: str


@dataclass(slots=True)
class Erased:
    """What was removed: the reference in the audit, payloads, rows by table, and messages left to redact.

    *redacted* are records about others that were rewritten, *left* those that hold the name, or a namesake's;
    *decisions* are those about others that named the donor and no longer do.
    """

    subject_ref: str | None = None
    payloads: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    grouping_ids: list[str] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    redacted: list[Struck] = field(default_factory=list)
    left: list[Named] = field(default_factory=list)

    @property
    def anything(self) -> bool:
        """Say whether there was anything to remove."""
        return self.subject_ref is not None or bool(self.rows or self.redacted)

    def count(self, table: Table, rows: int) -> None:
        """Add *rows* of *table*."""
        if rows:
            self.rows[table.name] = self.rows.get(table.name, 0) + rows


class Erasure:
    """Erases donors, in the caller's transaction."""

    def __init__(self, connection: Connection, audit: Audit) -> None:
        self._connection = connection
        self._audit = audit

    def under_way(self, donor_id: str) -> list[str]:
        """Return the decisions whose action is being written to the CRM at this moment."""
        query = select(ESCALATIONS.c.id).where(
            ESCALATIONS.c.donor_id == donor_id, ESCALATIONS.c.state.in_(UNDER_WAY)
        )
        return list(self._connection.execute(query).scalars())

    def being_told(self, donor_id: str) -> bool:
        """Say whether a message about the donor may be in Slack without our knowing where."""
        begun = or_(OUTBOX.c.status == "in_flight", and_(OUTBOX.c.status == "ready", OUTBOX.c.attempts > 0))
        query = select(OUTBOX.c.body).where(OUTBOX.c.kind.in_(TOLD_BY), begun)
        decisions = [*self._ids(ESCALATIONS, donor_id), *self._ids(ANSWERS, donor_id)]
        subjects = Mentions(self._connection.dialect.name, [donor_id, *decisions])
        return any(subjects.are_in(body) for body in self._connection.execute(query).scalars())

    def people_with_a_home(self) -> list[str]:
        """Return the Slack users whose Home tab may still show the donor."""
        return sorted(self._connection.execute(select(HOMES.c.user_id)).scalars())

    def donor_ids(self) -> set[str]:
        """Return every donor that rows are kept about."""
        found: set[str] = set()
        for table in METADATA.sorted_tables:
            if "donor_id" in table.c and table not in ELSEWHERE:
                query = select(table.c.donor_id).where(table.c.donor_id.is_not(None)).distinct()
                found.update(self._connection.execute(query).scalars())
        return found

    def names_of(self, donor_id: str) -> set[str]:
        """Return the names and addresses by which stored texts call the donor."""
        found: set[str] = set()
        for table in METADATA.sorted_tables:
            if "donor_id" not in table.c or table in ELSEWHERE:
                continue
            bodies = [column for column in table.c if isinstance(column.type, LargeBinary)]
            if bodies:
                rows = self._connection.execute(select(*bodies).where(table.c.donor_id == donor_id))
                for body in (part for row in rows for part in row if part):
                    found.update(_names(_json(bytes(body)), donor_id))
        return {name for name in found if len(name) >= _SHORTEST_NAME}

    def erase(self, donor_id: str, names: Collection[str], now: datetime) -> Erased:
        """Remove everything about the donor; *names* are how texts about others may call them."""
        erased = Erased()
        correlations = frozenset(self._correlations(donor_id))
        decisions = self._ids(ESCALATIONS, donor_id)
        subjects = [*decisions, *self._ids(ANSWERS, donor_id)]
        mentions = Mentions(self._connection.dialect.name, [donor_id, *decisions, *names])
        one_at_a_time(self._connection, MATTER)
        Tallies(self._connection).drop_of(donor_id)
        OutcomesCounted(self._connection).forget(now)
        for queue in _QUEUES:
            self._blank(erased, queue, mentions, correlations, now)
        self._delete_rows(erased, donor_id, decisions, subjects)
        erased.count(OCCURRENCES, Occurrences(self._connection).forget_donor(donor_id))
        self._strike_out(erased, Mentions(self._connection.dialect.name, [donor_id, *names]))
        gone = self._audit.erase(donor_id)
        if gone:
            erased.subject_ref, erased.payloads = gone.ref, gone.payloads
        return erased

    def _ids(self, table: Table, donor_id: str) -> list[str]:
        return list(
            self._connection.execute(select(table.c.id).where(table.c.donor_id == donor_id)).scalars()
        )

    def _correlations(self, donor_id: str) -> list[str]:
        ref = select(AUDIT_SUBJECTS.c.subject_ref).where(AUDIT_SUBJECTS.c.donor_id == donor_id)
        query = select(AUDIT_LOG.c.correlation_id).where(AUDIT_LOG.c.subject_ref == ref.scalar_subquery())
        return list(self._connection.execute(query.distinct()).scalars())

    def _blank(
        self, erased: Erased, table: Table, mentions: Mentions, correlations: frozenset[str], now: datetime
    ) -> None:
        """Empty what waits or was done, but keep the row: that it was seen must not be forgotten."""
        columns = (table.c.body, table.c.entity_key)
        query = select(table.c.position, table.c.status, table.c.correlation_id, *columns)
        of_the_donor = table.c.correlation_id.in_(correlations)
        for position, status, correlation_id, *texts in self._connection.execute(
            query.where(or_(of_the_donor, mentions.likely_in(columns)))
        ).all():
            over = status in ("done", "dead") and correlation_id in correlations
            if over or any(map(mentions.are_in, texts)):
                blank = _BLANK | {"finished_at": func.coalesce(table.c.finished_at, now)}
                self._connection.execute(update(table).where(table.c.position == position).values(blank))
                erased.count(table, 1)

    def _delete_rows(
        self, erased: Erased, donor_id: str, decisions: Collection[str], subjects: Collection[str]
    ) -> None:
        for table in reversed(METADATA.sorted_tables):
            concerned = _about(table, donor_id, decisions, subjects)
            if table in ELSEWHERE or table in _QUEUES or concerned is None:
                continue
            erased.places += self._places(table, concerned)
            if table is ESCALATIONS:
                erased.grouping_ids += self._groupings(concerned)
            erased.count(table, self._connection.execute(delete(table).where(concerned)).rowcount)

    def _places(self, table: Table, concerned: ColumnElement[bool]) -> list[Place]:
        if "message_ts" not in table.c or "channel_id" not in table.c:
            return []
        query = select(table.c.channel_id, table.c.message_ts).where(
            concerned, table.c.message_ts.is_not(None)
        )
        return [Place(*row) for row in self._connection.execute(query)]

    def _groupings(self, concerned: ColumnElement[bool]) -> list[str]:
        grouped = ESCALATIONS.c.grouping_id
        return list(
            self._connection.execute(
                select(grouped).where(concerned, grouped.is_not(None)).distinct()
            ).scalars()
        )

    def _strike_out(self, erased: Erased, mentions: Mentions) -> None:
        """Strike the donor out of what is kept about others."""
        for table in METADATA.sorted_tables:
            columns = [column for column in table.c if _holds_text(column)]
            if columns and table not in ELSEWHERE and table not in _QUEUES:
                self._rewrite(erased, table, columns, mentions)

    def _shown(self, answer_id: str) -> list[Place]:
        """Return where an answer that names several donors was posted."""
        return self._places(POSTS, POSTS.c.subject_id == answer_id)

    def _rewrite(self, erased: Erased, table: Table, columns: list[Column[Any]], mentions: Mentions) -> None:
        keys = list(table.primary_key.columns)
        query = select(*keys, *columns).where(mentions.likely_in(columns))
        for row in self._connection.execute(query).mappings().all():
            if not any(mentions.are_in(row[column.name]) for column in columns):
                continue
            here = [key == row[key.name] for key in keys]
            if table is ANSWERS:
                erased.places += self._shown(row["id"])
                self._connection.execute(delete(table).where(*here))
            else:
                without = {column.name: mentions.struck_out(row[column.name]) for column in columns}
                self._connection.execute(update(table).where(*here).values(without))
                erased.decisions += [row["id"]] if table is ESCALATIONS else []
            erased.count(table, 1)


def _about(
    table: Table, donor_id: str, decisions: Collection[str], subjects: Collection[str]
) -> ColumnElement[bool] | None:
    """Return the condition for rows that are the donor's own; None where there are no such rows."""
    if "donor_id" in table.c:
        return table.c.donor_id == donor_id
    if "escalation_id" in table.c:
        return table.c.escalation_id.in_(decisions)
    return FEEDBACK.c.subject_id.in_(subjects) if table is FEEDBACK else None


def _holds_text(column: Column[Any]) -> bool:
    is_text = isinstance(column.type, String) and column.name in _FREE_TEXT
    return is_text or isinstance(column.type, LargeBinary)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _names(value: Any, donor_id: str) -> Iterator[str]:
    """Yield how the objects that carry the donor's id call them."""
    if isinstance(value, dict):
        if value.get("id") == donor_id:
            yield from _texts(value.get(key) for key in ("name", "email", "phone"))
        for part in value.values():
            yield from _names(part, donor_id)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part, donor_id)


def _texts(values: Iterable[Any]) -> Iterator[str]:
    return (value for value in values if isinstance(value, str) and value)
