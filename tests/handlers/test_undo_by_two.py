"""An undo that the rules want two people for: each counted once, by the rules of the moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.files import policy_source
from bot.slack.cards.queue_lines import standing as shown_standing
from handlers.commands import (
    ChatUser,
    HomeOpened,
    ReplyAddress,
    UndoAgreed,
    UndoClicked,
    UndoKept,
)
from handlers.execution.execute_action import effect_key
from handlers.outcomes import DecisionList, Execution, Notice, UndoShown
from handlers.ports import Colleague
from policy.actions import RemoveFromSegment
from policy.canonical import canonical_json
from policy.decide import CompiledPolicy, compile_policy
from policy.escalation import EscalationState
from policy.language import parse_policy
from policy.organisation import Person
from policy.override_reasons import OverrideReason
from storage.escalations import Changes
from storage.transaction import Transaction
from tests.fakes import FixedRules, Written
from tests.handlers.conftest import MANAGER, OWNER, STRANGER, House, house_in
from tests.handlers.test_editing import DONOR, Desk

S = EscalationState
CORA = Colleague("UCORA", "Cora Lane", "cora@x.example", "America/New_York", is_full_member=True)
OUT = RemoveFromSegment(donor_id=DONOR, segment="Gala")
SECOND_YES = """
  - id: second_yes
    reason: Compliance looks at it, too.
    when: action.kind in ['add_to_segment', 'create_task'] && action.capability == 'execute'
    require_approval: {role: compliance, count: 1}
"""


def rules(guard: str) -> CompiledPolicy:
    text, name = policy_source(None)
    return compile_policy(parse_policy(text.rstrip() + "\n" + guard, name))


@pytest.fixture(scope="module")
def strict() -> CompiledPolicy:
    return rules(SECOND_YES)


@pytest.fixture
async def desk(migrated: Path, default_policy: CompiledPolicy, strict: CompiledPolicy) -> AsyncIterator[Desk]:
    with house_in(migrated, default_policy) as house:
        people = (
            *house.context.organisation.people,
            Person(email=CORA.email, roles=("compliance",)),
            Person(email=STRANGER.email, roles=("compliance",)),
        )
        organisation = house.context.organisation.model_copy(update={"people": people})
        house.context = replace(house.context, organisation=organisation)
        house.chat.people = (*house.chat.people, CORA)
        desk = Desk(house)
        await desk.open(OUT)
        await carried_out(desk)
        house.context = replace(house.context, rules=FixedRules(lambda: strict))
        yield desk
        await house.database.close()


async def carried_out(desk: Desk) -> None:
    """Olivia approved it, and it is in the CRM."""
    house, opened = desk.house, await desk.now()
    now, key = house.clock.now(), effect_key(opened)
    house.crm.written.append(Written(key, "countersign", OUT, house.crm.donors[DONOR]))
    house.crm.held[key] = "as written"
    signed = Changes(decided_by=OWNER.id, decided_by_name=OWNER.name, decided_at=now)
    outcome = Execution(ref="tag-1", verified=True, at=now)
    done = Changes(execution_ref="tag-1", outcome=canonical_json(outcome))

    def write(tx: Transaction) -> None:
        for start, end, changes in (
            (S.OPEN, S.APPROVED, signed),
            (S.APPROVED, S.EXECUTING, Changes()),
            (S.EXECUTING, S.EXECUTED, done),
        ):
            assert tx.escalations.move(opened.id, (start,), end, now, **changes)

    await house.database.write(write)


async def press(desk: Desk, command: Any, who: Colleague, **more: Any) -> None:
    to = ReplyAddress(channel_id="C1", user_id=who.id)
    asked = command(escalation_id=desk.about, by=ChatUser(id=who.id), reply_to=to, **more)
    await desk.house.accept(asked)
    await desk.house.work_all()


async def undo(desk: Desk) -> None:
    assert (await desk.now()).state is S.EXECUTED
    await press(desk, UndoClicked, OWNER, reason=OverrideReason.WRONG_FACTS)


def told(house: House, who: Colleague) -> str:
    return next(shown.text for user, shown in reversed(house.chat.whispers) if user == who.id)  # type: ignore[union-attr]


def standing(house: House) -> UndoShown:
    [undo] = {shown.status.execution.undo for shown in house.chat.cards.values() if shown.status.execution}
    assert undo is not None, "every place shows the same"
    return undo


async def audited(desk: Desk) -> list[tuple[str, str]]:
    entries = await desk.house.database.read(lambda tx: tx.audit.trace(DONOR))
    kinds = ("undo.requested", "undo.waits", "undo.agreed", "undo.kept", "action.undone", "click.refused")
    return [(entry.kind, entry.actor) for entry in entries if entry.kind.startswith(kinds)]


async def test_a_second_person_agrees_and_then_it_is_undone(desk: Desk) -> None:
    house = desk.house
    await undo(desk)
    assert (standing(house).stage, [need.role for need in standing(house).needs]) == (
        "waiting",
        ["compliance"],
    )
    assert "The rules ask for the agreement of compliance as well." in told(house, OWNER)
    assert {shown.channel for shown in house.chat.cards.values()} == {"COWNER", "CDESK"}
    [asked] = [shown for _, _, shown in house.chat.posts if isinstance(shown, DecisionList)]
    assert asked.mentions == (CORA.id, STRANGER.id)
    assert asked.title == (
        "Olivia Hart asks to undo this for Margaret Okafor. The rules want compliance to agree as well."
    )
    assert house.crm.taken_back == set(), "nothing before"

    await press(desk, UndoAgreed, CORA)
    assert (await desk.now()).state is S.UNDONE
    assert (standing(house).stage, standing(house).agreed) == ("done", ("Cora Lane",))
    assert len(house.crm.taken_back) == 1
    assert await audited(desk) == [
        ("undo.requested", "slack:UOWNER"),
        ("undo.waits", "slack:UOWNER"),
        ("undo.agreed", "slack:UCORA"),
        ("action.undone", "slack:UOWNER"),
    ]
    await press(desk, UndoAgreed, STRANGER)
    assert told(house, STRANGER) == "This was carried out and undone again."
    assert len(house.crm.taken_back) == 1


async def test_nobody_counts_who_must_not(desk: Desk) -> None:
    house = desk.house
    await undo(desk)
    await press(desk, UndoAgreed, OWNER)
    assert told(house, OWNER) == "You asked for this undo yourself, so somebody else has to agree to it."
    await press(desk, UndoAgreed, MANAGER)
    assert told(house, MANAGER) == "Undoing this needs the agreement of compliance."
    await press(desk, UndoClicked, OWNER)
    assert told(house, OWNER) == "Olivia Hart has already asked to undo this."
    assert standing(house).stage == "waiting"
    assert [kind for kind, _ in await audited(desk)].count("click.refused") == 3
    assert house.crm.taken_back == set()


async def test_it_waits_on_the_home_tab_of_whoever_has_to_agree(desk: Desk) -> None:
    house = desk.house
    await undo(desk)
    for who in (CORA, OWNER):
        await house.accept(HomeOpened(by=ChatUser(id=who.id)))
    await house.work_all()
    homes = dict(house.chat.homes)
    assert [item.agree_to_undo for item in homes[CORA.id].open] == ["Olivia Hart"]
    assert homes[OWNER.id].open == ()
    assert [item.can_undo for item in homes[OWNER.id].decided] == [False], "it is asked for already"
    house.clock.move(days=200)
    await house.accept(HomeOpened(by=ChatUser(id=CORA.id)))
    await house.work_all()
    [line] = dict(house.chat.homes)[CORA.id].open
    assert (line.agree_to_undo, line.undo_asked_at) == ("Olivia Hart", standing(house).at)
    assert "".join(leaf.get("text", "…") for leaf in shown_standing(line)) == (
        "Olivia Hart asks to undo this. The rules want you to agree as well. Asked …. "
        "This line stays until somebody answers."
    )
    await press(desk, UndoKept, CORA)
    await house.accept(HomeOpened(by=ChatUser(id=CORA.id)))
    await house.work_all()
    assert dict(house.chat.homes)[CORA.id].open == ()


@pytest.mark.parametrize(
    ("who", "note"),
    [(OWNER, "Olivia Hart called the undo off."), (CORA, "Cora Lane wants it to stay as it is.")],
)
async def test_it_can_be_left_as_it_is(desk: Desk, who: Colleague, note: str) -> None:
    await undo(desk)
    await press(desk, UndoKept, who)
    assert (standing(desk.house).stage, standing(desk.house).note) == ("refused", note)
    assert (await desk.now()).state is S.EXECUTED
    await press(desk, UndoAgreed, STRANGER)
    assert told(desk.house, STRANGER) == "No undo waits for your agreement here."


async def test_the_rules_of_the_moment_are_asked_again(desk: Desk) -> None:
    await undo(desk)
    no = "  - {id: never, reason: Nobody goes back., when: action.kind == 'add_to_segment', deny: true}\n"
    denying = rules(no)
    desk.house.context = replace(desk.house.context, rules=FixedRules(lambda: denying))
    await press(desk, UndoAgreed, CORA)
    assert (standing(desk.house).stage, standing(desk.house).note) == ("refused", "Nobody goes back.")
    assert desk.house.crm.taken_back == set()


async def test_two_of_a_role_are_two_people(desk: Desk) -> None:
    twice = rules(SECOND_YES.replace("count: 1", "count: 2"))
    desk.house.context = replace(desk.house.context, rules=FixedRules(lambda: twice))
    await undo(desk)
    await press(desk, UndoAgreed, CORA)
    told_cora = [s for user, s in desk.house.chat.whispers if user == CORA.id][-1]
    assert told_cora == Notice(text="Your agreement is recorded.", next_step="Still needed: compliance.")
    await press(desk, UndoAgreed, CORA)
    assert told(desk.house, CORA) == "You have already agreed; it counts once."
    await press(desk, UndoAgreed, STRANGER)
    assert (await desk.now()).state is S.UNDONE
    assert standing(desk.house).agreed == ("Cora Lane", "Fiona Reyes")
