"""A PostgreSQL that takes no changes, as a standby does: nobody takes it for an answer that stays."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url

from bot.cli.database_fault import NO_CHANGES, in_words
from storage.database import Database
from storage.errors import UnavailableError
from tests.databases import administer

pytestmark = pytest.mark.postgres

NOW = datetime(2026, 11, 20, tzinfo=UTC)


async def test_another_server_behind_the_address_is_found_when_one_takes_no_changes(
    migrated_postgres_url: str,
) -> None:
    name = make_url(migrated_postgres_url).database
    # Whoever is connected keeps what held when they came, as whoever is connected to a former primary does.
    administer(migrated_postgres_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    database = Database.open(migrated_postgres_url)
    assert await database.read(lambda tx: tx.settings.get("a")) is None
    with pytest.raises(UnavailableError) as refused:
        await database.write(lambda tx: tx.settings.put("a", 1, NOW))
    assert in_words(refused.value) == NO_CHANGES.format(code="DBAPIError:25006")
    administer(
        migrated_postgres_url,
        "SET default_transaction_read_only = off",
        f"ALTER DATABASE {name} RESET default_transaction_read_only",
    )
    await database.write(lambda tx: tx.settings.put("a", 2, NOW))
    assert await database.read(lambda tx: tx.settings.get("a")) == 2
    await database.close()
