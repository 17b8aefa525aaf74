"""One decision, killed at every step of its way in turn: an edited approval, and an undo."""

from __future__ import annotations

import contextlib
import itertools
import signal
from collections.abc import Iterator

import httpx2
import pytest

from policy.escalation import EscalationState
from tests.crash.conftest import Bot
from tests.loop.shown import Json, escalation_of, has
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

WRITING = ["claimed.execute_action", "crm.sending", "crm.answered", "handled.execute_action"]
APPROVING = [
    "accepted.edit_approved",
    "claimed.edit_approved",
    "handled.edit_approved",
    "settled.edit_approved",
]
EDITED = [*APPROVING, *WRITING, "settled.execute_action", "handled.show_card"]
UNDONE = [
    *("accepted.undo", "claimed.undo", "handled.undo", "settled.undo"),
    *("claimed.take_back", "crm.sending", "crm.answered", "handled.take_back", "settled.take_back"),
    "handled.show_card",
]


@pytest.fixture(scope="module")
def amounts() -> Iterator[int]:
    """An amount for each story, so that each has a proposal of its own."""
    return itertools.count(3_000_000, 100)


async def _card(bot: Bot, gift: str) -> Json:
    async def look() -> Json | None:
        messages = await bot.stage.history(OLIVIA, OLIVIAS, limit=8)
        return next((m for m in messages if has(m, gift) and not m["is_ephemeral"]), None)

    return await until(look, f"the card about {gift}")


async def _shows(bot: Bot, card: Json, *words: str) -> Json:
    async def look() -> Json | None:
        messages = await bot.stage.history(OLIVIA, OLIVIAS, limit=12)
        return next((m for m in messages if m["ts"] == card["ts"] and has(m, *words)), None)

    return await until(look, f"the card says {words}")


async def _dies(bot: Bot, point: str) -> None:
    async def dead() -> bool:
        return not bot.is_running()

    await until(dead, f"it dies at {point}")
    assert await bot.bury() == {"signal": signal.SIGKILL, "code": None}
    bot.let_leases_run_out()


async def _window(bot: Bot, callback: str, left_open: set[str]) -> Json:
    async def look() -> Json | None:
        # A window whose answer was lost stays open until its reader closes it.
        views = [view for view in await bot.stage.views(OLIVIA) if view["id"] not in left_open]
        return next((view for view in views if view["callback_id"] == callback), None)

    return await until(look, f"the window {callback}")


async def _edited(bot: Bot, minor: int, points: list[str]) -> Json:
    """A version is approved, and at each point of its way to the CRM and the card the bot dies."""
    await bot.start(failpoint=points[0])
    gift = f"${minor // 100:,} on"
    await bot.stage.happen("gift", JANE, amount_minor=minor)
    card = await _card(bot, gift)
    left_open = {view["id"] for view in await bot.stage.views(OLIVIA)}
    await bot.stage.press(OLIVIA, OLIVIAS, card, "cs:edit")
    form = await _window(bot, "cs:edit_view", left_open)
    await bot.stage.enter(OLIVIA, form, title="Call Jane, step by step")
    checked = await _window(bot, "cs:checked_view", left_open)
    await bot.stage.enter(OLIVIA, checked, edit_reason="wrong_wording")
    await _go_on_dying(bot, points)
    done = await _shows(bot, card, "Done: Jane Doe", "Call Jane, step by step")
    await bot.settled()
    [task] = await bot.stage.written_for(card, JANE)
    assert task["title"] == "Call Jane, step by step"
    return done


async def _go_on_dying(bot: Bot, points: list[str]) -> None:
    await _dies(bot, points[0])
    for point in points[1:]:
        await bot.start(failpoint=point)
        await _dies(bot, point)
    await bot.start()


async def _undone(bot: Bot, done: Json, points: list[str]) -> None:
    assert await bot.terminate() == 0
    await bot.start(failpoint=points[0])
    with contextlib.suppress(httpx2.TransportError):  # whoever pressed never hears that it arrived
        await bot.stage.signed_click(OLIVIA, "cs:undo", escalation_of(done), nonce=f"undo-{done['ts']}")
    await _go_on_dying(bot, points)
    await _shows(bot, done, "Undone: Jane Doe")
    await bot.settled()
    assert await bot.stage.written_for(done, JANE) == []


async def _is_right(bot: Bot, card: Json) -> None:
    about = escalation_of(card)
    state, kinds = await bot.left_of(about)
    assert state is EscalationState.UNDONE
    once = ("escalation.edited", "escalation.approved", "action.begun", "action.executed")
    assert [k for k in kinds if k in (*once, "undo.requested", "action.undone")] == [
        *once,
        "undo.requested",
        "action.undone",
    ]


async def _all_the_way(bot: Bot, minor: int, edited: list[str], undone: list[str]) -> None:
    done = await _edited(bot, minor, edited)
    await _undone(bot, done, undone)
    await _is_right(bot, done)
    assert await bot.terminate() == 0


async def test_killed_at_every_step_on_sqlite(bot: Bot, amounts: Iterator[int]) -> None:
    await _all_the_way(bot, next(amounts), EDITED, UNDONE)


@pytest.mark.postgres
async def test_killed_at_every_step_on_postgresql(postgres_bot: Bot, amounts: Iterator[int]) -> None:
    edited = ["handled.edit_approved", "crm.answered", "handled.show_card"]
    await _all_the_way(
        postgres_bot, next(amounts), edited, ["handled.undo", "crm.answered", "handled.take_back"]
    )
