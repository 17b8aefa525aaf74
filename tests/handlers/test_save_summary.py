"""A summary is kept as a CRM note: by the rules, with its sources, undoable, and only what still holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handlers.commands import ApprovalClicked, ChatUser, NoteWanted, ReplyAddress, SummaryRequested
from handlers.proposals.escalation_view import requirement_of
from policy.actions import AddNote
from policy.decide import CompiledPolicy
from policy.organisation import Organisation
from storage.escalations import Escalation
from tests.handlers.conftest import MANAGER, ORGANISATION, OWNER, STRANGER, House, house_in

DONOR = "donor-1"


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as made:
        yield made
        await made.database.close()


async def told(house: House, command: Any) -> Any:
    await house.accept(command)
    await house.work_all()
    return house.chat.whispers[-1][1]


def to(user: str) -> ReplyAddress:
    return ReplyAddress(channel_id="CTEAM", user_id=user)


async def summary(house: House, by: str) -> Any:
    return await told(house, SummaryRequested(query=DONOR, by=ChatUser(id=by), reply_to=to(by)))


async def saved(house: House, answer_id: str, by: str) -> Any:
    return await told(house, NoteWanted(answer_id=answer_id, by=ChatUser(id=by), reply_to=to(by)))


async def waiting(house: House) -> list[Escalation]:
    return await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))


async def test_the_owner_saves_in_two_presses_and_the_note_names_its_sources(house: House) -> None:
    shown = await summary(house, OWNER.id)
    answer = await saved(house, shown.answer_id, OWNER.id)
    assert answer.text.startswith("The note waits for Olivia Hart (")
    (opened,) = await waiting(house)
    assert isinstance(opened.action, AddNote)
    lines = opened.action.text.splitlines()
    assert lines[0].startswith(
        "Summary of 20 Nov 2026, asked for by Olivia Hart and written by Countersign, without AI."
    )
    assert len(lines) == len(shown.summary.claims) + 2
    assert "gift-new" in opened.action.text
    await told(
        house,
        ApprovalClicked(escalation_id=opened.id, by=ChatUser(id=OWNER.id), reply_to=to(OWNER.id)),
    )
    assert [written.action for written in house.crm.written] == [opened.action]
    assert (await saved(house, shown.answer_id, STRANGER.id)).text.startswith("Only the person who asked")


async def test_anybody_else_asks_the_owner(house: House) -> None:
    shown = await summary(house, MANAGER.id)
    await saved(house, shown.answer_id, MANAGER.id)
    (opened,) = await waiting(house)
    assert (opened.route, requirement_of(opened).excluded) == ("COWNER", (MANAGER.id,))
    assert "waits already" in (await saved(house, shown.answer_id, MANAGER.id)).text


async def test_where_the_rules_let_notes_run_it_is_written_at_once(house: House) -> None:
    organisation = Organisation.model_validate(ORGANISATION.model_dump() | {"rollout_phase": 3})
    house.context = replace(house.context, organisation=organisation)
    shown = await summary(house, OWNER.id)
    assert "on its way" in (await saved(house, shown.answer_id, OWNER.id)).text
    assert len(house.crm.written) == 1


async def test_what_no_longer_holds_is_left_out(house: House) -> None:
    shown = await summary(house, OWNER.id)
    house.crm.gifts = []
    assert (await saved(house, shown.answer_id, OWNER.id)).text.startswith("The record changed")
    assert await waiting(house) == []
