"""What a tired person does to a database, and the sentence that every command answers with."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text

from bot.belonging import ANOTHERS
from bot.cli import main
from bot.cli.database_fault import NEWER, NOT_LET_IN, NOT_OURS, NOT_THERE, NOT_WHOLE, OF_OTHERS
from bot.cli.doctor_database import database
from bot.cli.finding import Finding, bad, good
from bot.master_key import NONE_GIVEN
from bot.settings import Settings
from bot.wiring import build
from storage.migrate import upgrade
from tests.databases import fresh_sqlite, perform
from tests.loop.databases import absent, empty_postgres, postgres_server

MINE, ANOTHER = "5a" * 32, "5b" * 32
COMMANDS = (["db", "upgrade"], ["audit", "verify"], ["serve"])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation's folder: a database that is encrypted, its key and its settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.cli.serve.configure_logs", lambda _: None)  # the process is the tests' own
    for name in [name for name in os.environ if name.startswith("COUNTERSIGN_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "SLACK__BOT_TOKEN": "xoxb-1",
        "SLACK__SIGNING_SECRET": "s",
        "CRM__BASE_URL": "http://127.0.0.1:1/",
        "CRM__WEBHOOK_SECRET": "whsec_cw==",
        "PORT": "0",
    }.items():
        monkeypatch.setenv(f"COUNTERSIGN_{name}", value)
    fresh_sqlite(tmp_path / "countersign.db")
    (tmp_path / "countersign.key").write_text(MINE)
    assert main(["pause", "execute", "--by", "adam@example.org"]) == 0
    assert main(["audit", "checkpoint"]) == 0, "whose key is wrapped by the master key"
    monkeypatch.setenv("COUNTERSIGN_ORGANISATION_FILE", "organisation.yaml")
    return tmp_path


def _looked_at() -> list[Finding]:
    return asyncio.run(database(Settings(_env_file=None)))


def _is_of_a_newer_release(folder: Path) -> str:
    with sqlite3.connect(folder / "countersign.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    return NEWER


def _was_cut_short(folder: Path) -> str:
    with (folder / "countersign.db").open("r+b") as file:
        file.truncate(file.seek(0, os.SEEK_END) // 2)
    return NOT_WHOLE.format(code="DatabaseError:SQLITE_CORRUPT")


def _is_something_else(folder: Path) -> str:
    (folder / "countersign.db").write_text("hello\n")
    return NOT_WHOLE.format(code="DatabaseError:SQLITE_NOTADB")


@pytest.mark.parametrize("happened", [_is_of_a_newer_release, _was_cut_short, _is_something_else])
def test_a_file_that_is_not_usable_is_named_with_the_remedy(
    here: Path, happened: Callable[[Path], str], capsys: pytest.CaptureFixture[str]
) -> None:
    told = happened(here)
    capsys.readouterr()
    for command in COMMANDS:
        assert main(command) == 1
        assert capsys.readouterr().err == f"{told}\n", command
    assert _looked_at()[0] == bad("Database", told)


def test_a_file_that_was_copied_over_in_use_is_not_called_whole(here: Path) -> None:
    """Its first pages, which every command reads, may be right all the same."""
    file = here / "countersign.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(root,), (size,)] = (
            connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'outbox'").fetchone(),
            connection.execute("PRAGMA page_size").fetchone(),
        )
    with file.open("r+b") as pages:
        pages.seek((root - 1) * size)
        pages.write(b"\x5a" * size)
    assert main(["db", "upgrade"]) == 0, "which reads little of it"
    found = {NOT_WHOLE.format(code=code) for code in ("quick_check", "DatabaseError:SQLITE_CORRUPT")}
    told = _looked_at()[0]
    assert (told.level, told.text in found) == ("fail", True)


def test_a_file_of_another_account_is_not_served_from(here: Path) -> None:
    """A SQLite file that may only be read would be found out at the first event."""
    (here / "countersign.db").chmod(0o400)
    without_rights = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*without_rights, sys.executable, "-m", "bot", "db", "upgrade"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (done.returncode, done.stderr) == (1, f"{NOT_OURS.format(code='sqlite_read_only')}\n")


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (MINE, good("Master key", "the one this database is encrypted with")),
        (ANOTHER, "is not the one this database was encrypted with"),
        ("hello", "is not a master key"),
        (None, "Put countersign.key back from your backup"),
    ],
    ids=["right", "wrong", "garbage", "none"],
)
def test_doctor_looks_whether_the_master_key_fits(here: Path, key: str | None, told: Finding | str) -> None:
    if key is None:
        (here / "countersign.key").unlink()
    else:
        (here / "countersign.key").write_text(key)
    first, second = _looked_at()
    assert first == good("Database", "reachable, schema up to date")
    if isinstance(told, Finding):
        assert second == told
    else:
        assert (second.level, told in second.text) == ("fail", True)


@pytest.fixture
def server() -> str:
    found = postgres_server()
    if found is None:
        absent("PostgreSQL server")
    return str(found)


@pytest.mark.postgres
@pytest.mark.usefixtures("here")
def test_a_server_that_refuses_says_why(
    server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(url: str) -> str:
        assert main(["db", "upgrade", "--database", url]) == 1
        return capsys.readouterr().err.strip()

    capsys.readouterr()
    with empty_postgres(server) as (name, url):
        upgrade(url)
        address = make_url(url).set(drivername="postgresql")
        monkeypatch.setenv("COUNTERSIGN_DATABASE_URL", url)
        assert bad("Master key", NONE_GIVEN) in [bad(each.what, each.text) for each in _looked_at()]
        role = f"{name}_role"

        def make(connection: Connection) -> None:
            connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'p'"))

        def drop(connection: Connection) -> None:
            connection.execute(text(f"DROP ROLE {role}"))

        as_nobody = address.set(username="nobody_here").render_as_string(hide_password=False)
        as_another = address.set(username=role, password="p").render_as_string(hide_password=False)
        nowhere = address.set(database=f"{name}_none").render_as_string(hide_password=False)
        perform(url, make)
        try:
            assert told(as_another) == OF_OTHERS.format(code="ProgrammingError:42501")
        finally:
            perform(url, drop)
        assert told(as_nobody) in {NOT_LET_IN.format(code=f"DBAPIError:{c}") for c in ("28000", "28P01")}
        assert told(nowhere) == NOT_THERE.format(code="DBAPIError:3D000")


def _organisation(folder: Path, name: str, *people: str) -> None:
    listed = [{"email": f"{each}@example.org", "roles": ["owner"]} for each in people]
    settings = {"name": name, "review_channel": "#r", "people": listed}
    (folder / "organisation.yaml").write_text(json.dumps(settings))


def test_the_database_of_another_organisation_is_refused_and_of_a_renamed_one_is_not(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def start() -> None:
        async with build(Settings(_env_file=None)):
            pass

    for name, people in (
        ("Harbour", ("ann", "ben")),
        ("Lighthouse", ("BEN", "cleo")),
        ("Lighthouse", ("dan",)),
    ):
        _organisation(here, name, *people)
        asyncio.run(start())
    _organisation(here, "Orchard", "eve")
    capsys.readouterr()
    assert main(["serve"]) == 1
    assert capsys.readouterr().err == f"{ANOTHERS.format(theirs='Lighthouse', ours='Orchard')}\n"
    _organisation(here, "Orchard", "eve", "dan")
    asyncio.run(start())
