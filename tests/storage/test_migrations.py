"""Migrations: they make the schema the program expects, also when several processes start at once."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url, text

import storage
from storage.errors import UnavailableError
from storage.migrate import current, upgrade
from storage.schema import HEAD, METADATA
from tests.databases import administer, perform
from tests.forked import Forking, end_of, start


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each kind of database in turn, never migrated."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("empty_postgres_url")
    administer(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    return url


def test_an_empty_database_is_brought_to_the_newest_schema(empty_url: str) -> None:
    assert current(empty_url) is None
    upgrade(empty_url)
    assert current(empty_url) == HEAD
    upgrade(empty_url)
    assert current(empty_url) == HEAD


async def test_it_may_be_done_while_an_event_loop_runs(empty_url: str) -> None:
    upgrade(empty_url)
    assert current(empty_url) == HEAD


@pytest.mark.parametrize("act", [upgrade, current])
def test_an_unreachable_server_is_told_apart_without_the_password(act: Callable[[str], object]) -> None:
    with pytest.raises(UnavailableError) as caught:
        act("postgresql://nobody:hunter2@127.0.0.1:1/none")
    assert str(caught.value) == "DBAPIError:08001"
    assert caught.value.__context__ is None


def test_looking_does_not_create_a_file(tmp_path: Path) -> None:
    assert current(f"sqlite:///{tmp_path / 'none.db'}") is None
    assert list(tmp_path.iterdir()) == []


def test_the_newest_migration_is_the_one_the_program_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_tables_and_migrations_agree(empty_url: str) -> None:
    upgrade(empty_url)

    def compare(connection: Connection) -> tuple[Any, dict[str, Any]]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, METADATA), _details(connection)

    found = perform(empty_url, compare)
    assert found == ([], _declared(empty_url))


def _declared(url: str) -> dict[str, Any]:
    """Return the details of a database made from the tables alone."""
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        administer(url, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        beside = url
    else:
        beside = f"{url}.declared"

    def declare(connection: Connection) -> dict[str, Any]:
        METADATA.create_all(connection)
        return _details(connection)

    return perform(beside, declare)


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

    def step_back(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")

    perform(empty_url, step_back)
    assert perform(empty_url, lambda c: inspect(c).get_table_names()) == ["alembic_version"]
    upgrade(empty_url)
    assert current(empty_url) == HEAD


def test_cards_posted_before_copies_existed_are_where_they_were(empty_url: str) -> None:
    from alembic import command

    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).parent / "migrations"))

    def before(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        moment = "0" if connection.dialect.name == "sqlite" else "now()"
        blob = "''" if connection.dialect.name == "sqlite" else "''::bytea"
        for number, channel, ts in ((1, "'C1'", "'1.1'"), (2, "'C2'", "NULL")):
            connection.execute(
                text(
                    "INSERT INTO escalations (id, donor_id, state, revision, action, action_digest, card, "
                    "decision_facts, policy_version, requires, channel_id, message_ts, route, created_at, "
                    f"due_at, moved_at, correlation_id) VALUES ('esc_{number}', 'd', 'open', 1, {blob}, 'x', "
                    f"{blob}, {blob}, 'v', {blob}, {channel}, {ts}, '#one', "
                    f"{moment}, {moment}, {moment}, 'c')"
                )
            )

    perform(empty_url, before)
    upgrade(empty_url)
    query = "SELECT escalation_id, channel_id, message_ts, route, ended_at FROM card_places"
    found = perform(empty_url, lambda c: [tuple(row) for row in c.execute(text(query))])
    assert found == [("esc_1", "C1", "1.1", "#one", None)]


def test_several_processes_may_migrate_at_once(empty_url: str, forking: Forking, tmp_path: Path) -> None:
    where = {"COUNTERSIGN_DATABASE_URL": empty_url}
    said = [tmp_path / f"said-{number}" for number in range(2)]
    racing = [start(forking, ["db", "upgrade"], where, tmp_path, each, each) for each in said]
    assert [end_of(forking, pid) for pid in racing] == [{"signal": None, "code": 0}] * 2
    assert [each.read_text() for each in said] == [f"The database schema is at {HEAD}.\n"] * 2
    assert current(empty_url) == HEAD


def test_the_migration_library_is_not_loaded_at_import() -> None:
    modules = "storage.database, storage.migrate, storage.sqlite, storage.postgresql, storage.bell"
    probe = f"import sys, {modules}; print([m for m in ('alembic', 'redis', 'asyncpg') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"
