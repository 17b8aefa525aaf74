"""Through Slack's and the CRM's own doors: putting off until an event, and being away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.loop.conftest import Loop
from tests.loop.shown import Json, buttons, escalation_of, has
from tests.loop.staging import FIONA, GUS, JANE, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _put_off(loop: Loop, card: Json, event: str) -> Json:
    day = (loop.clock.now() + timedelta(days=60)).date()
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:more", "date")
    window = await loop.stage.shown(OLIVIA, "Or until another day")
    assert (await loop.stage.submit(OLIVIA, window, day=day.isoformat(), until=event))["ok"]
    return await loop.now_shows(card, "Put off: Jane Doe", "or until")


async def test_put_off_until_the_next_gift(shared: Loop) -> None:
    card = await shared.card()
    waiting = await _put_off(shared, card, "next_gift")
    assert has(waiting, "the next gift of Jane Doe")
    assert buttons(waiting) == {"cs:bring_back", "cs:read_in_full", "cs:evidence"}
    await shared.stage.happen("gift", JANE, amount_minor=1_234_500)
    # A further gift is the same matter: one new card asks about both, and says what the old one waited for.
    words = ("Decision needed: Jane Doe", "had been put off until the next gift of Jane Doe", "$12,345")
    back = await shared.stage.seen(OLIVIA, OLIVIAS, *words)
    assert "cs:approve" in buttons(back)


async def test_put_off_until_the_end_of_the_campaign(shared: Loop) -> None:
    card = await shared.card()
    waiting = await _put_off(shared, card, "campaign_end")
    assert has(waiting, "the end of the campaign")
    about = escalation_of(card)
    awaited = await shared.runtime.context.database.read(lambda tx: tx.awaited.get(about))
    assert awaited is not None
    campaign = shared.stage.crm.tables.campaigns.get(awaited.subject_id)
    assert campaign is not None
    for _ in range(2):
        await shared.stage.happen("campaign", campaign_id=campaign.id)
        await shared.settled()
        assert await shared.state(card) == "deferred", "neither a pause nor its end is the campaign's"
    await shared.stage.happen("campaign", campaign_id=campaign.id, ends=True)
    await shared.now_shows(card, "Decision needed: Jane Doe", f"the campaign {campaign.name} is completed")


async def test_it_is_brought_back_with_one_press(shared: Loop) -> None:
    card = await shared.card()
    waiting = await _put_off(shared, card, "next_reply")
    await shared.stage.press(OLIVIA, OLIVIAS, waiting, "cs:bring_back")
    await shared.now_shows(card, "Decision needed: Jane Doe", "Olivia Hart brought this decision back.")


async def test_a_delegate_named_with_a_mention_decides_in_their_own_place(shared: Loop) -> None:
    await shared.stage.command(OLIVIA, OLIVIAS, "away until tomorrow delegate @Fiona Reyes")
    understood = await shared.stage.seen(
        OLIVIA, OLIVIAS, "This is what I understood", "Fiona Reyes decides for you"
    )
    assert understood["is_ephemeral"]
    direct = await shared.stage.direct(FIONA)
    await shared.stage.seen(FIONA, direct, "Olivia Hart is away until", "You decide meanwhile")
    card = await shared.card()

    async def copied() -> Json | None:
        shown = [m for m in await shared.stage.history(FIONA, direct) if has(m, "Decision needed")]
        return next((m for m in shown if escalation_of(m) == escalation_of(card)), None)

    copy = await until(copied, "her copy of the card")
    await shared.stage.press(FIONA, direct, copy, "cs:approve")
    await shared.now_shows(card, "Done: Jane Doe", f"<@{FIONA}>")
    await shared.now_shows(copy, "Done: Jane Doe", channel=direct, user=FIONA)
    await shared.stage.press(OLIVIA, OLIVIAS, understood, "cs:cancel_absence")
    await shared.stage.seen(OLIVIA, OLIVIAS, "While you were away", "approved and done by Fiona Reyes")


async def test_a_guest_cannot_be_away_nor_stand_in(shared: Loop) -> None:
    await shared.stage.command(OLIVIA, OLIVIAS, f"away until tomorrow delegate <@{GUS}>")
    await shared.stage.seen(OLIVIA, OLIVIAS, "Gus Guest is a guest or from another organisation")
    await shared.stage.command(OLIVIA, OLIVIAS, "back")
    await shared.stage.seen(OLIVIA, OLIVIAS, "You are not away, so there is nothing to end.")
