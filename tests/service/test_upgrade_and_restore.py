"""What the release before left is brought up to date with everything in it, and a back-up comes back."""

from __future__ import annotations

import asyncio
import base64
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text

from bot.cli import main
from bot.policy_in_force import PolicyInForce
from handlers.commands import ApprovalClicked, ChatUser, DigestDue, ReplyAddress, UndoClicked
from handlers.digests.count_older import count_older_entries
from handlers.execution.execute_action import effect_key
from handlers.outcomes import DigestShown
from policy.decide import CompiledPolicy
from policy.digest import DigestKind
from policy.escalation import EscalationState as S
from policy.organisation import DigestSchedule
from storage.database import Database
from storage.escalations import Escalation
from storage.keys import KeyRing
from storage.migrate import _UPGRADE_LOCK, current, upgrade
from storage.schema import HEAD
from tests.databases import perform
from tests.fakes import Written
from tests.handlers.conftest import ORGANISATION, OWNER, House, default_policy, house_on, margaret
from tests.loop.databases import absent, copied_postgres, empty_postgres, postgres_server
from tests.patience import PATIENCE_S
from tests.service.older import KEY, OLDER, PROCESSES, STOPPED_AT, copy_over, lay_down, migrating, rows_of

__all__ = ["default_policy"]

AN_HOUR = timedelta(hours=1)
LONG_AGO, LATER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
STATES = {
    S.OPEN: 6,
    S.DEFERRED: 1,
    S.APPROVED: 1,
    S.OUTCOME_UNKNOWN: 1,
    S.EXECUTED: 1,
    S.UNDONE: 1,
    S.SENT_BACK: 1,
    S.DECLINED: 1,
}
"""Where the thirteen decisions stand."""
TOLD = {"settings": 2}
"""What the upgrade itself writes down: up to where entries are still to be counted."""
WAITING = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
KINDS = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])


@pytest.fixture(scope="module")
def older_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("older") / "countersign.db"
    lay_down(path)
    return path


@pytest.fixture(scope="module")
def older_template(older_file: Path) -> Iterator[tuple[str, str]]:
    """A PostgreSQL server, and the name of the older database on it, to be copied."""
    server = postgres_server()
    if server is None:
        absent("PostgreSQL server")
        return
    with empty_postgres(server) as (name, url):
        copy_over(older_file, url)
        yield server, name


@pytest.fixture(scope="module")
def upgraded_file(older_file: Path) -> Path:
    path = older_file.with_name("upgraded.db")
    path.write_bytes(older_file.read_bytes())
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def upgraded_template(older_template: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """The same after its upgrade."""
    with copied_postgres(*older_template) as url:
        upgrade(url)
        yield older_template[0], make_url(url).database or ""


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """The folder of an installation of the release before."""
    lay_down(tmp_path / "countersign.db")
    (tmp_path / "countersign.key").write_text(f"{KEY}\n")
    return tmp_path / "countersign.db"


@pytest.fixture
def older(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The older database on this kind of server; its URL."""
    with _copy(kind, "older", tmp_path, request) as url:
        yield url


@pytest.fixture
def upgraded(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The same after its upgrade."""
    with _copy(kind, "upgraded", tmp_path, request) as url:
        yield url


@contextmanager
def _copy(kind: str, which: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if kind == "sqlite":
        path, original = folder / "countersign.db", request.getfixturevalue(f"{which}_file")
        path.write_bytes(original.read_bytes())
        yield f"sqlite:///{path}"
        return
    with copied_postgres(*request.getfixturevalue(f"{which}_template")) as url:
        yield url


@pytest.fixture
async def house(upgraded: str, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    """The service of this release over what the one before left, an hour later, with the CRM of then."""
    plain = house_on(upgraded, default_policy)
    await plain.database.close()
    database = Database.open(upgraded, keys=KeyRing(base64.b64decode(KEY)))
    house = replace(plain, context=replace(plain.context, database=database, rules=PolicyInForce()))
    house.clock.moment, house.ids.last = STOPPED_AT + AN_HOUR, 900_000
    house.accepted = house.chat.posted = 10_000
    _as_the_crm_was_then(house)
    yield house
    await database.close()


def _as_the_crm_was_then(house: House) -> None:
    """Each of the donors gave that day, and nobody has been thanked."""
    [gift] = [each for each in house.crm.gifts if each.id == "gift-new"]
    house.crm.gifts += [
        gift.model_copy(update={"id": f"gift-new-{number}", "donor_id": f"donor-{number + 1}"})
        for number in range(13)
    ]
    for number in range(1, 13):
        someone = {"id": f"donor-{number + 1}", "name": f"Donor {number}"}
        house.crm.add(margaret().model_copy(update=someone))


def _by(person: str) -> dict[str, ChatUser | ReplyAddress]:
    return {"by": ChatUser(id=person), "reply_to": ReplyAddress(channel_id="C1", user_id=person)}


async def _of(house: House, state: S) -> list[Escalation]:
    return await house.database.read(lambda tx: tx.escalations.newest((state,), limit=100))


async def _intact(house: House) -> None:
    """Nothing was set aside, and the log is whole."""
    assert house.dead == []
    assert (await house.database.read(lambda tx: tx.audit.verify())).ok


def test_every_table_of_the_older_release_holds_something(older_file: Path) -> None:
    url = f"sqlite:///{older_file}"
    rows = rows_of(url)
    assert current(url) == OLDER
    assert len(rows) == 32
    assert {name for name, count in rows.items() if not count} == set()


@KINDS
async def test_everything_is_there_after_an_upgrade(older: str) -> None:
    before = rows_of(older)
    assert current(older) == OLDER
    upgrade(older)
    assert current(older) == HEAD
    after = rows_of(older)
    assert {name: after.get(name, 0) for name in before} == before | TOLD
    upgrade(older)
    assert rows_of(older) == after, "a second time nothing happens"
    database = Database.open(older, keys=KeyRing(base64.b64decode(KEY)))
    try:
        found = await database.read(lambda tx: tx.escalations.newest(tuple(S), limit=100))
        assert {state: sum(each.state is state for each in found) for state in STATES} == STATES
        entries = await database.read(lambda tx: tx.audit.between(LONG_AGO, LATER))
        assert [each.kind for each in entries if each.payload is None] == [], "each old entry is readable"
        report = await database.read(lambda tx: tx.audit.verify())
        assert (report.ok, report.entries, report.first_bad) == (True, before["audit_log"], None)
        signed = await database.read(lambda tx: tx.checkpoints.latest())
        assert signed is not None
        assert signed.size == report.entries
        later = await database.write(lambda tx: tx.checkpoints.sign(STOPPED_AT + AN_HOUR))
        assert later is None, "nothing has come after it"
    finally:
        await database.close()


@KINDS
async def test_what_was_under_way_when_it_stopped_goes_on(house: House) -> None:
    """One answer of the CRM was lost, another write had not begun: each is there once."""
    [unknown], [approved] = await _of(house, S.OUTCOME_UNKNOWN), await _of(house, S.APPROVED)
    house.crm.written.append(
        Written(effect_key(unknown), "countersign", unknown.action, house.crm.donors[unknown.donor_id])
    )
    house.crm.held[effect_key(unknown)] = "as written"
    await house.work_all()
    after = {each.id for each in await _of(house, S.EXECUTED)}
    assert {unknown.id, approved.id} <= after
    assert [each.key for each in house.crm.written] == [effect_key(unknown), effect_key(approved)]
    await _intact(house)


@KINDS
async def test_a_card_of_before_is_decided_and_a_write_of_before_is_undone(house: House) -> None:
    [executed] = await _of(house, S.EXECUTED)
    house.crm.written.append(
        Written(effect_key(executed), "countersign", executed.action, house.crm.donors[executed.donor_id])
    )
    house.crm.held[effect_key(executed)] = "as written"
    opened = next(each for each in await _of(house, S.OPEN) if each.shown == "card" and not each.decided_by)
    await house.accept(ApprovalClicked(escalation_id=opened.id, **_by(OWNER.id)))  # type: ignore[arg-type]
    await house.accept(UndoClicked(escalation_id=executed.id, **_by(OWNER.id)))  # type: ignore[arg-type]
    await house.work_all()
    states = await house.database.read(
        lambda tx: [found.state for each in (opened, executed) if (found := tx.escalations.get(each.id))]
    )
    assert states == [S.EXECUTED, S.UNDONE]
    assert effect_key(executed) not in house.crm.held
    await _intact(house)


@KINDS
async def test_what_happened_before_counts_in_a_digest(house: House) -> None:
    schedule = DigestSchedule(id="weekly", kind=DigestKind.ADOPTION, channel="CMANAGERS", cron="0 9 * * mon")
    organisation = ORGANISATION.model_copy(update={"digests": (schedule,)})
    house.context = replace(house.context, organisation=organisation)
    await count_older_entries(house.context)
    house.clock.moment = datetime(2026, 11, 30, 14, tzinfo=UTC)
    await house.accept(DigestDue(schedule_id="weekly", period_key=house.clock.now().isoformat()))
    await house.work_all()
    [digest] = [shown for _, _, shown in house.chat.posts if isinstance(shown, DigestShown)]
    before = {figure.label: figure.before.words for figure in digest.figures if figure.before}
    assert (before["Proposals put before somebody"], before["Decided by people"]) == ("13", "4")
    assert (before["Donor summaries"], before["Found useful"]) == ("1", "0 of 1")
    await _intact(house)


@pytest.mark.postgres
def test_replicas_that_start_at_once_migrate_once(older_template: tuple[str, str]) -> None:
    with copied_postgres(*older_template) as url:
        once = PROCESSES.Event()
        replicas = [migrating(url, once=once) for _ in range(2)]

        def let_go_once_both_wait(connection: Connection) -> None:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})"))
            once.set()
            deadline = time.monotonic() + PATIENCE_S
            while connection.execute(text(WAITING)).scalar_one() < 2:
                assert time.monotonic() < deadline, "both come as far as the lock"

        perform(url, let_go_once_both_wait)
        for replica in replicas:
            replica.join(PATIENCE_S)
        assert [replica.exitcode for replica in replicas] == [0, 0]
        assert current(url) == HEAD
        assert rows_of(url)["alembic_version"] == 1


@KINDS
@pytest.mark.parametrize("statement", [1, 30])
def test_a_migration_that_is_killed_is_begun_anew(older: str, statement: int) -> None:
    before = rows_of(older)
    killed = migrating(older, dies_at=statement)
    killed.join(PATIENCE_S)
    assert killed.exitcode == -signal.SIGKILL
    assert (current(older), rows_of(older)) == (OLDER, before)
    upgrade(older)
    after = rows_of(older)
    assert current(older) == HEAD
    assert {name: after.get(name, 0) for name in before} == before | TOLD


async def test_a_backup_comes_back_in_an_empty_folder(
    installation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade(f"sqlite:///{installation}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    source, copy = sqlite3.connect(installation), sqlite3.connect(elsewhere / "countersign.db")
    source.backup(copy)
    source.close()
    copy.close()
    verify = ["audit", "verify", "--database", f"sqlite:///{elsewhere / 'countersign.db'}"]
    assert await asyncio.to_thread(main, verify) == 1
    assert "master key" in capsys.readouterr().err, "without the key nothing is opened"
    (elsewhere / "countersign.key").write_text(f"{KEY}\n")
    assert await asyncio.to_thread(main, verify) == 0
    told = capsys.readouterr().out
    assert told == "262 entries verified. They agree with 1 signed checkpoint. Nobody changed the log.\n"
