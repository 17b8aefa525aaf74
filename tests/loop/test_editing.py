"""Somebody changes a proposal: what they are shown, what it is bound to, and what is written at the end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.loop.conftest import Loop
from tests.loop.shown import Json, escalation_of, has
from tests.loop.staging import JANE, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORM, VERSION = "Edit the proposal", "Your version"


async def _form(loop: Loop, card: Json, user: str = OLIVIA, channel: str = OLIVIAS) -> Json:
    await loop.stage.press(user, channel, card, "cs:edit")

    async def look() -> Json | None:
        return next((v for v in await loop.stage.views(user) if v["callback_id"] == "cs:edit_view"), None)

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


def _day(loop: Loop, days: int) -> str:
    return (loop.clock.now().date() + timedelta(days=days)).isoformat()


async def test_an_edited_version_is_checked_approved_and_written(shared: Loop) -> None:
    card = await shared.card()
    checked = await _version(shared, card, title="Call Jane & thank her", due_on=_day(shared, 9))
    assert has(checked, "What you changed", "Call Jane & thank her", "Policy allows this version with your")
    assert checked["submit"]["text"] == "Approve this version"
    assert await shared.state(card) == "open", "checking decides nothing"
    assert (await shared.stage.enter(OLIVIA, checked))["response_action"] == "clear"
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
