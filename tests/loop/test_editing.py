"""Somebody changes a proposal: what they are shown, what it is bound to, and what is written at the end."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.loop.conftest import Loop
from tests.loop.shown import Json, escalation_of, has
from tests.loop.staging import GUS, JANE, MARA, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _form(loop: Loop, card: Json, user: str = OLIVIA, channel: str = OLIVIAS) -> Json:
    before = {view["id"] for view in await loop.stage.views(user)}
    await loop.stage.press(user, channel, card, "cs:edit")

    async def look() -> Json | None:
        fresh = [view for view in await loop.stage.views(user) if view["id"] not in before]
        return next((view for view in fresh if view["callback_id"] == "cs:edit_view"), None)

    return await until(look, "the form")


async def _checked(loop: Loop, form: Json, user: str = OLIVIA, **values: str) -> Json:
    """Submit the form and wait for what is put on top of it."""
    answer = await loop.stage.enter(user, form, **values)
    assert answer["response_action"] == "push", answer

    async def look() -> Json | None:
        top = (await loop.stage.views(user))[-1]
        return top if top["callback_id"] not in ("cs:waiting_view", "cs:edit_view") else None

    return await until(look, "the checked version")


async def _version(loop: Loop, card: Json, user: str = OLIVIA, channel: str = OLIVIAS, **values: str) -> Json:
    return await _checked(loop, await _form(loop, card, user, channel), user, **values)


async def _approve(loop: Loop, checked: Json, user: str = OLIVIA) -> None:
    answer = await loop.stage.enter(user, checked, edit_reason="wrong_wording")
    assert answer["response_action"] == "clear", answer


def _day(loop: Loop, days: int) -> str:
    return (loop.clock.now().date() + timedelta(days=days)).isoformat()


async def test_an_edited_version_is_checked_approved_and_written(shared: Loop) -> None:
    card = await shared.card()
    checked = await _version(shared, card, title="Call Jane & thank her", due_on=_day(shared, 9))
    assert has(checked, "What you changed", "Call Jane & thank her", "Policy allows this version with your")
    assert checked["submit"]["text"] == "Approve this version"
    assert await shared.state(card) == "open", "checking decides nothing"
    await _approve(shared, checked)
    done = await shared.now_shows(card, "Done: Jane Doe", "Edited by", "Call Jane & thank her")
    assert has(done, "Title: ", " → ", f"<@{OLIVIA}>")
    [task] = await shared.stage.written_for(card, JANE)
    assert (task["title"], task["due_on"]) == ("Call Jane & thank her", _day(shared, 9))
    assert await shared.stage.views(OLIVIA) == []
    entries = [
        e for e in await shared.entries() if (e.payload or {}).get("escalation_id") == escalation_of(card)
    ]
    kinds = [e.kind for e in entries]
    assert kinds.index("edit.checked") < kinds.index("escalation.edited") < kinds.index("escalation.approved")
    [edited] = [e.payload for e in entries if e.kind == "escalation.edited"]
    assert edited is not None
    assert [each["field"] for each in edited["differences"]] == ["Title", "Due"]
    assert edited["after"]["title"] == "Call Jane & thank her"
    assert edited["before"]["donor_id"] == edited["after"]["donor_id"] == JANE
    approved = next(e.payload for e in entries if e.kind == "escalation.approved")
    assert approved is not None
    assert approved["action_digest"] == edited["action_digest"]
    assert task["external_key"].endswith(edited["action_digest"][:16])


async def test_three_thousand_characters_of_any_script_arrive_unchanged(shared: Loop) -> None:
    card = await shared.card()
    long = ("\u05e9\u05dc\u05d5\u05dd \u202b*Hi* <@U1> & \U0001f469\u200d\U0001f3a8\u202c\n" * 200)[
        :3000
    ].strip()
    checked = await _version(shared, card, details=long)
    await _approve(shared, checked)
    await shared.now_shows(card, "Done: Jane Doe", "Details: ")
    [task] = await shared.stage.written_for(card, JANE)
    assert task["details"] == long


async def test_what_is_wrong_is_said_beside_the_field_and_the_form_stays(shared: Loop) -> None:
    card = await shared.card()
    form = await _form(shared, card)
    await shared.settled()
    before = await shared.counts()
    for values, block, words in (
        ({"due_on": _day(shared, -3)}, "cs:edit:due_on", "This day is over"),
        ({"due_on": _day(shared, 5000)}, "cs:edit:due_on", "two years"),
        ({"title": "\u2003 "}, "cs:edit:title", "Please write something"),
        ({"details": "a\u0007b"}, "cs:edit:details:1", "control characters"),
    ):
        answer = await shared.stage.enter(OLIVIA, form, **values)
        assert (answer["response_action"], list(answer["errors"])) == ("errors", [block])
        assert words in answer["errors"][block]
    assert await shared.counts() == before, "what is wrong is not even stored"
    first = await _checked(shared, form, title="One")
    answer = await shared.stage.enter(OLIVIA, first, edit_words="because")
    assert answer["errors"] == {"cs:edit_reason": "Please complete this required field."}
    answer = await shared.stage.enter(OLIVIA, first, edit_reason="other")
    assert answer["errors"] == {"cs:edit_words": "Say in a few words what it is."}
    await shared.stage.dismiss(OLIVIA, first)
    [still] = await shared.stage.views(OLIVIA)
    assert still["callback_id"] == "cs:edit_view", "back at the form"
    second = await _checked(shared, form, title="Two")
    assert has(second, "Two")
    assert not has(second, "One")
    assert await shared.state(card) == "open"


async def test_nothing_changed_can_only_be_closed(shared: Loop) -> None:
    checked = await _version(shared, await shared.card())
    assert has(checked, "You changed nothing")
    assert checked["submit"] is None


async def test_whoever_may_not_decide_gets_no_form(shared: Loop) -> None:
    card = await shared.card()
    await shared.stage.press(MARA, OLIVIAS, card, "cs:edit")
    await shared.stage.shown(MARA, "This decision is for Olivia Hart.")
    [window] = await shared.stage.views(MARA)
    assert window["submit"] is None


async def test_private_metadata_gives_nobody_anything(shared: Loop) -> None:
    """What travels with a window may be changed on the way; who may do what is looked up."""
    card, other = await shared.card(), await shared.card("donor-0015")
    form = await _form(shared, card)
    checked = await _checked(shared, form, title="Mine")
    view = shared.stage.slack.views.get(checked["id"])
    assert view is not None
    inside = json.loads(view.content["private_metadata"])
    shape = {"type": "modal", "hash": "h", "callback_id": "cs:checked_view"}
    reason = {"cs:edit_reason": {"cs:edit_reason": {"selected_option": {"value": "wrong_facts"}}}}
    shape |= {"state": {"values": reason}}
    for number, (user, forged) in enumerate(
        (
            (MARA, inside),
            (OLIVIA, inside | {"escalation_id": escalation_of(other)}),
            (OLIVIA, inside | {"edit_id": "01HZZZZZZZZZZZZZZZZZZZZZZZ"}),
            (GUS, inside),
        )
    ):
        window = shape | {"id": f"V{number}", "private_metadata": json.dumps(forged)}
        assert (await shared.stage.signed_submission(user, window)).status_code == 200
    for spoiled in ("", "{}", "not json", json.dumps(inside | {"edit_id": "a b"})):
        answer = await shared.stage.signed_submission(
            OLIVIA, shape | {"id": "V9", "private_metadata": spoiled}
        )
        assert "no longer works" in answer.text
    await shared.settled()
    assert [await shared.state(card), await shared.state(other)] == ["open", "open"]
    refused = [e for e in await shared.entries() if e.kind == "click.refused"][-4:]
    assert {e.actor for e in refused} == {f"slack:{user}" for user in (MARA, OLIVIA, GUS)}
    assert await shared.stage.written_for(card, JANE) == []
