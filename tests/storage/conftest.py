"""Databases for the storage tests: SQLite in a file and, where a server answers, PostgreSQL and Redis."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import make_url

from storage.database import Database
from storage.keys import KeyRing
from storage.schema import METADATA
from tests.databases import LOCAL_POSTGRES, administer, fresh_sqlite, postgres_answers
from tests.loop.databases import copied_postgres

KEYS = KeyRing(bytes(range(32)))
_LOCAL_REDIS = "redis://127.0.0.1:6379/0"


def _absent(server: str) -> None:
    if os.environ.get("COUNTERSIGN_REQUIRE_ALL") == "1":
        pytest.fail(f"no {server} answers, and COUNTERSIGN_REQUIRE_ALL=1 demands one")
    pytest.skip(f"no {server} answers")


def _postgres_server() -> str | None:
    given = os.environ.get("COUNTERSIGN_TEST_POSTGRES_URL")
    return next((url for url in ([given] if given else LOCAL_POSTGRES) if postgres_answers(url)), None)


@pytest.fixture(scope="session")
def empty_postgres_url() -> Iterator[str]:
    """A database of its own that nobody has migrated."""
    yield from _fresh_postgres()


@pytest.fixture(scope="session")
def migrated_postgres_url(template_of_postgres: tuple[str, str]) -> Iterator[str]:
    """A database of its own at the newest schema."""
    with copied_postgres(*template_of_postgres) as url:
        yield url


def _fresh_postgres() -> Iterator[str]:
    server = _postgres_server()
    if server is None:
        _absent("PostgreSQL server")
        return
    name = f"countersign_test_{secrets.token_hex(6)}"
    administer(server, f"CREATE DATABASE {name}", f"ALTER DATABASE {name} SET synchronous_commit = off")
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _emptied(url: str) -> str:
    emptying = (f"DELETE FROM {table}" for table in METADATA.tables)
    administer(url, "; ".join(("SET session_replication_role = replica", *emptying)))
    return url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file at the newest schema."""
    return fresh_sqlite(tmp_path / "countersign.db")


@pytest.fixture
def postgres_url(migrated_postgres_url: str) -> str:
    """The session's PostgreSQL database, emptied."""
    return _emptied(migrated_postgres_url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn, empty."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Each kind of database in turn, open."""
    opened = Database.open(database_url, keys=KEYS)
    yield opened
    await opened.close()


@pytest.fixture
def redis_url() -> str:
    """A Redis server; tests use a key prefix of their own."""
    url = os.environ.get("COUNTERSIGN_TEST_REDIS_URL", _LOCAL_REDIS)
    client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0))
    try:
        client.ping()
    except redis.ConnectionError:
        _absent("Redis server")
    finally:
        client.close()
    return url
