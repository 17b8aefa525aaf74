"""A Slack that is slow, broken or gone: nobody sees a card twice, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.independent_slack.conftest import (
    ADA,
    ADAS,
    BEN,
    BENS,
    BETWEEN_TWO,
    DESK,
    DONORS,
    DORA,
    FINN,
    GIL,
    JON,
    LONERS,
    LOUNGE,
    SECRET_ROOM,
    House,
    donor_id,
    says,
)
from tests.independent_slack.payloads import block_actions, view_submission
from tests.independent_slack.workspace import BOT_USER, Channel, Json

pytestmark = pytest.mark.asyncio(loop_scope="session")


LOST_ON_THE_WAY = {
    "Ash Number1": ("429:unsaid", 2),
    "Ash Number2": ("lost", 1),
    "Ash Number3": ("500", 2),
    "Ash Number4": ("truncated", 1),
    "Ash Number5": ("html200", 1),
    "Ash Number6": ("drop", 2),
    "Ash Number7": ("after:internal_error", 1),
    "Ash Number8": ("error:ratelimited", 1),
    "Ash Number9": ("slow:2", 1),
    "Ash Number16": ("bare", 1),
    "Ash Number17": ("elsewhere", 1),
    "Ash Number18": ("error:org_login_required", 1),
    "Ash Number20": ("error:token_revoked", 2),
}
KEPT_OLD = {
    "Ash Number10": "429:1",
    "Ash Number11": "500",
    "Ash Number12": "html",
    "Ash Number13": "reset",
    "Ash Number14": "lost",
}


def about(name: str) -> Callable[[Json], bool]:
    """A fault for messages that mention *name* only."""
    return lambda args: says(args, f"{name} ") or says(args, f"{name}.")


async def approved(house: House, name: str, card: Json) -> None:
    """The owner approves; the card says so, there is one of it, and the CRM has one task."""
    user = LONERS[DONORS[name]]
    channel = house.slack.direct(user)
    await house.press(user, channel, card, "cs:approve")
    await house.shows(card, f"Done: {name}")
    assert house.posts(channel, f"Done: {name}") == [card]
    assert len(house.tasks(name)) == 1


async def test_a_card_is_posted_once_whatever_happens_on_the_way(by_http: House) -> None:
    async def decide(name: str, kind: str, times: int) -> None:
        fault = by_http.slack.break_next("chat.postMessage", kind, times, only=about(name))
        card = await by_http.card(name, by_http.slack.direct(LONERS[DONORS[name]]))
        assert fault.hits == times, name
        await approved(by_http, name, card)

    await asyncio.gather(*(decide(name, *what) for name, what in LOST_ON_THE_WAY.items()))


async def test_a_card_is_brought_up_to_date_in_the_end(by_http: House) -> None:
    async def decide(name: str, kind: str) -> None:
        card = await by_http.card(name, by_http.slack.direct(LONERS[DONORS[name]]))
        fault = by_http.slack.break_next("chat.update", kind, 2, only=about(name))
        await approved(by_http, name, card)
        assert fault.hits == 2, name

    await asyncio.gather(*(decide(name, kind) for name, kind in KEPT_OLD.items()))


async def test_a_lost_answer_is_looked_for_while_the_search_fails_too(by_http: House) -> None:
    name = "Ash Number15"
    channel = by_http.slack.direct(LONERS[DONORS[name]])
    by_http.slack.break_next("chat.postMessage", "lost", only=about(name))
    searches = [
        by_http.slack.break_next("conversations.history", kind, only=lambda args: args["channel"] == channel)
        for kind in ("html", "429:1")
    ]
    card = await by_http.card(name, channel)
    await approved(by_http, name, card)
    assert [search.hits for search in searches] == [1, 1]


async def test_a_question_is_answered_although_slack_fails_meanwhile(by_http: House) -> None:
    async def ask(number: int, method: str, kind: str) -> None:
        user, room = f"U7ASKS{number}", f"C7ROOM{number}"
        by_http.slack.users[user] = by_http.slack.users[FINN] | {"id": user}
        by_http.slack.channels[room] = Channel(room, f"room-{number}", {user}, "private")
        fault = by_http.slack.break_next(
            method, kind, only=lambda args: args.get("user") == user or args.get("channel") == room
        )
        before = len(by_http.slack.private)
        ack = await by_http.slash(user, room, "summary Nora Birch")
        assert (ack.status, ack.in_time) == (200, True)
        await by_http.told(user, "Nora Birch", "Reference", after=before)
        assert fault.hits == 1

    methods, kinds = ("users.info", "conversations.info"), ("429:1", "500", "html", "drop")
    cases = [(method, kind) for method in methods for kind in kinds]
    await asyncio.gather(*(ask(number, *case) for number, case in enumerate(cases)))


def answers_to(house: House, user: str, *words: str, after: int = 0) -> list[Json]:
    """What only *user* sees and says all *words*; on a busy machine they are also asked to wait."""
    return [m for m in house.slack.private[after:] if m["user_id"] == user and says(m, *words)]


def answer_to(user: str, channel: str) -> Callable[[Json], bool]:
    """A fault for the response_url of one person in one channel."""

    def is_theirs(said: Json) -> bool:
        asked_to_wait = says(said, "The answer appears here in a moment")
        return (said.get("user"), said.get("channel")) == (user, channel) and not asked_to_wait

    return is_theirs


async def test_an_answer_whose_address_has_expired_still_reaches_the_person(by_http: House) -> None:
    """A response_url lives for half an hour and five answers; some conversations are closed to the bot."""

    async def ask(user: str, channel: str, name: str, *, privately: bool) -> None:
        before = len(by_http.slack.private)
        gone = by_http.slack.break_next("response_url", "gone", only=answer_to(user, channel))
        await by_http.slash(user, channel, f"summary {name}")
        if privately:
            await by_http.told(user, name, "Reference", channel=channel, after=before)
        else:
            await by_http.posted(by_http.slack.direct(user), name, "Reference")
        assert gone.hits == 1

    await asyncio.gather(
        ask(FINN, ADAS, "Fig One", privately=True),
        ask(DORA, LOUNGE, "Fig Two", privately=False),
        ask(ADA, SECRET_ROOM, "Fig Three", privately=False),
        ask(FINN, BETWEEN_TWO, "Fig Four", privately=False),
    )


async def test_an_answer_that_takes_longer_than_its_address_lives_still_reaches_the_person(
    by_http: House,
) -> None:
    """A response_url is good for half an hour; here that passes while somebody is being looked up."""
    user = "U7LATE"
    by_http.slack.users[user] = by_http.slack.users[FINN] | {"id": user}
    by_http.slack.channel(ADAS).members.add(user)
    held = by_http.slack.break_next("users.info", "held", only=lambda args: args.get("user") == user)
    await by_http.slash(user, ADAS, "summary Fig One")
    await by_http.slack.until(lambda: held.hits, "who asks is looked up")
    by_http.slack.ahead_s += 1801
    held.go_on.set()
    shown = await by_http.told(user, "Fig One", "Reference", channel=ADAS)
    assert "via" not in shown, "not through the address"
    assert answers_to(by_http, user, "Reference") == [shown]


async def test_a_private_answer_that_comes_twice_says_so(by_http: House) -> None:
    """Nobody can look for what only one person sees, and Slack has no key for it."""
    before = len(by_http.slack.private)
    lost = by_http.slack.break_next("response_url", "lost", only=answer_to(JON, LOUNGE))
    await by_http.slash(JON, LOUNGE, "summary Fig Two")
    second = await by_http.told(JON, "Fig Two", "Reference", "you may see it twice", after=before)
    first, again = answers_to(by_http, JON, "Fig Two", "Reference", after=before)
    assert (lost.hits, again, says(first, "twice")) == (1, second, False)
    assert again["blocks"][:-1] == first["blocks"]


async def test_a_press_on_what_is_replaced_is_answered_once_although_slacks_answer_is_lost(
    by_http: House,
) -> None:
    before = len(by_http.slack.private)
    await by_http.slash(ADA, SECRET_ROOM, "summary Willow")
    picker = await by_http.told(ADA, "Several donors match", after=before)
    by_http.slack.break_next("response_url", "lost", only=answer_to(ADA, SECRET_ROOM))
    await by_http.press(ADA, SECRET_ROOM, picker, "cs:pick", f"summary:{donor_id('Alex Willow')}")
    await by_http.shows(picker, "Alex Willow", "Reference")
    await by_http.write(FINN, ADAS, f"<@{BOT_USER}> help")
    await by_http.told(FINN, "What I can do", after=before)
    mine = answers_to(by_http, ADA, "Alex Willow", "Reference", after=before)
    assert (mine, says(picker, "twice")) == ([picker], False)


@pytest.mark.parametrize("kind", ["expired", "html200", "elsewhere", "used"])
async def test_an_answer_that_slack_did_not_take_still_reaches_the_person(by_http: House, kind: str) -> None:
    """A refusal with 200, somebody's login page, and one who would have the answer instead."""
    before = len(by_http.slack.private)
    fault = by_http.slack.break_next("response_url", kind, only=answer_to(FINN, ADAS))
    await by_http.slash(FINN, ADAS, "help")
    await by_http.told(FINN, "What I can do", channel=ADAS, after=before)
    assert (fault.hits, len(by_http.slack.private)) == (1, before + 1)


async def test_an_answer_in_direct_messages_is_given_once_although_slacks_was_lost(by_http: House) -> None:
    direct = by_http.slack.direct(GIL)
    lost = by_http.slack.break_next("chat.postMessage", "lost", only=lambda args: args["channel"] == direct)
    _, asked = await by_http.write(GIL, direct, "help")
    await by_http.posted(direct, "What I can do")
    found = by_http.slack.break_next(
        "conversations.replies", "slow:0", only=lambda args: args.get("ts") == asked["ts"]
    )
    await by_http.slack.until(lambda: found.hits, "the answer is looked for")
    by_http.slack.faults.remove(found)
    await by_http.write(GIL, direct, "help")
    await by_http.slack.until(lambda: len(by_http.posts(direct, "What I can do")) > 1, "the next answer")
    assert (lost.hits, len(by_http.posts(direct, "What I can do"))) == (1, 2)


async def test_a_card_that_cannot_be_changed_is_shown_anew_and_asks_no_more(by_http: House) -> None:
    name = "Ash Number19"
    channel = by_http.slack.direct(LONERS[DONORS[name]])
    card = await by_http.card(name, channel)
    by_http.slack.break_next("chat.update", "error:cant_update_message", only=about(name))
    await by_http.press(LONERS[DONORS[name]], channel, card, "cs:approve")
    done = await by_http.posted(channel, f"Done: {name}")
    await by_http.shows(card, "A newer message shows this decision")
    assert done is not card
    assert not says(card, "Decision needed")
    assert len(by_http.tasks(name)) == 1


async def test_a_card_that_an_administrator_deleted_is_shown_anew_when_it_is_decided(by_http: House) -> None:
    name = "Ash Number21"
    channel = by_http.slack.direct(LONERS[DONORS[name]])
    card = await by_http.card(name, channel)
    press = by_http.click(LONERS[DONORS[name]], channel, card, "cs:approve")
    by_http.slack.messages[channel].remove(card)
    for _ in range(2):
        assert (await by_http.slack.deliver("interactive", press)).status == 200
    await by_http.posted(channel, f"Done: {name}")
    assert (len(by_http.posts(channel, name, "CRM")), len(by_http.tasks(name))) == (1, 1)


async def test_a_card_in_a_channel_that_was_archived_goes_on_where_somebody_reviews(by_http: House) -> None:
    card = await by_http.card("Abel Oak", BENS)
    press = by_http.click(BEN, BENS, card, "cs:approve")
    by_http.slack.channel(BENS).archived = True
    assert (await by_http.slack.deliver("interactive", press)).status == 200
    await by_http.posted(DESK, "Done: Abel Oak")
    assert (len(by_http.posts(DESK, "Abel Oak", "CRM")), len(by_http.tasks("Abel Oak"))) == (1, 1)


async def test_an_answer_is_sent_again_when_slack_could_not_take_it(by_http: House) -> None:
    async def ask(channel: str, kind: str) -> None:
        fault = by_http.slack.break_next("response_url", kind, only=answer_to(JON, channel))
        before = len(by_http.slack.private)
        await by_http.slash(JON, channel, "summary Nora Birch")
        await by_http.told(JON, "Nora Birch", "Reference", channel=channel, after=before)
        mine = [m for m in by_http.slack.private[before:] if (m["user_id"], m["channel"]) == (JON, channel)]
        assert (fault.hits, len(mine)) == (1, 1)

    cases = zip((ADAS, LOUNGE, SECRET_ROOM), ("429:1", "500", "html"), strict=True)
    await asyncio.gather(*(ask(*case) for case in cases))


async def test_a_window_is_answered_in_time_although_slack_is_slow_to_say_who_it_is(by_http: House) -> None:
    card = await by_http.card("Fig Six")
    user = "U7SLOW"
    by_http.slack.users[user] = by_http.slack.users[FINN] | {"id": user}
    opened = await by_http.window(lambda: by_http.press(user, ADAS, card, "cs:more", "date:"))
    view = by_http.slack.views[opened]
    held = by_http.slack.break_next("users.info", "held", only=lambda args: args.get("user") == user)
    day: Json = {"cs:day_block": {"cs:day": {"type": "datepicker", "selected_date": "2027-03-01"}}}
    ack = await by_http.slack.deliver("interactive", view_submission(by_http.slack, user, view, day))
    assert (ack.status, ack.in_time) == (200, True), "it did not wait for what is still held"
    held.go_on.set()


async def test_everything_is_acknowledged_in_time_although_slack_is_slow(by_http: House) -> None:
    """A window that opens late, an apology for a button nobody knows, suggestions in the Messages tab."""
    card = await by_http.card("Fig Five")
    before = len(by_http.slack.private)
    action = {"type": "button", "action_id": "old", "block_id": "b", "value": "v", "action_ts": "1.5"}
    pressed = block_actions(by_http.slack, FINN, ADAS, {"ts": "1.1", "blocks": []}, action)
    del pressed["response_url"]
    direct = by_http.slack.direct(FINN)
    opened = {"type": "app_home_opened", "user": FINN, "channel": direct, "tab": "messages"}
    methods = ("views.open", "chat.postEphemeral", "assistant.threads.setSuggestedPrompts")
    held = [by_http.slack.break_next(method, "held") for method in methods]
    acks = await asyncio.gather(
        by_http.press(FINN, ADAS, card, "cs:evidence"),
        by_http.slack.deliver("interactive", pressed),
        by_http.event(opened),
    )
    assert [(ack.status, ack.in_time) for ack in acks] == [(200, True)] * 3
    assert [fault.hits for fault in held] == [1, 1, 1]
    for fault in held:
        fault.go_on.set()
    await by_http.told(FINN, "did not open in time", after=before)


async def test_the_home_tab_appears_in_the_end(by_http: House) -> None:
    for kind in ("500", "html"):
        by_http.slack.break_next("views.publish", kind)
    opened = {"type": "app_home_opened", "user": DORA, "channel": by_http.slack.direct(DORA), "tab": "home"}
    await by_http.event(opened)
    await by_http.slack.until(lambda: by_http.slack.homes.get(DORA), "the Home tab")


async def test_a_shared_summary_appears_once_although_the_answer_was_lost(by_http: House) -> None:
    before = len(by_http.slack.private)
    await by_http.slash(FINN, ADAS, "summary Fig Seven")
    private = await by_http.told(FINN, "Fig Seven", "Reference", after=before)
    by_http.slack.break_next("chat.postMessage", "lost", only=about("Fig Seven"))
    searched = by_http.slack.break_next(
        "conversations.history", "slow:0", only=lambda args: args["channel"] == ADAS
    )
    await by_http.press(FINN, ADAS, private, "cs:share")
    await by_http.posted(ADAS, "Fig Seven", f"<@{FINN}>")
    await by_http.slack.until(lambda: searched.hits, "what was shared is looked for")
    await by_http.write(FINN, ADAS, f"<@{BOT_USER}> help")
    await by_http.told(FINN, "What I can do", after=before)
    assert len(by_http.posts(ADAS, "Fig Seven")) == 1


async def test_a_picker_pressed_after_its_address_expired_is_answered(by_http: House) -> None:
    before = len(by_http.slack.private)
    await by_http.slash(ADA, ADAS, "summary Willow")
    picker = await by_http.told(ADA, "Several donors match", after=before)
    by_http.slack.break_next("response_url", "gone")
    after = len(by_http.slack.private)
    await by_http.press(ADA, ADAS, picker, "cs:pick", f"summary:{donor_id('Alex Willow')}")
    await by_http.told(ADA, "Alex Willow", "Reference", after=after)
