"""What is stored for everything people do in Slack, and what they hear when it goes wrong."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import Any

import pytest

from bot.slack import ids
from bot.slack.apologies import NOT_OURS, TOO_LATE
from bot.slack.arrival import Arrival
from bot.slack.cards.deferral import NOT_AFTER_TODAY, TOO_FAR
from bot.slack.deferring import PICK_A_DAY
from handlers.commands import (
    AlarmPauseClicked,
    AlarmRollBackClicked,
    ApprovalClicked,
    ChatUser,
    CleanupFixed,
    DeferralClicked,
    EvidenceRequested,
    FeedbackGiven,
    FollowUpAsked,
    HelpRequested,
    HomeOpened,
    NextStepProposed,
    OverrideFormRequested,
    PulseAnswered,
    ReplyAddress,
    SummaryRequested,
    SummaryShared,
    TimelineRequested,
    UndoClicked,
)
from handlers.outcomes import EvidenceShown
from policy.override_reasons import SAY_WHAT, GivenReason, Override, OverrideReason
from tests.slack.conftest import FIONA, GENERAL, OLIVIA, PORTFOLIO, REFERENCE, Door, Stage
from tests.slack.samples import CARD, OPEN

BY = ChatUser(id=OLIVIA, team_id="T0HARBOUR")
SORRY = f"Something went wrong on our side, reference {REFERENCE}. Nothing was changed."


def command(text: str, trigger: str = "T1") -> dict[str, str]:
    return {
        "command": "/donor",
        "text": text,
        "user_id": OLIVIA,
        "team_id": "T0HARBOUR",
        "channel_id": GENERAL,
        "trigger_id": trigger,
    }


def click(action_id: str, value: str, **action: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": OLIVIA, "team_id": "T0HARBOUR"},
        "team": {"id": "T0HARBOUR"},
        "channel": {"id": PORTFOLIO},
        "container": {"type": "message", "message_ts": "1.2", "channel_id": PORTFOLIO},
        "trigger_id": "expired",
        "actions": [{"action_id": action_id, "type": "button", "value": value, "action_ts": "9.9"} | action],
    }


HERE = ReplyAddress(channel_id=PORTFOLIO, user_id=OLIVIA)
CLICK = "click:T0HARBOUR:1.2:9.9:" + OLIVIA


@pytest.mark.parametrize(
    ("text", "kind", "query"),
    [
        ("summary Jane Doe", SummaryRequested, "Jane Doe"),
        ("Jane Doe", SummaryRequested, "Jane Doe"),
        ("TIMELINE D-100", TimelineRequested, "D-100"),
        ("summary Smith &amp; Sons", SummaryRequested, "Smith & Sons"),
        ("summary", SummaryRequested, ""),
        ("timeline  ", TimelineRequested, ""),
    ],
)
async def test_a_command_about_a_donor(door: Door, text: str, kind: type, query: str) -> None:
    answer = await door.form(**command(text))
    [(stored, arrival)] = door.inbox.arrived
    to = ReplyAddress(channel_id=GENERAL, user_id=OLIVIA)
    assert stored == kind(query=query, by=BY, reply_to=to)
    assert arrival == Arrival("command:T1", "slack.command")
    assert (answer.status_code, answer.text) == (200, "")


@pytest.mark.parametrize(
    ("text", "unknown"), [("", ""), ("help", ""), ("?", ""), ("!!! ---", "!!! ---"), ("x" * 300, "x" * 200)]
)
async def test_a_command_that_is_answered_with_help(door: Door, text: str, unknown: str) -> None:
    answer = await door.form(**command(text))
    to = ReplyAddress(channel_id=GENERAL, user_id=OLIVIA)
    assert door.inbox.arrived[0][0] == HelpRequested(unknown=unknown, by=BY, reply_to=to)
    assert (answer.status_code, answer.text) == (200, "")


@pytest.mark.parametrize(
    ("payload", "stored", "about"),
    [
        (
            click(ids.APPROVE, "01KESC"),
            ApprovalClicked(escalation_id="01KESC", by=BY, reply_to=HERE),
            "01KESC",
        ),
        (click(ids.FIXED, "01KITEM"), CleanupFixed(item_id="01KITEM", by=BY, reply_to=HERE), "01KITEM"),
        (
            click(ids.UNDO, "01KESC"),
            UndoClicked(escalation_id="01KESC", by=BY, reply_to=HERE),
            "01KESC",
        ),
        (
            click(ids.DEFER, "", selected_option={"value": "next_week:01KESC"}),
            DeferralClicked(escalation_id="01KESC", preset="next_week", by=BY, reply_to=HERE),
            "01KESC",
        ),
        (
            click(ids.MORE, "", selected_option={"value": "2026-11-23:01KESC"}),
            DeferralClicked(
                escalation_id="01KESC", preset="date", day=date(2026, 11, 23), by=BY, reply_to=HERE
            ),
            "01KESC",
        ),
        (
            click(ids.MORE, "", selected_option={"value": "tomorrow:01KESC"}),
            DeferralClicked(escalation_id="01KESC", preset="tomorrow", by=BY, reply_to=HERE),
            "01KESC",
        ),
        (click(ids.SHARE, "01KANS"), SummaryShared(answer_id="01KANS", by=BY, reply_to=HERE), None),
        (
            click(ids.NOT_USEFUL, "01KANS"),
            FeedbackGiven(answer_id="01KANS", value="not_useful", by=BY, reply_to=HERE),
            None,
        ),
        (
            click(ids.FEEDBACK, "useful:01KANS", type="feedback_buttons"),
            FeedbackGiven(answer_id="01KANS", value="useful", by=BY, reply_to=HERE),
            None,
        ),
        (
            click(ids.PICK, "timeline:D-100"),
            TimelineRequested(
                query="",
                donor_id="D-100",
                by=BY,
                reply_to=ReplyAddress(channel_id=PORTFOLIO, user_id=OLIVIA, replace=True),
            ),
            None,
        ),
        (click(ids.REFRESH_HOME, "home"), HomeOpened(by=BY), None),
        (
            click(f"{ids.PULSE}:4", "4:01KPUL"),
            PulseAnswered(
                pulse_id="01KPUL",
                choice="4",
                by=BY,
                reply_to=ReplyAddress(channel_id=PORTFOLIO, user_id=OLIVIA, replace=True),
            ),
            None,
        ),
        (
            click(ids.ALARM_PAUSE, "01KALA"),
            AlarmPauseClicked(alarm_id="01KALA", by=BY, reply_to=HERE),
            "01KALA",
        ),
        (
            click(ids.ALARM_ROLL_BACK, "01KALA"),
            AlarmRollBackClicked(alarm_id="01KALA", by=BY, reply_to=HERE),
            "01KALA",
        ),
        (
            click(ids.PUT_FORWARD, "01KANS"),
            NextStepProposed(answer_id="01KANS", by=BY, reply_to=HERE),
            "01KANS",
        ),
    ],
)
async def test_a_click_is_stored_before_it_is_acknowledged(
    door: Door, payload: dict[str, Any], stored: Any, about: str | None
) -> None:
    answer = await door.interaction(payload)
    assert (answer.status_code, answer.text) == (200, "")
    assert door.inbox.arrived == [(stored, Arrival(CLICK, "slack.click", about))]


async def test_the_same_click_twice_is_stored_once(door: Door) -> None:
    for _ in range(2):
        assert (await door.interaction(click(ids.APPROVE, "01KESC"))).status_code == 200
    assert len(door.inbox.arrived) == 1


@pytest.mark.parametrize(
    "payload",
    [
        click("someone_elses_button", "x"),
        click("cs:erase_everything", "01KESC"),
        click(ids.APPROVE, ""),
        click(ids.APPROVE, "01K ESC; drop"),
        click(ids.APPROVE, "x" * 500),
        click(ids.DEFER, "", selected_option={"value": "forever:01KESC"}),
        click(ids.DEFER, "", selected_option=None),
        click(ids.MORE, "", selected_option={"value": "approve:01KESC"}),
        click(ids.MORE, "", selected_option={"value": "decline:a b"}),
        click(ids.MORE, "", selected_option=None),
        click(ids.PICK, "D-100"),
        click(ids.PICK, "everything:D-100"),
        click(ids.FEEDBACK, "great:01KANS"),
        click(f"{ids.PULSE}:9", "9:01KPUL"),
        click(f"{ids.DECISIONS_PAGE}:more", "everybody:0"),
        click(f"{ids.DECISIONS_PAGE}:only", "all~7~p~U0OMAR000:0"),
        click(f"{ids.DECISIONS_PAGE}:when", "all~99999~~:0"),
        click(ids.SCHEDULE_CHANGE, "a b"),
    ],
)
async def test_a_click_we_do_not_know_gets_an_honest_private_answer(
    stage: Stage, payload: dict[str, Any]
) -> None:
    answer = await stage.door.interaction(payload)
    assert (answer.status_code, stage.inbox.arrived) == (200, [])
    [told] = stage.messages(PORTFOLIO, OLIVIA)
    assert (told.visible_to, told.text) == (OLIVIA, NOT_OURS)


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "block_actions"},
        {"type": "block_actions", "user": "me", "actions": "none"},
        {"type": "shortcut", "callback_id": "old", "user": {"id": OLIVIA}},
        {"type": "message_action", "callback_id": "old", "user": {"id": OLIVIA}},
        {"type": "view_closed", "view": {}},
        {"type": "block_suggestion", "action_id": "x"},
        {"type": "from_the_future"},
    ],
)
async def test_no_interaction_is_a_server_error(door: Door, payload: dict[str, Any]) -> None:
    answer = await door.interaction(payload)
    assert answer.status_code < 500
    assert door.inbox.arrived == []


async def test_what_could_not_be_stored_is_not_acknowledged(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.inbox.fails = RuntimeError("Jane Doe gave $25,000")
    caplog.set_level(logging.DEBUG)
    answer = await stage.door.interaction(click(ids.APPROVE, "01KESC"))
    assert answer.status_code == 500
    assert [told.text for told in stage.messages(PORTFOLIO, OLIVIA)] == [SORRY]
    [logged] = [r for r in caplog.records if r.name == "countersign.slack"]
    assert (logged.reference, logged.error) == (REFERENCE, "RuntimeError")  # type: ignore[attr-defined]
    assert "Jane" not in caplog.text


async def test_a_command_that_could_not_be_stored_says_so(door: Door) -> None:
    door.inbox.fails = RuntimeError()
    answer = await door.form(**command("summary Jane Doe"))
    assert (answer.status_code, answer.json()) == (200, {"response_type": "ephemeral", "text": SORRY})


async def test_an_event_that_could_not_be_stored_is_sent_again_and_at_last_explained(stage: Stage) -> None:
    stage.inbox.fails = RuntimeError()
    mention = {"type": "app_mention", "user": FIONA, "channel": GENERAL, "ts": "1.1", "text": "<@U0B> help"}
    assert (await stage.door.event(mention)).status_code == 500
    assert stage.messages(GENERAL, FIONA) == []
    last = {"X-Slack-Retry-Num": "3", "X-Slack-Retry-Reason": "http_error"}
    assert (await stage.door.event(mention, headers=last)).status_code == 500
    assert [told.text for told in stage.messages(GENERAL, FIONA)] == [SORRY]


async def test_a_mention_outside_a_thread_is_answered_in_the_channel(door: Door) -> None:
    text = "<@U0CSIGN00>: timeline <mailto:jane@doe.org|jane@doe.org>"
    mention = {"type": "app_mention", "user": FIONA, "channel": GENERAL, "ts": "1.1", "text": text}
    assert (await door.event(mention)).status_code == 200
    by = ChatUser(id=FIONA, team_id="T0HARBOUR")
    to = ReplyAddress(channel_id=GENERAL, user_id=FIONA)
    stored = TimelineRequested(query="jane@doe.org", by=by, reply_to=to)
    assert door.inbox.arrived == [(stored, Arrival("event:Ev1", "slack.event"))]


async def test_a_direct_message_is_answered_in_its_thread(door: Door) -> None:
    event = {"type": "message", "channel_type": "im", "user": FIONA, "channel": "D1", "ts": "2.2"}
    await door.event(event | {"text": "Jane Doe", "thread_ts": "1.1"})
    by = ChatUser(id=FIONA, team_id="T0HARBOUR")
    to = ReplyAddress(channel_id="D1", user_id=FIONA, thread_ts="1.1")
    assert door.inbox.arrived[0][0] == FollowUpAsked(text="Jane Doe", by=by, reply_to=to)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message", "channel": "D1", "user": FIONA, "ts": "1", "subtype": "message_changed"},
        {"type": "message", "channel": "D1", "user": FIONA, "ts": "1", "bot_id": "B1", "text": "hi"},
        {"type": "message", "channel": "D1", "ts": "1", "text": "nobody"},
        {"type": "message", "channel": GENERAL, "user": FIONA, "ts": "1", "text": "not for us"},
        {"type": "app_mention", "channel": "D1", "user": FIONA, "ts": "1", "text": "<@U0B> twice"},
        {"type": "member_joined_channel", "channel": GENERAL, "user": FIONA},
        {"type": "tokens_revoked", "tokens": {"bot": ["U1"]}},
        {"type": "app_uninstalled"},
        {"type": "invented_next_year"},
    ],
)
async def test_events_that_are_not_for_us_are_acknowledged(door: Door, event: dict[str, Any]) -> None:
    assert (await door.event(event)).status_code == 200
    assert door.inbox.arrived == []


async def test_opening_the_home_tab_asks_for_it(door: Door) -> None:
    await door.event({"type": "app_home_opened", "user": OLIVIA, "channel": "D1", "tab": "home"})
    assert door.inbox.arrived == [(HomeOpened(by=BY), Arrival("event:Ev1", "slack.event", priority=40))]


async def test_opening_the_messages_tab_suggests_what_to_write(stage: Stage) -> None:
    async with stage.session.get(f"{stage.origin}/sim/boot", params={"as": OLIVIA}) as response:
        channel = next(c for c in (await response.json())["channels"] if c["kind"] == "im")
    event = {"type": "app_home_opened", "user": OLIVIA, "channel": channel["id"], "tab": "messages"}
    assert (await stage.door.event(event)).status_code == 200
    prompts = stage.world.journal.load("prompts")[channel["id"]]
    assert [p["message"] for p in prompts["prompts"]] == ["help", "queue", "summary", "timeline"]
    assert stage.inbox.arrived == []


async def press(stage: Stage, action_id: str, **chosen: Any) -> None:
    at = (await stage.chat.show_card(CARD, OPEN, None, PORTFOLIO, "m", None)).at
    row = next(b for b in stage.messages(PORTFOLIO)[-1].blocks if b["type"] == "actions")
    action = {"block_id": row["block_id"], "action_id": action_id} | chosen
    await stage.act(OLIVIA, "act/block", channel=PORTFOLIO, message_ts=at.ts, action=action)


async def test_why_opens_a_window_at_once_and_fills_it_later(stage: Stage) -> None:
    await press(stage, ids.EVIDENCE)
    stored, arrival = await stage.inbox.first()
    [view] = stage.world.views.stack(OLIVIA)
    assert stored == EvidenceRequested(escalation_id="01KESC", view_id=view.id, by=BY)
    assert (arrival.kind, arrival.entity_key) == ("slack.click", None)
    assert view.content["callback_id"] == ids.WAITING_VIEW
    await stage.chat.fill_view(view.id, EvidenceShown(title="Jane Doe", lines=(), reference="r1"))
    [filled] = stage.world.views.stack(OLIVIA)
    assert filled.content["callback_id"] == ids.EVIDENCE_VIEW


async def test_a_window_does_not_wait_for_ever_when_storing_fails(stage: Stage) -> None:
    stage.inbox.fails = RuntimeError()
    await press(stage, ids.EVIDENCE)
    await stage.until(
        lambda: any(SORRY in str(view.content["blocks"]) for view in stage.world.views.stack(OLIVIA))
    )


async def test_a_window_that_opens_too_late_is_explained(stage: Stage) -> None:
    answer = await stage.door.interaction(click(ids.EVIDENCE, "01KESC"))
    assert (answer.status_code, stage.inbox.arrived) == (200, [])
    assert [told.text for told in stage.messages(PORTFOLIO, OLIVIA)] == [TOO_LATE]


async def pick_a_day(stage: Stage, day: date) -> dict[str, Any]:
    row = {"selected_option": {"value": "date:01KESC", "text": {"type": "plain_text", "text": "Pick"}}}
    if not stage.world.views.stack(OLIVIA):
        await press(stage, ids.MORE, **row)
        await stage.until(lambda: bool(stage.world.views.stack(OLIVIA)))
    view = stage.world.views.stack(OLIVIA)[-1]
    entered = {ids.DAY_BLOCK: {ids.DAY: {"type": "datepicker", "selected_date": day.isoformat()}}}
    return await stage.act(OLIVIA, "act/view_submit", view_id=view.id, state={"values": entered})


async def test_a_decision_is_put_off_to_a_day(stage: Stage) -> None:
    today = stage.clock.now().date()
    refused = await pick_a_day(stage, today - timedelta(days=2))
    assert refused["errors"] == {ids.DAY_BLOCK: NOT_AFTER_TODAY}
    refused = await pick_a_day(stage, today + timedelta(days=500))
    assert refused["errors"] == {ids.DAY_BLOCK: TOO_FAR}
    [(asked, _)] = stage.inbox.arrived
    assert isinstance(asked, OverrideFormRequested), "the window is filled when it is known who asks"
    assert (asked.override, asked.escalation_id) == (Override.DEFER, "01KESC")
    assert (await pick_a_day(stage, today + timedelta(days=9)))["ok"]
    await stage.until(lambda: len(stage.inbox.arrived) == 2)
    stored, arrival = stage.inbox.arrived[-1]
    assert stored == DeferralClicked(
        escalation_id="01KESC", preset="date", day=today + timedelta(days=9), by=BY, reply_to=HERE
    )
    assert (arrival.kind, arrival.entity_key) == ("slack.submission", "01KESC")
    assert stage.world.views.stack(OLIVIA) == []


async def test_a_day_that_could_not_be_stored_keeps_the_window_open(stage: Stage) -> None:
    stage.inbox.fails = RuntimeError()
    answer = await pick_a_day(stage, stage.clock.now().date() + timedelta(days=9))
    assert answer["errors"] == {ids.DAY_BLOCK: SORRY}


@pytest.mark.parametrize("carried", ["", "{}", '{"escalation_id": "a b"}', "not json"])
async def test_a_window_we_do_not_know_says_so(door: Door, carried: str) -> None:
    view = {
        "type": "modal",
        "id": "V1",
        "hash": "h",
        "callback_id": ids.DEFER_VIEW,
        "private_metadata": carried,
    }
    payload = {"type": "view_submission", "user": {"id": OLIVIA}, "view": view}
    answer = (await door.interaction(payload)).json()
    assert answer["response_action"] == "update"
    assert "no longer works" in str(answer["view"]["blocks"])
    assert door.inbox.arrived == []


def deferral(**entered: dict[str, Any]) -> dict[str, Any]:
    """The filled window as Slack sends it: every field, also those left empty."""
    fields: dict[str, dict[str, Any]] = {
        ids.PRESET_BLOCK: {ids.PRESET: {"type": "radio_buttons", "selected_option": {"value": "2026-12-07"}}},
        ids.OTHER_DAY_BLOCK: {ids.DAY: {"type": "datepicker", "selected_date": None}},
        ids.UNTIL_BLOCK: {ids.UNTIL: {"type": "radio_buttons", "selected_option": {"value": "day"}}},
        ids.REASON_BLOCK: {ids.REASON: {"type": "static_select", "selected_option": None}},
        ids.WORDS_BLOCK: {ids.WORDS: {"type": "plain_text_input", "value": None}},
    }
    view = {
        "type": "modal",
        "id": "V1",
        "hash": "h",
        "callback_id": ids.DEFER_VIEW,
        "private_metadata": '{"escalation_id": "01KESC", "channel_id": "C1"}',
        "state": {"values": fields | entered},
    }
    return {"type": "view_submission", "user": {"id": OLIVIA, "team_id": "T0HARBOUR"}, "view": view}


PICKED = {ids.DAY: {"type": "datepicker", "selected_date": "2026-12-09"}}
WAITING = {ids.REASON: {"type": "static_select", "selected_option": {"value": "waiting_for_donor"}}}
OTHER = {ids.REASON: {"type": "static_select", "selected_option": {"value": "other"}}}
SAID = {ids.WORDS: {"type": "plain_text_input", "value": "her mother is ill"}}


@pytest.mark.parametrize(
    ("entered", "day", "reason"),
    [
        ({}, date(2026, 12, 7), None),
        ({ids.OTHER_DAY_BLOCK: PICKED}, date(2026, 12, 9), None),
        (
            {ids.REASON_BLOCK: WAITING, ids.WORDS_BLOCK: SAID},
            date(2026, 12, 7),
            GivenReason(code=OverrideReason.WAITING_FOR_DONOR, text="her mother is ill"),
        ),
        (
            {ids.WORDS_BLOCK: SAID},
            date(2026, 12, 7),
            GivenReason(code=OverrideReason.OTHER, text="her mother is ill"),
        ),
    ],
    ids=["a named day", "a picked day wins", "a reason", "words alone"],
)
async def test_until_when_and_why(door: Door, entered: Any, day: date, reason: GivenReason | None) -> None:
    answer = await door.interaction(deferral(**entered))
    assert (answer.status_code, answer.text) == (200, "")
    [(stored, _)] = door.inbox.arrived
    assert isinstance(stored, DeferralClicked)
    assert (stored.preset, stored.day, stored.event, stored.reason) == ("date", day, None, reason)


@pytest.mark.parametrize(
    ("entered", "errors"),
    [
        ({ids.REASON_BLOCK: OTHER}, {ids.WORDS_BLOCK: SAY_WHAT}),
        (
            {ids.PRESET_BLOCK: {ids.PRESET: {"selected_option": {"value": "x"}}}},
            {ids.OTHER_DAY_BLOCK: PICK_A_DAY},
        ),
    ],
)
async def test_what_is_wrong_is_said_beside_it(door: Door, entered: Any, errors: dict[str, str]) -> None:
    answer = await door.interaction(deferral(**entered))
    assert answer.json() == {"response_action": "errors", "errors": errors}
    assert door.inbox.arrived == []
