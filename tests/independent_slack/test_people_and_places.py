"""Who belongs to us, where a channel is and what stands in it, as a second Slack tells the adapter alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from bot.doubts import begin_noting
from bot.slack.chat import SlackChat
from bot.slack.connection import SlackConnection, open_clients
from handlers.outcomes import Notice
from handlers.ports import MessageRef, OutcomeUnknown, Refused
from tests.independent_slack.conftest import ADA, conversations, people
from tests.independent_slack.plain_slack import PlainSlack
from tests.independent_slack.workspace import BOT_TOKEN, BOT_USER, SECRET, TEAM, Channel

NOTICE = Notice(text="Hello")
ORGANISATION = "E7WHOLE"


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Place:
    slack: PlainSlack
    chat: SlackChat
    elapsed: float = 0.0

    async def post(self, channel: str) -> str:
        return (await self.chat.post(NOTICE, channel, "m", None)).channel_id

    def add(self, channel: str, name: str) -> None:
        self.slack.channels[channel] = Channel(channel, name, {ADA, BOT_USER})


async def _at_once(_seconds: float) -> None:
    """Nobody waits here."""


@pytest_asyncio.fixture(params=[None])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    slack = PlainSlack(people(), conversations(), socket_mode=False)
    await slack.start()
    clients = open_clients(SlackConnection(BOT_TOKEN, SECRET, base_url=f"{slack.origin}/api"), sleep=_at_once)
    made: list[Place] = []
    chat = SlackChat(
        clients,
        clock=_Now(),
        team_id=request.param,
        sleep=_at_once,
        monotonic=lambda: made[0].elapsed if made else 0.0,
    )
    made.append(Place(slack, chat))
    yield made[0]
    await clients.close()
    await slack.stop()


@pytest.mark.parametrize(("answered", "in_thread"), [(False, False), (True, False), (False, True)])
async def test_what_slack_took_twice_is_there_once_as_soon_as_it_lists_it(
    place: Place, *, answered: bool, in_thread: bool
) -> None:
    place.add("C7OLD", "thanks")
    noted, before = begin_noting(), datetime.now(UTC)
    room = "C7OLD"
    root = (await place.chat.post(NOTICE, room, "root", None)).ts if in_thread else None
    posts = place.slack.messages.setdefault(room, [])
    place.slack.lists_until = float(place.slack.stamp())
    place.slack.break_next("chat.postMessage", "lost")
    with pytest.raises(OutcomeUnknown):
        await place.chat.post(NOTICE, room, "m", None, root)
    kept = await place.chat.post(NOTICE, room, "m", before, root)
    [doubt] = noted
    assert await place.chat.twins(doubt) == ()
    place.slack.lists_until = float("inf")
    first = posts[-2]["ts"]
    if answered:
        posts.append({"user": ADA, "text": "Which one?", "ts": place.slack.stamp(), "thread_ts": first})
    found = {twin.at.ts: twin for twin in await place.chat.twins(doubt)}
    assert set(found) == {kept.ts, first}
    how = await place.chat.take_away(Notice(text="Twice."), found[first])
    assert how == ("replaced" if answered else "deleted")
    assert [twin.at for twin in await place.chat.twins(doubt)] == [kept]
    assert [m["text"] for m in posts if m["ts"] == first] == (["Twice."] if how == "replaced" else [])


GRID: list[tuple[dict[str, Any], bool]] = [
    ({"team_id": TEAM}, True),
    ({"team_id": "T7SISTER", "enterprise_user": {"enterprise_id": ORGANISATION, "teams": [TEAM]}}, True),
    ({"team_id": "T7SISTER", "enterprise_user": {"enterprise_id": ORGANISATION, "teams": ["T7X"]}}, False),
    ({"team_id": "T8OTHER", "enterprise_user": {"enterprise_id": "E8OTHER", "teams": ["T8OTHER"]}}, False),
    ({"team_id": "T7SISTER", "enterprise_user": {"teams": [TEAM]}, "is_restricted": True}, False),
    ({"team_id": "T8OTHER", "enterprise_user": {"teams": [TEAM]}, "is_stranger": True}, False),
    ({"team_id": "T7SISTER"}, False),
]


@pytest.mark.parametrize(("shown", "ours"), GRID)
async def test_who_is_in_our_workspace_belongs_to_us_wherever_else_they_are(
    place: Place, shown: dict[str, Any], *, ours: bool
) -> None:
    """In an Enterprise Grid the team of a person may be another workspace of the organisation."""
    place.slack.users["W7GRID"] = place.slack.users[ADA] | {"id": "W7GRID"} | shown
    found = await place.chat.colleague("W7GRID")
    assert found is not None
    assert found.is_full_member is ours


@pytest.mark.parametrize("place", [ORGANISATION], indirect=True)
async def test_an_app_of_the_whole_organisation_is_for_all_of_its_people(place: Place) -> None:
    member = {
        "team_id": "T7SISTER",
        "enterprise_user": {"enterprise_id": ORGANISATION, "teams": ["T7SISTER"]},
    }
    other = {"team_id": "T8OTHER", "enterprise_user": {"enterprise_id": "E8OTHER", "teams": ["T8OTHER"]}}
    for user, shown in (("W7IN", member), ("W8OUT", other)):
        place.slack.users[user] = place.slack.users[ADA] | {"id": user} | shown
    found = [await place.chat.colleague(user) for user in ("W7IN", "W8OUT")]
    assert [each.is_full_member for each in found if each] == [True, False]


async def test_a_channel_that_was_made_anew_under_the_same_name_is_found(place: Place) -> None:
    place.add("C7OLD", "thanks")
    assert await place.post("#thanks") == "C7OLD"
    place.slack.channel("C7OLD").archived = True
    place.add("C7NEW", "thanks")
    with pytest.raises(Refused):
        await place.post("#thanks")  # whoever asks too often is told to wait
    place.elapsed += 61
    assert [await place.post("#thanks") for _ in range(2)] == ["C7NEW", "C7NEW"]
    place.slack.channel("C7NEW").archived = True
    listed = len(place.slack.called("conversations.list"))
    for _ in range(2):
        with pytest.raises(Refused) as raised:
            await place.post("#thanks")
        assert raised.value.code == "is_archived"
    assert len(place.slack.called("conversations.list")) == listed


async def test_a_channel_that_was_renamed_is_followed_until_another_has_its_name(place: Place) -> None:
    place.add("C7OLD", "thanks")
    assert await place.post("thanks") == "C7OLD"
    place.slack.channel("C7OLD").name = "thanks-2025"
    place.elapsed += 3601
    assert await place.post("thanks") == "C7OLD"
    place.add("C7NEW", "thanks")
    assert await place.post("thanks") == "C7OLD", "what is known is believed for an hour"
    place.elapsed += 3601
    place.slack.break_next("conversations.list", "500", 2)
    assert await place.post("thanks") == "C7OLD", "a Slack that does not say keeps nobody from what is known"
    assert await place.post("thanks") == "C7NEW"


async def test_nothing_more_is_posted_where_people_of_other_organisations_read_by_now(place: Place) -> None:
    place.add("C7OLD", "thanks")
    for channel in ("thanks", "C7OLD"):
        assert await place.post(channel) == "C7OLD"
    place.slack.channel("C7OLD").shared = True
    place.elapsed += 301
    for channel in ("thanks", "C7OLD"):
        with pytest.raises(Refused) as raised:
            await place.post(channel)
        assert raised.value.code == "shared_outside"
    [said, _] = place.slack.messages["C7OLD"]
    at = MessageRef("C7OLD", said["ts"])
    changes = [
        place.chat.revise(Notice(text="Changed"), at, "m"),
        place.chat.share_file("figures.csv", b"1", at, None),
    ]
    for change in changes:
        with pytest.raises(Refused) as raised:
            await change
        assert raised.value.code == "shared_outside"
    assert (len(place.slack.messages["C7OLD"]), said["text"]) == (2, "Hello")
    await place.chat.replace(Notice(text="It is shown elsewhere"), at)
    assert said["text"] == "It is shown elsewhere", "what is there can be taken away"
    place.slack.channel("C7OLD").shared = False
    place.elapsed += 301
    assert await place.post("thanks") == "C7OLD"


async def test_what_belongs_to_a_deleted_message_is_said_once_although_the_answer_was_lost(
    place: Place,
) -> None:
    """Slack posts an answer to a message that is gone beside all threads, and says nothing of that."""
    place.add("C7OLD", "thanks")
    root = (await place.chat.post(NOTICE, "C7OLD", "root", None)).ts
    posts = place.slack.messages["C7OLD"]
    posts.clear()
    before = datetime.now(UTC)
    place.slack.break_next("chat.postMessage", "lost")
    with pytest.raises(OutcomeUnknown):
        await place.chat.post(NOTICE, "C7OLD", "m", None, root)
    found = await place.chat.post(NOTICE, "C7OLD", "m", before, root)
    assert [(m["ts"], m.get("thread_ts")) for m in posts] == [(found.ts, None)]


@pytest.mark.parametrize("code", ["cannot_reply_to_message", "restricted_action_non_threadable_channel"])
async def test_what_no_thread_takes_is_said_beside_it(place: Place, code: str) -> None:
    place.add("C7OLD", "thanks")
    root = (await place.chat.post(NOTICE, "C7OLD", "root", None)).ts
    place.slack.break_next(
        "chat.postMessage", f"error:{code}", times=9, only=lambda args: bool(args.get("thread_ts"))
    )
    said = await place.chat.post(NOTICE, "C7OLD", "m", None, root)
    assert [m["ts"] for m in place.slack.messages["C7OLD"]] == [root, said.ts]
