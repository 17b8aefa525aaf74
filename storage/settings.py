"""Small facts every replica must agree on, such as the kill switch."""

from __future__ import annotations

import json
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Connection, bindparam, select

from storage.conflict import insert_or_update
from storage.schema import SETTINGS


class Settings:
    """JSON values by key, in the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> JsonValue:
        """Return the value; None when it was never set."""
        stored = self._connection.execute(_VALUE, {"of_key": key}).scalar_one_or_none()
        value: JsonValue = json.loads(stored) if stored is not None else None
        return value

    def put(self, key: str, value: JsonValue, now: datetime) -> None:
        """Set or replace the value."""
        encoded = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        insert_or_update(
            self._connection, SETTINGS, ("key",), {"key": key, "value": encoded, "changed_at": now}
        )


_VALUE = select(SETTINGS.c.value).where(SETTINGS.c.key == bindparam("of_key"))
