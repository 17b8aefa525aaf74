"""The base of every value: immutable, closed and comparable."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value without room for fields nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="iso8601")
