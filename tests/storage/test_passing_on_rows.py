"""Places of cards and records to put right: stored whole, moved by exactly one caller."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from policy.cleanup import CLEANUP_MOVES, CleanupState
from storage.card_places import CardPlace
from storage.cleanup import CleanupItem
from storage.database import Database
from storage.errors import ImpossibleMoveError
from tests.storage.test_escalations import WHOLE, add

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLACE = CardPlace(
    id="p1", escalation_id="esc_1", channel_id="C1", message_ts="1.1", route="#one", shown_at=NOW
)
ITEM = CleanupItem(
    id="c1",
    escalation_id="esc_1",
    donor_id="donor_1",
    card=b"{}",
    asked_by="U1",
    asked_at=NOW,
    route="#data",
    correlation_id="cor_1",
)


async def test_a_place_lives_until_it_is_ended_and_is_known_once(database: Database) -> None:
    await add(database, WHOLE)
    second = replace(PLACE, id="p2", channel_id="C2", shown_at=NOW - HOUR)
    again = replace(PLACE, id="p3")
    added = [await database.write(lambda tx, p=p: tx.places.add(p)) for p in (PLACE, second, again)]
    assert added == [True, True, False], "the same message twice is one place"
    assert await database.read(lambda tx: tx.places.living("esc_1")) == [second, PLACE]
    ended = [
        await database.write(lambda tx: tx.places.end("C1", "1.1", "message_not_found", NOW)) for _ in "ab"
    ]
    assert ended == [True, False]
    assert await database.read(lambda tx: tx.places.living("esc_1")) == [second]
    gone = replace(PLACE, ended_at=NOW, ended_why="message_not_found")
    assert await database.read(lambda tx: tx.places.get("p1")) == gone
    assert await database.read(lambda tx: tx.places.get("p9")) is None


async def test_an_item_is_answered_by_exactly_one(database: Database) -> None:
    await add(database, WHOLE)
    await database.write(lambda tx: tx.cleanup.add(ITEM))
    answers = [
        await database.write(
            lambda tx, who=who: tx.cleanup.move(
                "c1", CleanupState.OPEN, CleanupState.LOOKING, answered_by=who, answered_at=NOW
            )
        )
        for who in ("U2", "U3")
    ]
    looking = replace(ITEM, state=CleanupState.LOOKING, answered_by="U2", answered_at=NOW, revision=2)
    assert answers == [looking, None]
    await database.write(lambda tx: tx.cleanup.set_message("c1", "C9", "9.9"))
    stored = await database.read(lambda tx: tx.cleanup.get("c1"))
    assert stored == replace(looking, channel_id="C9", message_ts="9.9")


@pytest.mark.parametrize("state", list(CleanupState))
async def test_only_the_moves_of_its_life_are_made(database: Database, state: CleanupState) -> None:
    await add(database, WHOLE)
    await database.write(lambda tx: tx.cleanup.add(replace(ITEM, state=state)))
    for target in set(CleanupState) - CLEANUP_MOVES[state]:
        with pytest.raises(ImpossibleMoveError):
            await database.write(lambda tx, target=target: tx.cleanup.move("c1", state, target))


async def test_the_queue_shows_what_is_unfinished_the_oldest_first(database: Database) -> None:
    await add(database, WHOLE)
    items = [
        replace(ITEM, id="young", asked_at=NOW + HOUR),
        ITEM,
        replace(ITEM, id="looking", state=CleanupState.LOOKING, asked_by="U2", asked_at=NOW - HOUR),
        replace(ITEM, id="done", state=CleanupState.FIXED),
    ]
    for item in items:
        await database.write(lambda tx, item=item: tx.cleanup.add(item))
    everything = await database.read(lambda tx: tx.cleanup.unfinished(9))
    own = await database.read(lambda tx: tx.cleanup.unfinished(1, asked_by="U1"))
    assert [item.id for item in everything] == ["looking", "c1", "young"]
    assert [item.id for item in own] == ["c1"]
