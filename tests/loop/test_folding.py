"""Related events make one decision: three gifts in an hour, a refund, and what policy would do meanwhile."""

from __future__ import annotations

import pytest

from tests.loop.conftest import Loop, Open
from tests.loop.shown import Json, escalation_of, has
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _cards(loop: Loop, *words: str) -> list[Json]:
    return [m for m in await loop.stage.history(OLIVIA, OLIVIAS) if m["blocks"] and has(m, *words)]


async def test_three_gifts_in_an_hour_are_one_card_and_one_thank_you(shared: Loop) -> None:
    before = len(await _cards(shared))
    card = await shared.card(JANE, amount_minor=110_100)
    first = escalation_of(card)
    await shared.stage.happen("gift", JANE, amount_minor=120_200)
    await shared.stage.happen("gift", JANE, amount_minor=130_300)
    card = await shared.now_shows(card, "And 2 more:", "$1,101", "$1,202", "$1,303")
    await shared.settled()
    assert len(await _cards(shared)) == before + 1, "the same message, and no other"
    assert escalation_of(card) != first, "what was offered before can no longer be approved by an old press"

    stale = await shared.stage.signed_click(OLIVIA, "cs:approve", first, nonce="stale")
    assert stale.status_code == 200
    await shared.stage.seen(OLIVIA, OLIVIAS, "A newer card has taken the place of this one")
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await shared.now_shows(card, "Done: Jane Doe")
    await shared.settled()
    [task] = await shared.stage.written_for(card, JANE)
    for amount in ("$1,101", "$1,202", "$1,303"):
        assert amount in task["title"] + task["details"]


async def test_the_same_once_more_only_adds_to_the_story(shared: Loop) -> None:
    donor = "donor-0014"
    card = await shared.card(donor, "reply", text="Could you call me about the picnic?")
    about = escalation_of(card)
    await shared.stage.happen("reply", donor, text="And about the boat.")
    card = await shared.now_shows(card, "And 1 more:", "about the boat", "about the picnic")
    assert escalation_of(card) == about
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await shared.now_shows(card, "Done: ")


@pytest.mark.asyncio(loop_scope="function")
async def test_a_card_of_another_day_is_replaced_by_a_new_one_that_it_leads_to(open_loop: Open) -> None:
    loop = await open_loop()
    old = await loop.card(JANE, amount_minor=150_500)
    await loop.later(hours=26)
    before = {m["ts"] for m in await loop.stage.history(OLIVIA, OLIVIAS)}
    await loop.stage.happen("gift", JANE, amount_minor=160_600)

    async def newer() -> Json | None:
        return next((m for m in await _cards(loop, "$1,606") if m["ts"] not in before), None)

    new = await until(newer, "a newer card")
    assert has(new, "And 1 more:", "takes the place of the earlier proposal", "$1,505")
    await loop.later(seconds=5)
    old = await loop.now_shows(old, "Replaced: Jane Doe", "Replaced by: ", "Open the newer card")
    assert await loop.state(old) == "superseded"
    assert await loop.state(new) == "open"
    await loop.verified()
