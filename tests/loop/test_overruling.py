"""Somebody does not approve: they decline, pass the decision on, or send it back for better data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.loop.conftest import Loop
from tests.loop.shown import Json, buttons, escalation_of, find_element, has
from tests.loop.staging import (
    DANA,
    DATA,
    FIONA,
    FUNDRAISING,
    GUS,
    JANE,
    MANAGERS,
    MARA,
    OLIVIA,
    OLIVIAS,
    OMAR,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _window(loop: Loop, card: Json, choice: str, user: str = OLIVIA, channel: str = OLIVIAS) -> Json:
    """Choose from the card's menu and wait for what fills the window."""
    before = {view["id"] for view in await loop.stage.views(user)}
    await loop.stage.press(user, channel, card, "cs:more", choice)

    async def look() -> Json | None:
        top = (await loop.stage.views(user))[-1:]
        return next((v for v in top if v["id"] not in before and v["callback_id"] != "cs:waiting_view"), None)

    return await until(look, f"the window of {choice}")


async def _story(loop: Loop, card: Json, kind: str) -> dict[str, Any]:
    """The one audit entry of that kind about the card."""
    about = escalation_of(card)
    [found] = [
        e for e in await loop.entries() if e.kind == kind and (e.payload or {}).get("escalation_id") == about
    ]
    assert found.payload is not None
    return found.payload | {"actor": found.actor}


async def _told(loop: Loop, user: str, channel: str, *words: str) -> Json:
    message = await loop.stage.seen(user, channel, *words)
    assert message["is_ephemeral"]
    return message


async def test_a_decline_says_why(shared: Loop) -> None:
    card = await shared.card()
    form = await _window(shared, card, "decline")
    assert has(form, "You decline for Jane Doe", "Why not?")
    answer = await shared.stage.submit(OLIVIA, form, reason="other")
    assert answer["errors"] == {"cs:words_block": "Say in a few words what it is."}
    assert await shared.state(card) == "open"
    answer = await shared.stage.submit(OLIVIA, form, reason="relationship_reason", words="her mother died")
    assert answer["ok"]
    declined = await shared.now_shows(card, "Declined: Jane Doe", f"<@{OLIVIA}>", "“her mother died”")
    assert has(declined, "The relationship asks for something else", "Nothing was changed")
    assert buttons(declined) == {"cs:read_in_full", "cs:evidence"}
    story = await _story(shared, card, "escalation.declined")
    assert (story["reason_code"], story["text"]) == ("relationship_reason", "her mother died")
    await shared.stage.signed_click(OLIVIA, "cs:approve", escalation_of(card), nonce="after-no")
    await _told(shared, OLIVIA, OLIVIAS, "already declined by Olivia Hart")
    await shared.settled()
    assert await shared.stage.written_for(card, JANE) == []


async def test_somebody_else_is_told_in_the_window_that_they_do_not_decide(shared: Loop) -> None:
    card = await shared.card()
    refusal = await _window(shared, card, "decline", MARA)
    assert has(refusal, "This decision is for Olivia Hart.")
    assert refusal.get("submit") is None
    await shared.settled()
    assert (await shared.entries())[-1].actor == f"slack:{MARA}"
    assert await shared.state(card) == "open"


async def test_a_decision_is_passed_up_the_chain_and_both_see_what_becomes_of_it(shared: Loop) -> None:
    card = await shared.card()
    form = await _window(shared, card, "escalate")
    assert has(form, "The next in the chain is Mara Lindqvist.")
    assert find_element(form, "cs:to_user")[1]["initial_user"] == MARA
    await shared.stage.submit(OLIVIA, form, reason="needs_seniority", words="above my limit")
    told = ("Passed on to", "Mara Lindqvist", "by", "Olivia Hart", "“above my limit”")
    await shared.now_shows(card, *told, "Mara Lindqvist", " decides by ")
    hers = await shared.stage.seen(MARA, MANAGERS, "Decision needed: Jane Doe", "above my limit")
    [said] = await until(lambda: shared.stage.thread(MARA, MANAGERS, hers["ts"]), "a message in the thread")
    assert has(said, f"<@{MARA}>", "Olivia Hart passed this decision on to you.")

    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await _told(shared, OLIVIA, OLIVIAS, "You passed this on; Mara Lindqvist decides now.")
    await shared.stage.press(MARA, MANAGERS, hers, "cs:approve")
    await shared.now_shows(hers, "Done: Jane Doe", f"<@{MARA}>", channel=MANAGERS, user=MARA)
    await shared.now_shows(card, "Done: Jane Doe", f"<@{MARA}>")
    await shared.settled()
    assert len(await shared.stage.written_for(card, JANE)) == 1
    passed, arrived = (
        await _story(shared, card, "escalation.passed_on"),
        await _story(shared, card, "escalation.handed_over"),
    )
    assert (passed["reason_code"], passed["text"], passed["to"]) == (
        "needs_seniority",
        "above my limit",
        "Mara Lindqvist",
    )
    assert arrived["decider"] == "Mara Lindqvist"


@pytest.mark.parametrize("whom", [GUS, "U0EXTERN0", "U0CSIGN00", "U0NOBODY0"])
async def test_who_cannot_decide_is_refused_beside_the_field(shared: Loop, whom: str) -> None:
    card = await shared.card()
    form = await _window(shared, card, "escalate")
    answer = await shared.stage.submit(OLIVIA, form, to_user=whom, reason="needs_seniority")
    assert "Choose a full member" in answer["errors"]["cs:to_block"]
    await shared.settled()
    assert await shared.state(card) == "open"


async def test_a_record_is_put_right_and_the_decision_comes_back_as_a_fresh_card(shared: Loop) -> None:
    card = await shared.card()
    form = await _window(shared, card, "send_back")
    await shared.stage.submit(OLIVIA, form, reason="wrong_contact_data", words="the e-mail bounces")
    await shared.now_shows(
        card, "Sent back: Jane Doe", "Wrong address, e-mail or phone", "“the e-mail bounces”"
    )
    item = await shared.stage.seen(DANA, DATA, "Put right: Jane Doe", "the e-mail bounces", f"<@{OLIVIA}>")
    assert has(item, f"<@{DANA}>", "Waiting for it: ")
    assert buttons(item) == {"cs:fixed", "cs:cannot_fix"}

    await shared.stage.command(OLIVIA, OLIVIAS, "cleanup")
    await _told(shared, OLIVIA, OLIVIAS, "Records to put right (1)", "Jane Doe")
    await shared.stage.command(FIONA, FUNDRAISING, "cleanup")
    await _told(shared, FIONA, FUNDRAISING, "None of the records that you sent back is still waiting.")

    before = {m["ts"] for m in await shared.stage.history(OLIVIA, OLIVIAS)}
    await shared.stage.press(DANA, DATA, item, "cs:fixed")
    await shared.stage.press(DANA, DATA, item, "cs:fixed")

    async def fresh() -> Json | None:
        found = await shared.stage.history(OLIVIA, OLIVIAS)
        return next((m for m in found if m["ts"] not in before and "cs:approve" in buttons(m)), None)

    new = await until(fresh, "a fresh card")
    assert has(
        new, "Back from being put right. Olivia Hart sent this back", "Dana Whitfield says it is fixed."
    )
    old = await shared.now_shows(
        card, "Replaced: Jane Doe", "A fresh card has taken the place of the old one."
    )

    async def linked() -> bool:
        shown = await shared.now_shows(old, "Replaced: Jane Doe")
        return f"/archives/{OLIVIAS}/p{new['ts'].replace('.', '')}" in str(shown["blocks"])

    await until(linked, "a link from the old card to the new one")
    await shared.now_shows(item, "says that this is fixed", "A fresh card", channel=DATA, user=DANA)
    await shared.settled()
    assert [await shared.state(each) for each in (card, new)] == ["superseded", "open"]
    assert (await _story(shared, card, "escalation.came_back"))["successor_id"] == escalation_of(new)
    await shared.stage.press(OLIVIA, OLIVIAS, new, "cs:approve")
    await shared.now_shows(new, "Done: Jane Doe")
    await shared.verified()


async def test_what_cannot_be_put_right_comes_back_as_it_was_with_the_note(shared: Loop) -> None:
    card = await shared.card()
    form = await _window(shared, card, "send_back")
    await shared.stage.submit(OLIVIA, form, reason="duplicate_record")
    item = await shared.stage.seen(DANA, DATA, "Put right: Jane Doe", "The donor is recorded twice")
    value = find_element(item, "cs:fixed")[1]["value"]
    await shared.stage.signed_click(OMAR, "cs:fixed", value, nonce="wrong-person", channel=DATA)
    await shared.settled()
    assert (await shared.entries())[-1].kind == "click.refused", "only those who look after records answer"

    await shared.stage.press(DANA, DATA, item, "cs:cannot_fix")
    window = await shared.stage.shown(DANA, "Cannot be fixed")
    answer = await shared.stage.submit(DANA, window, words="  ")
    assert answer["errors"]
    await shared.stage.submit(DANA, window, words="two people, not one")
    back = await shared.now_shows(card, "Decision needed: Jane Doe", "The record could not be put right.")
    assert has(back, "Dana Whitfield: “two people, not one”")
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await shared.now_shows(card, "Done: Jane Doe")
