"""Inbox and outbox: accepted once, worked on once, in order per donor, settled by whoever holds the fence."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from storage.database import Database
from storage.errors import LeaseLostError
from storage.lease_counts import Standing
from storage.queue import Effect, Inbox, Item, Outbox, Received
from storage.transaction import Transaction
from tests.databases import administer

NOW = datetime(2026, 11, 3, 9, 30, 0, 123456, tzinfo=UTC)
LEASE = timedelta(seconds=30)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Side:
    """One of the two queues with the words that differ."""

    def __init__(self, database: Database, queue: str) -> None:
        self.database = database
        self.is_inbox = queue == "inbox"

    def of(self, transaction: Transaction) -> Inbox | Outbox:
        return transaction.inbox if self.is_inbox else transaction.outbox

    async def do(self, work: Callable[[Any], Any]) -> Any:
        return await self.database.write(lambda transaction: work(self.of(transaction)))

    async def put(
        self,
        name: str,
        *,
        entity: str | None = None,
        second: float = 0,
        available_at: datetime | None = None,
        priority: int = 50,
        kind: str = "k",
    ) -> bool:
        words: dict[str, Any] = {
            "id": name,
            "kind": kind,
            "entity_key": entity,
            "body": name.encode(),
            "correlation_id": f"cor_{name}",
            "available_at": available_at,
            "priority": priority,
        }
        if self.is_inbox:
            received = Received(source="crm", dedupe_key=f"key_{name}", received_at=at(second), **words)
            return await self.database.write(lambda t: t.inbox.accept(received))
        effect = Effect(idem_key=f"key_{name}", created_at=at(second), **words)
        return await self.database.write(lambda t: t.outbox.enqueue(effect))

    async def claim(self, now: datetime = NOW, *, limit: int = 10, owner: str = "w1") -> list[Item]:
        claimed: list[Item] = await self.do(lambda q: q.claim(owner=owner, now=now, lease=LEASE, limit=limit))
        return claimed

    async def claim_ids(self, now: datetime = NOW, **words: Any) -> list[str]:
        return [item.id for item in await self.claim(now, **words)]


@pytest.fixture(params=["inbox", "outbox"])
def side(database: Database, request: pytest.FixtureRequest) -> Side:
    return Side(database, request.param)


async def test_a_claimed_item_is_what_was_put_in(side: Side) -> None:
    assert await side.put("a", entity="donor_1", priority=10) is True
    expected = Item(
        id="a",
        kind="k",
        entity_key="donor_1",
        body=b"a",
        correlation_id="cor_a",
        attempts=1,
        fence=1,
        received_at=NOW,
        available_at=NOW,
        priority=10,
        first_attempt_at=at(1),
        key="key_a",
        status="in_flight",
        last_error=None,
    )
    assert await side.claim(at(1)) == [expected]
    assert await side.do(lambda q: q.get("a")) == expected
    assert await side.do(lambda q: q.get("b")) is None


async def test_the_same_is_stored_once_and_first_come_first_kept(side: Side) -> None:
    assert await side.put("a") is True
    assert await side.put("a", priority=1) is False
    assert [item.priority for item in await side.claim()] == [50]


async def test_sources_do_not_share_dedupe_keys(database: Database) -> None:
    def accept(item_id: str, source: str) -> Callable[[Transaction], bool]:
        received = Received(
            id=item_id,
            source=source,
            dedupe_key="1",
            kind="k",
            entity_key=None,
            body=b"",
            correlation_id="c",
            received_at=NOW,
        )
        return lambda t: t.inbox.accept(received)

    answers = [await database.write(accept(*pair)) for pair in (("a", "crm"), ("b", "slack"), ("c", "crm"))]
    assert answers == [True, True, False]


async def test_priority_goes_before_age_and_age_before_arrival(side: Side) -> None:
    await side.put("late", second=5)
    await side.put("early", second=1)
    await side.put("same_time_second", second=1)
    await side.put("urgent", second=9, priority=10)
    assert await side.claim_ids(at(10), limit=3) == ["urgent", "early", "same_time_second"]
    assert await side.claim_ids(at(10)) == ["late"]


async def test_nothing_is_claimed_before_it_is_due(side: Side) -> None:
    await side.put("a", available_at=at(60))
    assert await side.claim_ids(at(59)) == []
    assert await side.claim_ids(at(60)) == ["a"]


async def test_one_item_per_entity_at_a_time_and_the_oldest_first(side: Side) -> None:
    await side.put("a1", entity="a", second=0)
    await side.put("a2", entity="a", second=1, priority=1)
    await side.put("b1", entity="b", second=2)
    await side.put("n1", second=3)
    await side.put("n2", second=3)
    (first, *others) = await side.claim(at(5))
    assert [item.id for item in (first, *others)] == ["a1", "b1", "n1", "n2"]
    assert await side.claim_ids(at(6)) == []
    await side.do(lambda q: q.finish(first, at(6)))
    assert await side.claim_ids(at(6)) == ["a2"]


async def test_a_retried_item_keeps_its_place_before_younger_ones(side: Side) -> None:
    await side.put("a1", entity="a")
    await side.put("a2", entity="a", second=1)
    (first,) = await side.claim(at(2))
    await side.do(lambda q: q.retry(first, at(3), at(60), "crm_unavailable: ConnectError"))
    assert await side.claim_ids(at(59)) == []
    (again,) = await side.claim(at(60))
    assert (again.id, again.attempts, again.fence) == ("a1", 2, 2)
    assert (again.first_attempt_at, again.available_at) == (at(2), at(60))
    assert again.last_error == "crm_unavailable: ConnectError"


async def test_an_item_put_off_from_the_beginning_blocks_nobody(side: Side) -> None:
    await side.put("reminder", entity="a", available_at=at(20))
    await side.put("event", entity="a", second=1)
    (event,) = await side.claim(at(1))
    assert event.id == "event"
    assert await side.claim_ids(at(20)) == []
    await side.do(lambda q: q.finish(event, at(20)))
    assert await side.claim_ids(at(20)) == ["reminder"]


async def test_an_expired_lease_is_taken_over_and_the_first_holder_cannot_settle(side: Side) -> None:
    await side.put("a", entity="a")
    await side.put("b", entity="a", second=1)
    (stale,) = await side.claim(NOW, owner="w1")
    assert await side.claim_ids(at(29), owner="w2") == []
    (taken,) = await side.claim(at(30), owner="w2")
    assert (taken.id, taken.fence, taken.attempts, taken.first_attempt_at) == ("a", 2, 2, NOW)
    for settle in (
        lambda q: q.finish(stale, at(31)),
        lambda q: q.retry(stale, at(31), at(31), "x"),
        lambda q: q.bury(stale, at(31), "x"),
    ):
        with pytest.raises(LeaseLostError):
            await side.do(settle)
    assert await side.do(lambda q: q.extend(stale, at(31), LEASE)) is False
    await side.do(lambda q: q.finish(taken, at(31)))
    with pytest.raises(LeaseLostError):
        await side.do(lambda q: q.finish(taken, at(31)))


async def test_a_lease_that_ran_out_only_because_the_clock_leapt_is_left_to_its_holder(side: Side) -> None:
    await side.put("a")
    await side.claim(NOW)

    def claim_after(leap_s: int, moment: int) -> Callable[[Any], list[Item]]:
        leapt = timedelta(seconds=leap_s)
        return lambda q: q.claim(owner="w2", now=at(moment), lease=LEASE, limit=9, leapt=leapt)

    assert await side.do(claim_after(3600, 3629)) == []
    assert [item.id for item in await side.do(claim_after(3600, 3630))] == ["a"]


async def test_what_was_begun_is_taken_over_although_an_older_one_came_back(side: Side) -> None:
    """Neither may wait for the other: the older for the one that is claimed, that one for the older."""
    await side.put("older", entity="donor_1")
    (older,) = await side.claim()
    await side.do(lambda q: q.bury(older, NOW, "hopeless"))
    await side.put("younger", entity="donor_1", second=1)
    await side.claim(at(1), owner="killed")
    await side.do(lambda q: q.revive("older", at(2)))
    assert await side.claim(at(30)) == []
    (younger,) = await side.claim(at(31))
    assert younger.id == "younger"
    await side.do(lambda q: q.finish(younger, at(32)))
    assert await side.claim_ids(at(32)) == ["older"]


async def test_a_look_behind_a_place_finds_only_what_stands_there(side: Side) -> None:
    for number, name in enumerate(("a", "b", "c")):
        await side.put(name, second=number)
    await side.put("urgent", second=3, priority=10)
    [urgent, first] = await side.claim(at(9), limit=2)
    await side.do(lambda q: q.release("w1"))
    assert (urgent.id, first.id) == ("urgent", "a")

    def after(item: Item) -> Callable[[Any], list[Item]]:
        return lambda q: q.claim(owner="w1", now=at(9), lease=LEASE, limit=2, after=item.place)

    assert [item.id for item in await side.do(after(first))] == ["b", "c"]


@pytest.mark.postgres
async def test_postgresql_reads_the_first_few_and_never_sorts_all_that_waits(postgres_url: str) -> None:
    """Its figures are those of last week, when next to nothing waited: a night's import came since."""
    database = Database.open(postgres_url)

    def accept(first: int) -> Callable[[Transaction], object]:
        return lambda t: t.inbox.accept_all([_arrived(n) for n in range(first, first + 2_000)])

    def finish(t: Transaction) -> None:
        for item in t.inbox.claim(owner="w", now=NOW, lease=LEASE, limit=2_000):
            t.inbox.finish(item, NOW)

    await database.write(accept(0))
    while await database.read(lambda t: t.inbox.standing(NOW).counts["due"]):
        await database.write(finish)
    administer(postgres_url, "ANALYZE inbox")
    await database.write(accept(2_000))
    plans = await database.write(_plans_of_a_claim)
    await database.close()
    assert len(plans) == 2
    for plan in plans:
        assert "Index Scan using ix_inbox_claimable on inbox" in plan
        assert "Sort" not in plan, plan


def _arrived(number: int) -> Received:
    return Received(
        id=str(number),
        source="crm",
        dedupe_key=str(number),
        kind="k",
        entity_key=f"donor_{number % 50}",
        body=bytes(500),
        correlation_id="c",
        received_at=at(number / 10_000),
    )


def _plans_of_a_claim(transaction: Transaction) -> list[str]:
    """Return how the server looks for items, for these values and for any."""
    asked: list[str] = []
    listening = event.listens_for(Engine, "before_cursor_execute")
    listening(note := lambda _c, _cursor, statement, *_: asked.append(statement))
    try:
        transaction.inbox.claim(owner="w", now=at(9), lease=LEASE, limit=6)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    [query] = [each for each in asked if "SKIP LOCKED" in each]
    connection = transaction.inbox._connection
    moments = ", ".join(["'2026-11-03T09:31:00Z'"] * len(set(re.findall(r"\$(\d+)", query))))
    connection.exec_driver_sql(f"PREPARE looking AS {query}")
    plans = []
    for mode in ("force_custom_plan", "force_generic_plan"):
        connection.exec_driver_sql(f"SET LOCAL plan_cache_mode = {mode}")
        rows = connection.exec_driver_sql(f"EXPLAIN EXECUTE looking ({moments})")
        plans.append("\n".join(row[0] for row in rows))
    connection.exec_driver_sql("DEALLOCATE looking")
    return plans


async def test_a_lease_given_by_a_clock_that_was_wrong_blocks_nothing(side: Side) -> None:
    await side.put("a")
    (stray,) = await side.claim(at(7 * 86400))

    def claim(*, clocks_agree: bool) -> Callable[[Any], list[Item]]:
        return lambda q: q.claim(owner="w2", now=NOW, lease=LEASE, limit=9, clocks_agree=clocks_agree)

    assert await side.do(claim(clocks_agree=False)) == [], "it may be ours that is wrong"
    (taken,) = await side.do(claim(clocks_agree=True))
    assert (taken.id, taken.attempts) == ("a", 2)
    with pytest.raises(LeaseLostError):
        await side.do(lambda q: q.finish(stray, NOW))
    assert await side.do(claim(clocks_agree=True)) == [], "what was given by the right one is held"


async def test_a_lease_nobody_took_over_still_counts(side: Side) -> None:
    await side.put("a")
    (item,) = await side.claim(NOW)
    await side.do(lambda q: q.finish(item, at(3600)))
    assert (await side.do(lambda q: q.get("a"))).status == "done"


async def test_a_lost_lease_takes_the_whole_transaction_with_it(side: Side) -> None:
    await side.put("a")
    (stale,) = await side.claim(NOW)
    await side.claim(at(30))

    def business(transaction: Transaction) -> None:
        transaction.settings.put("sent", 1, NOW)
        side.of(transaction).finish(stale, at(31))

    with pytest.raises(LeaseLostError):
        await side.database.write(business)
    assert await side.database.read(lambda t: t.settings.get("sent")) is None


async def test_an_extended_lease_is_held_longer(side: Side) -> None:
    await side.put("a")
    (item,) = await side.claim(NOW)
    assert await side.do(lambda q: q.extend(item, at(20), LEASE)) is True
    assert await side.claim_ids(at(49)) == []
    assert await side.claim_ids(at(50)) == ["a"]


async def test_a_buried_item_blocks_nobody_and_can_be_revived(side: Side) -> None:
    await side.put("a1", entity="a")
    await side.put("a2", entity="a", second=1)
    (first,) = await side.claim(at(1))
    await side.do(lambda q: q.retry(first, at(1), at(1), "crm_no_answer"))
    (first,) = await side.claim(at(1))
    await side.do(lambda q: q.bury(first, at(2), "bad_payload: ValidationError"))
    (second,) = await side.claim(at(3))
    assert second.id == "a2"
    (dead,) = await side.do(lambda q: q.list_dead(10))
    assert (dead.id, dead.status, dead.last_error) == ("a1", "dead", "bad_payload: ValidationError")
    assert await side.do(lambda q: q.revive("a2", at(4))) is False
    assert await side.do(lambda q: q.revive("a1", at(4))) is True
    assert (await side.do(lambda q: q.get("a1"))).available_at == at(4)
    assert await side.do(lambda q: q.list_dead(10)) == []
    await side.put("b1", entity="b", second=2)
    assert await side.claim_ids(at(4)) == ["b1"]
    await side.do(lambda q: q.finish(second, at(5)))
    (again,) = await side.claim(at(5))
    assert (again.id, again.attempts, again.fence, again.first_attempt_at) == ("a1", 2, 3, at(1))


async def test_dead_letters_are_listed_latest_first(side: Side) -> None:
    for number in range(3):
        await side.put(f"a{number}")
    for moment, item in zip((2, 1, 2), await side.claim(), strict=True):
        await side.do(lambda q, item=item, moment=moment: q.bury(item, at(moment), "x"))
    assert [item.id for item in await side.do(lambda q: q.list_dead(2))] == ["a2", "a0"]


async def test_a_dead_letter_that_is_discarded_is_settled_and_no_other(side: Side) -> None:
    for name in ("a", "b", "c"):
        await side.put(name)
    for item in await side.claim(limit=2):
        await side.do(lambda q, item=item: q.bury(item, at(1), "x"))
    found = [await side.do(lambda q, name=name: q.discard(name, at(4))) for name in ("a", "a", "c")]
    assert found == [True, False, False]
    assert await side.do(lambda q: [q.get(name).status for name in ("a", "b", "c")]) == [
        "done",
        "dead",
        "ready",
    ]
    assert await side.put("a") is False, "a repetition stays known"
    assert await side.do(lambda q: (q.purge(at(4), 9), q.purge(at(5), 9))) == (0, 1)


async def test_what_is_parked_did_nothing_and_is_woken_by_the_code_it_was_parked_with(side: Side) -> None:
    for name in ("a", "b", "c"):
        await side.put(name)
    for item, until, code in zip(await side.claim(), (90, 90, 5), ("paused", "away", "paused"), strict=True):
        await side.do(lambda q, item=item, until=until, code=code: q.park(item, at(until), code))
    with pytest.raises(LeaseLostError):
        await side.do(lambda q: q.park(item, at(1), "paused"))
    parked = await side.do(lambda q: q.get("a"))
    assert (parked.status, parked.attempts, parked.available_at) == ("ready", 0, at(90))
    assert await side.do(lambda q: q.wake("paused", at(6))) == 1, "the other one is due anyway"
    woken = await side.claim(at(6))
    assert [(item.id, item.attempts, item.available_at) for item in woken] == [
        ("a", 1, at(6)),
        ("c", 1, at(5)),
    ]
    assert await side.do(lambda q: q.wake("paused", NOW)) == 0, "nobody is woken who works"


async def test_whoever_shuts_down_gives_back_what_it_holds(side: Side) -> None:
    for name in ("a", "b", "c"):
        await side.put(name)
    (mine, _) = await side.claim(limit=2, owner="w1")
    await side.claim(limit=1, owner="w2")
    assert await side.do(lambda q: q.release("w1")) == 2
    with pytest.raises(LeaseLostError):
        await side.do(lambda q: q.finish(mine, NOW))
    again = await side.claim(at(1), owner="w3")
    assert [(item.id, item.attempts, item.fence) for item in again] == [("a", 2, 2), ("b", 2, 2)]


async def test_what_waits_is_counted_and_dated(side: Side) -> None:
    empty = {"ready": 0, "in_flight": 0, "done": 0, "dead": 0}
    assert await side.do(lambda q: (q.counts(), q.standing(NOW).waiting_since)) == (empty, None)
    for number in range(4):
        await side.put(f"a{number}", second=number)
    await side.put("later", available_at=at(90))
    done, dead = await side.claim(at(5), limit=2)
    await side.do(lambda q: (q.finish(done, at(6)), q.bury(dead, at(6), "x")))
    await side.claim(at(7), limit=1)
    counts = {"ready": 2, "in_flight": 1, "done": 1, "dead": 1}
    assert await side.do(lambda q: (q.counts(), q.standing(at(8)).waiting_since)) == (counts, at(3))


async def test_how_a_queue_stands_is_seen_at_one_look(side: Side) -> None:
    assert await side.do(lambda q: q.standing(NOW)) == Standing(
        {"due": 0, "later": 0, "in_flight": 0, "dead": 0}, None, {}
    )
    for number in range(7):
        await side.put(f"a{number}", second=number)
    await side.put("later", available_at=at(90))
    done, dead, held, soon, again, _ = await side.claim(at(10), limit=6)
    await side.do(lambda q: (q.finish(done, at(11)), q.bury(dead, at(11), "x")))
    await side.do(lambda q: q.retry(soon, at(11), at(30), "crm_no_answer"))
    await side.do(lambda q: q.retry(again, at(11), at(60), "crm_no_answer"))
    await side.do(lambda q: (q.retry(held, at(11), at(11), "crm_no_answer"), q.release("w1")))
    assert await side.claim_ids(at(11), limit=1, owner="w2") == ["a2"]
    assert await side.do(lambda q: q.standing(at(30))) == Standing(
        {"due": 3, "later": 2, "in_flight": 1, "dead": 1}, at(5), {"crm_no_answer": (2, at(10))}
    )
    since = [
        await side.do(lambda q, moment=moment: q.dead_since(moment)) for moment in (None, at(10), at(11))
    ]
    assert since == [{("k", "x"): 1}, {("k", "x"): 1}, {}]


async def test_what_is_done_is_forgotten_after_a_while(side: Side) -> None:
    for name in ("old", "new", "dead", "ready"):
        await side.put(name)
    old, new, dead = await side.claim(limit=3)
    await side.do(lambda q: (q.finish(old, at(1)), q.finish(new, at(2)), q.bury(dead, at(1), "x")))
    assert await side.do(lambda q: q.purge(at(2), 100)) == 1
    assert await side.do(lambda q: q.counts()) == {"ready": 1, "in_flight": 0, "done": 1, "dead": 1}
    assert await side.put("new") is False
    assert await side.put("old") is True


async def test_what_waits_behind_an_item_is_settled_with_it_up_to_what_is_something_else(
    database: Database,
) -> None:
    side = Side(database, "inbox")
    for number, kind in enumerate(("k", "k", "k", "other", "k")):
        await side.put(f"a{number}", entity="donor", second=number, kind=kind)
    [held] = await side.claim(at(9))
    assert await side.do(lambda q: q.behind("a1", at(9), 5)) == [], "nobody holds that one"
    assert [each.id for each in await side.do(lambda q: q.behind(held.id, at(9), 1))] == ["a1"]
    assert [each.id for each in await side.do(lambda q: q.behind(held.id, at(1), 5))] == ["a1"], "not due"
    behind = await side.do(lambda q: q.behind(held.id, at(9), 5))
    assert [each.id for each in behind] == ["a1", "a2"]
    await side.do(lambda q: (q.finish_along(behind, at(9)), q.finish(held, at(9))))
    assert await side.claim_ids(at(9)) == ["a3"]
    assert not await side.do(lambda q: q.finish_along(behind, at(9))), "they are done already"


async def test_only_codes_are_kept_of_an_error(database: Database) -> None:
    outbox = Side(database, "outbox")
    await outbox.put("a")
    kept = []
    for given in (
        "crm_unavailable",
        "crm.write: HTTPStatusError: 503",
        "could not thank Jane Doe",
        "mail to jane@example.org",
        "x" * 400,
        "",
    ):
        (item,) = await outbox.claim()
        await outbox.do(lambda q, item=item, given=given: q.retry(item, NOW, NOW, given))
        kept.append((await outbox.do(lambda q: q.get("a"))).last_error)
    assert kept == ["crm_unavailable", "crm.write: HTTPStatusError: 503", *["unspecified"] * 4]


def _effect(name: str, order: str) -> Effect:
    return Effect(
        id=name,
        idem_key=f"key_{name}",
        kind="refresh",
        entity_key=order,
        body=b"{}",
        correlation_id="cor",
        created_at=NOW,
        available_at=at(1),
    )


async def test_many_changes_make_one_effect_and_one_under_way_makes_another(database: Database) -> None:
    for name in ("a", "b", "c"):
        await database.write(lambda t, name=name: t.outbox.join(_effect(name, "homes")))  # type: ignore[misc]
    await database.write(lambda t: t.outbox.join(_effect("elsewhere", "grouping")))
    counts = await database.read(lambda t: t.outbox.counts())
    assert counts["ready"] == 2
    claimed = await database.write(lambda t: t.outbox.claim(owner="w", now=at(2), lease=LEASE, limit=5))
    assert sorted(item.id for item in claimed) == ["a", "elsewhere"]
    # What is being shown may have been read before this change: it has to be shown again.
    await database.write(lambda t: t.outbox.join(_effect("d", "homes")))
    assert (await database.read(lambda t: t.outbox.counts()))["ready"] == 1


@pytest.mark.postgres
async def test_whoever_stood_still_with_their_clock_claims_and_holds_nothing(
    migrated_postgres_url: str,
) -> None:
    database = Database.open(migrated_postgres_url)
    side, now = Side(database, "inbox"), datetime.now(UTC)
    soon, over = now + timedelta(hours=1), now - timedelta(seconds=1)
    assert await side.put("1")

    def claim(queue: Inbox, server_before: datetime) -> list[Item]:
        return queue.claim(owner="w", now=now, lease=LEASE, limit=1, server_before=server_before)

    assert await side.do(lambda queue: claim(queue, over)) == []
    [item] = await side.do(lambda queue: claim(queue, soon))
    assert not await side.do(lambda queue: queue.extend(item, now, LEASE, over))
    assert await side.do(lambda queue: queue.extend(item, now, LEASE, soon))
    await database.close()
