"""Fresh databases at the newest schema, made quickly: a copied file, or a copied PostgreSQL template."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import create_engine, make_url, text

from storage.migrate import upgrade

_LOCAL_POSTGRES = (
    "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    "postgresql+psycopg://root@127.0.0.1:5432/postgres",
)
_LOCAL_REDIS = "redis://127.0.0.1:6379/9"


def absent(server: str) -> None:
    """Skip, unless the environment demands every server."""
    if os.environ.get("COUNTERSIGN_REQUIRE_ALL") == "1":
        pytest.fail(f"no {server} answers, and COUNTERSIGN_REQUIRE_ALL=1 demands one")
    pytest.skip(f"no {server} answers")


def postgres_server() -> str | None:
    """The address of a server on which databases may be made; None when none answers."""
    given = os.environ.get("COUNTERSIGN_TEST_POSTGRES_URL")
    return next((url for url in ([given] if given else _LOCAL_POSTGRES) if _answers(url)), None)


def _answers(url: str) -> bool:
    try:
        address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def postgres_template(server: str) -> Iterator[str]:
    """A migrated database to be copied; yields its name."""
    with _database(server) as name:
        upgrade(_address(server, name))
        yield name


@contextmanager
def copied_postgres(server: str, template: str) -> Iterator[str]:
    """A copy of *template*; yields its URL."""
    with _database(server, f" TEMPLATE {template}") as name:
        _administer(server, f"ALTER DATABASE {name} SET synchronous_commit = off")
        yield _address(server, name)


@contextmanager
def _database(server: str, how: str = "") -> Iterator[str]:
    name = f"countersign_test_{secrets.token_hex(6)}"
    _administer(server, f"CREATE DATABASE {name}{how}")
    try:
        yield name
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _address(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _administer(server: str, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def redis_server() -> str | None:
    """The address of a Redis; None when none answers."""
    url = os.environ.get("COUNTERSIGN_TEST_REDIS_URL", _LOCAL_REDIS)
    client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=2)
    try:
        client.ping()
    except redis.ConnectionError:
        return None
    finally:
        client.close()
    return url
