"""Whose decision it is by now: a new owner, one who left, and what is not decided in Slack at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from handlers.commands import ApprovalClicked, ChatUser, CrmEventArrived, DeferralClicked, ReplyAddress
from handlers.outcomes import HeldNotice, Notice
from handlers.proposals.escalation_view import requirement_of
from policy.decide import compile_policy
from policy.donor import StaffMember
from policy.escalation import EscalationState
from policy.events import CrmEvent, CrmEventType
from policy.language import parse_policy
from storage.escalations import Escalation
from tests.fakes import FixedRules
from tests.handlers.conftest import MANAGER, OWNER, STRANGER, House
from tests.time.conftest import DONOR, kinds, now, opened, whispered

S = EscalationState
POLICY = Path(__file__).parent.parent.parent / "policy" / "default" / "policy.yaml"


def hand_the_donor_to(house: House, name: str, email: str) -> None:
    house.crm.staff = (*house.crm.staff, StaffMember(id="staff-2", name=name, email=email))
    house.crm.change(DONOR, owner_id="staff-2")


async def updated(house: House, *fields: str) -> None:
    event = CrmEvent(
        id=f"evt-update-{house.accepted}",
        source="/crm",
        type=CrmEventType.DONOR_UPDATED,
        time=house.clock.now(),
        donor_id=DONOR,
        fields=fields,
    )
    await house.accept(CrmEventArrived(event=event), order=f"donor:{DONOR}")
    await house.work_all()


async def approve(house: House, escalation: Escalation, who: str) -> None:
    by, to = ChatUser(id=who), ReplyAddress(channel_id="C1", user_id=who)
    await house.accept(ApprovalClicked(escalation_id=escalation.id, by=by, reply_to=to))
    await house.work_all()


async def test_what_is_open_moves_to_the_new_owner(house: House) -> None:
    escalation = await opened(house)
    hand_the_donor_to(house, STRANGER.name, STRANGER.email)
    await updated(house, "owner_id")
    moved = await now(house, escalation)
    assert (requirement_of(moved).holder, moved.owner_id) == (STRANGER.email, "staff-2")
    places = {shown.channel: shown.card.decider for shown in house.chat.cards.values()}
    assert places == {"COWNER": STRANGER.name, f"D{STRANGER.id}": STRANGER.name}, "both say who decides"
    told = [(channel, o) for channel, _, o in house.chat.posts if isinstance(o, Notice)]
    assert any("goes on with Fiona Reyes" in o.text for channel, o in told if channel == "COWNER")
    assert any("decision is yours" in o.text and o.mention == STRANGER.id for _, o in told)
    assert "escalation.reassigned" in await kinds(house)

    await approve(house, escalation, OWNER.id)
    assert "This decision is for Fiona Reyes." in whispered(house, OWNER.id)
    await approve(house, escalation, STRANGER.id)
    assert (await now(house, escalation)).state is S.EXECUTED


async def test_an_update_of_something_else_moves_nothing(house: House) -> None:
    escalation = await opened(house)
    await updated(house, "tier")
    assert (await now(house, escalation)).revision == escalation.revision


async def test_a_new_owner_who_clicks_before_anybody_told_us_gets_the_decision(house: House) -> None:
    escalation = await opened(house)
    hand_the_donor_to(house, STRANGER.name, STRANGER.email)
    await approve(house, escalation, STRANGER.id)
    assert "You are the relationship owner by now" in whispered(house, STRANGER.id)
    assert requirement_of(await now(house, escalation)).holder == STRANGER.email
    assert "click.refused" in await kinds(house)
    await approve(house, escalation, STRANGER.id)
    assert (await now(house, escalation)).decided_by == STRANGER.id


async def test_without_an_owner_in_slack_it_goes_to_a_reviewer(house: House) -> None:
    escalation = await opened(house)
    hand_the_donor_to(house, "Nina New", "nina@x.example")
    await updated(house, "owner_id")
    moved = await now(house, escalation)
    assert (moved.route, requirement_of(moved).holder) == ("CDESK", None)
    await approve(house, escalation, MANAGER.id)
    assert (await now(house, escalation)).decided_by == MANAGER.id


async def test_an_owner_whose_account_is_closed_holds_nothing_up(house: House) -> None:
    escalation = await opened(house)
    house.chat.people = tuple(p for p in house.chat.people if p is not OWNER)
    await approve(house, escalation, MANAGER.id)
    assert (await now(house, escalation)).decided_by == MANAGER.id, "the next above decides at once"


async def test_at_the_deadline_of_somebody_who_left_it_goes_on(house: House) -> None:
    escalation = await opened(house)
    house.chat.people = tuple(p for p in house.chat.people if p is not OWNER)
    house.clock.moment = escalation.due_at
    await house.work_all()
    assert requirement_of(await now(house, escalation)).holder == MANAGER.email


async def test_what_was_put_off_is_not_moved_while_it_waits(house: House) -> None:
    escalation = await opened(house)
    by, to = ChatUser(id=OWNER.id), ReplyAddress(channel_id="C1", user_id=OWNER.id)
    await house.accept(DeferralClicked(escalation_id=escalation.id, preset="next_week", by=by, reply_to=to))
    await house.work_all()
    hand_the_donor_to(house, STRANGER.name, STRANGER.email)
    await updated(house, "owner_id")
    assert (await now(house, escalation)).state is S.DEFERRED


@pytest.mark.parametrize("place", ["the CRM", "Raiser’s Edge, under Approvals"])
async def test_what_is_not_decided_in_slack_says_where(house: House, place: str) -> None:
    source = POLICY.read_text(encoding="utf-8").replace(
        "action.kind == 'assign_owner' && action.capability == 'execute'\n      && donor.tier",
        "action.capability == 'execute' || donor.tier",
    )
    compiled = compile_policy(parse_policy(source, "policy"))
    organisation = house.context.organisation.model_copy(
        update={"decided_elsewhere": place, "crm_record_url": "https://crm.example/{donor_id}"}
    )
    house.context = replace(house.context, rules=FixedRules(lambda: compiled), organisation=organisation)
    await house.gift()
    [(channel, _, held)] = [post for post in house.chat.posts if isinstance(post[2], HeldNotice)]
    assert channel == "COWNER"
    assert (held.elsewhere, held.elsewhere_url) == (place, f"https://crm.example/{DONOR}")
    assert house.chat.cards == {}, "there is nothing to approve"


async def test_what_no_door_allows_names_no_other_place(house: House) -> None:
    source = POLICY.read_text(encoding="utf-8").replace(
        "when: door.shared_with_outsiders", "when: action.is_write || action.is_outreach"
    )
    compiled = compile_policy(parse_policy(source, "policy"))
    house.context = replace(house.context, rules=FixedRules(lambda: compiled))
    await house.gift()
    [held] = [o for _, _, o in house.chat.posts if isinstance(o, HeldNotice)]
    assert held.elsewhere == ""


async def test_what_was_passed_on_does_not_go_back_to_an_owner(house: House) -> None:
    escalation = await opened(house)
    house.clock.moment = escalation.due_at
    await house.work_all()
    assert requirement_of(await now(house, escalation)).holder == MANAGER.email
    hand_the_donor_to(house, STRANGER.name, STRANGER.email)
    await updated(house, "owner_id")
    await approve(house, escalation, STRANGER.id)
    assert "This decision is for Mara Lindqvist." in whispered(house, STRANGER.id)
    assert requirement_of(await now(house, escalation)).holder == MANAGER.email
