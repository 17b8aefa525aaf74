"""An undo takes back our own part alone, whatever became of the record in the meantime."""

from __future__ import annotations

import pytest

from bot.crm.undoing import Undoing
from policy.actions import AddToSegment, AssignOwner, FieldChange, RecordAcknowledgement, RemoveFromSegment
from policy.donor import StaffMember
from policy.undoing import ChangedSince, Difference, TakenBack
from tests.crm.test_undoing import CREATING, JANE, NOW, OTHER, SEGMENT, Crm, crm, taken_back

__all__ = ["crm"]
pytestmark = pytest.mark.asyncio(loop_scope="module")

TASK, _, NOTE, _ = CREATING


async def test_a_task_that_a_merge_moved_is_still_ours(crm: Crm) -> None:
    key, receipt = await crm.execute(TASK)
    crm.edit_task(receipt.ref, donor_id="donor-0014")
    assert taken_back(await crm.undo(TASK, key, receipt.ref)).changes
    assert crm.tables.tasks.get(receipt.ref) is None


async def test_a_note_that_somebody_wrote_on_in_is_left(crm: Crm) -> None:
    key, receipt = await crm.execute(NOTE)
    edited = crm.tables.notes.get(receipt.ref).model_copy(update={"text": "Mornings, she says"})
    crm.app.state.crm.store.commit(edited)
    wrote = Difference(
        record=receipt.ref,
        field="Text",
        before="none",
        written="Prefers afternoons",
        now="Mornings, she says",
    )
    for rest in (False, True):
        assert await crm.undo(NOTE, key, receipt.ref, rest=rest) == ChangedSince(differences=(wrote,))
    assert crm.tables.notes.get(receipt.ref).text == "Mornings, she says"


async def test_what_a_note_said_does_not_stay_behind(crm: Crm) -> None:
    key, receipt = await crm.execute(NOTE)
    gone = FieldChange(record=receipt.ref, field="Note", before=receipt.ref, after="none")
    assert await crm.undo(NOTE, key, receipt.ref) == TakenBack(changes=(gone,))


async def test_what_goes_between_look_and_deletion_is_gone(crm: Crm) -> None:
    key, receipt = await crm.execute(TASK)

    async def staff() -> tuple[StaffMember, ...]:
        crm.app.state.crm.store.commit(deletes=[crm.tables.tasks.get(receipt.ref)])
        return ()

    undoing = Undoing(crm.wire, staff)
    assert await undoing.undo(TASK, key=key, ref=receipt.ref, actor="a", rest=False) == TakenBack(gone=True)


async def test_the_thanks_for_a_gift_that_is_gone_is_gone(crm: Crm) -> None:
    gift = next(g for g in crm.tables.gifts if g.donor_id == JANE)
    action = RecordAcknowledgement(donor_id=JANE, gift_id=gift.id, acknowledged_on=NOW.date())
    key, receipt = await crm.execute(action)
    crm.app.state.crm.store.commit(deletes=[crm.tables.gifts.get(gift.id)])
    assert await crm.undo(action, key, receipt.ref) == TakenBack(gone=True)


async def test_a_relationship_that_nobody_held_is_nobodys_again(crm: Crm) -> None:
    owner = crm.donor.owner_id
    crm.edit(owner_id=None)
    action = AssignOwner(donor_id=JANE, owner_id="staff-omar")
    key, receipt = await crm.execute(action)
    taken_back(await crm.undo(action, key, receipt.ref))
    assert crm.donor.owner_id is None
    crm.edit(owner_id=owner)


async def test_no_segment_comes_back_that_somebody_else_took_away(crm: Crm) -> None:
    original = crm.donor.segments
    crm.edit(segments=(OTHER,))
    action = AddToSegment(donor_id=JANE, segment=SEGMENT)
    key, receipt = await crm.execute(action)
    crm.edit(segments=(SEGMENT,))
    taken_back(await crm.undo(action, key, receipt.ref))
    assert list(crm.donor.segments) == []
    crm.edit(segments=original)


async def test_a_segment_that_somebody_gave_back_is_not_given_twice(crm: Crm) -> None:
    original = crm.donor.segments
    crm.edit(segments=(OTHER, SEGMENT))
    action = RemoveFromSegment(donor_id=JANE, segment=OTHER)
    key, receipt = await crm.execute(action)
    crm.edit(segments=(OTHER, SEGMENT))
    assert await crm.undo(action, key, receipt.ref) == TakenBack(gone=True)
    assert list(crm.donor.segments) == [OTHER, SEGMENT]
    crm.edit(segments=original)
