"""What is kept added up never changes a figure: it is always what the interactions themselves come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from policy.interactions import BY_PEOPLE, OVERRIDES, Kind
from policy.tally import WORTH_READING, By, Override, Tally
from storage import tallies
from storage.appending import AuditEntry
from storage.columns import microseconds, moment_of
from storage.database import Database
from storage.tallies import DAY, SPAN, WEEK, Stretch, day_of, scope_of
from storage.team import Team
from storage.transaction import Transaction

START = datetime(2026, 1, 3, 7, tzinfo=UTC)
DAYS = 50
NOW = START + timedelta(days=DAYS)
TEAM = Team(frozenset({"U0", "U1"}), frozenset({"u0@x.example", "u1@x.example"}))
KINDS = ("approved", "declined", "edited", "deferred", "expired", "sent_back")


def entries(random: Random, count: int, since: datetime = START, days: float = DAYS) -> list[AuditEntry]:
    """Proposals about few donors, each opened for somebody and then decided, put off or run out."""
    made = list[AuditEntry]()
    for number in range(count):
        at = since + timedelta(seconds=random.randrange(int(days * 86_400)))
        donor, owner, key = f"donor-{random.randrange(6)}", random.randrange(4), f"{random.random()}"
        proposal = {
            "event": {"id": key, "type": "note.added", "time": (at - timedelta(hours=2)).isoformat()},
            "recommendation": {
                "action": {"kind": random.choice(("create_task", "update_stage"))},
                "confidence": {"score": random.choice((45, 72, 91))},
                "origin": {"kind": "model", "model": "m", "prompt": "r", "input_tokens": 7},
            },
            "decision": {"outcome": "require_approval"},
            "decision_facts": {"donor": {"lifecycle_stage": random.choice(("", "retention"))}},
        }
        about = {"escalation_id": f"e{key}", "owner_email": f"u{owner}@x.example"}
        kind = random.choice(KINDS)
        actor = "system" if kind == "expired" else f"slack:U{owner}"
        why = {"reason_code": random.choice(("", "wrong_timing"))}
        steps = (
            ("recommendation.decided", "system", proposal),
            ("escalation.opened", "system", about),
            (f"escalation.{kind}", actor, about | why),
        )
        made += [
            AuditEntry(
                id=f"{key}-{number}-{step}",
                at=at + timedelta(seconds=step),
                kind=what,
                correlation_id=key,
                subject=donor,
                actor=who,
                payload=payload,
            )
            for step, (what, who, payload) in enumerate(steps)
        ]
    return sorted(made, key=lambda entry: entry.at)


async def write(database: Database, written: Collection[AuditEntry]) -> None:
    await database.write(lambda tx: [tx.audit.append(entry) for entry in written])


Rows = list[tuple[datetime, Any]]


def rows_of(tx: Transaction) -> Rows:
    """Return every interaction with its group, and when it was."""
    every = text("SELECT g.*, i.* FROM interactions i JOIN interaction_groups g ON g.id = i.group_id")
    found = tx.audit.connection.execute(every).mappings().all()
    return [(moment_of(row["at"]), row) for row in found]


def recounted(rows: Rows, start: datetime, end: datetime, team: Team | None) -> Tally:
    """Count anew, row by row and in the plainest way."""
    counts, amounts, minutes = Counter[str](), Counter[str](), Counter[int]()
    parts = dict[str, Counter[str]]()
    overrides = list[Override]()
    for at, row in rows:
        is_theirs = team is None or (
            row["person"] in team.people or (not row["person"] and row["owner"] in team.owners)
        )
        if not start <= at < end or not is_theirs:
            continue
        kind = row["kind"]
        counts[kind] += 1
        version = " · ".join(part for part in (row["prompt"], row["model"]) if part)
        for by, value in (
            (By.REASON, row["reason"]),
            (By.ACTION, row["action_kind"]),
            (By.STAGE, row["stage"]),
            (By.VERSION, version),
            (By.PERSON, row["person"]),
            (By.CONFIDENCE, str(row["confidence"]) if row["confidence"] >= 0 else ""),
        ):
            if value:
                parts.setdefault(f"{by}{kind}", Counter())[value] += 1
        if kind in BY_PEOPLE and row["amount"] is not None:
            minutes[row["amount"]] += 1
        elif row["amount"]:
            amounts[kind] += row["amount"]
        if kind in OVERRIDES:
            overrides.append(Override(row["confidence"], microseconds(at), row["entry_id"], row["number"]))
    worst = sorted(overrides, key=lambda o: (-o.confidence, -o.at, o.entry_id, o.number))
    parted = {part: dict(values) for part, values in parts.items()}
    return Tally(dict(counts), parted, dict(amounts), dict(minutes), worst[:WORTH_READING])


async def same(database: Database, random: Random, times: int = 4) -> None:
    """Compare over the whole time, and over some that begin and end anywhere, for a team and everybody."""
    spans = [(START - timedelta(days=1), NOW)]
    for _ in range(times):
        one, other = (START + timedelta(seconds=random.randrange(DAYS * 86_400)) for _ in range(2))
        spans.append((min(one, other), max(one, other)))

    def compare(tx: Transaction) -> None:
        rows = rows_of(tx)
        for start, end in spans:
            for team in (None, TEAM):
                assert tx.tallies.between(start, end, team) == recounted(rows, start, end, team), (start, end)

    await database.read(compare)


async def step(
    database: Database, now: datetime = NOW, teams: Collection[Team | None] = (None, TEAM), most: int = 50
) -> int:
    """Add up some of what is missing, as the service does between two transactions."""
    scopes = {scope_of(team): team for team in teams}
    missing = await database.read(lambda tx: list(islice(tx.tallies.missing(now, scopes), most)))
    await database.write(lambda tx: tx.tallies.forget_others(scopes))
    if not missing:
        return 0
    await database.write(lambda tx: tx.tallies.claim("me", [each for each, _ in missing], now))
    found = await database.read(lambda tx: {each: tx.tallies.among(each, scopes) for each, _ in missing})
    return await database.write(lambda tx: tx.tallies.keep("me", found))


async def keep(database: Database, now: datetime = NOW) -> None:
    while await step(database, now):
        continue


async def kept(database: Database) -> Counter[tuple[str, int]]:
    rows = await database.read(
        lambda tx: tx.audit.connection.execute(text("SELECT scope, days FROM tallies")).all()
    )
    return Counter((scope, days) for scope, days in rows)


async def test_figures_are_the_same_whatever_is_kept(database: Database) -> None:
    random = Random(1)
    await write(database, entries(random, 90))
    await same(database, random)
    await step(database, most=33)
    await same(database, random)
    await keep(database)
    await same(database, random)
    found = await kept(database)
    assert set(found) == {(scope, days) for scope in ("", scope_of(TEAM)) for days in (DAY, WEEK, SPAN)}
    assert found["", DAY] > 2 * SPAN - 15
    assert found["", SPAN] >= 1


async def test_what_is_written_late_is_counted_at_once(database: Database) -> None:
    random = Random(3)
    await write(database, entries(random, 40))
    await keep(database)
    complete = await kept(database)
    await write(database, entries(random, 3, START + timedelta(days=9), 1))
    await same(database, random, 2)
    assert await kept(database) < complete
    await keep(database)
    assert await kept(database) == complete
    await same(database, random, 2)


async def test_what_was_of_an_erased_donor_is_counted_no_longer(database: Database) -> None:
    random = Random(4)
    await write(database, entries(random, 40))
    await keep(database)
    before = await database.read(lambda tx: tx.tallies.between(START, NOW).count(Kind.OPENED))
    await database.write(lambda tx: tx.erasure.erase("donor-3", (), NOW))
    assert await database.read(lambda tx: tx.tallies.between(START, NOW).count(Kind.OPENED)) < before
    await same(database, random, 2)
    await keep(database)
    await same(database, random, 2)


async def test_a_day_is_kept_once_it_has_been_over_for_an_hour(database: Database) -> None:
    await write(database, entries(Random(5), 5, datetime(2026, 2, 3, tzinfo=UTC), 1))
    for minutes, expected in ((59, 0), (60, 1)):
        now = datetime(2026, 2, 4, tzinfo=UTC) + timedelta(minutes=minutes)
        await step(database, now, [None])
        assert (await kept(database))["", DAY] == expected


async def test_a_team_that_is_no_more_is_forgotten(database: Database) -> None:
    await write(database, entries(Random(6), 5, START, 3))
    await keep(database)
    assert scope_of(TEAM) in {scope for scope, _ in await kept(database)}
    await step(database, NOW, [None])
    assert {scope for scope, _ in await kept(database)} == {""}


async def test_the_newest_days_are_added_up_first_and_nothing_twice(database: Database) -> None:
    await write(database, entries(Random(7), 30))
    newest = day_of(NOW) - 1
    missing = await database.read(lambda tx: list(tx.tallies.missing(NOW, [""])))
    assert [each for each, _ in missing] == [Stretch(newest - n, DAY) for n in range(len(missing))]
    assert await database.read(lambda tx: tx.tallies.days_missing(NOW)) == len(missing)
    await step(database, NOW, [None], 5)
    left = await database.read(lambda tx: list(tx.tallies.missing(NOW, [""])))
    assert left[0] == (Stretch(newest - 5, DAY), [""])
    assert await database.read(lambda tx: tx.tallies.days_missing(NOW)) == len(missing) - 5
    await keep(database)
    assert await database.read(lambda tx: tx.tallies.days_missing(NOW)) == 0


async def test_one_at_a_time_adds_up_until_a_claim_runs_out(database: Database) -> None:
    await write(database, entries(Random(8), 5, START, 2))
    day = Stretch(day_of(START), DAY)

    async def claims(by: str, minutes: int) -> bool:
        now = NOW + timedelta(minutes=minutes)
        return await database.write(lambda tx: tx.tallies.claim(by, [day], now))

    assert await claims("one", 0)
    assert not await claims("other", 1)
    assert await claims("other", 3)
    found = await database.read(lambda tx: {day: tx.tallies.among(day, {"": None})})
    assert await database.write(lambda tx: tx.tallies.keep("one", found)) == 0
    assert await kept(database) == Counter({("claimed by other", DAY): 1})
    assert await database.write(lambda tx: tx.tallies.keep("other", found)) == 1
    assert await kept(database) == Counter({("", DAY): 1})


async def test_what_is_written_while_a_day_is_added_up_is_not_lost(database: Database) -> None:
    random = Random(9)
    await write(database, entries(random, 20, START, 3))
    days = [Stretch(day_of(START) + n, DAY) for n in range(3)]
    assert await database.write(lambda tx: tx.tallies.claim("me", days, NOW))
    found = await database.read(lambda tx: {each: tx.tallies.among(each, {"": None}) for each in days})
    await write(database, entries(random, 1, START + timedelta(days=1), 0.2))
    assert await database.write(lambda tx: tx.tallies.keep("me", found)) == 2
    await same(database, random)
    assert await database.write(lambda tx: tx.tallies.claim("me", days[1:2], NOW))
    found = await database.read(lambda tx: {days[1]: tx.tallies.among(days[1], {"": None})})
    await database.write(lambda tx: tx.erasure.erase("donor-3", (), NOW))
    assert await database.write(lambda tx: tx.tallies.keep("me", found)) == 0
    await same(database, random)


async def test_too_much_of_what_is_missing_is_not_counted_while_somebody_waits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "MOST_COUNTED", 30)
    await write(database, entries(Random(10), 40, NOW - timedelta(days=5), 4))

    async def is_much(days: float, team: Team | None = None) -> bool:
        start = NOW - timedelta(days=days)
        return await database.read(lambda tx: tx.tallies.is_much_missing(start, NOW, NOW, team))

    assert [await is_much(days) for days in (0.5, 1, 400)] == [False, False, True]
    await step(database, NOW, [None])
    assert [await is_much(400), await is_much(400, TEAM)] == [False, True]
    await keep(database)
    assert not await is_much(400, TEAM)
    await write(database, entries(Random(11), 40, NOW - timedelta(days=0.1), 0.05))
    assert not await is_much(400), "what is not over yet is always counted"
