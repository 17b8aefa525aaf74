"""What SQLAlchemy has made of a statement serves the databases of all tests, not of one."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

MOST_STATEMENTS = 3000


def share_compiled_statements() -> None:
    """Let all engines of a kind use the dialect of the first one that connected, and one cache.

    A service opens its database once and compiles each statement once; tests open thousands of databases, and
    compiling everything anew for each takes a seventh of their time.
    """
    for kind in (SQLiteDialect_pysqlite, PGDialect_asyncpg):
        kind.engine_created = staticmethod(_Shared())


class _Shared:
    def __init__(self) -> None:
        self._cache = LRUCache(MOST_STATEMENTS)
        self._engine: Engine | None = None

    def __call__(self, engine: Engine) -> None:
        engine._compiled_cache = self._cache
        if self._engine is None:
            self._engine = engine
        # Until it has connected, a dialect does not know what the server can do.
        elif self._engine.dialect.server_version_info is not None:
            engine.dialect = self._engine.dialect
