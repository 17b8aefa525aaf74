"""Interactions as they are stored: each beside the group of those that are counted by the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql

from policy.counted_entries import Recorded
from policy.interactions import Interaction, Recommended, decile
from storage.columns import microseconds
from storage.schema import INTERACTION_GROUPS, INTERACTIONS
from storage.tallies import DAY, DROP_DAYS, SPAN, WEEK, covering, day_of


class CountedBy(NamedTuple):
    """What an interaction is counted by; *confidence* is its tenth."""

    kind: str
    reason: str
    person: str
    owner: str
    action_kind: str
    stage: str
    model: str
    prompt: str
    confidence: int


class _Row(NamedTuple):
    entry_id: str
    number: int
    group_id: int
    at: datetime
    amount: int | None
    donor_id: str | None
    escalation_id: str | None


def counted_by(happened: Interaction, person: str, owner: str, about: Recommended) -> CountedBy:
    """Return what an interaction is counted by."""
    return CountedBy(
        happened.kind.value,
        happened.reason,
        person,
        owner,
        about.action_kind,
        about.stage,
        about.model,
        about.prompt,
        decile(about.confidence),
    )


@lru_cache(4096)
def group_id(counted_by: CountedBy) -> int:
    """Return the id of a group: 63 bits of the digest of what it is counted by. It comes again and again."""
    spelled = json.dumps(list(counted_by), ensure_ascii=False).encode()
    return int.from_bytes(hashlib.sha256(spelled).digest()[:8], "big") >> 1


class InteractionRows:
    """The interactions of some entries, stored together."""

    def __init__(self) -> None:
        self._rows: list[_Row] = []
        self._groups: dict[int, CountedBy] = {}

    def add(
        self, entry: Recorded, number: int, amount: int | None, by: CountedBy, escalation_id: str | None
    ) -> None:
        """Add the interaction with that *number* within its entry."""
        group = group_id(by)
        self._groups[group] = by
        self._rows.append(_Row(entry.id, number, group, entry.at, amount, entry.subject, escalation_id))

    def store(self, connection: Connection) -> None:
        """Store what is new, and drop what was kept of days that are written about late."""
        if not self._rows:
            return
        days = {day_of(row.at) for row in self._rows}
        if connection.dialect.name == "sqlite":
            self._store_on_sqlite(connection, days)
        else:
            self._store_on_postgresql(connection, days)

    def _store_on_postgresql(self, connection: Connection, days: Collection[int]) -> None:
        known = connection.execute(_KNOWN_GROUPS, {"groups": list(self._groups)} | covering(days))
        missing = sorted(set(self._groups) - set(known.scalars()))
        if missing:
            connection.execute(_NEW_GROUPS, [{"id": each} | self._groups[each]._asdict() for each in missing])
        connection.execute(_NEW_INTERACTIONS, [row._asdict() for row in self._rows])

    def _store_on_sqlite(self, connection: Connection, days: Collection[int]) -> None:
        """Insert through the driver, as entries are: converting each value would cost more than inserting."""
        driver: Any = connection.connection.driver_connection
        driver.executemany(_LATE_ON_SQLITE, [(day, day - day % WEEK, day - day % SPAN) for day in days])
        driver.executemany(_GROUPS_ON_SQLITE, [(each, *by) for each, by in self._groups.items()])
        spelled = [(*row[:3], microseconds(row.at), *row[4:]) for row in self._rows]
        driver.executemany(_INTERACTIONS_ON_SQLITE, spelled)


def _new_on_sqlite(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"


# Built once: building a statement costs more than running it.
_GROUPS_ON_SQLITE = _new_on_sqlite("interaction_groups", ("id", *CountedBy._fields))
_INTERACTIONS_ON_SQLITE = _new_on_sqlite("interactions", _Row._fields)
_LATE_ON_SQLITE = "DELETE FROM tallies WHERE " + " OR ".join(
    f"(first_day = ? AND days = {days})" for days in (DAY, WEEK, SPAN)
)
_NEW_GROUPS = postgresql.insert(INTERACTION_GROUPS).on_conflict_do_nothing()
_NEW_INTERACTIONS = postgresql.insert(INTERACTIONS).on_conflict_do_nothing()
_KNOWN_GROUPS = (
    select(INTERACTION_GROUPS.c.id)
    .where(INTERACTION_GROUPS.c.id.in_(bindparam("groups", expanding=True)))
    .add_cte(DROP_DAYS.cte("late"))
)
"""Which groups are there; what is kept of a day that is written about late is dropped on the same way."""
