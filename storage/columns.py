"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Return the whole microseconds from the epoch to an aware *moment*, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(stored: datetime | int) -> datetime:
    """Return the moment, in UTC, that a database holds as *stored*."""
    return _EPOCH + stored * _MICROSECOND if isinstance(stored, int) else stored.astimezone(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC: integer microseconds on SQLite, `timestamptz` on PostgreSQL."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose what the database stores."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a naive datetime: nobody could say which moment it meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        return value.astimezone(UTC) if dialect.name == "postgresql" else microseconds(value)

    def process_result_value(self, value: datetime | int | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        del dialect
        return None if value is None else moment_of(value)


POSITION = BigInteger().with_variant(Integer(), "sqlite")
"""A growing row number; SQLite numbers rows itself only for the type INTEGER."""
