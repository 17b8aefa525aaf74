"""What donors write goes to whom the rules say: from the CRM's signed event to the card in that channel."""

from __future__ import annotations

import pytest

from bot.slack.suggesting import NOT_ANSWERING
from tests.loop.conftest import Loop
from tests.loop.shown import Json, has
from tests.loop.staging import DESK, FIONA, FUNDRAISING, JANE, MANAGERS, MARA, OLIVIA, OLIVIAS

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELEN = "donor-0015"
WAIT = "This is not the right time for us; could we talk about it in the spring?"


async def _reply(loop: Loop, user: str, channel: str, donor_id: str, text: str) -> Json:
    """A donor writes back; the card of it, which appears in *channel* and nowhere else."""
    await loop.cleared(donor_id)
    places = {OLIVIAS: OLIVIA, MANAGERS: MARA, DESK: MARA}
    before = {place: await _cards(loop, who, place) for place, who in places.items()}
    heard = len(loop.stage.crm.tables.deliveries)
    await loop.stage.happen("reply", donor_id, text=text)
    await loop.settled()
    [delivery] = list(loop.stage.crm.tables.deliveries)[heard:]
    assert delivery.status == "delivered", "the event came through the signed door"
    new = {
        place: [m for m in await _cards(loop, who, place) if m["ts"] not in {b["ts"] for b in before[place]}]
        for place, who in places.items()
    }
    assert {place: len(cards) for place, cards in new.items()} == {p: int(p == channel) for p in places}
    [card] = new[channel]
    return card


async def _cards(loop: Loop, user: str, channel: str) -> list[Json]:
    return [m for m in await loop.stage.history(user, channel) if m["blocks"] and not m["is_ephemeral"]]


async def _rules_that_spoke(loop: Loop) -> list[str]:
    """The gates that matched in the last decision, as the audit has them."""
    *_, decided = [e.payload for e in await loop.entries() if e.kind == "recommendation.decided"]
    assert decided is not None
    return [gate["id"] for gate in decided["decision"]["gates"] if gate["matched"]]


async def test_a_major_donors_word_about_timing_goes_to_the_senior_fundraiser_who_decides(
    shared: Loop,
) -> None:
    card = await _reply(shared, MARA, MANAGERS, JANE, WAIT)
    assert has(
        card,
        "Decision needed: Jane Doe",
        "Mara Lindqvist",
        "decides by",
        "This should not wait long",
        "The message is about when, or whether now",
        "Sent to Mara Lindqvist's channel, because a major donor speaks of timing",
    )
    assert "triage_senior" in await _rules_that_spoke(shared)
    await shared.stage.press(MARA, MANAGERS, card, "cs:approve")
    await shared.now_shows(card, "Done: Jane Doe", channel=MANAGERS, user=MARA)
    [task] = await shared.stage.written_for(card, JANE)
    assert task["title"].startswith("Answer Jane Doe's reply")


async def test_the_same_word_of_a_donor_who_gives_less_goes_to_the_owner(shared: Loop) -> None:
    card = await _reply(shared, OLIVIA, OLIVIAS, HELEN, WAIT)
    assert has(card, "Decision needed: Helen Marlow", "Olivia Hart", "decides by")
    assert "triage_senior" not in await _rules_that_spoke(shared)


@pytest.mark.parametrize("donor_id", [JANE, HELEN])
async def test_what_little_is_certain_of_goes_to_the_review_queue_whosever_donor_it_is(
    shared: Loop, donor_id: str
) -> None:
    card = await _reply(shared, MARA, DESK, donor_id, "Пожалуйста, подождите: сейчас неподходящее время.")
    assert has(
        card,
        "Confidence: low",
        "does not read as English",
        "the review channel, because too little is certain to say whose it is",
    )
    assert "triage_unsure" in await _rules_that_spoke(shared)


async def test_a_message_passed_on_about_the_chosen_donor_goes_where_a_reply_would(shared: Loop) -> None:
    stage = shared.stage
    await shared.cleared(JANE)
    await stage.write(FIONA, FUNDRAISING, "Jane rang: she would rather wait until after the tax year.")
    said = await stage.seen(FIONA, FUNDRAISING, "Jane rang")
    await stage.use_shortcut(FIONA, FUNDRAISING, "cs:triage", said["ts"])
    view = await stage.shown(FIONA, "About which donor?")
    offers = await stage.offered(FIONA, view, "cs:donor", "doe")
    assert {each["value"]: each["text"]["text"] for each in offers} == {
        JANE: "Jane Doe, Portland",
        "donor-0027": "Thomas Doe, Portland",
    }
    assert await stage.offered(FIONA, view, "cs:donor", "d") == []
    [mistyped] = await stage.offered(FIONA, view, "cs:donor", "Jane Dough")
    assert mistyped["value"] == JANE
    await stage.break_crm(api_down=True)
    [line] = await stage.offered(FIONA, view, "cs:donor", "jane")
    await stage.break_crm(api_down=False)
    assert line["text"]["text"] == NOT_ANSWERING
    refused = await stage.submit(FIONA, view, donor=line["value"], words="Not now.")
    assert refused["response_action"] == "errors"
    assert (await stage.submit(FIONA, view, donor=JANE))["ok"]
    card = await stage.seen(MARA, MANAGERS, "Fiona Reyes passed on a message about Jane Doe")
    assert has(card, "rather wait until after the tax year", "because a major donor speaks of timing")
    await stage.seen(FIONA, FUNDRAISING, "It is decided by Mara Lindqvist")
