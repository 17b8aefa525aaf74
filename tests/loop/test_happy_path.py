"""A gift becomes a card, the card a decision, the decision one task in the CRM, and all of it evidence."""

from __future__ import annotations

import pytest

from tests.loop.conftest import Loop, Open
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, buttons, has


async def test_a_gift_is_decided_and_written_once(loop: Loop) -> None:
    card = await loop.card()
    assert has(card, "Decision needed: Jane Doe", "Olivia Hart", "Jane Doe gave USD")
    assert buttons(card) >= {"cs:approve", "cs:defer", "cs:decline", "cs:evidence"}
    assert await loop.stage.own_tasks(JANE) == []

    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    done = await loop.now_shows(card, "Done: Jane Doe", f"<@{OLIVIA}>", "read back")
    await loop.settled()
    tasks = await loop.stage.own_tasks(JANE)
    print(tasks, done)
    assert len(tasks) == 1
