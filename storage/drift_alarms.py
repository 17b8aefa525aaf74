"""Alarms that the assistance has become worse, until somebody acknowledges them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Update, insert, select, update

from storage.schema import DRIFT_ALARMS


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftAlarm:
    """An alarm that was raised: *measure* is "acceptance" or "unsupported", *evidence* JSON figures.

    *version* names the model, prompt and rules whose baseline it is about. *choices* is JSON that only the
    use cases read: who chose what about it, and when.
    """

    id: str
    at: datetime
    measure: str
    kind: str
    version: str
    evidence: bytes
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    choices: bytes | None = None
    channel_id: str | None = None
    message_ts: str | None = None
    revision: int = 1


class DriftAlarms:
    """The alarms raised, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, alarm: DriftAlarm) -> None:
        """Keep an alarm."""
        self._connection.execute(insert(DRIFT_ALARMS).values(asdict(alarm)))

    def get(self, alarm_id: str) -> DriftAlarm | None:
        """Return one alarm."""
        query = select(DRIFT_ALARMS).where(DRIFT_ALARMS.c.id == alarm_id)
        row = self._connection.execute(query).mappings().first()
        return DriftAlarm(**row) if row else None

    def all(self) -> list[DriftAlarm]:
        """Return all alarms, the oldest first."""
        query = select(DRIFT_ALARMS).order_by(DRIFT_ALARMS.c.at, DRIFT_ALARMS.c.id)
        return [DriftAlarm(**row) for row in self._connection.execute(query).mappings()]

    def open(self) -> list[DriftAlarm]:
        """Return the alarms that nobody has acknowledged, the oldest first."""
        table = DRIFT_ALARMS.c
        query = select(DRIFT_ALARMS).where(table.acknowledged_at.is_(None)).order_by(table.at, table.id)
        return [DriftAlarm(**row) for row in self._connection.execute(query).mappings()]

    def choose(self, alarm_id: str, revision: int, choices: bytes) -> bool:
        """Keep what somebody chose about an open alarm; False when it has moved on from *revision*."""
        changed = self._open_at(alarm_id, revision).values(choices=choices, revision=revision + 1)
        return self._connection.execute(changed).rowcount == 1

    def acknowledge(self, alarm_id: str, revision: int, choices: bytes, by: str, at: datetime) -> bool:
        """Close an open alarm, with who did; False when it has moved on from *revision*."""
        changed = self._open_at(alarm_id, revision).values(
            choices=choices, revision=revision + 1, acknowledged_at=at, acknowledged_by=by
        )
        return self._connection.execute(changed).rowcount == 1

    def set_message(self, alarm_id: str, channel_id: str, message_ts: str) -> None:
        """Remember which Slack message shows the alarm."""
        here = update(DRIFT_ALARMS).where(DRIFT_ALARMS.c.id == alarm_id)
        self._connection.execute(here.values(channel_id=channel_id, message_ts=message_ts))

    def _open_at(self, alarm_id: str, revision: int) -> Update:
        table = DRIFT_ALARMS.c
        return update(DRIFT_ALARMS).where(
            table.id == alarm_id, table.revision == revision, table.acknowledged_at.is_(None)
        )
