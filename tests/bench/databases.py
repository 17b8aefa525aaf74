"""Databases to measure on, as durable as in production."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from tests.databases import administer
from tests.loop.databases import postgres_server

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


def kinds() -> tuple[str, ...]:
    """Return the kinds of database that can be measured on this machine."""
    return (SQLITE, POSTGRESQL) if postgres_server() else (SQLITE,)


@contextmanager
def fresh(kind: str) -> Iterator[str]:
    """Yield the address of an empty database, which goes when the block ends."""
    if kind == SQLITE:
        with TemporaryDirectory() as directory:
            yield f"sqlite:///{Path(directory) / 'bench.db'}"
        return
    server = postgres_server()
    if server is None:
        raise RuntimeError("no PostgreSQL server answers")
    name = f"countersign_bench_{secrets.token_hex(6)}"
    administer(server, f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        administer(server, f"DROP DATABASE {name} WITH (FORCE)")
