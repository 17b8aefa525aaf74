"""Killed at every step between a gift and its task, the bot goes on where it was: one card, one task."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator

import pytest

from policy.escalation import EscalationState
from tests.crash.conftest import Bot
from tests.loop.shown import Json, buttons, escalation_of, has
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

POINTS = [
    "accept.crm_event",
    "accepted.crm_event",
    "claimed.crm_event",
    "handled.crm_event",
    "settled.crm_event",
    "claimed.show_card",
    "handled.show_card",
    "settled.show_card",
    "accept.approve",
    "accepted.approve",
    "claimed.approve",
    "handled.approve",
    "settled.approve",
    "claimed.show_card#2",
    "handled.show_card#2",
    "settled.show_card#2",
    "claimed.execute_action",
    "crm.sending",
    "crm.answered",
    "handled.execute_action",
    "settled.execute_action",
    "claimed.show_card#3",
    "handled.show_card#3",
    "settled.show_card#3",
]
TELLING = ["handled.show_card", "accepted.approve", "crm.answered"]


@pytest.fixture(scope="module")
def amounts() -> Iterator[int]:
    """An amount for each story, so that each has a proposal of its own."""
    return itertools.count(100_000, 100)


async def _cards(bot: Bot, gift: str) -> list[Json]:
    messages = await bot.stage.history(OLIVIA, OLIVIAS, limit=8)
    return [m for m in messages if has(m, "Jane Doe gave", gift) and not m["is_ephemeral"]]


async def _survives(bot: Bot, point: str, minor: int) -> None:
    await bot.start(failpoint=point)
    gift = f"${minor // 100:,} on"
    await bot.stage.happen("gift", JANE, amount_minor=minor)
    pressed = False

    async def done() -> Json | None:
        """What people do: look, press when there is something to press; a dead bot is started again."""
        nonlocal pressed
        if not bot.is_running():
            assert await bot.bury() == {"signal": signal.SIGKILL, "code": None}
            bot.let_leases_run_out()
            await bot.start()
            # Whoever saw their click fail tries again, once everything else is worked off.
            await bot.settled()
            pressed = False
        for card in await _cards(bot, gift):
            if has(card, "Done: Jane Doe"):
                return card
            if not pressed and "cs:approve" in buttons(card):
                await bot.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
                pressed = True
        return None

    card = await until(done, f"the gift is thanked for, after a death at {point}")
    if bot.ended is None:  # the point lies behind what people see
        assert await bot.bury() == {"signal": signal.SIGKILL, "code": None}
        bot.let_leases_run_out()
        await bot.start()
    await bot.settled()
    await _is_right(bot, gift, card)
    assert await bot.terminate() == 0


async def _is_right(bot: Bot, gift: str, card: Json) -> None:
    about = escalation_of(card)
    assert [c["ts"] for c in await _cards(bot, gift)] == [card["ts"]], "one card"
    assert len(await bot.stage.written_for(card, JANE)) == 1, "one task"
    state, kinds = await bot.left_of(about)
    assert state is EscalationState.EXECUTED
    decisive = [k for k in kinds if k not in {"click.refused", "action.outcome_unknown"}]
    assert decisive == ["escalation.opened", "escalation.approved", "action.begun", "action.executed"]


@pytest.mark.parametrize("point", POINTS)
async def test_killed_on_sqlite(bot: Bot, point: str, amounts: Iterator[int]) -> None:
    await _survives(bot, point, next(amounts))


@pytest.mark.postgres
@pytest.mark.parametrize("point", TELLING)
async def test_killed_on_postgresql(postgres_bot: Bot, point: str, amounts: Iterator[int]) -> None:
    await _survives(postgres_bot, point, next(amounts))
