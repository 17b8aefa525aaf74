"""Every kind of action is taken back exactly, once, and never over what somebody changed since."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pytest
import pytest_asyncio

from bot.cli.running import listen
from bot.crm.rest import RestCrm
from bot.crm.wire import Wire, crm_session
from bot.sandbox.crm.app import CrmSandboxConfig, build_crm
from handlers.ports import (
    CrmReceipt,
    DonorUnknown,
    NotThere,
    OutcomeUnknown,
    Refused,
    StaleRecord,
    Unavailable,
)
from policy.actions import (
    Action,
    AddNote,
    AddToSegment,
    AssignOwner,
    CreateTask,
    DraftMessage,
    FieldChange,
    RecordAcknowledgement,
    RemoveFromSegment,
    ScheduleFollowUp,
    SuppressChannel,
    UpdateStage,
)
from policy.donor import Channel, LifecycleStage
from policy.undoing import ChangedSince, Difference, TakenBack
from tests.fakes import HandClock
from tests.loop.counterparts import stories
from tests.loop.staging import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

JANE, SEGMENT, OTHER = "donor-0001", "Winter appeal", "Library friends"
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
DUE = date(2026, 12, 1)

CREATING: tuple[Action, ...] = (
    CreateTask(
        donor_id=JANE, title="Thank Jane", details="For the gift", due_on=DUE, assignee_id="staff-olivia"
    ),
    ScheduleFollowUp(donor_id=JANE, title="Visit", channel=Channel.VISIT, due_on=DUE, assignee_id=None),
    AddNote(donor_id=JANE, text="Prefers afternoons"),
    DraftMessage(donor_id=JANE, channel=Channel.EMAIL, subject="Thank you", body="Dear Jane"),
)
CHANGING: tuple[Action, ...] = (
    UpdateStage(donor_id=JANE, stage=LifecycleStage.RETENTION),
    AssignOwner(donor_id=JANE, owner_id="staff-omar"),
    AddToSegment(donor_id=JANE, segment=SEGMENT),
)


@dataclass
class Crm:
    """The adapter, and the simulated CRM behind it as its records."""

    rest: RestCrm
    app: Any
    http: httpx2.AsyncClient
    wire: Wire
    written: int = 0

    async def execute(self, action: Action) -> tuple[str, CrmReceipt]:
        self.written += 1
        key = f"key-{self.written}"
        version = self.donor.version
        receipt = await self.rest.execute(action, key=key, version=version, actor="countersign for Olivia")
        return key, receipt

    async def undo(
        self, action: Action, key: str, ref: str, *, rest: bool = False
    ) -> TakenBack | ChangedSince:
        return await self.rest.undo(action, key=key, ref=ref, actor="countersign for Olivia", rest=rest)

    @property
    def tables(self) -> Any:
        return self.app.state.crm.tables

    @property
    def donor(self) -> Any:
        return self.tables.donors.get(JANE)

    def edit(self, **fields: Any) -> None:
        self.app.state.crm.store.commit(self.donor.changed(**fields))

    def edit_task(self, task_id: str, **fields: Any) -> None:
        self.app.state.crm.store.commit(self.tables.tasks.get(task_id).changed(**fields))

    def held(self) -> tuple[Any, ...]:
        """Whatever of Jane an action can change, without versions and times."""
        ours = [t.id for t in self.tables.tasks if t.external_key]
        notes = [n.id for n in self.tables.notes if n.external_key]
        donor = self.donor
        return donor.lifecycle_stage, donor.owner_id, sorted(donor.segments), ours, notes

    async def fail(self, **faults: Any) -> None:
        answer = await self.http.post("/crm/sim/faults", json=faults, headers={"X-Sim": "1"})
        assert answer.status_code == 200


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crm() -> AsyncIterator[Crm]:
    config = CrmSandboxConfig(token="t", webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    app = build_crm(config, lambda: NOW, stories(NOW.date()))
    async with (
        serving(app, listen("127.0.0.1", 0)) as origin,
        crm_session(f"{origin}/crm/api/v1/", "t", 10) as wire,
        httpx2.AsyncClient(base_url=origin, trust_env=False, verify=False) as http,
    ):
        rest = RestCrm(Wire(wire), HandClock(NOW), ZoneInfo("Pacific/Kiritimati"))
        yield Crm(rest, app, http, Wire(wire))


def taken_back(result: TakenBack | ChangedSince) -> TakenBack:
    assert isinstance(result, TakenBack), result
    return result


@pytest.mark.parametrize("action", [*CREATING, *CHANGING], ids=lambda a: a.kind)
async def test_it_is_taken_back_exactly_and_once(crm: Crm, action: Action) -> None:
    before = crm.held()
    key, receipt = await crm.execute(action)
    assert crm.held() != before
    first = taken_back(await crm.undo(action, key, receipt.ref))
    assert crm.held() == before
    assert first.changes
    assert not first.gone
    version, changes = crm.donor.version, len(list(crm.tables.changes))
    again = taken_back(await crm.undo(action, key, receipt.ref))
    assert not again.gone, "our own deletion is known by its key"
    assert (crm.held(), crm.donor.version, len(list(crm.tables.changes))) == (before, version, changes)


async def test_an_acknowledgement_is_taken_back(crm: Crm) -> None:
    gift = next(g for g in crm.tables.gifts if g.donor_id == JANE)
    action = RecordAcknowledgement(donor_id=JANE, gift_id=gift.id, acknowledged_on=NOW.date())
    key, receipt = await crm.execute(action)
    assert crm.tables.gifts.get(gift.id).acknowledgement.by == "countersign for Olivia"
    taken_back(await crm.undo(action, key, receipt.ref))
    assert crm.tables.gifts.get(gift.id).acknowledgement == gift.acknowledgement


@pytest.mark.parametrize("action", [*CREATING, *CHANGING], ids=lambda a: a.kind)
async def test_a_lost_answer_to_an_undo_is_found_again(crm: Crm, action: Action) -> None:
    before = crm.held()
    key, receipt = await crm.execute(action)
    await crm.fail(lost_write_replies=True)
    try:
        with pytest.raises(OutcomeUnknown):
            await crm.undo(action, key, receipt.ref)
    finally:
        await crm.fail(lost_write_replies=False)
    found = taken_back(await crm.undo(action, key, receipt.ref))
    assert (crm.held(), found.gone) == (before, False)
    assert found.changes


async def test_a_changed_task_is_shown_in_three_states_and_only_cancelled_on_demand(crm: Crm) -> None:
    action = CREATING[0]
    key, receipt = await crm.execute(action)
    crm.edit_task(receipt.ref, title="Call Jane on Tuesday", assignee_id="staff-omar")
    expected = ChangedSince(
        differences=(
            Difference(
                record=receipt.ref,
                field="Title",
                before="none",
                written="Thank Jane",
                now="Call Jane on Tuesday",
            ),
            Difference(
                record=receipt.ref,
                field="Assigned to",
                before="none",
                written="Olivia Hart",
                now="Omar Haddad",
            ),
        ),
        rest="cancel the task and keep what was changed in it",
    )
    assert await crm.undo(action, key, receipt.ref) == expected
    assert crm.tables.tasks.get(receipt.ref).status == "open"
    cancelled = taken_back(await crm.undo(action, key, receipt.ref, rest=True))
    assert cancelled.changes == (
        FieldChange(record=receipt.ref, field="Status", before="open", after="cancelled"),
    )
    kept = crm.tables.tasks.get(receipt.ref)
    assert (kept.title, kept.status) == ("Call Jane on Tuesday", "cancelled")
    assert taken_back(await crm.undo(action, key, receipt.ref, rest=True)).changes == cancelled.changes


async def test_what_somebody_did_is_not_cancelled(crm: Crm) -> None:
    key, receipt = await crm.execute(CREATING[0])
    crm.edit_task(receipt.ref, status="done")
    for rest in (False, True):
        result = await crm.undo(CREATING[0], key, receipt.ref, rest=rest)
        assert isinstance(result, ChangedSince)
        assert ([d.field for d in result.differences], result.rest) == (["Status"], "")
    assert crm.tables.tasks.get(receipt.ref).status == "done"


async def test_a_task_changed_between_look_and_deletion_is_looked_at_again(crm: Crm) -> None:
    key, receipt = await crm.execute(CREATING[0])
    await crm.fail(stale_412=1)
    with pytest.raises(StaleRecord):
        await crm.undo(CREATING[0], key, receipt.ref)
    assert crm.tables.tasks.get(receipt.ref) is not None
    taken_back(await crm.undo(CREATING[0], key, receipt.ref))


async def test_a_changed_field_is_shown_in_three_states(crm: Crm) -> None:
    stage = crm.donor.lifecycle_stage
    key, receipt = await crm.execute(CHANGING[0])
    crm.edit(lifecycle_stage="cultivation")
    result = await crm.undo(CHANGING[0], key, receipt.ref)
    assert result == ChangedSince(
        differences=(
            Difference(
                record=JANE, field="Lifecycle stage", before=stage, written="retention", now="cultivation"
            ),
        )
    )
    crm.edit(lifecycle_stage=stage)
    assert taken_back(await crm.undo(CHANGING[0], key, receipt.ref)) == TakenBack(gone=True)


async def test_segments_others_added_or_took_away_are_kept(crm: Crm) -> None:
    original = crm.donor.segments
    key, receipt = await crm.execute(AddToSegment(donor_id=JANE, segment=SEGMENT))
    crm.edit(segments=tuple(sorted({*crm.donor.segments, OTHER})))
    added = taken_back(await crm.undo(AddToSegment(donor_id=JANE, segment=SEGMENT), key, receipt.ref))
    assert sorted(crm.donor.segments) == sorted({*original, OTHER})
    assert [c.field for c in added.changes] == ["Segments"]

    removal = RemoveFromSegment(donor_id=JANE, segment=OTHER)
    key, receipt = await crm.execute(removal)
    crm.edit(segments=(*crm.donor.segments, SEGMENT))
    taken_back(await crm.undo(removal, key, receipt.ref))
    assert sorted(crm.donor.segments) == sorted({*original, OTHER, SEGMENT})
    crm.edit(segments=original)


async def test_what_is_gone_already_is_said_to_be_gone(crm: Crm) -> None:
    for action in CREATING:
        key, receipt = await crm.execute(action)
        kind = "notes" if action.kind in ("add_note", "draft_message") else "tasks"
        table = getattr(crm.tables, kind)
        crm.app.state.crm.store.commit(deletes=[table.get(receipt.ref)])
        assert taken_back(await crm.undo(action, key, receipt.ref)) == TakenBack(gone=True)


async def test_a_relationship_is_not_given_back_to_somebody_who_left(crm: Crm) -> None:
    owner = crm.donor.owner_id
    crm.edit(owner_id="staff-petra")
    assert not crm.tables.staff.get("staff-petra").active
    action = AssignOwner(donor_id=JANE, owner_id="staff-omar")
    key, receipt = await crm.execute(action)
    with pytest.raises(Refused, match="previous_owner_left"):
        await crm.undo(action, key, receipt.ref)
    assert crm.donor.owner_id == "staff-omar"
    crm.edit(owner_id=owner)


async def test_an_opt_out_is_never_taken_out_of_the_ledger(crm: Crm) -> None:
    action = SuppressChannel(donor_id=JANE, channel=Channel.SMS)
    key, receipt = await crm.execute(action)
    ledger = [c.id for c in crm.tables.consents]
    [row] = [c for c in crm.tables.consents if c.id == receipt.ref]
    assert row.captured_on == date(2026, 11, 21), "the day it is where the organisation works"
    with pytest.raises(Refused, match="never_edited"):
        await crm.undo(action, key, receipt.ref)
    assert [c.id for c in crm.tables.consents] == ledger


async def test_notes_that_may_not_be_seen_any_more_are_left(crm: Crm) -> None:
    key, receipt = await crm.execute(CREATING[2])
    await crm.fail(partial_permission=True)
    try:
        with pytest.raises(Refused, match="not_permitted"):
            await crm.undo(CREATING[2], key, receipt.ref)
    finally:
        await crm.fail(partial_permission=False)


async def test_a_write_to_a_record_that_is_gone_says_so(crm: Crm) -> None:
    with pytest.raises(DonorUnknown):
        await crm.rest.execute(
            UpdateStage(donor_id="donor-9999", stage=LifecycleStage.RETENTION),
            key="k",
            version="v1",
            actor="a",
        )


@pytest.mark.parametrize("action", [*CREATING, *CHANGING], ids=lambda a: a.kind)
async def test_a_yes_that_nothing_follows_from_is_no_yes(crm: Crm, action: Action) -> None:
    before = crm.held()
    await crm.fail(empty_promises=True)
    with pytest.raises(NotThere):
        await crm.execute(action)
    await crm.fail(empty_promises=False)
    key, receipt = await crm.execute(action)
    written = crm.held()
    await crm.fail(empty_promises=True)
    with pytest.raises(NotThere):
        await crm.undo(action, key, receipt.ref)
    await crm.fail(empty_promises=False)
    assert crm.held() == written != before
    assert not taken_back(await crm.undo(action, key, receipt.ref)).gone
    assert crm.held() == before


async def test_half_an_answer_to_a_write_says_nothing_and_to_a_question_neither(crm: Crm) -> None:
    await crm.fail(cut_answers=True)
    with pytest.raises(OutcomeUnknown):
        await crm.execute(CREATING[0])
    with pytest.raises(Unavailable) as half:
        await crm.rest.read(JANE)
    await crm.fail(cut_answers=False)
    assert half.value.code == "unreadable_answer"
    found = await crm.rest.find(CREATING[0], key=f"key-{crm.written}")
    assert found is not None, "it was written all the same, and is found by its key"
    assert taken_back(await crm.undo(CREATING[0], f"key-{crm.written}", found.ref)).changes


async def test_what_a_list_names_twice_counts_once(crm: Crm) -> None:
    once = await crm.rest.read(JANE)
    await crm.fail(repeated_items=True)
    twice = await crm.rest.read(JANE)
    await crm.fail(repeated_items=False)
    assert twice.gifts == once.gifts
    assert once.gifts
    assert twice == once
