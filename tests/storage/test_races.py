"""Races that really race: several processes and connections over the same rows."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from policy.actions import AddNote
from policy.escalation import EscalationState
from storage.database import Database
from storage.escalations import Escalation
from storage.queue import Item, Received
from storage.transaction import Transaction
from tests.storage.pauses import Meeting, Pause

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
LEASE = timedelta(seconds=30)
PROCESSES = Path(__file__).parent / "processes"


def received(name: str, entity: str | None = None) -> Received:
    return Received(
        id=name,
        source="crm",
        dedupe_key=name,
        kind="k",
        entity_key=entity,
        body=b"",
        correlation_id="c",
        received_at=NOW,
    )


def escalation(name: str) -> Escalation:
    return Escalation(
        id=name,
        donor_id="donor_1",
        action=AddNote(donor_id="donor_1", text="n"),
        action_digest="d",
        card=b"{}",
        decision_facts=b"{}",
        policy_version="v",
        requires=b"{}",
        route="owner",
        created_at=NOW,
        due_at=NOW,
        correlation_id="c",
    )


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(PROCESSES / script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_several_processes_finish_each_item_once_and_in_order(database_url: str) -> None:
    database = Database.open(database_url)
    names = [f"{number:03}" for number in range(150)]

    def accept_all(transaction: Transaction) -> None:
        for number, name in enumerate(names):
            transaction.inbox.accept(received(name, f"donor_{number % 5}"))

    await database.write(accept_all)
    with ExitStack() as stack:
        workers = [start("claim_until_empty.py", database_url, f"w{n}", str(len(names))) for n in range(3)]
        for worker in workers:
            stack.enter_context(worker)
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        finished = [(await asyncio.to_thread(worker.communicate))[0].split() for worker in workers]
        assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert sorted(name for share in finished for name in share) == names
    assert all(_ordered_per_donor(share) for share in finished)

    def attempts(transaction: Transaction) -> set[int]:
        rows = transaction.inbox._connection.execute(text("SELECT DISTINCT attempts FROM inbox"))
        return set(rows.scalars())

    assert await database.read(attempts) == {1}
    await database.close()


def _ordered_per_donor(share: list[str]) -> bool:
    for donor in range(5):
        of_donor = [name for name in share if int(name) % 5 == donor]
        if of_donor != sorted(of_donor):
            return False
    return True


async def test_of_sixteen_simultaneous_clicks_one_wins(database_url: str) -> None:
    replicas = [Database.open(database_url) for _ in range(4)]
    for round_number in range(5):
        name = f"esc_{round_number}"
        await replicas[0].write(lambda t, name=name: t.escalations.add(escalation(name)))

        def approve(transaction: Transaction, clicker: int, name: str = name) -> Escalation | None:
            return transaction.escalations.move(
                name,
                {EscalationState.OPEN},
                EscalationState.APPROVED,
                NOW,
                decided_by=f"U{clicker}",
            )

        clicks = [
            replicas[clicker % 4].write(lambda t, clicker=clicker: approve(t, clicker))
            for clicker in range(16)
        ]
        winners = [moved for moved in await asyncio.gather(*clicks) if moved is not None]
        assert len(winners) == 1
        assert winners[0] == await replicas[0].read(lambda t, name=name: t.escalations.get(name))
        assert winners[0].revision == 2
    for replica in replicas:
        await replica.close()


@pytest.mark.postgres
async def test_simultaneous_moves_wait_for_each_other(postgres_url: str) -> None:
    replicas = [Database.open(postgres_url) for _ in range(8)]
    await replicas[0].write(lambda t: t.escalations.add(escalation("esc")))
    together = Meeting(8)

    def approve(transaction: Transaction) -> Escalation | None:
        together.here()
        return transaction.escalations.move("esc", {EscalationState.OPEN}, EscalationState.APPROVED, NOW)

    moved = await asyncio.gather(*(replica.write(approve) for replica in replicas))
    assert sorted(move is not None for move in moved) == [False] * 7 + [True]
    for replica in replicas:
        await replica.close()


@pytest.mark.postgres
async def test_simultaneous_claims_share_nothing(postgres_url: str) -> None:
    replicas = [Database.open(postgres_url) for _ in range(8)]
    for number in range(40):
        await replicas[0].write(lambda t, n=number: t.inbox.accept(received(f"{n:02}")))
    together, claimed_all = Meeting(8), Meeting(8)

    def claim(transaction: Transaction) -> list[Item]:
        together.here()
        items = transaction.inbox.claim(owner="w", now=NOW, lease=LEASE, limit=5)
        claimed_all.here()
        return items

    shares = await asyncio.gather(*(replica.write(claim) for replica in replicas))
    assert [len(share) for share in shares] == [5] * 8
    assert sorted(item.id for share in shares for item in share) == [f"{n:02}" for n in range(40)]
    for replica in replicas:
        await replica.close()


@pytest.mark.postgres
async def test_an_older_item_that_becomes_visible_late_waits_for_the_younger_one(postgres_url: str) -> None:
    """The older row commits between another claimer's look and its commit; the index lets only one win."""
    database = Database.open(postgres_url)
    inserted, younger_claimed = Pause(), Pause()

    def accept_slowly(transaction: Transaction) -> None:
        transaction.inbox.accept(received("older", "donor_1"))
        inserted.here()

    def claim_younger(transaction: Transaction) -> list[Item]:
        items = transaction.inbox.claim(owner="w1", now=NOW, lease=LEASE, limit=5)
        younger_claimed.here()
        return items

    accepting = asyncio.ensure_future(database.write(accept_slowly))
    await inserted.reached()
    await database.write(lambda t: t.inbox.accept(received("younger", "donor_1")))
    first = asyncio.ensure_future(database.write(claim_younger))
    await younger_claimed.reached()
    inserted.go_on()
    await accepting
    second = asyncio.ensure_future(
        database.write(lambda t: t.inbox.claim(owner="w2", now=NOW, lease=LEASE, limit=5))
    )
    while not await database.read(_somebody_waits_for_a_lock):
        pass
    younger_claimed.go_on()
    (younger,) = await first
    assert (younger.id, await second) == ("younger", [])
    await database.write(lambda t: t.inbox.finish(younger, NOW))
    (older,) = await database.write(lambda t: t.inbox.claim(owner="w2", now=NOW, lease=LEASE, limit=5))
    assert older.id == "older"
    await database.close()


def _somebody_waits_for_a_lock(transaction: Transaction) -> bool:
    waiting = text(
        "SELECT count(*) > 0 FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    return bool(transaction.inbox._connection.execute(waiting).scalar_one())


async def test_the_same_event_sent_at_once_is_accepted_once(database_url: str) -> None:
    replicas = [Database.open(database_url) for _ in range(4)]
    sending = [replica.write(lambda t: t.inbox.accept(received("a"))) for replica in replicas * 4]
    assert sorted(await asyncio.gather(*sending)) == [False] * 15 + [True]
    for replica in replicas:
        await replica.close()


async def test_one_replica_gets_an_occurrence(database_url: str) -> None:
    replicas = [Database.open(database_url) for _ in range(4)]
    ticking = [
        replica.write(lambda t: t.occurrences.claim("digest", "2026-11-03", NOW)) for replica in replicas
    ]
    assert sorted(await asyncio.gather(*ticking)) == [False] * 3 + [True]
    for replica in replicas:
        await replica.close()


async def test_what_was_acknowledged_survives_a_killed_process(database_url: str) -> None:
    with start("accept_until_killed.py", database_url) as process:
        assert process.stdout is not None
        lines = [await asyncio.to_thread(process.stdout.readline) for _ in range(300)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL
    acknowledged = {line.strip() for line in lines if line.endswith("\n")}

    def stored(transaction: Transaction) -> set[str]:
        return set(transaction.inbox._connection.execute(text("SELECT id FROM inbox")).scalars())

    database = Database.open(database_url)
    assert acknowledged - await database.read(stored) == set()
    assert len(acknowledged) >= 300
    assert await database.write(lambda t: t.inbox.accept(received("0-0"))) is False
    await database.close()
