"""Who is away, what is owed, what is awaited: the same on both databases, and told apart by nobody twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from policy.awaited_events import AwaitedEvent
from policy.delegation import Absence
from storage.awaited_events import Awaited
from storage.database import Database
from storage.reminders import Reminder
from tests.storage.test_escalations import WHOLE

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def absence(number: int, start: datetime, end: datetime, email: str = "Olivia@X.example") -> Absence:
    return Absence(
        id=f"a{number}",
        user_id="U1",
        email=email,
        name="Olivia Hart",
        starts_at=start,
        ends_at=end,
        delegate_email="sam@x.example",
        delegate_name="Sam",
        created_at=NOW,
    )


async def test_absences_are_found_by_time_and_person(database: Database) -> None:
    now, later = absence(1, NOW, NOW + DAY), absence(2, NOW + 3 * DAY, NOW + 5 * DAY)
    other = absence(3, NOW - DAY, NOW + DAY, email="omar@x.example")
    await database.write(lambda tx: [tx.absences.add(each) for each in (now, later, other)] and None)
    assert await database.read(lambda tx: tx.absences.get("a1")) == now
    assert await database.read(lambda tx: tx.absences.at(NOW)) == [other, now]
    assert await database.read(lambda tx: tx.absences.at(NOW + DAY)) == [], "the end is not part of it"
    assert await database.read(lambda tx: tx.absences.still_to_come("olivia@x.EXAMPLE", NOW)) == [now, later]
    assert await database.read(lambda tx: tx.absences.between(NOW + 2 * DAY, NOW + 4 * DAY)) == [later]

    ended = await database.write(lambda tx: tx.absences.end("a1", NOW + timedelta(hours=1)))
    assert ended == now.model_copy(update={"ended_at": NOW + timedelta(hours=1)})
    assert await database.write(lambda tx: tx.absences.end("a1", NOW)) is None, "once"
    assert await database.read(lambda tx: tx.absences.at(NOW)) == [other]


async def test_a_reminder_is_owed_once_and_given_once(database: Database) -> None:
    reminder = Reminder(escalation_id=WHOLE.id, person="o@x.example", planned_at=NOW, due_at=NOW + DAY)
    await database.write(lambda tx: tx.escalations.add(WHOLE))
    added = await asyncio.gather(
        *(database.write(lambda tx: tx.reminders.add(reminder)) for _ in range(8)),
    )
    assert sorted(added) == [False] * 7 + [True]
    assert await database.read(lambda tx: tx.reminders.owed("o@x.example")) == [reminder]
    assert await database.read(lambda tx: tx.reminders.last_given("o@x.example")) is None
    await database.write(lambda tx: tx.reminders.give(reminder, NOW))
    assert await database.read(lambda tx: tx.reminders.owed("o@x.example")) == []
    assert await database.read(lambda tx: tx.reminders.last_given("o@x.example")) == NOW
    assert await database.write(lambda tx: tx.reminders.add(reminder)) is False, "also after it was given"
    await database.write(lambda tx: tx.reminders.drop(reminder))
    assert await database.read(lambda tx: tx.reminders.last_given("o@x.example")) is None


async def test_what_is_awaited_is_replaced_and_forgotten(database: Database) -> None:
    await database.write(lambda tx: tx.escalations.add(WHOLE))
    gift = Awaited(
        escalation_id=WHOLE.id, revision=2, kind=AwaitedEvent.NEXT_GIFT, subject_id="donor_1", since=NOW
    )
    reply = Awaited(
        escalation_id=WHOLE.id, revision=4, kind=AwaitedEvent.NEXT_REPLY, subject_id="donor_1", since=NOW
    )
    await database.write(lambda tx: [tx.awaited.put(each) for each in (gift, reply)] and None)
    assert await database.read(lambda tx: tx.awaited.of(AwaitedEvent.NEXT_GIFT, "donor_1")) == []
    assert await database.read(lambda tx: tx.awaited.of(AwaitedEvent.NEXT_REPLY, "donor_1")) == [reply]
    assert await database.read(lambda tx: tx.awaited.get(WHOLE.id)) == reply
    await database.write(lambda tx: tx.awaited.drop(WHOLE.id))
    assert await database.read(lambda tx: tx.awaited.get(WHOLE.id)) is None
