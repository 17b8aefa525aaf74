"""Passing a decision on: up the chain, to a named person, or to whoever reviews; one card in many places."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handlers.commands import (
    ApprovalClicked,
    ChatUser,
    DeclineClicked,
    DeferralClicked,
    PassOnRequested,
    ReplyAddress,
)
from handlers.context import Arrived
from handlers.decisions.deciding_person import Decider
from handlers.decisions.passing_on import Destination, destination_for, hand_over, next_in_chain, objection
from handlers.outcomes import CardStatus, Notice
from handlers.ports import Colleague, MessageRef, ShownCard
from handlers.proposals.card_places import LEFT_BEHIND
from handlers.proposals.escalation_view import Requirement, card_of, requirement_of
from handlers.proposals.post_card import NOT_SHOWN, SHOWN_ANEW
from handlers.proposals.routing import route, without_own_approval
from handlers.refreshing import refresh_card
from policy.actions import Action, AddNote, AssignOwner
from policy.canonical import canonical_json
from policy.decide import CompiledPolicy
from policy.decision import Decision, GivenApproval, Outcome, RequiredApproval, Role
from policy.donor import StaffMember
from policy.escalation import EscalationState
from policy.organisation import Organisation, Person
from policy.override_reasons import GivenReason, OverrideReason
from policy.working_time import WorkingTime
from storage.escalations import Escalation
from tests.fakes import Shown
from tests.handlers.conftest import GUEST, MANAGER, ORGANISATION, OWNER, STRANGER, House, house_in

DONOR = "donor-1"
S = EscalationState
OPEN = CardStatus(state=S.OPEN)
REASON = GivenReason(code=OverrideReason.NEEDS_SENIORITY)


def organisation(*people: Person) -> Organisation:
    return ORGANISATION.model_copy(update={"people": people})


CHAIN = (
    Person(email=OWNER.email, roles=("owner",), channel="COWNER", reports_to=STRANGER.email),
    Person(email=STRANGER.email, channel="CSTRANGER", reports_to=MANAGER.email),
    Person(email=MANAGER.email, roles=("manager",)),
)


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as opened:
        opened.context = replace(opened.context, organisation=organisation(*CHAIN))
        yield opened
        await opened.database.close()


async def opened_card(house: House) -> Escalation:
    [opened] = await house.gift()
    return opened


def arrived(house: House) -> Arrived:
    now = house.clock.now()
    return Arrived(house.ids.new(), house.ids.new(), 1, now, now, house.ids)


def by_owner(escalation: Escalation) -> Decider:
    return Decider(OWNER, Role.OWNER, escalation, requirement_of(escalation))


async def on_to_next(house: House, escalation: Escalation, note: str = "", why: str = "") -> Escalation:
    destination = await next_in_chain(escalation, house.context)
    assert destination is not None
    return await handed(house, escalation, destination, note, why)


async def handed(
    house: House, escalation: Escalation, destination: Destination, note: str = "", why: str = ""
) -> Escalation:
    by = None if why else by_owner(escalation)
    at = arrived(house)
    moved = await house.database.write(lambda tx: hand_over(tx, at, escalation, destination, by, note, why))
    assert moved is not None
    await house.work_all()
    found = await house.database.read(lambda tx: tx.escalations.get(escalation.id))
    assert found is not None
    return found


async def now(house: House, about: str) -> Escalation:
    found = await house.database.read(lambda tx: tx.escalations.get(about))
    assert found is not None
    return found


async def click(house: House, command: Any, person: Colleague, **more: Any) -> None:
    """Let somebody press something on the card, and let everything come of it."""
    [about] = await house.database.read(lambda tx: [e.id for e in tx.escalations.open_for_donor(DONOR)])
    to = ReplyAddress(channel_id="C1", user_id=person.id)
    await house.accept(command(escalation_id=about, by=ChatUser(id=person.id), reply_to=to, **more))
    await house.work_all()


def told(house: House, person: Colleague) -> str:
    """The last thing somebody was told privately."""
    return [said.text for to, said in house.chat.whispers if to == person.id and isinstance(said, Notice)][-1]


async def kinds(house: House) -> list[str]:
    return [entry.kind for entry in await house.database.read(lambda tx: tx.audit.trace(DONOR))]


def shown(house: House) -> list[tuple[str, str, str | None]]:
    """Where the card is: the channel, who decides by the card, and how it came to them."""
    return [
        (each.channel, each.card.decider, each.status.passed.to if each.status.passed else None)
        for each in house.chat.cards.values()
    ]


async def test_a_decision_goes_up_the_chain_and_the_card_stays_where_it_was(house: House) -> None:
    escalation = await opened_card(house)
    house.clock.move(days=1)
    first = await on_to_next(house, escalation, note="above my limit")
    assert shown(house) == [
        ("COWNER", STRANGER.name, STRANGER.name),
        ("CSTRANGER", STRANGER.name, STRANGER.name),
    ]
    berlin = WorkingTime(time_zone=STRANGER.time_zone)
    due_at = berlin.add_working_days(house.clock.now(), house.context.organisation.decision_days)
    assert (first.route, first.due_at) == ("CSTRANGER", due_at), "the whole time, as they work"
    second = await on_to_next(house, first, why="Nobody decided in time.")
    assert [channel for channel, _, _ in shown(house)] == ["COWNER", "CSTRANGER", "DUMANAGER"]
    assert {decider for _, decider, _ in shown(house)} == {MANAGER.name}
    assert requirement_of(second).holder == MANAGER.email


async def test_when_nobody_is_left_a_reviewer_decides(house: House) -> None:
    escalation = await opened_card(house)
    for _ in range(2):
        escalation = await on_to_next(house, escalation)
    escalation = await on_to_next(house, escalation)
    assert escalation.route == "CDESK"
    assert requirement_of(escalation).holder is None
    assert await next_in_chain(escalation, house.context) is None
    assert f"because nobody is left above {MANAGER.name}" in list(house.chat.cards.values())[-1].card.route


async def test_decided_in_one_place_and_updated_in_all(house: House) -> None:
    first = await on_to_next(house, await opened_card(house))
    await on_to_next(house, first)
    await click(house, ApprovalClicked, MANAGER)
    assert {card.status.state for card in house.chat.cards.values()} == {S.EXECUTED}
    assert len(house.chat.cards) == 3


async def test_a_place_that_fails_holds_up_no_other_and_follows_later(house: House) -> None:
    await on_to_next(house, await opened_card(house))
    house.chat.silent = {"COWNER"}
    await click(house, ApprovalClicked, STRANGER)
    states = {card.channel: card.status.state for card in house.chat.cards.values()}
    assert states == {"COWNER": S.OPEN, "CSTRANGER": S.EXECUTED}
    house.chat.silent = set()
    house.clock.move(minutes=1)
    await house.work_all()
    assert {card.status.state for card in house.chat.cards.values()} == {S.EXECUTED}


async def test_a_copy_that_was_removed_ends_quietly(house: House) -> None:
    await on_to_next(house, await opened_card(house))
    del house.chat.cards["1.0"]
    await click(house, ApprovalClicked, STRANGER)
    assert [(c.channel, c.status.state) for c in house.chat.cards.values()] == [("CSTRANGER", S.EXECUTED)]
    assert (await kinds(house)).count("card.copy_ended") == 1
    assert house.dead == []


async def test_a_copy_that_slack_keeps_as_it_is_no_longer_says_what_was_true_once(house: House) -> None:
    await on_to_next(house, await opened_card(house))
    house.chat.refusing["COWNER"] = "edit_window_closed"
    await click(house, ApprovalClicked, STRANGER)
    assert [(c.channel, c.status.state) for c in house.chat.cards.values()] == [("CSTRANGER", S.EXECUTED)]
    assert ("COWNER", "replaced:1.0", LEFT_BEHIND) in house.chat.posts
    assert ((await kinds(house)).count("card.copy_ended"), house.dead) == (1, [])


async def test_where_outsiders_read_by_now_the_card_goes_to_whoever_decides(house: House) -> None:
    escalation = await opened_card(house)
    house.chat.refusing["COWNER"] = "shared_outside"
    await click(house, ApprovalClicked, OWNER)
    directly = f"D{OWNER.id}"
    assert [(c.channel, c.status.state) for c in house.chat.cards.values()] == [(directly, S.EXECUTED)]
    assert ("COWNER", "replaced:1.0", SHOWN_ANEW) in house.chat.posts
    assert ((await now(house, escalation.id)).channel_id, house.dead) == (directly, [])


async def test_where_outsiders_read_and_nobody_who_decides_is_in_slack_reviewers_get_the_card(
    house: House,
) -> None:
    escalation = await opened_card(house)
    house.chat.refusing["COWNER"], house.chat.people = "shared_outside", ()
    at = arrived(house)
    await house.database.write(lambda tx: refresh_card(tx, at, escalation, again=":shared"))
    await house.work_all()
    assert ([c.channel for c in house.chat.cards.values()], house.dead) == (["CDESK"], [])


async def test_a_card_that_slack_takes_nowhere_says_so_and_it_hears_of_it(house: House) -> None:
    await opened_card(house)
    house.chat.refusing = {"COWNER": "invalid_blocks", "CDESK": "invalid_blocks"}
    await click(house, DeferralClicked, OWNER, preset="tomorrow")
    assert house.chat.cards == {}, "none says that it is to be decided"
    assert ("COWNER", "replaced:1.0", NOT_SHOWN) in house.chat.posts
    assert set(house.dead) == {("show_card", "invalid_blocks")}


async def test_of_a_new_card_that_slack_does_not_take_its_reader_is_told(house: House) -> None:
    house.chat.refusing = {"COWNER": "msg_too_long", "CDESK": "msg_too_long"}
    await opened_card(house)
    assert [(channel, said) for channel, _, said in house.chat.posts] == [("COWNER", NOT_SHOWN)]
    assert house.dead == [("show_card", "msg_too_long")]


async def test_the_card_itself_when_removed_is_posted_again(house: House) -> None:
    await on_to_next(house, await opened_card(house))
    del house.chat.cards["2.0"]
    await click(house, DeferralClicked, STRANGER, preset="tomorrow")
    assert [(c.channel, c.status.state) for c in house.chat.cards.values()] == [
        ("COWNER", S.DEFERRED),
        ("CSTRANGER", S.DEFERRED),
    ]


async def test_a_decision_that_comes_back_to_a_place_uses_the_card_that_is_there(house: House) -> None:
    """Somebody named passes it back: one card per place, and whoever decides is told in its thread."""
    escalation = await on_to_next(house, await opened_card(house))
    to_owner = await destination_for(OWNER, Role.OWNER, house.context)
    back = await handed(house, escalation, to_owner)
    assert (back.route, back.message_ts) == ("COWNER", "1.0")
    assert len(house.chat.cards) == 2
    assert house.chat.posts[-1] == (
        "COWNER",
        f"remind:{back.id}:{back.revision}",
        Notice(text=f"{OWNER.name} passed this decision on to you.", mention=OWNER.id),
    )


async def test_a_card_on_its_way_while_the_decision_moves_on_becomes_a_copy(house: House) -> None:
    """Slack takes its time with the first card; by then the decision is with somebody else."""
    house.chat.silent = {"COWNER"}
    escalation = await opened_card(house)
    destination = await next_in_chain(escalation, house.context)
    assert destination is not None
    at, owner = arrived(house), by_owner(escalation)

    async def slow(*_: object) -> ShownCard:
        await house.database.write(lambda tx: hand_over(tx, at, escalation, destination, owner, "", ""))
        return ShownCard(MessageRef("COWNER", "late"), words=0)

    house.chat.silent, house.chat.cards["late"] = set(), Shown("COWNER", "", card_of(escalation), OPEN)
    quick, house.chat.show_card = house.chat.show_card, slow  # type: ignore[method-assign]
    house.clock.move(minutes=1)
    await house.work(1)
    house.chat.show_card = quick  # type: ignore[method-assign]
    await house.work_all()
    assert [(c.channel, c.card.decider) for c in house.chat.cards.values()] == [
        ("COWNER", STRANGER.name),
        ("CSTRANGER", STRANGER.name),
    ]


async def test_only_one_of_two_who_pass_it_on_at_once_does(house: House) -> None:
    escalation = await opened_card(house)
    destination = await next_in_chain(escalation, house.context)
    assert destination is not None
    at = arrived(house)
    both = [
        await house.database.write(
            lambda tx: hand_over(tx, at, escalation, destination, None, "", "Nobody decided in time.")
        )
        for _ in range(2)
    ]
    assert [moved is not None for moved in both] == [True, False]
    await click(house, DeclineClicked, STRANGER)
    late = await house.database.write(lambda tx: hand_over(tx, at, escalation, destination, None, "", "late"))
    assert late is None


@pytest.mark.parametrize(
    ("to", "why"),
    [
        (GUEST.id, "full members of this workspace only"),
        ("UNOBODY", "full members of this workspace only"),
        (OWNER.id, "This decision is with you already."),
    ],
)
async def test_who_cannot_take_it_over_is_named(house: House, to: str, why: str) -> None:
    escalation = await opened_card(house)
    await click(house, PassOnRequested, OWNER, to_user_id=to, reason=REASON)
    assert why in told(house, OWNER)
    assert (await now(house, escalation.id)).state is S.OPEN
    assert (await kinds(house)).count("click.refused") == 1


async def test_whoever_passed_it_on_does_not_decide_any_more(house: House) -> None:
    escalation = await opened_card(house)
    await click(house, PassOnRequested, OWNER, reason=REASON)
    assert told(house, OWNER) == f"Passed on to {STRANGER.name}."
    await click(house, DeclineClicked, OWNER)
    assert told(house, OWNER) == f"You passed this on; {STRANGER.name} decides now."
    assert (await now(house, escalation.id)).state is S.OPEN
    entries = await house.database.read(lambda tx: tx.audit.trace(DONOR))
    why = [e.payload["reason_code"] for e in entries if e.kind == "escalation.passed_on" and e.payload]
    assert why == ["needs_seniority"], "digests count this"


def requirement(*needs: tuple[Role, int], **more: object) -> Requirement:
    approvals = tuple(RequiredApproval(role=role, count=count) for role, count in needs)
    decision = Decision(
        outcome=Outcome.REQUIRE_APPROVAL,
        gates=(),
        approvals=approvals,
        policy_version="v",
        facts_digest="f",
        engine="e",
    )
    return Requirement(decision=decision, owner_email=OWNER.email, **more)  # type: ignore[arg-type]


OWNER_AND_MANAGER = ((Role.OWNER, 1), (Role.MANAGER, 1))
GRANTED = (GivenApproval(person=MANAGER.id, role=Role.MANAGER),)


@pytest.mark.parametrize(
    ("needed", "whom", "part", "why"),
    [
        (requirement((Role.OWNER, 1)), STRANGER, Role.OWNER, None),
        (requirement((Role.OWNER, 1)), GUEST, Role.OWNER, "is not a full member"),
        (requirement((Role.OWNER, 1)), OWNER, Role.OWNER, "is already with"),
        (requirement((Role.OWNER, 1), excluded=(STRANGER.id,)), STRANGER, Role.OWNER, "must not decide"),
        (requirement(*OWNER_AND_MANAGER), MANAGER, Role.OWNER, "one person cannot do both"),
        (requirement(*OWNER_AND_MANAGER, granted=GRANTED), MANAGER, Role.OWNER, "counts once"),
        (requirement(*OWNER_AND_MANAGER, granted=GRANTED), STRANGER, Role.OWNER, None),
        (requirement((Role.MANAGER, 2)), STRANGER, Role.MANAGER, "needs somebody of manager"),
        (requirement((Role.MANAGER, 2)), MANAGER, Role.MANAGER, None),
    ],
)
def test_who_may_take_which_part_over(
    needed: Requirement, whom: Colleague, part: Role, why: str | None
) -> None:
    against = objection(needed, whom, part, organisation(*CHAIN))
    assert against is None if why is None else why in (against or "")


def giving_to(owner_id: str) -> AssignOwner:
    return AssignOwner(donor_id=DONOR, owner_id=owner_id)


@pytest.mark.parametrize(
    ("action", "requested_by", "decider", "excluded"),
    [
        (giving_to("staff-3"), None, OWNER, (STRANGER.id,)),
        (giving_to("staff-1"), None, STRANGER, (OWNER.id,)),
        (giving_to("staff-1"), STRANGER.id, MANAGER, (OWNER.id, STRANGER.id)),
        (AddNote(donor_id=DONOR, text="x"), OWNER.id, STRANGER, (OWNER.id,)),
        (AddNote(donor_id=DONOR, text="x"), None, OWNER, ()),
    ],
)
async def test_a_decision_never_goes_to_whoever_must_not_take_it(
    house: House, action: Action, requested_by: str | None, decider: Colleague, excluded: tuple[str, ...]
) -> None:
    house.crm.staff = (*house.crm.staff, StaffMember(id="staff-3", name="Fiona", email=STRANGER.email))
    record = await house.crm.read(DONOR)
    found = await route(record, house.context)
    ruled = requirement((Role.OWNER, 1)).decision
    allowed = await without_own_approval(found, action, ruled, record, requested_by, house.context)
    assert (allowed.decider_email, allowed.excluded) == (decider.email, tuple(sorted(excluded)))


async def test_when_everybody_above_must_not_decide_a_reviewer_does(house: House) -> None:
    house.context = replace(house.context, organisation=ORGANISATION)
    record = await house.crm.read(DONOR)
    found = await route(record, house.context)
    ruled = requirement((Role.OWNER, 1)).decision
    note = AddNote(donor_id=DONOR, text="x")
    allowed = await without_own_approval(found, note, ruled, record, OWNER.id, house.context)
    assert (allowed.channel, allowed.decider_email) == ("CDESK", None)
    assert allowed.why == "the review channel, because Olivia Hart must not decide this alone"


async def test_whoever_is_excluded_is_told_kindly_why(house: House) -> None:
    escalation = await opened_card(house)
    own = requirement_of(escalation).model_copy(update={"excluded": (OWNER.id,)})
    await house.database.write(
        lambda tx: tx.escalations.move(
            escalation.id, (S.OPEN,), S.OPEN, house.clock.now(), requires=canonical_json(own)
        )
    )
    await click(house, ApprovalClicked, OWNER)
    assert told(house, OWNER).startswith("You must not decide this yourself")
    assert house.crm.written == []


async def test_the_card_that_stays_leads_to_where_it_is_decided_now(house: House) -> None:
    escalation = await opened_card(house)
    moved = await on_to_next(house, escalation, why="Nobody decided in time.")
    shown = {each.channel: each.status.elsewhere for each in house.chat.cards.values()}
    assert moved.channel_id is not None
    assert shown == {
        "COWNER": f"https://slack.example/{moved.channel_id}/{moved.message_ts}",
        moved.channel_id: None,
    }


async def test_a_day_that_a_card_named_and_that_has_passed_is_refused_and_named_anew(house: House) -> None:
    await opened_card(house)
    [card] = house.chat.cards.values()
    first, *_ = card.card.put_off
    house.clock.move(days=(first - house.clock.now().date()).days)
    await click(house, DeferralClicked, OWNER, preset="date", day=first)
    assert told(house, OWNER) == "That day has passed or is more than a year away."
    [card] = house.chat.cards.values()
    assert card.status.state is S.OPEN
    assert first not in card.card.put_off
    await click(house, DeferralClicked, OWNER, preset="date", day=card.card.put_off[0])
    assert [each.status.state for each in house.chat.cards.values()] == [S.DEFERRED]
