"""Practising through the handlers: the reasoning comes after the answer, and nothing reaches anybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bot.files import FileInvalid, read_practice
from handlers.commands import ChatUser, PracticeAnswered, PracticeRequested, ReplyAddress, ScenarioRequested
from handlers.outcomes import Notice, PracticeShown, ScenarioShown, VerdictShown
from handlers.ports import Colleague
from policy.decide import CompiledPolicy
from policy.practice import Library, Share, Standing, judged
from tests.handlers.conftest import GUEST, MANAGER, OWNER, House, house_in


@pytest_asyncio.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as house:
        house.context = replace(house.context, practice=read_practice(None))
        yield house
        await house.database.close()


async def asked(house: House, person: Colleague) -> PracticeShown | Notice:
    to = ReplyAddress(channel_id="C1", user_id=person.id)
    await house.accept(PracticeRequested(by=ChatUser(id=person.id), reply_to=to))
    await house.work_all()
    shown = house.chat.whispers[-1][1]
    assert isinstance(shown, PracticeShown | Notice)
    return shown


async def scenario(house: House, person: Colleague) -> ScenarioShown | Notice:
    await house.accept(ScenarioRequested(window=f"V{house.accepted}", by=ChatUser(id=person.id)))
    await house.work_all()
    shown = house.chat.views[-1][1]
    assert isinstance(shown, ScenarioShown | Notice)
    return shown


async def test_the_reasoning_comes_after_the_answer_and_is_counted_once(house: House) -> None:
    len(house.context.practice.scenarios)
    before = await asked(house, OWNER)
    assert before == PracticeShown(
        scenarios=len(house.context.practice.scenarios), done=0, standing=Standing()
    )
    shown = await scenario(house, OWNER)
    assert isinstance(shown, ScenarioShown)
    assert shown.number == 1
    answer = PracticeAnswered(
        scenario_id=shown.scenario.id,
        version=shown.version,
        choice=shown.scenario.best,
        sureness=95,
        window="cs:practice:1",
        by=ChatUser(id=OWNER.id),
    )
    for _ in range(2):  # Slack sends a submission again when it did not hear the answer
        await house.accept(answer, key="the same submission")
    await house.work_all()
    name, verdict = house.chat.views[-1]
    assert name == "cs:practice:1"
    assert isinstance(verdict, VerdictShown)
    assert (verdict.right, verdict.done, verdict.standing.answered) == (True, 1, Share(count=1, of=1))
    following = await scenario(house, OWNER)
    assert isinstance(following, ScenarioShown)
    assert (following.number, following.scenario.id == shown.scenario.id) == (2, False)
    entries = await house.database.read(lambda tx: tx.audit.page(("practice.answered",), limit=9))
    assert [(each.subject, b"choice" in (each.payload or b"")) for each in entries] == [(None, False)]
    assert house.crm.written == []
    assert house.chat.cards == {}
    assert house.chat.posts == []


async def test_an_edited_scenario_and_a_guest_are_told_so_and_nothing_is_counted(house: House) -> None:
    shown = await scenario(house, OWNER)
    assert isinstance(shown, ScenarioShown)
    old = PracticeAnswered(
        scenario_id=shown.scenario.id,
        version="0" * 16,
        choice="approve",
        sureness=50,
        window="cs:practice:2",
        by=ChatUser(id=OWNER.id),
    )
    await house.accept(old)
    await house.accept(old.model_copy(update={"by": ChatUser(id=GUEST.id), "window": "cs:practice:3"}))
    await house.work_all()
    said = {name: view.text for name, view in house.chat.views if isinstance(view, Notice)}
    assert said == {
        "cs:practice:2": "This scenario was changed or removed while you had it open.",
        "cs:practice:3": "Donor information is for members of this organisation's own workspace.",
    }
    assert await house.database.read(lambda tx: tx.practice.of(OWNER.id)) == []
    assert isinstance(await scenario(house, GUEST), Notice)
    assert isinstance(await asked(house, GUEST), Notice)


async def test_a_manager_sees_the_team_only_when_nobody_is_singled_out(house: House) -> None:
    shown = await asked(house, MANAGER)
    assert isinstance(shown, PracticeShown)
    assert shown.too_few
    assert shown.team is None
    one = house.context.practice.scenarios[0]
    for n in range(5):
        given = judged(one, f"U{n}", one.best, 75, house.clock.now())
        await house.database.write(lambda tx, given=given, n=n: tx.practice.add(f"id{n}", given))
    house.clock.move(seconds=1)
    shown = await asked(house, MANAGER)
    assert isinstance(shown, PracticeShown)
    assert shown.team is not None
    assert (shown.team.answered, shown.standing.answered) == (Share(count=5, of=5), Share())
    owner = await asked(house, OWNER)
    assert isinstance(owner, PracticeShown)
    assert owner.team is None
    assert not owner.too_few


async def test_an_empty_library_says_so(house: House) -> None:
    house.context = replace(house.context, practice=Library())
    assert isinstance(await scenario(house, OWNER), Notice)


@pytest.mark.parametrize("fault", ["", "scenarios: [", "scenarios: []"])
def test_a_faulty_file_stops_the_start_with_a_sentence(tmp_path: Path, fault: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(fault)
    with pytest.raises(FileInvalid, match=r"mine\.yaml:\d+:1: "):
        read_practice(file)
