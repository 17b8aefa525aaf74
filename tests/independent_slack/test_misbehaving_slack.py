"""A Slack that is slow, broken or gone: nobody sees a card twice, and nothing is lost."""

from __future__ import annotations

import pytest

from tests.independent_slack.conftest import (
    ADA,
    ADAS,
    BETWEEN_TWO,
    CLEO,
    DORA,
    FINN,
    IRA,
    LOUNGE,
    SECRET_ROOM,
    House,
    donor_id,
    says,
)
from tests.independent_slack.payloads import block_actions, view_submission
from tests.independent_slack.plain_slack import BOT_USER, Json

pytestmark = pytest.mark.asyncio(loop_scope="session")


def about(name: str) -> object:
    """A fault for posts that mention *name* only."""
    return lambda args: says(args, name)


@pytest.mark.parametrize(
    ("name", "kind", "times"),
    [
        ("Ash One", "429:1", 2),
        ("Ash Two", "lost", 1),
        ("Ash Three", "500", 2),
        ("Ash Four", "html", 1),
        ("Ash Five", "html200", 1),
        ("Ash Six", "drop", 2),
        ("Ash Seven", "error:internal_error", 1),
        ("Ash Eight", "error:ratelimited", 1),
        ("Ash Nine", "slow:2", 1),
    ],
)
async def test_a_card_is_posted_once_whatever_happens_on_the_way(
    by_http: House, name: str, kind: str, times: int
) -> None:
    fault = by_http.slack.break_next("chat.postMessage", kind, times, only=about(name))
    channel = by_http.slack.direct(CLEO)
    card = await by_http.card(name, channel)
    assert fault.hits == times
    await by_http.press(CLEO, channel, card, "cs:approve")
    await by_http.shows(card, f"Done: {name}")
    assert len(by_http.posts(channel, name, "Reference")) == 1
    assert len(by_http.tasks(name)) == 1


async def test_a_lost_answer_is_looked_for_while_the_search_fails_too(by_http: House) -> None:
    by_http.slack.break_next("chat.postMessage", "lost", only=about("Elm One"))
    searches = [
        by_http.slack.break_next("conversations.history", kind) for kind in ("429:1", "html", "500", "drop")
    ]
    channel = by_http.slack.direct(CLEO)
    card = await by_http.card("Elm One", channel)
    await by_http.press(CLEO, channel, card, "cs:approve")
    await by_http.shows(card, "Done: Elm One")
    assert [search.hits for search in searches] == [1, 1, 1, 1]
    assert len(by_http.posts(channel, "Elm One", "Reference")) == 1


@pytest.mark.parametrize("kind", ["429:1", "500", "html", "drop", "lost"])
async def test_a_card_is_brought_up_to_date_in_the_end(by_http: House, kind: str) -> None:
    name = {"429:1": "Elm Two", "500": "Elm Three", "html": "Elm Four", "drop": "Elm Five", "lost": "Elm Six"}[kind]
    channel = by_http.slack.direct(IRA)
    card = await by_http.card(name, channel)
    fault = by_http.slack.break_next("chat.update", kind, 2, only=about(name))
    await by_http.press(IRA, channel, card, "cs:approve")
    await by_http.shows(card, f"Done: {name}")
    assert fault.hits == 2
    assert len(by_http.posts(channel, name, "Reference")) == 1


@pytest.mark.parametrize("method", ["users.info", "conversations.info"])
@pytest.mark.parametrize("kind", ["429:1", "500", "html", "drop"])
async def test_a_question_is_answered_although_slack_fails_meanwhile(
    by_http: House, method: str, kind: str
) -> None:
    user = f"U7{method[:1].upper()}{kind[:2].upper()}"
    by_http.slack.users[user] = by_http.slack.users[FINN] | {"id": user}
    fault = by_http.slack.break_next(method, kind)
    before = len(by_http.slack.private)
    ack = await by_http.slash(user, SECRET_ROOM, "summary Nora Birch")
    assert (ack.status, ack.seconds < 3) == (200, True)
    await by_http.told(user, "Nora Birch", "Reference", after=before)
    assert fault.hits == 1


@pytest.mark.parametrize(
    ("channel", "answered_in"),
    [(ADAS, ADAS), (LOUNGE, "direct"), (SECRET_ROOM, "direct"), (BETWEEN_TWO, "direct")],
)
async def test_an_answer_whose_address_has_expired_still_reaches_the_person(
    by_http: House, channel: str, answered_in: str
) -> None:
    """A response_url lives for half an hour and five answers; some conversations are closed to the bot."""
    name = {ADAS: "Fig One", LOUNGE: "Fig Two", SECRET_ROOM: "Fig Three", BETWEEN_TWO: "Fig Four"}[channel]
    by_http.slack.break_next("response_url", "gone")
    before = len(by_http.slack.private)
    await by_http.slash(FINN, channel, f"summary {name}")
    if answered_in == "direct":
        await by_http.posted(by_http.slack.direct(FINN), name, "Reference")
    else:
        await by_http.told(FINN, name, "Reference", channel=channel, after=before)


@pytest.mark.parametrize("kind", ["429:1", "500", "html"])
async def test_an_answer_is_sent_again_when_slack_could_not_take_it(by_http: House, kind: str) -> None:
    fault = by_http.slack.break_next("response_url", kind)
    before = len(by_http.slack.private)
    await by_http.slash(FINN, SECRET_ROOM, "summary Nora Birch")
    await by_http.told(FINN, "Nora Birch", "Reference", after=before)
    assert fault.hits == 1
    assert len([m for m in by_http.slack.private[before:] if says(m, "Reference")]) == 1


async def test_a_press_is_acknowledged_in_time_although_windows_open_slowly(by_http: House) -> None:
    card = await by_http.card("Fig Five")
    slow = by_http.slack.break_next("views.open", "slow:4")
    before = len(by_http.slack.private)
    ack = await by_http.press(FINN, ADAS, card, "cs:evidence")
    assert (ack.status, ack.seconds < 3, slow.hits) == (200, True, 1)
    await by_http.told(FINN, "did not open in time", after=before)


async def test_a_window_is_answered_in_time_although_slack_is_slow_to_say_who_it_is(by_http: House) -> None:
    card = await by_http.card("Fig Six")
    user = "U7SLOW"
    by_http.slack.users[user] = by_http.slack.users[FINN] | {"id": user}
    await by_http.press(user, ADAS, card, "cs:defer", "date:")
    view = list(by_http.slack.views.values())[-1]
    by_http.slack.break_next("users.info", "slow:4", only=lambda args: args.get("user") == user)
    day: Json = {"cs:day_block": {"cs:day": {"type": "datepicker", "selected_date": "2027-03-01"}}}
    ack = await by_http.slack.deliver("interactive", view_submission(by_http.slack, user, view, day))
    assert (ack.status, ack.seconds < 3) == (200, True)


async def test_an_unknown_button_is_acknowledged_in_time_although_slack_is_slow(by_http: House) -> None:
    action = {"type": "button", "action_id": "old", "block_id": "b", "value": "v", "action_ts": "1.5"}
    shown: Json = {"ts": "1.1", "blocks": []}
    payload = block_actions(by_http.slack, FINN, ADAS, shown, action)
    del payload["response_url"]
    by_http.slack.break_next("chat.postEphemeral", "slow:4")
    ack = await by_http.slack.deliver("interactive", payload)
    assert (ack.status, ack.seconds < 3) == (200, True)


async def test_the_messages_tab_is_acknowledged_in_time_although_slack_is_slow(by_http: House) -> None:
    by_http.slack.break_next("assistant.threads.setSuggestedPrompts", "slow:4")
    opened = {"type": "app_home_opened", "user": FINN, "channel": by_http.slack.direct(FINN), "tab": "messages"}
    ack = await by_http.event(opened)
    assert (ack.status, ack.seconds < 3) == (200, True)


async def test_the_home_tab_appears_in_the_end(by_http: House) -> None:
    for kind in ("500", "429:1", "html"):
        by_http.slack.break_next("views.publish", kind)
    opened = {"type": "app_home_opened", "user": DORA, "channel": by_http.slack.direct(DORA), "tab": "home"}
    await by_http.event(opened)
    await by_http.slack.until(lambda: by_http.slack.homes.get(DORA), "the Home tab")


async def test_a_shared_summary_appears_once_although_the_answer_was_lost(by_http: House) -> None:
    before = len(by_http.slack.private)
    await by_http.slash(FINN, ADAS, "summary Fig Seven")
    private = await by_http.told(FINN, "Fig Seven", "Reference", after=before)
    lost = by_http.slack.break_next("chat.postMessage", "lost", only=about("Fig Seven"))
    await by_http.press(FINN, ADAS, private, "cs:share")
    await by_http.posted(ADAS, "Fig Seven", f"<@{FINN}>")
    searched = len(by_http.slack.called("conversations.history"))
    await by_http.write(FINN, ADAS, f"<@{BOT_USER}> help")
    await by_http.told(FINN, "What I can do", after=before)
    assert (lost.hits, searched > 0) == (1, True)
    assert len(by_http.posts(ADAS, "Fig Seven")) == 1


async def test_a_picker_pressed_after_its_address_expired_is_answered(by_http: House) -> None:
    before = len(by_http.slack.private)
    await by_http.slash(ADA, ADAS, "summary Willow")
    picker = await by_http.told(ADA, "Several donors match", after=before)
    by_http.slack.break_next("response_url", "gone")
    after = len(by_http.slack.private)
    await by_http.press(ADA, ADAS, picker, "cs:pick", f"summary:{donor_id('Alex Willow')}")
    await by_http.told(ADA, "Alex Willow", "Reference", after=after)
