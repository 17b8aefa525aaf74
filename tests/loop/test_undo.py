"""Undo takes back exactly what was written, once, by whoever may; and nothing that somebody changed since."""

from __future__ import annotations

from tests.loop.conftest import Loop
from tests.loop.shown import Json, buttons, escalation_of, has
from tests.loop.staging import JANE, MARA, OLIVIA, OLIVIAS


async def _done(loop: Loop) -> Json:
    card = await loop.card(amount_minor=250_000)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    done = await loop.now_shows(card, "Done: Jane Doe")
    await loop.settled()
    return done


async def test_a_task_is_taken_back(loop: Loop) -> None:
    done = await _done(loop)
    assert "cs:undo" in buttons(done)

    await loop.stage.press(OLIVIA, OLIVIAS, done, "cs:undo")
    undone = await loop.now_shows(done, "Undone: Jane Doe", f"<@{OLIVIA}>", "undid this")
    await loop.settled()

    assert await loop.stage.own_tasks(JANE) == []
    assert buttons(undone) == {"cs:evidence"}
    assert (await loop.kinds())[-2:] == ["undo.requested", "action.undone"]
    await loop.verified()


async def test_somebody_else_may_not_undo(loop: Loop) -> None:
    done = await _done(loop)
    await loop.stage.press(MARA, OLIVIAS, done, "cs:undo")
    await loop.stage.seen(MARA, OLIVIAS, "Only the person who decided")
    await loop.settled()
    assert len(await loop.stage.own_tasks(JANE)) == 1
    assert (await loop.kinds())[-1] == "click.refused"


async def test_what_somebody_changed_is_left_alone(loop: Loop) -> None:
    done = await _done(loop)
    [task] = await loop.stage.own_tasks(JANE)
    await loop.stage.crm_patch(f"tasks/{task['id']}", {"title": "Call Jane on Tuesday", "status": "done"})

    await loop.stage.press(OLIVIA, OLIVIAS, done, "cs:undo")
    refusal = await loop.stage.seen(OLIVIA, OLIVIAS, "Not undone, because somebody changed the record since")
    await loop.settled()

    assert has(refusal, "Title: we wrote Thank-you call to Jane Doe for $2,500, now Call Jane on Tuesday")
    [kept] = await loop.stage.own_tasks(JANE)
    assert (kept["title"], kept["status"]) == ("Call Jane on Tuesday", "done")
    assert (await loop.kinds())[-1] == "undo.refused"


async def test_an_undo_whose_answer_is_lost_is_finished(loop: Loop) -> None:
    done = await _done(loop)
    await loop.stage.break_crm(lost_write_replies=True)
    await loop.stage.press(OLIVIA, OLIVIAS, done, "cs:undo")
    await loop.now_shows(done, "Undone: Jane Doe")
    await loop.stage.break_crm(lost_write_replies=False)
    await loop.settled()
    assert await loop.stage.own_tasks(JANE) == []


async def test_undone_is_undone_once(loop: Loop) -> None:
    done = await _done(loop)
    await loop.stage.press(OLIVIA, OLIVIAS, done, "cs:undo")
    await loop.now_shows(done, "Undone: Jane Doe")
    await loop.stage.signed_click(OLIVIA, "cs:undo", escalation_of(done), nonce="2")
    await loop.stage.seen(OLIVIA, OLIVIAS, "This was carried out and undone again.")
    await loop.settled()
    assert (await loop.kinds()).count("action.undone") == 1
