"""Several processes over one database: whatever arrives at once, one thing happens."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.cli.running import listen
from bot.sandbox.crm.model import Household, Money, RecurringGift
from policy.escalation import EscalationState
from storage.audit_records import AuditRecord
from storage.transaction import Transaction
from tests.crash.conftest import Bot
from tests.crash.test_killed_while_accepting import signed_event
from tests.loop.shown import escalation_of, find_element, has
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, origin_of, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLICKS, HOUSEHOLDS = 50, 4


@asynccontextmanager
async def _three(bot: Bot) -> AsyncIterator[tuple[Bot, ...]]:
    """The bot and two more like it, each with a door of its own."""
    reserved = [listen("127.0.0.1", 0) for _ in range(2)]
    bots = (bot, *(replace(bot, origin=origin_of(each)) for each in reserved))
    await asyncio.gather(*(each.start() for each in bots))
    try:
        yield bots
    finally:
        assert await asyncio.gather(*(each.terminate() for each in bots)) == [0, 0, 0]
        for each in reserved:
            each.close()


async def _fifty_at_once(bot: Bot, action: str, card: Any, bots: tuple[Bot, ...]) -> None:
    about = escalation_of(card)
    answers = await asyncio.gather(
        *(
            bot.stage.signed_click(
                OLIVIA, action, about, nonce=f"{action}-{card['ts']}-{n}", origin=bots[n % len(bots)].origin
            )
            for n in range(CLICKS)
        )
    )
    assert {answer.status_code for answer in answers} == {200}
    await bot.settled()


EDITED = "Call Jane & thank her for both"


async def _edited(bot: Bot, card: Any) -> Any:
    """Return the window of Olivia's own version, checked, as pressing its button submits it."""
    known = {view["id"] for view in await bot.stage.views(OLIVIA)}
    await bot.stage.press(OLIVIA, OLIVIAS, card, "cs:edit")

    async def window(callback_id: str) -> Any:
        fresh = [view for view in await bot.stage.views(OLIVIA) if view["id"] not in known]
        return next((view for view in fresh if view["callback_id"] == callback_id), None)

    form = await until(lambda: window("cs:edit_view"), "the form")
    await bot.stage.enter(OLIVIA, form, title=EDITED)
    checked = await until(lambda: window("cs:checked_view"), "the checked version")
    reason = {"type": "static_select", "selected_option": {"value": "wrong_wording"}}
    return checked | {"state": {"values": {"cs:edit_reason": {"cs:edit_reason": reason}}}}


async def _one_version(bot: Bot, minor: int, bots: tuple[Bot, ...]) -> None:
    """The proposal and somebody's version of it are approved in the same moment: one of them is written."""
    await bot.stage.happen("gift", JANE, amount_minor=minor)
    card = await bot.stage.seen(OLIVIA, OLIVIAS, "Decision needed: Jane Doe", f"${minor // 100:,} on")
    checked, [row, _] = await _edited(bot, card), find_element(card, "cs:approve")
    about, doors = escalation_of(card), itertools.cycle(each.origin for each in bots)
    presses = [
        bot.stage.signed_submission(OLIVIA, checked, origin=next(doors))
        if n % 2
        else bot.stage.signed_click(
            OLIVIA, "cs:approve", about, nonce=f"race-{n}", block_id=row["block_id"], origin=next(doors)
        )
        for n in range(CLICKS)
    ]
    assert {answer.status_code for answer in await asyncio.gather(*presses)} == {200}
    await bot.settled()
    [task] = await bot.stage.written_for(card, JANE)
    state, trail, verified = await bot.read(_trail(about))
    kinds = [entry.kind for entry in trail]
    assert (kinds.count("escalation.approved"), kinds.count("action.executed")) == (1, 1)
    assert (task["title"] == EDITED) == ("escalation.edited" in kinds), "what was agreed to, and nothing else"
    [agreed] = [entry.payload for entry in trail if entry.kind == "escalation.approved"]
    assert agreed["action"]["title"] == task["title"]
    assert (state, verified) == ("executed", True)


def _trail(about: str) -> Any:
    def read(tx: Transaction) -> tuple[str, list[AuditRecord], bool]:
        escalation = tx.escalations.get(about)
        assert escalation is not None
        own = [e for e in tx.audit.trace(JANE) if e.payload and e.payload.get("escalation_id") == about]
        return escalation.state.value, own, tx.audit.verify().ok

    return read


async def _one_effect(bot: Bot, minor: int) -> None:
    async with _three(bot) as bots:
        await bot.stage.happen("gift", JANE, amount_minor=minor)
        card = await bot.stage.seen(OLIVIA, OLIVIAS, "Decision needed: Jane Doe", f"${minor // 100:,} on")
        await _fifty_at_once(bot, "cs:approve", card, bots)
        assert len(await bot.stage.written_for(card, JANE)) == 1
        await _fifty_at_once(bot, "cs:undo", card, bots)
        assert await bot.stage.written_for(card, JANE) == []
        found: Any = await bot.read(_trail(escalation_of(card)))
        await _one_version(bot, minor + 1_000, bots)
    state, trail, verified = found
    kinds = [entry.kind for entry in trail]
    decisive = [kind for kind in kinds if kind.startswith(("escalation.", "action.", "undo."))]
    assert decisive == [
        "escalation.opened",
        "escalation.approved",
        "action.begun",
        "action.executed",
        "undo.requested",
        "action.undone",
    ]
    assert (state, verified) == ("undone", True)


async def test_fifty_approvals_at_once_give_one_effect_on_sqlite(bot: Bot) -> None:
    await _one_effect(bot, 4_100_000)


@pytest.mark.postgres
async def test_fifty_approvals_at_once_give_one_effect_on_postgresql(postgres_bot: Bot) -> None:
    await _one_effect(postgres_bot, 4_200_000)


def _two_spouses(bot: Bot, number: int) -> tuple[str, str]:
    """A household of Olivia's, both of whose standing gifts have failed."""
    tables, store = bot.stage.crm.tables, bot.stage.crm.store
    household_id, names = f"household-9{number:03}", (f"donor-9{number:03}a", f"donor-9{number:03}b")
    for donor_id in names:
        like = {"id": donor_id, "name": donor_id, "household_id": household_id, "owner_id": "staff-olivia"}
        store.commit(
            tables.donors.get(JANE).model_copy(update=like),
            RecurringGift(
                id=f"standing-{donor_id}",
                donor_id=donor_id,
                amount=Money(minor=5_000, currency="USD"),
                frequency="monthly",
                status="active",
                started_on=date(2024, 1, 1),
                next_due_on=None,
                failed_payments=2,
                version="v1",
            ),
        )
    store.commit(Household(id=household_id, name="Spouses", member_ids=names, version="v1"))
    return names


async def _both_report(bot: Bot, donors: tuple[str, str], bots: tuple[Bot, ...]) -> None:
    """The CRM reports both in the same moment, each to another process."""

    async def report(donor_id: str, door: Bot) -> int:
        data = {"donor_id": donor_id, "fields": ["recurring_gifts"], "actor": "staff-omar"}
        body, headers = signed_event(f"missed-{donor_id}", "donor.updated", donor_id, data)
        answer = await bot.stage.http.post(f"{door.origin}/crm/events", content=body, headers=headers)
        return answer.status_code

    assert await asyncio.gather(*(report(*each) for each in zip(donors, bots, strict=False))) == [202, 202]


@pytest.mark.postgres
async def test_two_officers_cannot_ask_two_spouses_at_once(postgres_bot: Bot) -> None:
    async with _three(postgres_bot) as bots:
        pairs = [_two_spouses(postgres_bot, number) for number in range(HOUSEHOLDS)]
        await asyncio.gather(*(_both_report(postgres_bot, pair, bots) for pair in pairs))
        await postgres_bot.settled()
        for pair in pairs:
            asked: Any = await postgres_bot.read(
                lambda tx, p=pair: tx.escalations.of_donors(p, tuple(EscalationState))
            )
            assert len(asked) == 1
            assert asked[0].action.kind == "schedule_follow_up"
        desk = await postgres_bot.stage.history(OLIVIA, OLIVIAS, limit=100)
        held = [m for m in desk if has(m, "nothing to approve", "Another ask of this household")]
        assert len(held) == HOUSEHOLDS
