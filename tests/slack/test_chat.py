"""The Chat port against a Slack that loses answers, limits rates, forgets messages and goes down."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from bot.doubts import begin_noting
from bot.slack.channels import Channels
from bot.slack.chat import SlackChat
from handlers.commands import ReplyAddress
from handlers.digests.post_digest import REFUSED_BLOCKS
from handlers.outcomes import DigestDetail, EvidenceLine, EvidenceShown, HomeShown, Notice
from handlers.ports import Colleague, MessageRef, OutcomeUnknown, PerhapsTwice, Refused, Twin, Unavailable
from policy.digest import Chart, DigestSection, Series
from storage.errors import LeaseLostError
from tests.leases import lose_the_lease
from tests.slack.conftest import (
    ELLIS,
    FIONA,
    GENERAL,
    GUS,
    MARA,
    OLIVIA,
    PORTFOLIO,
    SHARED,
    HandClock,
    Sleeper,
    Stage,
)
from tests.slack.samples import CARD, DECIDED, EXECUTED, OPEN, SUMMARY

NOTICE = Notice(text="The CRM is not answering.", next_step="Try again in a few minutes.", reference="r1")
BOT = "U0CSIGN00"


async def post_card(
    stage: Stage, channel: str = PORTFOLIO, *, marker: str = "m1", retry_since: Any = None
) -> MessageRef:
    return (await stage.chat.show_card(CARD, OPEN, None, channel, marker, retry_since)).at


async def test_a_card_carries_its_marker_and_nothing_unfurls(stage: Stage) -> None:
    at = await post_card(stage, "#portfolio-olivia")
    [message] = stage.messages(PORTFOLIO)
    assert (at.channel_id, at.ts) == (PORTFOLIO, message.ts)
    assert message.text == "Decision needed: Jane Doe"
    assert message.metadata == {"event_type": "countersign_message", "event_payload": {"marker": "m1"}}


async def test_a_lost_answer_does_not_make_a_second_card(stage: Stage) -> None:
    before = stage.clock.now()
    await stage.chat.is_shared_outside(PORTFOLIO)
    stage.fault(lost_replies=True)
    with pytest.raises(OutcomeUnknown):
        await post_card(stage)
    stage.fault(lost_replies=False)
    assert len(stage.messages(PORTFOLIO)) == 1
    at = await post_card(stage, retry_since=before)
    [message] = stage.messages(PORTFOLIO)
    assert at == MessageRef(PORTFOLIO, message.ts)


async def twice(stage: Stage, thread_ts: str | None = None) -> tuple[MessageRef, list[PerhapsTwice]]:
    """Post what is in the history too late to be found; return the second message and what is noted of it."""
    noted = begin_noting()
    before = stage.clock.now()
    stage.fault(stale_history_s=3600)
    await stage.chat.post(NOTICE, PORTFOLIO, "m1", None, thread_ts)
    at = await stage.chat.post(NOTICE, PORTFOLIO, "m1", before, thread_ts)
    return at, noted


async def test_what_slack_may_have_taken_twice_is_noted_and_found_when_it_is_listed(stage: Stage) -> None:
    await stage.chat.post(NOTICE, PORTFOLIO, "another", None)
    at, [doubt] = await twice(stage)
    assert (doubt.channel_id, doubt.ts, doubt.marker, doubt.found) == (PORTFOLIO, at.ts, "m1", False)
    assert await stage.chat.twins(doubt) == ()
    stage.fault(stale_history_s=0)
    second, first = await stage.chat.twins(doubt)
    assert (second, first.is_answered) == (Twin(at, is_answered=False), False)
    assert await stage.chat.take_away(NOTICE, first) == "deleted"
    assert [m.ts for m in stage.messages(PORTFOLIO) if m.metadata] == [stage.messages(PORTFOLIO)[0].ts, at.ts]
    with pytest.raises(Refused):
        await stage.chat.take_away(NOTICE, first)


async def test_what_was_found_again_is_noted_as_found(stage: Stage) -> None:
    noted, before = begin_noting(), stage.clock.now()
    at = await stage.chat.post(NOTICE, PORTFOLIO, "m1", None)
    assert await stage.chat.post(NOTICE, PORTFOLIO, "m1", before) == at
    assert [(doubt.ts, doubt.found) for doubt in noted] == [(at.ts, True)]


async def test_a_second_message_that_somebody_answered_says_that_it_is_one(stage: Stage) -> None:
    _, [doubt] = await twice(stage)
    stage.fault(stale_history_s=0)
    first = (await stage.chat.twins(doubt))[-1]
    await stage.chat.post(NOTICE, PORTFOLIO, "reply", None, first.at.ts)
    _, answered = await stage.chat.twins(doubt)
    assert answered == Twin(first.at, is_answered=True)
    told = Notice(text="This was posted twice.")
    assert await stage.chat.take_away(told, answered) == "replaced"
    assert stage.messages(PORTFOLIO)[0].text == "This was posted twice."
    assert len(await stage.chat.twins(doubt)) == 1, "it no longer counts as the same"


async def test_a_second_reply_in_a_thread_is_found_there(stage: Stage) -> None:
    parent = await post_card(stage)
    at, [doubt] = await twice(stage, parent.ts)
    stage.fault(stale_history_s=0)
    assert sorted(twin.at == at for twin in await stage.chat.twins(doubt)) == [False, True]


async def test_a_machine_whose_clock_is_a_week_ahead_finds_what_it_posted(stage: Stage) -> None:
    ahead = HandClock()
    ahead.offset = timedelta(days=7)
    chat = SlackChat(stage.clients, clock=ahead, sleep=stage.sleeper, monotonic=lambda: 0.0)
    before = ahead.now()
    await chat.is_shared_outside(PORTFOLIO)
    stage.fault(lost_replies=True)
    with pytest.raises(OutcomeUnknown):
        await chat.post(NOTICE, PORTFOLIO, "m1", None)
    stage.fault(lost_replies=False)
    at = await chat.post(NOTICE, PORTFOLIO, "m1", before)
    [message] = stage.messages(PORTFOLIO)
    assert at == MessageRef(PORTFOLIO, message.ts)


async def test_whoever_stood_still_for_longer_than_their_lease_sends_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else has posted the card by then, and may have brought it up to date."""
    at = await post_card(stage)
    to = ReplyAddress(user_id=OLIVIA, channel_id=PORTFOLIO, response_url=f"{stage.origin}/hooks/1")
    lose_the_lease(monkeypatch)
    for sending in (
        post_card(stage, marker="m2"),
        stage.chat.show_card(CARD, EXECUTED, at, PORTFOLIO, "m1", None),
        stage.chat.answer(NOTICE, to, "a1", None),
    ):
        with pytest.raises(LeaseLostError):
            await sending
    assert [message.text for message in stage.messages(PORTFOLIO)] == ["Decision needed: Jane Doe"]


async def test_a_retry_posts_when_the_first_attempt_never_arrived(stage: Stage) -> None:
    other = await post_card(stage, marker="another")
    at = await post_card(stage, retry_since=stage.clock.now())
    assert at != other
    assert len(stage.messages(PORTFOLIO)) == 2


async def test_a_lost_answer_is_found_in_a_thread_too(stage: Stage) -> None:
    parent = await post_card(stage)
    before = stage.clock.now()
    first = await stage.chat.post(NOTICE, PORTFOLIO, "t1", None, parent.ts)
    again = await stage.chat.post(NOTICE, PORTFOLIO, "t1", before, parent.ts)
    assert again == first
    assert len(stage.world.messages.replies(PORTFOLIO, parent.ts, None)) == 1


async def test_a_lost_answer_in_direct_messages_does_not_make_a_second(stage: Stage) -> None:
    direct, before = await stage.chat.direct_channel(FIONA), stage.clock.now()
    parent = await stage.chat.post(NOTICE, direct, "m", None)
    for thread_ts in (None, parent.ts):
        to = ReplyAddress(channel_id=direct, user_id=FIONA, thread_ts=thread_ts)
        stage.fault(lost_replies=True)
        with pytest.raises(OutcomeUnknown):
            await stage.chat.answer(SUMMARY, to, f"a{thread_ts}", None)
        stage.fault(lost_replies=False)
        found = await stage.chat.answer(SUMMARY, to, f"a{thread_ts}", before)
        shown = stage.world.messages.replies(direct, parent.ts, None) if thread_ts else stage.messages(direct)
        assert [found] == [MessageRef(direct, m.ts) for m in shown if m.text == "Summary of Jane Doe"]


async def test_a_server_error_while_posting_leaves_the_outcome_open(stage: Stage) -> None:
    await stage.chat.is_shared_outside(PORTFOLIO)
    stage.fault(http_500=True)
    with pytest.raises(OutcomeUnknown):
        await post_card(stage)


async def test_a_short_rate_limit_is_waited_for_then_left_to_the_queue(stage: Stage) -> None:
    stage.fault(rate_limited=True)
    with pytest.raises(Unavailable) as raised:
        await post_card(stage)
    assert (raised.value.code, raised.value.retry_after) == ("ratelimited", timedelta(seconds=5))
    assert stage.sleeper.slept == [5, 5, 5]


async def test_slack_being_down_is_unavailable_for_reading(stage: Stage) -> None:
    stage.fault(down=True)
    with pytest.raises(Unavailable):
        await stage.chat.colleague(OLIVIA)


async def test_posts_to_one_channel_are_a_second_apart(stage: Stage) -> None:
    for marker in ("a", "b", "c"):
        await stage.chat.post(NOTICE, PORTFOLIO, marker, None)
    await stage.chat.post(NOTICE, GENERAL, "d", None)
    assert stage.sleeper.slept == [1.0, 2.0]


async def test_a_card_is_brought_up_to_date_in_place(stage: Stage) -> None:
    at = await post_card(stage)
    assert (await stage.chat.show_card(CARD, EXECUTED, at, PORTFOLIO, "m1", None)).at == at
    [message] = stage.messages(PORTFOLIO)
    assert message.text == "Done: Jane Doe"
    assert message.metadata["event_payload"] == {"marker": "m1"}


async def test_a_card_that_is_gone_is_refused_by_name(stage: Stage) -> None:
    with pytest.raises(Refused) as raised:
        await stage.chat.show_card(CARD, OPEN, MessageRef(PORTFOLIO, "1.000001"), PORTFOLIO, "m1", None)
    assert raised.value.code == "message_not_found"


async def test_channels_are_found_by_name_once(stage: Stage) -> None:
    channels = Channels(stage.clients.reading)
    found = [await channels.resolve(name) for name in ("#donor-desk", "Donor-Desk", "C0DESK000")]
    assert found == ["C0DESK000"] * 3
    with pytest.raises(Refused) as raised:
        await channels.resolve("#no-such-channel")
    assert raised.value.code == "channel_not_found"
    stage.fault(down=True)
    assert await channels.resolve("#donor-desk") == "C0DESK000"


async def test_who_belongs_to_the_organisation(stage: Stage) -> None:
    olivia = Colleague(
        OLIVIA, "Olivia Hart", "olivia.hart@harbourlight.example", "America/New_York", is_full_member=True
    )
    assert await stage.chat.colleague(OLIVIA) == olivia
    assert await stage.chat.colleague_by_email("Olivia.Hart@harbourlight.example") == olivia
    for outsider in (GUS, ELLIS):
        known = await stage.chat.colleague(outsider)
        assert known is None or not known.is_full_member
    assert await stage.chat.colleague(BOT) is None
    assert await stage.chat.colleague("U0NOBODY") is None
    assert await stage.chat.colleague_by_email("nobody@harbourlight.example") is None


async def test_people_are_remembered_for_five_minutes(stage: Stage) -> None:
    known = await stage.chat.colleague(OLIVIA)
    stage.fault(down=True)
    assert await stage.chat.colleague(OLIVIA) == known
    stage.clock.offset += timedelta(minutes=5, seconds=1)
    with pytest.raises(Unavailable):
        await stage.chat.colleague(OLIVIA)


async def test_members_of_another_workspace_are_outsiders(stage: Stage) -> None:
    elsewhere = SlackChat(stage.clients, clock=stage.clock, team_id="T0ELSEWHERE", sleep=Sleeper())
    known = await elsewhere.colleague(OLIVIA)
    assert known is not None
    assert not known.is_full_member


async def test_channels_shared_with_others_are_known(stage: Stage) -> None:
    assert not await stage.chat.is_shared_outside(GENERAL)
    assert await stage.chat.is_shared_outside(SHARED)
    assert await stage.chat.is_shared_outside("C0UNKNOWN") is None


async def test_an_answer_is_private_where_it_was_asked(stage: Stage) -> None:
    await stage.chat.answer(NOTICE, ReplyAddress(channel_id=GENERAL, user_id=FIONA), "m", None)
    [answer] = stage.messages(GENERAL, FIONA)
    assert (answer.visible_to, answer.text) == (FIONA, "The CRM is not answering.")
    assert stage.messages(GENERAL, MARA) == []


async def test_an_answer_goes_to_direct_messages_where_the_channel_is_closed_to_us(stage: Stage) -> None:
    await stage.chat.answer(SUMMARY, ReplyAddress(channel_id="C0UNKNOWN", user_id=FIONA), "m", None)
    direct = await stage.chat.direct_channel(FIONA)
    [answer] = stage.messages(direct)
    assert answer.text == "Summary of Jane Doe"


async def test_an_answer_in_direct_messages_stays_in_its_thread(stage: Stage) -> None:
    direct = await stage.chat.direct_channel(FIONA)
    asked = await stage.chat.post(NOTICE, direct, "m", None)
    await stage.chat.answer(
        SUMMARY, ReplyAddress(channel_id=direct, user_id=FIONA, thread_ts=asked.ts), "m", None
    )
    [reply] = stage.world.messages.replies(direct, asked.ts, None)
    assert reply.text == "Summary of Jane Doe"


@pytest.mark.parametrize("gone", ["/slack-sim/response/used-up", "elsewhere"])
async def test_a_response_url_that_no_longer_works_is_not_the_end(stage: Stage, gone: str) -> None:
    url = "https://hooks.evil.example/x" if gone == "elsewhere" else stage.origin + gone
    await stage.chat.answer(
        NOTICE, ReplyAddress(channel_id=GENERAL, user_id=FIONA, response_url=url), "m", None
    )
    assert [m.text for m in stage.messages(GENERAL, FIONA)] == ["The CRM is not answering."]


async def test_the_answer_to_a_command_stands_alone(stage: Stage) -> None:
    await stage.act(FIONA, "act/command", channel=GENERAL, command="/donor", text="Jane Doe")
    command, _ = await stage.inbox.first()
    await stage.chat.answer(SUMMARY, command.reply_to, "m", None)
    assert [m.text for m in stage.messages(GENERAL, FIONA)] == ["Summary of Jane Doe"]


async def test_home_and_evidence_are_shown_as_views(stage: Stage) -> None:
    await stage.chat.publish_home(OLIVIA, HomeShown(name="Olivia Hart"))
    home = stage.world.views.home(OLIVIA)
    assert home is not None
    assert "Nothing waits for your decision" in str(home.blocks)
    shown = EvidenceShown(
        title="t", lines=(EvidenceLine(at=DECIDED, what="Approved", who="Olivia"),), reference="r"
    )
    with pytest.raises(Refused):
        await stage.chat.fill_view("V0UNKNOWN", shown)
    with pytest.raises(ValueError, match="view"):
        await stage.chat.answer(shown, ReplyAddress(channel_id=GENERAL, user_id=FIONA), "m", None)


async def test_a_workspace_that_refuses_charts_gets_them_as_pictures_that_can_be_heard(stage: Stage) -> None:
    chart = Chart(
        title="Gave within 90 days",
        unit="%",
        categories=("Acted on", "Not acted on"),
        series=(Series(name="Gave", values=(58.2, 24.0)),),
    )
    section = DigestSection(
        id="gifts", title="Gave", says="More.", chart=chart, columns=("", "Now"), rows=(("All", "1"),)
    )
    stage.fault(no_charts=True)
    with pytest.raises(Refused) as refused:
        await stage.chat.post(DigestDetail(section=section), PORTFOLIO, "d1", None)
    assert refused.value.code in REFUSED_BLOCKS
    at = await stage.chat.post(DigestDetail(section=section, charts=False), PORTFOLIO, "d1", None)
    before = stage.clock.now()
    await stage.chat.share_chart("gifts.png", chart, at, None)
    await stage.chat.share_chart("gifts.png", chart, at, before)
    [shared] = stage.world.messages.replies(PORTFOLIO, at.ts, None)[-1:]
    [file] = shared.files
    assert file["alt_txt"] == "Gave within 90 days. Acted on: 58.2%; Not acted on: 24%."
    kept = stage.world.files.get(file["id"])
    assert kept is not None
    picture = Image.open(BytesIO(kept.data))
    assert (picture.format, picture.size) == ("PNG", (1200, 80 + 2 * 56 + 36))
    bars = [picture.getpixel((x, 80 + 28)) == picture.getpixel((405, 80 + 28)) for x in range(400, 1060)]
    assert bars.count(True) == pytest.approx(0.582 * (1200 - 36 - 400 - 140), abs=3), "as long as its value"
