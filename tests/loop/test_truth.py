"""The world moves on between the yes and the write: nothing is written, and people see what is different."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, update

from policy.canonical import canonical_json
from storage.schema import ESCALATIONS
from tests.databases import perform
from tests.loop.conftest import Loop
from tests.loop.shown import Json, buttons, escalation_of, has, text_of
from tests.loop.staging import JANE, OLIVIA, OLIVIAS

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNCHANGED = {"deceased": False, "do_not_contact": False, "gives_anonymously": False, "legal_review": False}


@pytest_asyncio.fixture(loop_scope="module")
async def loop(shared: Loop) -> AsyncIterator[Loop]:
    """The shared product with a healthy CRM and Jane as she was."""
    tier = shared.stage.crm.tables.donors.get(JANE).tier
    yield shared
    await shared.stage.break_crm(api_down=False)
    shared.stage.edit_donor(JANE, **UNCHANGED, tier=tier)
    await shared.later()
    await shared.settled()


async def _gift_card(loop: Loop) -> tuple[Json, str]:
    """A card about a gift, and the gift."""
    before = {gift.id for gift in loop.stage.crm.tables.gifts}
    card = await loop.card(JANE)
    [gift] = {gift.id for gift in loop.stage.crm.tables.gifts} - before
    return card, gift


def _edit_gift(loop: Loop, gift_id: str, **fields: Any) -> None:
    loop.stage.crm.store.commit(loop.stage.crm.tables.gifts.get(gift_id).changed(**fields))


async def _approve_and_then(loop: Loop, card: Json) -> None:
    """Approve while the CRM is down, so that there is time for the world to move on."""
    await loop.stage.break_crm(api_down=True)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Approved: Jane Doe")


async def _up_again(loop: Loop) -> None:
    await loop.stage.break_crm(api_down=False)
    await loop.later()


async def test_a_corrected_amount_alone_is_seen_and_asked_about(loop: Loop) -> None:
    card, gift = await _gift_card(loop)
    old = loop.stage.crm.tables.gifts.get(gift).amount
    await _approve_and_then(loop, card)
    _edit_gift(loop, gift, amount=old.model_copy(update={"minor": 2_500_00}))
    await _up_again(loop)
    again = await loop.now_shows(card, "Decision needed: Jane Doe", "Changed since you looked")
    assert has(again, "Amount of the gift of", f":  ${old.minor // 100:,}  →  $2,500")
    assert has(again, "Nothing was written. The record changed since this was approved.")
    assert await loop.stage.written_for(card, JANE) == []

    await loop.stage.press(OLIVIA, OLIVIAS, again, "cs:approve")
    done = await loop.now_shows(card, "Done: Jane Doe")
    assert not has(done, "Changed since you looked")
    assert len(await loop.stage.written_for(card, JANE)) == 1


async def test_a_hidden_amount_that_changed_is_seen_and_stays_hidden(loop: Loop) -> None:
    loop.stage.edit_donor(JANE, gives_anonymously=True)
    card, gift = await _gift_card(loop)
    assert has(card, "[amount not shown]")
    await _approve_and_then(loop, card)
    old = loop.stage.crm.tables.gifts.get(gift).amount
    _edit_gift(loop, gift, amount=old.model_copy(update={"minor": 9_876_00}))
    await _up_again(loop)
    again = await loop.now_shows(
        card, "Changed since you looked", "Amount of the gift of", "changed, not shown"
    )
    assert not has(again, "$9,876")
    assert await loop.stage.written_for(card, JANE) == []


async def test_what_was_written_about_an_anonymous_donor_shows_no_amount_either(loop: Loop) -> None:
    loop.stage.edit_donor(JANE, gives_anonymously=True)
    card, gift = await _gift_card(loop)
    amount = f"${loop.stage.crm.tables.gifts.get(gift).amount.minor // 100:,}"
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    done = await loop.now_shows(card, "Done: Jane Doe")
    assert amount not in text_of(done)
    [task] = await loop.stage.written_for(card, JANE)
    assert amount in task["title"], "the CRM has it in full"
    await loop.stage.crm_patch(f"tasks/{task['id']}", {"details": "Called on Monday"})
    await loop.stage.press(OLIVIA, OLIVIAS, done, "cs:undo", "other")
    refused = await loop.now_shows(card, "Not undone")
    assert amount not in text_of(refused)


async def test_a_refunded_gift_is_not_thanked_for(loop: Loop) -> None:
    card, gift = await _gift_card(loop)
    await _approve_and_then(loop, card)
    _edit_gift(loop, gift, status="refunded")
    await _up_again(loop)
    await loop.now_shows(card, "Decision needed", "Status of the gift of", ":  completed  →  refunded")
    assert await loop.stage.written_for(card, JANE) == []


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("deceased", "The donor has died since this was approved."),
        ("do_not_contact", "the donor has asked not to be contacted"),
    ],
)
async def test_nobody_is_sent_to_somebody_to_be_left_alone(loop: Loop, field: str, words: str) -> None:
    card, _ = await _gift_card(loop)
    await _approve_and_then(loop, card)
    loop.stage.edit_donor(JANE, **{field: True})
    await _up_again(loop)
    stopped = await loop.now_shows(card, "Not done: Jane Doe", words)
    assert buttons(stopped) == {"cs:read_in_full", "cs:evidence"}
    assert await loop.stage.written_for(card, JANE) == []


async def test_a_donor_who_became_somebody_else_s_is_asked_about_again(loop: Loop) -> None:
    card, _ = await _gift_card(loop)
    await _approve_and_then(loop, card)
    loop.stage.edit_donor(JANE, tier="principal")
    await _up_again(loop)
    await loop.now_shows(card, "Decision needed", "Tier:  major  →  principal")
    assert await loop.stage.written_for(card, JANE) == []


async def test_an_action_altered_in_the_database_is_never_carried_out(loop: Loop) -> None:
    card, _ = await _gift_card(loop)
    about = escalation_of(card)
    found = await loop.runtime.context.database.read(lambda tx: tx.escalations.get(about))
    assert found is not None
    altered = json.loads(canonical_json(found.action)) | {"title": "Wire the money elsewhere"}

    def alter(connection: Connection) -> None:
        row = update(ESCALATIONS).where(ESCALATIONS.c.id == about)
        connection.execute(row.values(action=canonical_json(altered)))

    perform(loop.database_url, alter)
    await loop.stage.press(OLIVIA, OLIVIAS, card, "cs:approve")
    await loop.now_shows(card, "Not done: Jane Doe", "What is stored is not the action that was approved")
    assert await loop.stage.written_for(card, JANE) == []


async def test_the_evidence_names_what_changed(loop: Loop) -> None:
    card, gift = await _gift_card(loop)
    await _approve_and_then(loop, card)
    _edit_gift(loop, gift, status="refunded")
    await _up_again(loop)
    again = await loop.now_shows(card, "Decision needed", "refunded")
    await loop.stage.press(OLIVIA, OLIVIAS, again, "cs:evidence")
    await loop.stage.shown(OLIVIA, ": completed → refunded")
