"""The windows for declining, passing on and sending back: what is shown, stored and refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.slack import ids
from bot.slack.arrival import Arrival
from bot.slack.cards.cleanup import cleanup_list_message, cleanup_message
from bot.slack.cards.escalation import escalation_message
from bot.slack.cards.override_form import override_form_view
from handlers.commands import (
    ChatUser,
    CleanupGivenUp,
    DeclineClicked,
    OverrideFormRequested,
    PassOnRequested,
    ReplyAddress,
    SendBackRequested,
)
from handlers.outcomes import (
    CardStatus,
    Choice,
    CleanupListShown,
    CleanupShown,
    OverrideForm,
    PassedOn,
)
from policy.cleanup import CleanupState
from policy.escalation import EscalationState
from policy.override_reasons import (
    LABELS,
    LONGEST_TEXT,
    NO_REASON,
    SAY_WHAT,
    WRONG_REASON,
    GivenReason,
    Override,
    OverrideReason,
    reasons_for,
)
from tests.slack.conftest import GUS, MARA, OLIVIA, PORTFOLIO, Door, Stage
from tests.slack.reading import read
from tests.slack.samples import CARD, DONOR, OPEN

BY = ChatUser(id=OLIVIA, team_id="T0HARBOUR")
HERE = ReplyAddress(channel_id=PORTFOLIO, user_id=OLIVIA, thread_ts=None)
AT = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
ITEM = CleanupShown(
    item_id="01KITEM",
    donor=DONOR,
    reason="Wrong address, e-mail or phone",
    text="the letter came back",
    waiting="Plan a thank-you call",
    asked_by_user_id=OLIVIA,
    asked_by="Olivia Hart",
    asked_at=AT,
    steward_user_id="U0DANA000",
    reference="7f3k2a",
)


def form(override: Override, **more: Any) -> OverrideForm:
    return OverrideForm(
        override=override,
        escalation_id="01KESC",
        donor_name="Jane Doe",
        proposal="Plan a thank-you call",
        reasons=tuple(Choice(value=each.value, label=LABELS[each]) for each in reasons_for(override)),
        channel_id=PORTFOLIO,
        **more,
    )


def submission(override: Override | str, state: dict[str, Any], about: str = "01KESC", **view: Any) -> Any:
    carried = {"override": override, "about": about, "channel_id": PORTFOLIO, "thread_ts": None}
    return {
        "type": "view_submission",
        "user": {"id": OLIVIA, "team_id": "T0HARBOUR"},
        "team": {"id": "T0HARBOUR"},
        "view": {
            "type": "modal",
            "id": "V1",
            "hash": "h",
            "callback_id": ids.OVERRIDE_VIEW,
            "private_metadata": json.dumps(carried),
            "state": {"values": state},
        }
        | view,
    }


def entered(code: str | None, words: str | None = None, to: str | None = None) -> dict[str, Any]:
    chosen = {"value": code, "text": {"type": "plain_text", "text": "x"}} if code else None
    return {
        ids.REASON_BLOCK: {ids.REASON: {"type": "static_select", "selected_option": chosen}},
        ids.WORDS_BLOCK: {ids.WORDS: {"type": "plain_text_input", "value": words}},
        ids.TO_BLOCK: {ids.TO_USER: {"type": "users_select", "selected_user": to}},
    }


async def test_the_window_opens_at_once_and_is_filled_when_it_is_known_who_asks(stage: Stage) -> None:
    at = (await stage.chat.show_card(CARD, OPEN, None, PORTFOLIO, "m", None)).at
    row = next(b for b in stage.messages(PORTFOLIO)[-1].blocks if b["type"] == "actions")
    chosen = {"value": "send_back:01KESC", "text": {"type": "plain_text", "text": "Send back…"}}
    action = {"block_id": row["block_id"], "action_id": ids.MORE, "selected_option": chosen}
    await stage.act(OLIVIA, "act/block", channel=PORTFOLIO, message_ts=at.ts, action=action)
    stored, arrival = await stage.inbox.first()
    [view] = stage.world.views.stack(OLIVIA)
    to = ReplyAddress(channel_id=PORTFOLIO, user_id=OLIVIA)
    assert stored == OverrideFormRequested(
        override=Override.SEND_BACK, escalation_id="01KESC", view_id=view.id, by=BY, reply_to=to
    )
    assert (arrival.kind, arrival.entity_key) == ("slack.click", None)
    assert view.content["title"]["text"] == "Send back"
    await stage.chat.fill_view(view.id, form(Override.SEND_BACK))
    [filled] = stage.world.views.stack(OLIVIA)
    assert read(filled.content["blocks"]) == (
        "**You send back the proposal for Jane Doe: **Plan a thank-you call\n"
        "_The record goes to whoever puts records right. A fresh card follows after that._\n"
        "What has to be put right? [static_select]\n"
        "What exactly is wrong or missing [plain_text_input]"
    )


REASON = GivenReason(code=OverrideReason.OTHER, text="a feud")


@pytest.mark.parametrize(
    ("override", "state", "stored"),
    [
        (
            Override.DECLINE,
            entered("other", " a feud "),
            DeclineClicked(escalation_id="01KESC", reason=REASON, by=BY, reply_to=HERE),
        ),
        (
            Override.SEND_BACK,
            entered("missing_gift"),
            SendBackRequested(
                escalation_id="01KESC",
                reason=GivenReason(code=OverrideReason.MISSING_GIFT),
                by=BY,
                reply_to=HERE,
            ),
        ),
        (
            Override.ESCALATE,
            entered("other", "a feud"),
            PassOnRequested(escalation_id="01KESC", reason=REASON, by=BY, reply_to=HERE),
        ),
        (
            Override.ESCALATE,
            entered("other", "a feud", MARA),
            PassOnRequested(escalation_id="01KESC", to_user_id=MARA, reason=REASON, by=BY, reply_to=HERE),
        ),
    ],
)
async def test_what_is_submitted_is_stored_whole(
    door: Door, override: Override, state: dict[str, Any], stored: Any
) -> None:
    answer = await door.interaction(submission(override, state))
    assert (answer.status_code, answer.text) == (200, "")
    [(command, arrival)] = door.inbox.arrived
    assert command == stored
    assert arrival == Arrival(arrival.dedupe_key, "slack.submission", "01KESC")
    assert arrival.dedupe_key.startswith("view:V1:h:"), "and what was entered"


@pytest.mark.parametrize(
    ("override", "state", "block", "problem"),
    [
        (Override.DECLINE, entered(None, "no"), ids.REASON_BLOCK, NO_REASON),
        (Override.DECLINE, {}, ids.REASON_BLOCK, NO_REASON),
        (Override.DECLINE, entered("missing_gift"), ids.REASON_BLOCK, WRONG_REASON),
        (Override.DECLINE, entered("forged"), ids.REASON_BLOCK, WRONG_REASON),
        (Override.SEND_BACK, entered("other", "  "), ids.WORDS_BLOCK, SAY_WHAT),
        (Override.ESCALATE, entered("other", "x" * (LONGEST_TEXT + 1)), ids.WORDS_BLOCK, "2,000"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field(
    door: Door, override: Override, state: dict[str, Any], block: str, problem: str
) -> None:
    answer = (await door.interaction(submission(override, state))).json()
    assert answer["response_action"] == "errors"
    assert problem in answer["errors"][block]
    assert door.inbox.arrived == []


async def test_who_cannot_decide_is_not_even_stored(stage: Stage) -> None:
    answer = (await stage.door.interaction(submission(Override.ESCALATE, entered("other", "x", GUS)))).json()
    assert list(answer["errors"]) == [ids.TO_BLOCK]
    assert stage.inbox.arrived == []


@pytest.mark.parametrize(
    ("override", "about"),
    [("decline", "a b"), ("edit", "01KESC"), ("defer", "01KESC"), ("forged", "01KESC"), ("decline", "")],
)
@pytest.mark.parametrize("window", [ids.OVERRIDE_VIEW, ids.CANNOT_FIX_VIEW])
async def test_a_forged_window_says_that_it_does_not_work(
    door: Door, override: str, about: str, window: str
) -> None:
    forged = submission(override, entered("other", "x"), about, callback_id=window)
    answer = (await door.interaction(forged)).json()
    assert "no longer works" in str(answer["view"]["blocks"])
    assert door.inbox.arrived == []


async def test_why_a_record_cannot_be_put_right_has_to_be_said(door: Door) -> None:
    window = {"callback_id": ids.CANNOT_FIX_VIEW}
    empty = (await door.interaction(submission("send_back", entered(None, " "), "01KITEM", **window))).json()
    assert empty["errors"] == {ids.WORDS_BLOCK: SAY_WHAT}
    await door.interaction(submission("send_back", entered(None, "two people"), "01KITEM", **window))
    stored = CleanupGivenUp(item_id="01KITEM", note="two people", by=BY, reply_to=HERE)
    [(command, arrival)] = door.inbox.arrived
    assert command == stored
    assert arrival == Arrival(arrival.dedupe_key, "slack.submission", "01KITEM")
    assert arrival.dedupe_key.startswith("view:V1:h:"), "and what was entered"


def test_the_next_in_the_chain_is_chosen_already_and_can_be_changed() -> None:
    view = override_form_view(
        form(Override.ESCALATE, next_user_id=MARA, next_hint="The next in the chain is Mara Lindqvist.")
    )
    [to] = [block for block in view["blocks"] if block.get("block_id") == ids.TO_BLOCK]
    assert (to["element"]["initial_user"], to["optional"]) == (MARA, True)
    alone = override_form_view(form(Override.ESCALATE))
    [to] = [block for block in alone["blocks"] if block.get("block_id") == ids.TO_BLOCK]
    assert ("initial_user" in to["element"], to["optional"]) == (False, False)


def test_a_card_says_how_it_came_to_whoever_decides() -> None:
    passed = PassedOn(
        to="Mara Lindqvist",
        by="Olivia Hart",
        reason="Somebody more senior should decide",
        note="a feud",
        at=AT,
    )
    status = CardStatus(state=EscalationState.OPEN, passed=passed)
    card = CARD.model_copy(update={"came_back": "Back from being put right."})
    lines = read(escalation_message(card, status).blocks).split("\n")
    assert lines[4:6] == [
        (
            "Passed on to **Mara Lindqvist** by **Olivia Hart**, 24 Nov 2026, 14:00 UTC: "
            "Somebody more senior should decide, “a feud”"
        ),
        "Back from being put right.",
    ]
    by_time = passed.model_copy(
        update={"by": None, "reason": "", "note": "", "why": "Nobody decided in time."}
    )
    shown = read(escalation_message(CARD, CardStatus(state=EscalationState.OPEN, passed=by_time)).blocks)
    assert "Passed on to **Mara Lindqvist**, 24 Nov 2026, 14:00 UTC: Nobody decided in time." in shown


def test_a_declined_card_says_why() -> None:
    status = CardStatus(
        state=EscalationState.DECLINED,
        by_user_id=OLIVIA,
        at=AT,
        reason="Not the right time",
        reason_text="after the funeral",
    )
    assert (
        "@U0OLIVIA0 declined this, 24 Nov 2026, 14:00 UTC: Not the right time, “after the funeral”. "
        "Nothing was changed."
    ) in read(escalation_message(CARD, status).blocks)


def test_a_record_to_put_right_says_what_is_wrong_who_asks_and_since_when() -> None:
    assert read(cleanup_message(ITEM).blocks).split("\n")[3:] == [
        "For @U0DANA000. @U0OLIVIA0 asks since 24 Nov 2026, 14:00 UTC: **Wrong address, e-mail or phone**",
        "“the letter came back”",
        "---",
        "Waiting for it: Plan a thank-you call",
        "[Fixed, look again] [Cannot be fixed…]",
        "  Put the record right in the CRM itself, then press a button. Reference 7f3k2a",
    ]
    done = ITEM.model_copy(
        update={
            "state": CleanupState.NOT_FIXED,
            "answered_by": "Dana Whitfield",
            "answered_at": AT,
            "answer": "two people",
        }
    )
    shown = read(cleanup_message(done).blocks)
    assert "**Dana Whitfield** could not put this right, 24 Nov 2026, 14:00 UTC: two people" in shown
    assert "[" not in shown


def test_an_empty_list_explains_itself() -> None:
    empty, own = CleanupListShown(items=()), CleanupListShown(items=(), only_own=True)
    assert read(cleanup_list_message(empty).blocks) == "No record waits to be put right."
    assert "that you sent back" in read(cleanup_list_message(own).blocks)
    full = read(cleanup_list_message(CleanupListShown(items=(ITEM,), more=3)).blocks)
    assert full.startswith("**Records to put right (4)**")
