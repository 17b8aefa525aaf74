"""From a gift to a decision and back to the card, with every press delivered more than once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from handlers.spans import trace_id_of
from tests.independent_slack.block_rules import faults_in_options
from tests.independent_slack.conftest import (
    ADA,
    ADAS,
    BEN,
    BENS,
    CLEO,
    DESK,
    DORA,
    FINN,
    IVY,
    JON,
    KIM,
    LEV,
    LOUNGE,
    MIA,
    House,
    donor_id,
    says,
)
from tests.independent_slack.payloads import (
    action_on,
    block_suggestion,
    element_of,
    home_actions,
    message_action,
    view_submission,
    written,
)
from tests.independent_slack.workspace import Json

pytestmark = pytest.mark.asyncio(loop_scope="session")


def in_days(days: int) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def picked(day: str | None) -> Json:
    return {"cs:day_block": {"cs:day": {"type": "datepicker", "selected_date": day}}}


async def test_an_approved_gift_is_written_once_however_often_the_press_arrives(house: House) -> None:
    card = await house.card("Tess Hazel")
    press = house.click(ADA, ADAS, card, "cs:approve")
    acks = await asyncio.gather(*(house.slack.deliver("interactive", press) for _ in range(3)))
    assert [ack.status for ack in acks] == [200, 200, 200]
    assert all(ack.in_time for ack in acks)
    await house.shows(card, "Done: Tess Hazel", f"<@{ADA}>", "Written to the CRM")
    tasks = house.tasks("Tess Hazel")
    assert len(tasks) == 1
    arrived = await house.arrivals()
    assert (await house.slack.deliver("interactive", press)).status == 200, "a late repetition"
    assert await house.arrivals() == arrived
    assert house.tasks("Tess Hazel") == tasks
    assert len(house.posts(ADAS, "Tess Hazel", "CRM")) == 1


async def test_a_second_press_of_the_same_button_is_told_where_it_stands(house: House) -> None:
    card = await house.card("Uma Ivy")
    first, second = (house.click(ADA, ADAS, card, "cs:approve") for _ in range(2))
    second["actions"][0]["action_ts"] = f"{float(first['actions'][0]['action_ts']) + 0.25:.6f}"
    before = len(house.slack.private)
    await asyncio.gather(*(house.slack.deliver("interactive", each) for each in (first, second)))
    await house.shows(card, "Done: Uma Ivy")
    await house.told(ADA, "approved by Ada", "Nothing was changed by your click", after=before)
    assert len(house.tasks("Uma Ivy")) == 1


@pytest.mark.parametrize(
    ("user", "words"),
    [(DORA, "for Ada"), (JON, "for Ada"), (KIM, "members of this"), (LEV, "members of this")],
)
async def test_somebody_else_is_told_that_it_is_not_theirs(house: House, user: str, words: str) -> None:
    card = next(iter(house.posts(ADAS, "Decision needed", "Vera Juniper")), None)
    card = card or await house.card("Vera Juniper")
    before = len(house.slack.private)
    assert (await house.press(user, ADAS, card, "cs:approve")).status == 200
    await house.told(user, words, after=before)
    assert says(card, "Decision needed")
    assert house.tasks("Vera Juniper") == []


async def test_a_declined_proposal_is_not_written(house: House) -> None:
    card = await house.card("Wim Kapok")
    form = await form_for(house, card, "decline:")
    nothing = view_submission(house.slack, ADA, form, {}, bare=house.bare)
    assert set((await house.slack.deliver("interactive", nothing)).body["errors"]) == {"cs:reason_block"}
    payload = view_submission(
        house.slack, ADA, form, because("wrong_timing", "after the move"), bare=house.bare
    )
    for _ in range(2):
        ack = await house.slack.deliver("interactive", payload)
        assert (ack.status, ack.body, ack.in_time) == (200, "", True)
    declined = ("Declined: Wim Kapok", f"<@{ADA}>", "Not the right time", "“after the move”")
    await house.shows(card, *declined, "Nothing was changed")
    assert house.tasks("Wim Kapok") == []


def because(code: str, words: str) -> Json:
    """What is entered in the window that asks why."""
    chosen = {"text": {"type": "plain_text", "text": "x", "emoji": False}, "value": code}
    return {
        "cs:reason_block": {"cs:reason": {"type": "static_select", "selected_option": chosen}},
        "cs:words_block": {"cs:words": {"type": "plain_text_input", "value": words}},
    }


async def form_for(house: House, card: Json, choice: str) -> Json:
    """Choose from the card's menu: a window opens at once and is filled when it is known who asks."""
    opened = await house.window(lambda: house.press(ADA, ADAS, card, "cs:more", choice))
    filled = "cs:override_view"
    await house.slack.until(lambda: house.slack.views[opened]["callback_id"] == filled, "the form")
    return house.slack.views[opened]


async def test_it_can_be_put_off_by_menu(house: House) -> None:
    card = await house.card("Xenia Larch")
    assert (await house.press(ADA, ADAS, card, "cs:more", "20")).status == 200
    await house.shows(card, "Put off: Xenia Larch", f"<@{ADA}>")


async def test_it_can_be_put_off_to_a_day_and_a_past_day_is_refused_in_the_window(house: House) -> None:
    card = await house.card("Yves Maple")
    opened = await house.window(lambda: house.press(ADA, ADAS, card, "cs:more", "date:"))
    view = house.slack.views[opened]
    for day in (None, in_days(-1), in_days(900)):
        payload = view_submission(house.slack, ADA, view, picked(day), bare=house.bare)
        ack = await house.slack.deliver("interactive", payload)
        assert (ack.status, ack.body["response_action"]) == (200, "errors")
        assert set(ack.body["errors"]) == {"cs:day_block"}
    payload = view_submission(house.slack, ADA, view, picked(in_days(10)), bare=house.bare)
    for _ in range(2):
        ack = await house.slack.deliver("interactive", payload)
        assert (ack.status, ack.body, ack.in_time) == (200, "", True)
    await house.shows(card, "Put off: Yves Maple", f"<@{ADA}>")
    before = len(house.slack.private)
    other = payload | {"view": payload["view"] | {"state": {"values": picked(in_days(20))}}}
    assert (await house.slack.deliver("interactive", other)).status == 200, "told that the first was lost"
    await house.told(ADA, "This decision was put off by", "Nothing was changed", after=before)


@pytest.mark.parametrize("user", [IVY, MIA])
async def test_a_day_is_understood_from_somebody_without_a_known_time_zone(house: House, user: str) -> None:
    """Slack may leave the time zone out, or name one that this machine does not know yet."""
    card = next(iter(house.posts(ADAS, "Decision needed", "Vera Juniper")), None)
    card = card or await house.card("Vera Juniper")
    before = len(house.slack.private)
    opened = await house.window(lambda: house.press(user, ADAS, card, "cs:more", "date:"))
    view = house.slack.views[opened]
    payload = view_submission(house.slack, user, view, picked(in_days(10)), bare=house.bare)
    ack = await house.slack.deliver("interactive", payload)
    assert (ack.status, ack.body) == (200, "")
    await house.told(user, "for Ada", after=before)


async def test_why_opens_a_window_at_once_and_fills_it(house: House) -> None:
    card = await house.card("Zoe Nutmeg")
    opened = await house.window(lambda: house.press(FINN, ADAS, card, "cs:evidence"))
    await house.slack.until(lambda: says(house.slack.views[opened], "Reference"), "the evidence")


async def test_why_can_be_asked_on_the_home_tab(house: House) -> None:
    """There a press has no channel, no message and no response_url."""
    card = next(iter(house.posts(ADAS, "Decision needed", "Vera Juniper")), None)
    card = card or await house.card("Vera Juniper")
    await house.event(
        {"type": "app_home_opened", "user": ADA, "channel": "D1", "tab": "home", "event_ts": "1"}
    )
    home = await house.slack.until(lambda: house.slack.homes.get(ADA), "the Home tab")
    assert says(home, "Vera Juniper")
    about = element_of(card, "cs:evidence")[1]["value"]

    def press() -> Json:
        return home_actions(house.slack, ADA, action_on(home, "cs:evidence", about))

    opened = await house.window(lambda: house.slack.deliver("interactive", press()))
    await house.slack.until(lambda: says(house.slack.views[opened], "Reference"), "the evidence")
    pressed = press()
    unknown = pressed | {"actions": [pressed["actions"][0] | {"action_id": "old"}]}
    assert (await house.slack.deliver("interactive", unknown)).status == 200
    await house.posted(house.slack.direct(ADA), "I do not know this button")


async def test_an_owner_without_a_channel_decides_in_direct_messages(house: House) -> None:
    channel = house.slack.direct(CLEO)
    card = await house.card("Cara Quince", channel)
    assert (await house.press(CLEO, channel, card, "cs:approve")).status == 200
    await house.shows(card, "Done: Cara Quince")
    assert len(house.tasks("Cara Quince")) == 1


@pytest.mark.parametrize("name", ["Dan Rowan", "Eva Spruce", "Fritz Teak"])
async def test_what_cannot_reach_its_owner_reaches_the_desk(house: House, name: str) -> None:
    """A channel that does not exist, one without the bot, and an owner without an account."""
    card = await house.card(name, DESK)
    user, words = (DORA, "Done") if name == "Fritz Teak" else (FINN, "")
    before = len(house.slack.private)
    assert (await house.press(user, DESK, card, "cs:approve")).status == 200
    if words:
        await house.shows(card, f"{words}: {name}")
    else:
        await house.told(FINN, "This decision is for", after=before)


async def test_a_card_that_was_deleted_appears_again_once(house: House) -> None:
    card = await house.card("Gwen Umber")
    house.slack.messages[ADAS].remove(card)
    assert (await house.press(ADA, ADAS, card, "cs:approve")).status == 200
    await house.posted(ADAS, "Done: Gwen Umber")
    assert len(house.posts(ADAS, "Done: Gwen Umber")) == 1
    assert len(house.tasks("Gwen Umber")) == 1


async def test_a_card_whose_channel_was_archived_is_finished_where_people_look(house: House) -> None:
    card = await house.card("Abel Oak", BENS)
    press = house.click(BEN, BENS, card, "cs:approve")
    house.slack.channel(BENS).archived = True
    try:
        assert (await house.slack.deliver("interactive", press)).status == 200
        await house.posted(DESK, "Done: Abel Oak")
        await house.card("Bea Pine", DESK)
    finally:
        house.slack.channel(BENS).archived = False
    assert len(house.tasks("Abel Oak")) == 1


async def test_a_button_nobody_knows_is_acknowledged_and_explained(house: House) -> None:
    card = await house.card("Nora Birch")
    arrived = await house.arrivals()
    before = len(house.slack.private)
    for spoiled in (
        {"action_id": "some_other_bot"},
        {"action_id": "cs:approve", "value": "not an id"},
        {"action_id": "cs:defer", "value": None, "selected_option": None, "type": "static_select"},
        {"action_id": "cs:pick", "type": "overflow", "selected_option": {"text": {}, "value": "x"}},
        {"action_id": "cs:day", "type": "datepicker", "selected_date": in_days(1)},
        {"action_id": "cs:x", "type": "multi_users_select", "selected_users": ["U1"]},
    ):
        payload = house.click(ADA, ADAS, card, "cs:approve")
        payload["actions"][0] |= spoiled
        ack = await house.slack.deliver("interactive", payload)
        assert (ack.status, ack.in_time) == (200, True), spoiled
    assert await house.arrivals() == arrived
    assert len([m for m in house.slack.private[before:] if says(m, "I do not know this button")]) == 6
    assert element_of(card, "cs:approve")


async def test_an_interaction_of_another_kind_is_no_failure(house: House) -> None:
    """Shortcuts and closed windows may be switched on in the app's settings."""
    for user, kind in ((ADA, "shortcut"), (BEN, "message_action"), (CLEO, "view_closed")):
        person = {"id": user, "team_id": "T7NORTH"}
        payload = {"type": kind, "user": person, "team": {"id": "T7NORTH"}, "callback_id": "x"}
        view = {"id": "V1", "type": "modal", "callback_id": "cs:defer_view"}
        payload |= {"view": view} if kind == "view_closed" else {"trigger_id": house.slack.trigger()}
        assert (await house.slack.deliver("interactive", payload)).status == 200, kind


async def test_a_window_of_another_version_says_so(house: House) -> None:
    view = house.slack.views["V7OLD"] = {"id": "V7OLD", "type": "modal", "callback_id": "old", "hash": "1"}
    ack = await house.slack.deliver("interactive", view_submission(house.slack, ADA, view, {}))
    assert (ack.status, ack.body["response_action"]) == (200, "update")


async def test_donors_are_offered_while_somebody_types_and_the_chosen_one_is_triaged(house: House) -> None:
    said = written(house.slack, ADA, LOUNGE, "Nora rang: she would rather wait until the spring.")
    used = message_action(house.slack, ADA, LOUNGE, said, "cs:triage", bare=house.bare)
    view_id = await house.window(lambda: house.slack.deliver("interactive", used))
    view = house.slack.views[view_id]

    async def offered(typed: str, user: str = ADA) -> Json:
        asked = block_suggestion(house.slack, user, view, "cs:donor", typed, bare=house.bare)
        ack = await house.slack.deliver("interactive", asked)
        assert (ack.status, ack.in_time, faults_in_options(ack.body)) == (200, True, [])
        return ack.body["options"]

    assert await offered("Xqzwv Jjjkk") == []
    [line] = await offered("Nora Birch", LEV)
    assert (line["value"], "members of this organisation" in line["text"]["text"]) == ("-", True)
    [nora] = await offered("Nora Birch")
    assert nora["value"] == donor_id("Nora Birch")
    values = {
        "cs:donor_block": {"cs:donor": {"type": "external_select", "selected_option": nora}},
        "cs:words_block": {"cs:words": {"type": "plain_text_input", "value": "Not before the spring."}},
    }
    submitted = view_submission(house.slack, ADA, view, values, bare=house.bare)
    assert (await house.slack.deliver("interactive", submitted)).status == 200
    await house.posted(house.slack.direct(ADA), "It is decided by")  # the bot is not in the lounge


async def test_one_trace_leads_from_the_crms_event_to_the_card_and_on(house: House) -> None:
    card = await house.card("Hal Yarrow")
    case = card["metadata"]["event_payload"]["correlation_id"]
    await house.press(ADA, ADAS, card, "cs:approve")
    await house.shows(card, "Written to the CRM")

    path = (
        *("accept crm_event", "inbox crm_event", "policy decide", "outbox show_card"),
        *("inbox approve", "outbox execute_action"),
    )
    spans = await asyncio.to_thread(house.collected.until, trace_id_of(case), path)
    names = dict.fromkeys(span.name for span in spans)
    assert [name for name in names if name in path] == [*path]
    assert b"Yarrow" not in b"".join(house.collected.bodies)
