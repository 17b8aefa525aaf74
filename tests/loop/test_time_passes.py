"""Decisions put off, come back, run out of time; and digests that are delivered once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.wiring import build
from policy.working_time import WorkingTime
from storage.schema import INBOX
from tests.loop.conftest import Loop, Open
from tests.loop.shown import Json, buttons, escalation_of, has
from tests.loop.staging import JANE, MANAGERS, MARA, OLIVIA, OLIVIAS, bot_settings, organisation_file, until

NEW_YORK = ZoneInfo("America/New_York")
WORKING = WorkingTime(time_zone="America/New_York")


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9), tzinfo=NEW_YORK)


def _today(loop: Loop) -> date:
    return loop.clock.now().astimezone(NEW_YORK).date()


async def _until_when(loop: Loop, card: Json) -> datetime | None:
    about = escalation_of(card)
    found = await loop.runtime.context.database.read(lambda tx: tx.escalations.get(about))
    assert found is not None
    return found.deferred_until


async def _due(loop: Loop, card: Json) -> datetime:
    about = escalation_of(card)
    found = await loop.runtime.context.database.read(lambda tx: tx.escalations.get(about))
    assert found is not None
    return found.due_at


async def test_each_preset_comes_back_on_its_morning(loop: Loop) -> None:
    today = _today(loop)
    expected = {
        "next_business_day": _morning(WORKING.next_working_day(today)),
        "next_week": _morning(WORKING.first_of_next_week(today)),
    }
    donors = {"next_business_day": "donor-0014", "next_week": "donor-0027"}
    cards = {}
    for preset, moment in expected.items():
        card = cards[preset] = await loop.card(donors[preset])
        await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:more", moment.date().isoformat())
        put_off = await loop.now_shows(card, "Put off: ", f"<@{OLIVIA}>", "Nothing was changed")
        assert buttons(put_off) == {"cs:read_in_full", "cs:evidence", "cs:bring_back"}
        assert await _until_when(loop, card) == moment.astimezone(UTC)

    await loop.later_at(expected["next_business_day"] - timedelta(minutes=1))
    await loop.settled()
    assert {preset: await loop.state(card) for preset, card in cards.items()} == dict.fromkeys(
        cards, "deferred"
    )

    for preset in sorted(expected, key=lambda name: expected[name]):
        await loop.later_at(expected[preset] + timedelta(seconds=1))
        card = await loop.now_shows(cards[preset], "Decision needed: ")
        assert "cs:approve" in buttons(card)
        assert not has(card, "decides by  " + _spelled(today)), "the deadline moves with it"

    async def reminded() -> list[Json]:
        return await loop.stage.thread(OLIVIA, OLIVIAS, cards["next_business_day"]["ts"])

    [reminder] = await until(reminded, "a reminder in the card's thread")
    assert has(reminder, "back from being put off", f"<@{OLIVIA}>")

    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Done: ")
    await loop.settled()
    assert len(await loop.stage.written_for(card, donors["next_week"])) == 1
    await loop.verified()


def _spelled(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


async def test_the_deadline_on_the_card_is_the_one_that_counts(loop: Loop) -> None:
    """Put off for a month, the card that comes back does not ask for an answer by a day long gone."""
    card = await loop.card()
    day = _today(loop) + timedelta(days=30)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:more", "date")
    window = await loop.stage.shown(OLIVIA, "Or until another day")
    assert (await loop.stage.submit(OLIVIA, window, day=day.isoformat()))["ok"]
    await loop.now_shows(card, "Put off: Jane Doe")
    returns = _morning(WORKING.first_working_day(day))
    await loop.later_at(returns + timedelta(seconds=1))
    back = await loop.now_shows(card, "Decision needed: Jane Doe")
    deadline = WORKING.add_working_days(returns, 5).date()
    assert has(back, _spelled(deadline)), "five working days from when it came back"


@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket"])
async def test_a_day_that_cannot_be_meant_is_refused_in_the_window(
    open_loop: Open, *, socket_mode: bool
) -> None:
    loop = await open_loop(socket_mode=socket_mode)
    card = await loop.card()
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:more", "date")
    window = await loop.stage.shown(OLIVIA, "Or until another day")
    today = _today(loop)
    for day, problem in (
        (today, "Pick a day after today."),
        (today - timedelta(days=400), "Pick a day after today."),
        (today + timedelta(days=400), "Pick a day within the next year."),
    ):
        answer = await loop.stage.submit(OLIVIA, window, day=day.isoformat())
        assert (answer["response_action"], answer["errors"]) == ("errors", {"cs:other_day_block": problem})
    assert await loop.state(card) == "open"

    chosen = today + timedelta(days=3)
    answer = await loop.stage.submit(OLIVIA, window, day=chosen.isoformat())
    assert answer["response_action"] in (None, "clear")
    await loop.now_shows(card, "Put off: Jane Doe")
    assert await _until_when(loop, card) == _morning(WORKING.first_working_day(chosen)).astimezone(UTC)


async def test_time_runs_out_and_that_is_not_a_no(open_loop: Open) -> None:
    loop = await open_loop(organisation={"after_deadline": "expire"})
    card = await loop.card()
    due_at = await _due(loop, card)
    assert WORKING.is_working(due_at), "nobody has to decide at night or on a Sunday"
    assert WORKING.between(loop.clock.now(), due_at) > timedelta(hours=39)
    await loop.later_at(due_at - timedelta(minutes=5))
    await loop.settled()
    assert await loop.state(card) == "open"
    await loop.later(minutes=10)
    expired = await loop.now_shows(card, "Time ran out: Jane Doe", "This is not a no")
    assert buttons(expired) == {"cs:read_in_full", "cs:evidence"}
    await loop.stage.signed_click(OLIVIA, "cs:approve", escalation_of(card), nonce="too-late")
    told = await loop.stage.seen(OLIVIA, OLIVIAS, "The time to decide is over; nobody decided")
    assert told["is_ephemeral"]
    await loop.settled()
    assert await loop.stage.written_for(card, JANE) == []
    await loop.verified()


async def test_put_off_and_then_forgotten_it_expires_too(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:more", "a_day")
    await loop.now_shows(card, "Put off: Jane Doe")
    await loop.later(days=6)
    await loop.now_shows(card, "Decision needed: Jane Doe")
    await loop.later(days=13)
    await loop.now_shows(card, "Decision needed: Jane Doe", "Nobody decided in time.")
    await loop.later(days=6)
    await loop.now_shows(card, "Time ran out: Jane Doe")


async def test_a_restart_forgets_no_deferral(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:more", "a_day")
    await loop.now_shows(card, "Put off: Jane Doe")
    due = select(INBOX.c.available_at).where(INBOX.c.kind == "deferral_ended", INBOX.c.status == "ready")
    read = loop.runtime.context.database.read
    waiting = await read(lambda tx: tx.inbox._connection.execute(due).scalar_one())
    assert waiting == await _until_when(loop, card), "the row in the inbox is what brings it back"


# Digests


async def _digests(loop: Loop) -> list[Json]:
    return [m for m in await loop.stage.history(MARA, MANAGERS) if has(m, "Who uses it, and for what")]


async def _to_monday_morning(loop: Loop) -> None:
    today = _today(loop)
    await loop.later_at(_morning(today + timedelta(days=7 - today.weekday())))


async def test_a_digest_is_delivered_once_with_what_happened(loop: Loop) -> None:
    card = await loop.card()
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Done: Jane Doe")
    await _to_monday_morning(loop)
    for _ in range(3):
        await loop.runtime.scheduler.deliver_digests()
    digest = await loop.stage.seen(MARA, MANAGERS, "Who uses it, and for what")
    assert has(digest, "1 decision")
    await loop.settled()
    assert len(await _digests(loop)) == 1
    assert (await loop.kinds()).count("digest.delivered") == 1


async def _two_schedulers(loop: Loop, folder: Path) -> None:
    settings = bot_settings(loop.stage, loop.database_url, organisation_file(folder, loop.stage.origin))
    async with AsyncExitStack() as stack:
        others = [
            await stack.enter_async_context(build(settings, clock=loop.clock, poll_s=3600)) for _ in range(2)
        ]
        await _to_monday_morning(loop)
        every = [loop.runtime.scheduler, *(other.scheduler for other in others)]
        await asyncio.gather(*(each.deliver_digests() for each in every for _ in range(3)))
        await loop.stage.seen(MARA, MANAGERS, "Who uses it, and for what")
        await loop.settled()
        assert len(await _digests(loop)) == 1
        assert (await loop.kinds()).count("digest.delivered") == 1


@pytest.mark.postgres
async def test_three_replicas_deliver_one_digest(open_loop: Open, postgres_url: str, tmp_path: Path) -> None:
    await _two_schedulers(await open_loop(database_url=postgres_url), tmp_path)


async def test_two_schedulers_on_one_file_deliver_one_digest(loop: Loop, tmp_path: Path) -> None:
    await _two_schedulers(loop, tmp_path)


async def test_whoever_goes_to_a_meeting_gets_the_summary_in_direct_messages_once(loop: Loop) -> None:
    """Planned in the CRM, found by the timer, written by the model, read by the colleague who goes there."""
    crm, at = loop.stage.crm, _morning(WORKING.next_working_day(_today(loop))) + timedelta(hours=5)
    contact = next(each for each in crm.tables.interactions if each.donor_id == JANE)
    planned = {"kind": "meeting", "status": "planned", "at": at.astimezone(UTC), "staff_id": "staff-olivia"}
    crm.store.commit(contact.model_copy(update=planned))
    direct = await loop.stage.direct(OLIVIA)

    async def received() -> list[Json]:
        found = await loop.stage.history(OLIVIA, direct)
        return [message for message in found if has(message, "Jane Doe", "For your meeting")]

    await loop.later_at(at - timedelta(hours=2))
    await loop.runtime.scheduler.prepare_meetings()
    await loop.settled()
    assert await received() == []
    await loop.later_at(at - timedelta(minutes=50))
    await loop.runtime.scheduler.prepare_meetings()
    [summary] = await until(received, "the summary before the meeting")
    assert has(summary, "AI-generated, check before use", "$65,650", "Recent history")
    await loop.later_at(at - timedelta(minutes=40))
    await loop.runtime.scheduler.prepare_meetings()
    await loop.settled()
    assert await received() == [summary]
    assert (await loop.kinds()).count("summary.before_meeting") == 1
