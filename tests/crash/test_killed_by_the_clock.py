"""Killed at every step of what time does: coming back, reminding, passing on, running out, listing many.

The bot's clock is the real one, so what is to come is moved into the past while nobody is there.
"""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from storage.schema import ESCALATIONS, INBOX
from tests.crash.conftest import LONG_AGO, Bot
from tests.databases import perform
from tests.loop.shown import Json, escalation_of, has
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, organisation_file, until

ALL = bool(os.environ.get("COUNTERSIGN_TEST_LIVES"))
"""A longer search dies at every step; otherwise where most could be lost or done twice."""

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(0 if ALL else 400)]

ALWAYS_AT_WORK = {
    "working_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    "working_day_start_hour": 0,
    "working_day_end_hour": 24,
}
ANOTHER = "donor-0014"


def _steps(*points: str) -> list[str]:
    """The points to die at, in their order; without a long search those alone that are marked."""
    return [each.removesuffix("!") for each in points if ALL or each.endswith("!")]


BACK = _steps("claimed.deferral_ended", "handled.deferral_ended!", "settled.deferral_ended")
BROUGHT = ["handled.bring_back", *_steps("settled.bring_back")]
PLANNED = _steps("claimed.reminder_due", "handled.reminder_due", "settled.reminder_due")
TOLD = _steps("handled.reminders_owed", "settled.reminders_owed", "handled.post_outcome!")
PASSED_ON = _steps("handled.decision_due!", "settled.decision_due", "handled.remind_decider")
RUN_OUT = _steps("claimed.decision_due", "handled.decision_due", "settled.decision_due")
LISTED = _steps("handled.grouping_due", "settled.grouping_due", "handled.show_grouping!")


def _at_work(bot: Bot, folder: Path, **changes: Any) -> Bot:
    organisation = organisation_file(folder, bot.stage.origin, **(ALWAYS_AT_WORK | changes))
    return replace(bot, organisation=organisation)


def _come(bot: Bot, kind: str, about: str | None = None) -> None:
    """The moment comes for which what is of this *kind* waits; with *about*, its time to decide is over."""

    def bring(connection: Connection) -> None:
        waiting = update(INBOX).where(INBOX.c.kind == kind, INBOX.c.status == "ready")
        connection.execute(waiting.values(available_at=LONG_AGO, first_due_at=LONG_AGO))
        if about:
            connection.execute(update(ESCALATIONS).where(ESCALATIONS.c.id == about).values(due_at=LONG_AGO))

    perform(bot.database_url, bring)


async def _dies_at(bot: Bot, points: list[str]) -> None:
    """It is started, and dies, at one point after the other; at last it lives."""
    for point in points:
        await bot.start(failpoint=point, to_die=True)
        await _dies(bot, point)
    await bot.start()
    await bot.settled()


async def _dies(bot: Bot, point: str) -> None:
    async def dead() -> bool:
        return not bot.is_running()

    await until(dead, f"it dies at {point}")
    assert await bot.bury() == {"signal": signal.SIGKILL, "code": None}
    bot.let_leases_run_out()


async def _then(bot: Bot, kind: str, points: list[str], about: str | None = None) -> None:
    """While it is down something comes due, and over that it dies again and again."""
    await bot.settled()
    assert await bot.terminate() == 0
    _come(bot, kind, about)
    await _dies_at(bot, points)


async def _card(bot: Bot, *words: str) -> Json:
    return await bot.stage.seen(OLIVIA, OLIVIAS, *words)


async def _time_passes(bot: Bot, minor: int) -> None:
    await bot.start()
    await bot.stage.happen("gift", JANE, amount_minor=minor)
    card = await _card(bot, "Decision needed: Jane Doe", f"${minor // 100:,} on")
    about = escalation_of(card)
    await bot.settled()

    await bot.stage.press(OLIVIA, OLIVIAS, card, "cs:more", "a_day")
    card = await _card(bot, "Put off: Jane Doe")
    await _then(bot, "deferral_ended", BACK)

    if ALL:
        await _brought_back_and_reminded_of(bot, about)
    await _then(bot, "decision_due", PASSED_ON, about)
    await _then(bot, "decision_due", RUN_OUT, about)
    await _card(bot, "Time ran out: Jane Doe")
    await _is_right(bot, about)
    assert await bot.terminate() == 0


async def _brought_back_and_reminded_of(bot: Bot, about: str) -> None:
    card = await _card(bot, "Decision needed: Jane Doe")
    await bot.stage.press(OLIVIA, OLIVIAS, card, "cs:more", "a_day")
    await _card(bot, "Put off: Jane Doe")
    await bot.settled()
    assert await bot.terminate() == 0
    await bot.start(failpoint=BROUGHT[0])
    answer = await bot.stage.signed_click(OLIVIA, "cs:bring_back", about, nonce=f"back-{about}")
    assert answer.status_code == 200
    await _dies(bot, BROUGHT[0])
    await _dies_at(bot, BROUGHT[1:])

    await _then(bot, "reminder_due", [])
    await _then(bot, "reminder_due", PLANNED)
    await _then(bot, "reminders_owed", TOLD)


async def _is_right(bot: Bot, about: str) -> None:
    found: Any = await bot.read(
        lambda tx: (
            tx.escalations.get(about),
            [e.kind for e in tx.audit.trace(JANE) if e.payload and e.payload.get("escalation_id") == about],
            tx.audit.verify().ok,
            tx.places.living(about),
            [*tx.inbox.list_dead(9), *tx.outbox.list_dead(9)],
        )
    )
    escalation, kinds, verified, places, dead = found
    assert escalation.state.value == "expired"
    moves = ("escalation.", "action.", "decider.")
    assert [kind for kind in kinds if kind.startswith(moves)] == [
        "escalation.opened",
        *("escalation.deferred", "escalation.reopened") * (2 if ALL else 1),
        *(["decider.reminded"] if ALL else []),
        "escalation.passed_on",
        "escalation.handed_over",
        "escalation.expired",
    ]
    assert verified
    assert dead == []
    for place in places:
        messages = await bot.stage.history(OLIVIA, place.channel_id, limit=20)
        assert [has(m, "Time ran out") for m in messages if m["ts"] == place.message_ts] == [True]
    told = await bot.stage.thread(OLIVIA, OLIVIAS, places[0].message_ts)
    assert sum(has(message, "This decision waits for you.") for message in told) == ALL, "reminded once"


async def test_time_passes_on_sqlite(bot: Bot, tmp_path: Path) -> None:
    await _time_passes(_at_work(bot, tmp_path), 5_100_000)


if ALL:  # the longer search: the same steps on another database

    @pytest.mark.postgres
    async def test_time_passes_on_postgresql(postgres_bot: Bot, tmp_path: Path) -> None:
        await _time_passes(_at_work(postgres_bot, tmp_path), 5_200_000)


async def test_a_list_of_many_is_posted_once(bot: Bot, tmp_path: Path) -> None:
    crowded = _at_work(bot, tmp_path, cards_per_day=1, grouping_hours=1)
    await crowded.start()
    for donor in (JANE, ANOTHER):  # in this order: what the test before left makes Jane's a card in any case
        await crowded.stage.happen("gift", donor, amount_minor=4_000)
        await crowded.settled()
    await _then(crowded, "grouping_due", LISTED)
    lists = [m for m in await crowded.stage.history(OLIVIA, OLIVIAS) if has(m, "1 more decision waits")]
    assert len(lists) == 1
    assert await crowded.terminate() == 0
