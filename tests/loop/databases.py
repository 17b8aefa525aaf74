"""Fresh databases at the newest schema, made quickly: a copied file, or a copied PostgreSQL template."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import make_url

from storage.migrate import upgrade
from tests.databases import LOCAL_POSTGRES, administer, postgres_answers

_LOCAL_REDIS = "redis://127.0.0.1:6379/9"


def absent(server: str) -> None:
    """Skip, unless the environment demands every server."""
    if os.environ.get("COUNTERSIGN_REQUIRE_ALL") == "1":
        pytest.fail(f"no {server} answers, and COUNTERSIGN_REQUIRE_ALL=1 demands one")
    pytest.skip(f"no {server} answers")


def postgres_server() -> str | None:
    """The address of a server on which databases may be made; None when none answers."""
    given = os.environ.get("COUNTERSIGN_TEST_POSTGRES_URL")
    return next((url for url in ([given] if given else LOCAL_POSTGRES) if postgres_answers(url)), None)


@contextmanager
def postgres_template(server: str) -> Iterator[str]:
    """A migrated database to be copied; yields its name."""
    with _database(server) as name:
        upgrade(_address(server, name))
        yield name


@contextmanager
def empty_postgres(server: str) -> Iterator[tuple[str, str]]:
    """A database without any table; yields its name and its URL."""
    with _database(server) as name:
        yield name, _address(server, name)


@contextmanager
def copied_postgres(server: str, template: str) -> Iterator[str]:
    """A copy of *template*; yields its URL."""
    with _database(server, f" TEMPLATE {template}") as name:
        administer(server, f"ALTER DATABASE {name} SET synchronous_commit = off")
        yield _address(server, name)


@contextmanager
def _database(server: str, how: str = "") -> Iterator[str]:
    name = f"countersign_test_{secrets.token_hex(6)}"
    administer(server, f"CREATE DATABASE {name}{how}")
    try:
        yield name
    finally:
        administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _address(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def redis_server() -> str | None:
    """The address of a Redis; None when none answers, or an empty address says that there is none."""
    url = os.environ.get("COUNTERSIGN_TEST_REDIS_URL", _LOCAL_REDIS)
    if not url:
        return None
    client = redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=2)
    try:
        client.ping()
    except redis.ConnectionError:
        return None
    finally:
        client.close()
    return url
