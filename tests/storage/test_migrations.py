"""Migrations: they make the schema the program expects, also when several processes start at once."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, make_url, text

import storage
from storage.migrate import current, is_current, upgrade
from storage.schema import HEAD, METADATA

_UPGRADE = "import sys; from storage.migrate import upgrade; sys.stdin.readline(); upgrade(sys.argv[1])"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each kind of database in turn, never migrated."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


def engine_of(url: str) -> Engine:
    return create_engine(url)


def test_an_empty_database_is_brought_to_the_newest_schema(empty_url: str) -> None:
    assert (current(empty_url), is_current(empty_url)) == (None, False)
    upgrade(empty_url)
    assert (current(empty_url), is_current(empty_url)) == (HEAD, True)
    upgrade(empty_url)
    assert is_current(empty_url)


def test_looking_does_not_create_a_file(tmp_path: Path) -> None:
    assert current(f"sqlite:///{tmp_path / 'none.db'}") is None
    assert list(tmp_path.iterdir()) == []


def test_the_newest_migration_is_the_one_the_program_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_tables_and_migrations_agree(empty_url: str) -> None:
    upgrade(empty_url)
    engine = engine_of(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        migrated = _details(connection)
    engine.dispose()
    assert migrated == _declared(empty_url)


def _declared(url: str) -> dict[str, Any]:
    """Return the details of a database made from the tables alone."""
    beside = make_url(url)
    if beside.get_backend_name() == "sqlite":
        engine = create_engine(beside.set(database=f"{beside.database}.declared"))
    else:
        engine = create_engine(url)
    with engine.connect() as connection, connection.begin() as transaction:
        if beside.get_backend_name() == "postgresql":
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        METADATA.create_all(connection)
        details = _details(connection)
        transaction.rollback()
    engine.dispose()
    return details


def _details(connection: Connection) -> dict[str, Any]:
    """Checks, indexes with their conditions and constraint names: what the comparison leaves out."""
    found = inspect(connection)
    return {
        table: {
            "checks": {
                check["name"]: _squeeze(check["sqltext"]) for check in found.get_check_constraints(table)
            },
            "indexes": sorted(_squeeze(str(index)) for index in found.get_indexes(table)),
            "unique": sorted(str(unique["name"]) for unique in found.get_unique_constraints(table)),
            "primary": found.get_pk_constraint(table)["name"],
            "columns": [(column["name"], column["nullable"]) for column in found.get_columns(table)],
        }
        for table in METADATA.tables
    }


def _squeeze(sql: str) -> str:
    return re.sub(r"\s+|<[^>]*>", " ", sql)


def test_the_steps_can_be_taken_back(empty_url: str) -> None:
    from alembic import command

    upgrade(empty_url)
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    engine = engine_of(empty_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()
    upgrade(empty_url)
    assert is_current(empty_url)


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", _UPGRADE, empty_url],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate()[1] for process in starting]
    assert [(process.returncode, error) for process, error in zip(starting, errors, strict=True)] == [
        (0, "")
    ] * 2
    assert is_current(empty_url)


def test_the_migration_library_is_not_loaded_at_import() -> None:
    modules = "storage.database, storage.migrate, storage.sqlite, storage.postgresql, storage.bell"
    probe = f"import sys, {modules}; print([m for m in ('alembic', 'redis', 'psycopg') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
