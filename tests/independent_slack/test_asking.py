"""Asking about donors: slash command, mention, direct message, picker, Home tab."""

from __future__ import annotations

import pytest

from tests.independent_slack.conftest import (
    ADA,
    ADAS,
    BETWEEN_TWO,
    FINN,
    JON,
    KIM,
    LEV,
    LOUNGE,
    PARTNERS,
    SECRET_ROOM,
    House,
    donor_id,
    text_of,
)
from tests.independent_slack.payloads import action_on, home_actions
from tests.independent_slack.workspace import BOT_USER

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("channel", [ADAS, LOUNGE, SECRET_ROOM, BETWEEN_TWO])
async def test_a_summary_is_given_wherever_the_command_is_typed(house: House, channel: str) -> None:
    before = len(house.slack.private)
    ack = await house.slash(FINN, channel, "summary Nora Birch")
    assert (ack.status, ack.body) == (200, "")
    assert ack.in_time
    shown = await house.told(FINN, "Nora Birch", "Reference", channel=channel, after=before)
    assert shown["via"] == "command"


async def test_several_matches_are_offered_and_the_chosen_one_replaces_the_question(house: House) -> None:
    before = len(house.slack.private)
    await house.slash(ADA, SECRET_ROOM, "summary Willow")
    picker = await house.told(ADA, "Several donors match", after=before)
    ack = await house.press(ADA, SECRET_ROOM, picker, "cs:pick", f"summary:{donor_id('Alex Willow-Yew')}")
    assert (ack.status, ack.body) == (200, "")
    await house.shows(picker, "Alex Willow-Yew", "Reference")
    assert picker["replaced"] is True


async def test_nobody_of_that_name_is_said_so(house: House) -> None:
    before = len(house.slack.private)
    await house.slash(ADA, ADAS, "summary Xqzwv Jjjkk")
    await house.told(ADA, "No donor matches", after=before)


async def test_a_name_with_an_ampersand_and_an_address_as_slack_escapes_them(house: House) -> None:
    before = len(house.slack.private)
    await house.slash(ADA, ADAS, "summary Smith &amp; Sons &lt;x&gt;")
    await house.told(ADA, "No donor matches", "Smith & Sons <x>", after=before)
    address = f"{donor_id('Otto Cedar')}@mail.example"
    await house.write(ADA, house.slack.direct(ADA), f"summary <mailto:{address}|{address}>")
    await house.posted(house.slack.direct(ADA), "Otto Cedar", "Reference")


@pytest.mark.parametrize("text", ["", "help"])
async def test_an_empty_command_is_answered_with_help(house: House, text: str) -> None:
    before = len(house.slack.private)
    ack = await house.slash(ADA, SECRET_ROOM, text)
    assert (ack.status, ack.body) == (200, "")
    await house.told(ADA, "/donor", after=before)


@pytest.mark.parametrize("user", [KIM, LEV, "U7NOBODY"])
async def test_outsiders_are_told_nothing_about_donors(house: House, user: str) -> None:
    before = len(house.slack.private)
    await house.slash(user, LOUNGE, "summary Nora Birch")
    refusal = await house.told(user, "members of this organisation", after=before)
    assert "Birch" not in text_of(refusal)


async def test_nothing_is_shown_where_another_organisation_reads(house: House) -> None:
    before = len(house.slack.private)
    await house.slash(ADA, PARTNERS, "summary Nora Birch")
    await house.told(ADA, "shared with another organisation", after=before)


async def test_a_colleague_of_whom_slack_shows_next_to_nothing_may_ask(house: House) -> None:
    before = len(house.slack.private)
    await house.slash(JON, LOUNGE, "summary Nora Birch")
    await house.told(JON, "Nora Birch", "Reference", after=before)


async def test_a_mention_is_answered_where_the_person_sees_it(house: House) -> None:
    """Slack shows private answers in a thread only when the thread has replies already."""
    before = len(house.slack.private)
    ack, _ = await house.write(FINN, ADAS, f"<@{BOT_USER}> summary Nora Birch")
    assert ack.status == 200
    await house.told(FINN, "Nora Birch", "Reference", channel=ADAS, after=before)


async def test_a_mention_in_a_thread_is_answered_in_the_thread(house: House) -> None:
    before = len(house.slack.private)
    _, root = await house.write(FINN, ADAS, "about a donor", type="message", subtype="channel_topic")
    await house.write(FINN, ADAS, f"<@{BOT_USER}> summary Nora Birch", thread_ts=root["ts"])
    shown = await house.told(FINN, "Nora Birch", "Reference", after=before)
    assert shown["thread_ts"] == root["ts"]


async def test_a_mention_where_the_bot_was_just_removed_is_answered_directly(house: House) -> None:
    await house.write(FINN, LOUNGE, f"<@{BOT_USER}> summary Pia Dogwood")
    await house.posted(house.slack.direct(FINN), "Pia Dogwood", "Reference")


async def test_a_direct_message_is_answered_once_in_its_thread(house: House) -> None:
    channel = house.slack.direct(ADA)
    ack, asked = await house.write(ADA, channel, "Quin Elder")
    assert ack.status == 200
    answer = await house.posted(channel, "Quin Elder", "Reference")
    assert answer["thread_ts"] == asked["ts"]
    await house.write(ADA, channel, "help")
    await house.posted(channel, "/donor timeline Jane Doe")
    assert len(house.posts(channel, "Quin Elder", "Reference")) == 1, "its own message was not a question"


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
async def test_a_question_with_a_file_is_a_question(house: House, subtype: str) -> None:
    channel = house.slack.direct(JON)
    name = {"file_share": "Wim Kapok", "thread_broadcast": "Xenia Larch"}[subtype]
    more = {"files": [{"id": "F7"}], "upload": False} if subtype == "file_share" else {"thread_ts": "171.1"}
    await house.write(JON, channel, f"summary {name}", subtype=subtype, **more)
    await house.posted(channel, name, "Reference")


async def test_a_summary_can_be_shared_where_the_bot_is(house: House) -> None:
    before = len(house.slack.private)
    await house.slash(FINN, ADAS, "summary Rosa Fir")
    private = await house.told(FINN, "Rosa Fir", "Reference", after=before)
    assert house.posts(ADAS, "Rosa Fir") == []
    payload = house.click(FINN, ADAS, private, "cs:share")
    for _ in range(2):
        assert (await house.slack.deliver("interactive", payload)).status == 200
    shared = await house.posted(ADAS, "Rosa Fir", f"<@{FINN}>")
    assert (await house.press(ADA, ADAS, shared, "cs:feedback", "not_useful")).status == 200
    await house.press(FINN, ADAS, private, "cs:share")
    await house.told(FINN, "already been shared", after=before)
    assert len(house.posts(ADAS, "Rosa Fir")) == 1


@pytest.mark.parametrize("channel", [LOUNGE, SECRET_ROOM])
async def test_sharing_where_the_bot_cannot_post_is_answered_honestly(house: House, channel: str) -> None:
    before = len(house.slack.private)
    await house.slash(FINN, channel, "summary Sven Gorse")
    private = await house.told(FINN, "Sven Gorse", "Reference", channel=channel, after=before)
    assert (await house.press(FINN, channel, private, "cs:share")).status == 200
    await house.told(FINN, "I am not in this channel", "/invite", channel=channel, after=before)


async def test_the_home_tab_is_filled_and_refreshed(house: House) -> None:
    opened = {"type": "app_home_opened", "user": FINN, "channel": house.slack.direct(FINN), "event_ts": "1.2"}
    ack = await house.event(opened | {"tab": "home"})
    assert (ack.status, ack.in_time) == (200, True)
    view = await house.slack.until(lambda: house.slack.homes.get(FINN), "the Home tab")
    pressed = home_actions(house.slack, FINN, action_on(view, "cs:refresh_home"))
    assert (await house.slack.deliver("interactive", pressed)).status == 200
    await house.slack.until(lambda: house.slack.homes[FINN]["hash"] != view["hash"], "a new Home tab")


async def test_the_messages_tab_without_suggestions_is_no_reason_to_fail(house: House) -> None:
    """This workspace does not know assistant.threads.setSuggestedPrompts."""
    opened = {"type": "app_home_opened", "user": FINN, "channel": house.slack.direct(FINN), "tab": "messages"}
    assert (await house.event(opened)).status == 200
    assert ("assistant.threads.setSuggestedPrompts", "unknown_method") in house.slack.refused
