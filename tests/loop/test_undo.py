"""Undo takes back exactly what was written, once, by whoever may; and nothing that somebody changed since."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.loop.conftest import Loop
from tests.loop.shown import Json, buttons, escalation_of, has
from tests.loop.staging import JANE, MARA, OLIVIA, OLIVIAS, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARGARET = "donor-0003"


async def _done(loop: Loop, donor_id: str = JANE, **fields: object) -> Json:
    card = await loop.card(donor_id, **fields)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    done = await loop.now_shows(card, "Done: ")
    await loop.settled()
    return done


async def _stage_change(loop: Loop) -> Json:
    """Margaret, whom we were winning back, gives, and is moved to stewardship."""
    loop.stage.edit_donor(MARGARET, tier="mid_level", lifecycle_stage="reactivation", merged_into=None)
    done = await _done(loop, MARGARET, amount_minor=5_000 + 100 * next(loop.numbers))
    assert has(done, "Lifecycle stage", "stewardship")
    return done


async def _task(loop: Loop, card: Json) -> Json:
    [task] = await loop.stage.written_for(card, JANE)
    return task


async def _audited(loop: Loop, card: Json) -> list[str]:
    about = escalation_of(card)
    entries = [e for e in await loop.entries() if e.payload and e.payload.get("escalation_id") == about]
    return [e.kind for e in entries if e.kind.startswith(("undo.", "action.undone"))]


async def _undo(loop: Loop, card: Json, button: str = "cs:undo") -> None:
    await loop.stage.press(OLIVIA, OLIVIAS, card, button, "wrong_facts" if button == "cs:undo" else "")


async def test_a_task_is_taken_back(shared: Loop) -> None:
    done = await _done(shared)
    assert "cs:undo" in buttons(done)
    title = (await _task(shared, done))["title"]

    await _undo(shared, done)
    undone = await shared.now_shows(done, "Undone: Jane Doe", f"<@{OLIVIA}>", "undid this")
    await shared.settled()

    assert has(undone, "Taken back", title)
    assert await shared.stage.written_for(done, JANE) == []
    assert buttons(undone) == {"cs:read_in_full", "cs:evidence"}
    assert await _audited(shared, done) == ["undo.requested", "action.undone"]
    kept = await shared.runtime.context.database.read(lambda tx: tx.escalations.get(escalation_of(done)))
    assert kept is not None
    assert kept.decided_by == OLIVIA, "who approved it stays known"
    undone_last = next(e.payload for e in reversed(await shared.entries()) if e.kind == "action.undone")
    assert undone_last
    assert (undone_last["escalation_id"], undone_last["reason_code"]) == (escalation_of(done), "wrong_facts")


async def test_somebody_else_may_not_undo(shared: Loop) -> None:
    done = await _done(shared)
    await shared.stage.press(MARA, OLIVIAS, done, "cs:undo", "other")
    await shared.stage.seen(MARA, OLIVIAS, "Only the person who decided")
    await shared.settled()
    assert len(await shared.stage.written_for(done, JANE)) == 1
    assert await _audited(shared, done) == []


async def test_what_somebody_changed_is_shown_in_three_states_and_the_rest_is_undone_on_demand(
    shared: Loop,
) -> None:
    done = await _done(shared)
    task = await _task(shared, done)
    await shared.stage.crm_patch(f"tasks/{task['id']}", {"title": "Call Jane on Tuesday"})

    await _undo(shared, done)
    refused = await shared.now_shows(done, "Not undone.", "Somebody changed the record since")
    await shared.settled()
    wrote = task["title"]
    assert has(
        refused,
        "Done: Jane Doe",
        f"Title: before us  none  · we wrote  {wrote}  · now  Call",
        "Call Jane on Tuesday",
    )
    assert has(refused, "I can still cancel the task and keep what was changed in it")
    assert buttons(refused) == {"cs:undo", "cs:undo_rest", "cs:read_in_full", "cs:evidence"}
    assert (await _task(shared, done))["status"] == "open"

    await _undo(shared, refused, "cs:undo_rest")
    await shared.now_shows(done, "Undone: Jane Doe", "Status of task-", "cancelled")
    await shared.settled()
    kept = await _task(shared, done)
    assert (kept["title"], kept["status"]) == ("Call Jane on Tuesday", "cancelled")
    assert await _audited(shared, done) == [
        "undo.requested",
        "undo.refused",
        "undo.requested",
        "action.undone",
    ]


async def test_a_task_that_was_done_is_left_alone(shared: Loop) -> None:
    done = await _done(shared)
    task = await _task(shared, done)
    await shared.stage.crm_patch(f"tasks/{task['id']}", {"status": "done"})
    await _undo(shared, done)
    refused = await shared.now_shows(done, "Not undone", "Status: before us", "done")
    assert buttons(refused) == {"cs:undo", "cs:read_in_full", "cs:evidence"}
    await shared.stage.signed_click(OLIVIA, "cs:undo_rest", escalation_of(done), nonce="rest-of-nothing")
    await shared.settled()
    assert (await _task(shared, done))["status"] == "done"
    assert await shared.state(done) == "executed"


async def test_an_undo_whose_answer_is_lost_is_finished(shared: Loop) -> None:
    done = await _done(shared)
    await shared.stage.break_crm(lost_write_replies=True)
    await _undo(shared, done)
    await shared.failed_once("take_back")
    await shared.stage.break_crm(lost_write_replies=False)
    await shared.later()
    undone = await shared.now_shows(done, "Undone: Jane Doe", "Taken back")
    assert not has(undone, "somebody had taken it back")
    await shared.settled()
    assert await shared.stage.written_for(done, JANE) == []


async def test_during_an_outage_it_says_that_it_waits_and_asks_nobody_twice(shared: Loop) -> None:
    done = await _done(shared)
    await shared.stage.break_crm(api_down=True)
    await _undo(shared, done)
    waiting = await shared.now_shows(done, "asked to undo this")
    assert buttons(waiting) == {"cs:read_in_full", "cs:evidence"}

    async def says_so() -> bool:
        await shared.later()
        found = [m for m in await shared.stage.history(OLIVIA, OLIVIAS) if m["ts"] == done["ts"]]
        return has(found[0], "The CRM does not answer at the moment")

    await until(says_so, "the card says that the undo waits")
    await shared.stage.signed_click(OLIVIA, "cs:undo", escalation_of(done), nonce="impatient")
    await shared.stage.seen(OLIVIA, OLIVIAS, "Olivia Hart has already asked to undo this")
    await shared.stage.break_crm(api_down=False)
    await shared.later()
    await shared.now_shows(done, "Undone: Jane Doe")
    await shared.settled()
    assert await _audited(shared, done) == ["undo.requested", "action.undone"]


async def test_undone_is_undone_once(shared: Loop) -> None:
    done = await _done(shared)
    for nonce in ("a", "b"):
        await shared.stage.signed_click(OLIVIA, "cs:undo", escalation_of(done), nonce=f"twice-{nonce}")
    await shared.now_shows(done, "Undone: Jane Doe")
    await shared.stage.signed_click(OLIVIA, "cs:undo", escalation_of(done), nonce="after")
    await shared.stage.seen(OLIVIA, OLIVIAS, "This was carried out and undone again.")
    await shared.settled()
    assert await _audited(shared, done) == ["undo.requested", "action.undone"]


async def test_what_somebody_else_deleted_is_said_to_be_gone(shared: Loop) -> None:
    done = await _done(shared)
    task = await _task(shared, done)
    shared.stage.crm.store.commit(deletes=[shared.stage.crm.tables.tasks.get(task["id"])])
    await _undo(shared, done)
    await shared.now_shows(done, "Undone: Jane Doe", "somebody had taken it back in the CRM already")


async def test_a_field_is_not_restored_on_a_merged_record(shared: Loop) -> None:
    done = await _stage_change(shared)
    shared.stage.edit_donor(MARGARET, merged_into="donor-0014")
    await _undo(shared, done)
    refused = await shared.now_shows(done, "Not undone.", "The donor's record was merged into another one")
    assert "cs:undo" in buttons(refused)
    await shared.settled()
    shared.stage.edit_donor(MARGARET, merged_into=None)
    await _undo(shared, refused)
    await shared.now_shows(done, "Undone: Margaret Okafor", "stewardship", "reactivation")
    assert (await shared.stage.crm_get(f"donors/{MARGARET}"))["lifecycle_stage"] == "reactivation"


async def test_a_field_somebody_moved_on_is_left_there(shared: Loop) -> None:
    done = await _stage_change(shared)
    shared.stage.edit_donor(MARGARET, lifecycle_stage="cultivation")
    await _undo(shared, done)
    refused = await shared.now_shows(done, "Not undone", "before us  reactivation  · we wrote  stewardship")
    assert has(refused, "cultivation")
    await shared.settled()
    assert (await shared.stage.crm_get(f"donors/{MARGARET}"))["lifecycle_stage"] == "cultivation"


async def test_an_opt_out_stays_and_somebody_asks_the_donor(shared: Loop) -> None:
    card = await shared.card(JANE, what="reply", text="Please stop e-mailing me. Jane")
    assert has(card, "Cannot be taken back: only the donor can open this channel again")
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    done = await shared.now_shows(card, "Done: Jane Doe")
    assert "cs:undo" in buttons(done)
    await _undo(shared, done)
    undone = await shared.now_shows(card, "To be put right: Jane Doe", "It stays in force. Planned instead:")
    await shared.settled()
    assert buttons(undone) == {"cs:read_in_full", "cs:evidence"}
    consents = (await shared.stage.crm_get(f"donors/{JANE}/consents"))["items"]
    latest = max((c for c in consents if c["channel"] == "email"), key=lambda c: (c["captured_on"], c["id"]))
    assert latest["status"] == "opted_out"
    [task] = await shared.stage.written_for(card, JANE)
    assert task["title"] == "Clarify with Jane Doe whether contact by email is welcome"
    assert task["assignee_id"] == "staff-olivia"
    assert await _audited(shared, card) == ["undo.requested", "undo.decided", "action.undone"]


async def test_nobody_is_sent_to_a_donor_who_died_since(shared: Loop) -> None:
    card = await shared.card(JANE, what="reply", text="Please stop e-mailing me, and calling. Jane")
    await shared.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    done = await shared.now_shows(card, "Done: Jane Doe")
    shared.stage.edit_donor(JANE, deceased=True)
    await _undo(shared, done)
    await shared.now_shows(card, "Not undone.", "Jane Doe has died.")
    shared.stage.edit_donor(JANE, deceased=False)
    assert await shared.stage.written_for(card, JANE) == []


async def test_after_a_month_others_rely_on_it(shared: Loop) -> None:
    done = await _done(shared)
    await shared.later_at(shared.clock.now() + timedelta(days=31))
    await shared.stage.signed_click(OLIVIA, "cs:undo", escalation_of(done), nonce="late-undo")
    await shared.stage.seen(OLIVIA, OLIVIAS, "more than 30 days ago", "change it in the CRM")
    await shared.settled()
    assert len(await shared.stage.written_for(done, JANE)) == 1
    await shared.verified()
