"""Versions of a proposal that somebody wrote and had checked, kept until they are approved or forgotten."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, insert, select

from policy.actions import ACTION, Action
from policy.canonical import canonical_json
from storage.schema import EDITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """One checked version: made from the escalation at *revision* by the Slack user *by_user*.

    *checked* is JSON that only the use cases read: what was shown when it was checked.
    """

    id: str
    escalation_id: str
    donor_id: str
    revision: int
    by_user: str
    action: Action
    action_digest: str
    checked: bytes
    created_at: datetime


class Edits:
    """The checked versions, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, edit: Edited) -> None:
        """Store a checked version."""
        values = {field.name: getattr(edit, field.name) for field in fields(edit)}
        values["action"] = canonical_json(edit.action)
        self._connection.execute(insert(EDITS).values(values))

    def get(self, edit_id: str) -> Edited | None:
        """Return one checked version."""
        row = self._connection.execute(select(EDITS).where(EDITS.c.id == edit_id)).mappings().first()
        if row is None:
            return None
        return Edited(**{**row, "action": ACTION.validate_json(row["action"])})
