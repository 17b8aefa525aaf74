"""Facts that only the house knows reach the rules: each gate that rests on one speaks, and only then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from handlers.outcomes import HeldNotice
from handlers.proposals.deciding import rule, rule_again, rule_on
from handlers.proposals.matter import AiFindings
from handlers.proposals.occasion import campaign_of, occasion_of, requester_of
from handlers.proposals.ruling import Ruling, decided_on
from policy.actions import Action, AddNote, CreateTask, ScheduleFollowUp
from policy.claims import Confidence, Origin
from policy.decide import CompiledPolicy
from policy.decision import Role
from policy.decision_context import Requester
from policy.donor import (
    Campaign,
    Channel,
    Consent,
    ConsentStatus,
    DonorRecord,
    Installment,
    Interaction,
    Pledge,
    StaffMember,
)
from policy.events import CrmEvent, CrmEventType
from policy.facts import compute_facts
from policy.money import Money
from policy.organisation import CampaignAudience, Organisation
from policy.recommender import candidates
from policy.situation import Proposal
from storage.escalations import Changes
from tests.handlers.conftest import GUEST, MANAGER, ORGANISATION, OWNER, House, house_in

DONOR = "donor-1"
DUE = date(2026, 11, 24)
TASK = CreateTask(donor_id=DONOR, title="Thank Margaret", due_on=DUE)
CALL = ScheduleFollowUp(donor_id=DONOR, title="Talk", channel=Channel.PHONE, due_on=DUE)
BY_FACTS = Origin(kind="facts")
SURE = Confidence(score=90, level="high")
GALA = Campaign(
    id="gala", name="Gala", status="active", starts_on=date(2026, 10, 1), ends_on=date(2026, 12, 31)
)


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as made:
        yield made
        await made.database.close()


def settle(house: House, **settings: object) -> None:
    organisation = Organisation.model_validate(ORGANISATION.model_dump() | settings)
    house.context = replace(house.context, organisation=organisation)


def held(house: House) -> list[tuple[str, tuple[str, ...]]]:
    return [(where, told.reasons) for where, _, told in house.chat.posts if isinstance(told, HeldNotice)]


ON_HOLD = ("The relationship owner asked to keep automation away from this donor.",)
OUTSIDERS = ("People outside the organisation can read this channel, or nobody can tell.",)


@pytest.mark.parametrize(
    ("tags", "holding", "reasons"),
    [
        (("Owner-Hold", "alumni"), ("owner-hold",), ON_HOLD),
        (("by hand",), ("by hand",), ON_HOLD),
        (("owner-hold",), (), None),
        (("alumni",), ("owner-hold",), None),
    ],
)
async def test_a_tag_keeps_automation_away(
    house: House, tags: tuple[str, ...], holding: tuple[str, ...], reasons: tuple[str, ...] | None
) -> None:
    settle(house, owner_hold_tags=holding)
    house.crm.change(DONOR, tags=tags)
    opened = await house.gift()
    assert held(house) == ([("COWNER", reasons)] if reasons else [])
    assert len(opened) == (0 if reasons else 1)


@pytest.mark.parametrize(
    ("channel", "review", "where", "reasons"),
    [
        ("CSHARED", "CDESK", f"D{OWNER.id}", OUTSIDERS),
        ("CUNTOLD", "CDESK", None, None),
        ("CUNTOLD", "CSHARED", f"D{OWNER.id}", OUTSIDERS),
        ("COWNER", "CSHARED", None, None),
        (None, "CSHARED", None, None),
    ],
)
async def test_no_card_goes_where_outsiders_may_read(
    house: House, channel: str | None, review: str, where: str | None, reasons: tuple[str, ...] | None
) -> None:
    people = [
        {"email": OWNER.email, "roles": ("owner",), "channel": channel},
        {"email": MANAGER.email, "roles": ("manager",)},
    ]
    settle(house, people=people, review_channel=review)
    opened = await house.gift()
    assert held(house) == ([(where, reasons)] if reasons else [])
    assert [decided_on(each).door.shared_with_outsiders for each in opened] == ([] if reasons else [False])
    assert not any(shown.channel in ("CSHARED", "CUNTOLD") for shown in house.chat.cards.values())


async def test_where_a_manager_must_agree_it_is_their_channel_that_counts(house: House) -> None:
    settle(house, review_channel="CSHARED-DESK")
    house.crm.change(DONOR, sensitive=True)
    assert await house.gift() == []
    assert held(house) == [(f"D{OWNER.id}", OUTSIDERS)]


async def test_without_an_owner_a_manager_hears_of_it_in_private(house: House) -> None:
    settle(house, review_channel="CSHARED")
    house.crm.change(DONOR, owner_id=None)
    assert await house.gift() == []
    assert held(house) == [(f"D{MANAGER.id}", OUTSIDERS)]


async def test_with_nobody_to_write_to_nothing_is_said(house: House) -> None:
    settle(house, review_channel="CSHARED", people=())
    house.crm.change(DONOR, owner_id=None)
    assert await house.gift() == []
    assert (house.chat.posts, house.chat.cards) == ([], {})
    assert house.dead == [("crm_event", "no_place_without_outsiders")]


async def test_who_asked_is_found_in_slack_and_in_the_crm(house: House) -> None:
    record = await house.crm.read(DONOR)
    context = house.context
    assert await requester_of(OWNER.id, record, context) == Requester(staff_id="staff-1", roles=(Role.OWNER,))
    assert await requester_of(MANAGER.id, record, context) == Requester(staff_id=None, roles=(Role.MANAGER,))
    for unknown in (GUEST.id, "UNOBODY"):
        assert await requester_of(unknown, record, context) == Requester(staff_id=None)
    gone = StaffMember(id="staff-1", name=OWNER.name, email=OWNER.email.upper(), active=False)
    left = record.model_copy(update={"owner": gone, "staff": (gone,)})
    assert (await requester_of(OWNER.id, left, context)).staff_id is None


async def test_only_the_owners_own_version_passes_the_owners_hold(house: House) -> None:
    [opened] = await house.gift()
    house.crm.change(DONOR, tags=("owner-hold",))
    record = await house.crm.read(DONOR)

    async def speaks(by: str | None) -> tuple[bool, bool, bool]:
        ruling = await rule_again(opened, record, house.context, TASK, wanted_by=by)
        actor = ruling.facts.actor
        return actor.known, actor.is_owner, "owner_keeps_hold" in ruling.decision.gate_ids

    assert await speaks(None) == (False, False, True)
    assert await speaks(OWNER.id) == (True, True, False)
    assert await speaks(MANAGER.id) == (True, False, True)
    note = AddNote(donor_id=DONOR, text="Undone.")
    undone = [await rule_on(note, record, opened, by, house.context) for by in (OWNER.id, MANAGER.id)]
    assert ["owner_keeps_hold" in each.decision.gate_ids for each in undone] == [False, True]


async def test_a_version_is_checked_where_its_card_is(house: House) -> None:
    [opened] = await house.gift()
    record = await house.crm.read(DONOR)

    async def speaks(where: str | None) -> bool:
        ruling = await rule_again(opened, record, house.context, shown_at=where)
        return "outsiders_in_channel" in ruling.decision.gate_ids

    assert [await speaks(where) for where in ("COWNER", "CSHARED", "CUNTOLD", None)] == [
        False,
        True,
        True,
        False,
    ]


async def ruling_on(
    house: House,
    action: Action,
    rule_name: str = "renewal",
    origin: Origin = BY_FACTS,
    campaigns: tuple[Campaign, ...] = (GALA,),
    **donor: object,
) -> Ruling:
    """Ask about contact because of a reply to the gala's letter."""
    record = await _with_reply(house, campaigns, donor)
    event = CrmEvent(
        id="evt-9",
        source="/crm",
        type=CrmEventType.REPLY_RECEIVED,
        time=house.clock.now(),
        donor_id=DONOR,
        record_id="reply-1",
    )
    assert campaign_of(event, record) == "gala"
    proposal = Proposal(action=action, headline="Talk", signals=(), rule=rule_name)
    findings = AiFindings(origin=origin, confidence=SURE)
    return await rule(
        proposal, record, findings, await occasion_of(event, None, record, house.context), house.context
    )


async def _with_reply(house: House, campaigns: tuple[Campaign, ...], donor: dict[str, object]) -> DonorRecord:
    read = await house.crm.read(DONOR)
    reply = Interaction(
        id="reply-1",
        donor_id=DONOR,
        kind="reply",
        direction="inbound",
        status="completed",
        at=house.clock.now() - timedelta(hours=1),
        campaign_id="gala",
    )
    consent = Consent(
        id="c1",
        donor_id=DONOR,
        channel=Channel.PHONE,
        purpose="all",
        status=ConsentStatus.OPTED_IN,
        captured_on=date(2026, 1, 1),
    )
    gifts = tuple(each for each in read.gifts if each.acknowledgement.status == "acknowledged")
    changed = {"interactions": (reply,), "campaigns": campaigns, "consents": (consent,), "gifts": gifts}
    return read.model_copy(update=changed | {"donor": read.donor.model_copy(update=donor)})


@pytest.mark.parametrize(
    ("changes", "speaks"),
    [
        ({}, set()),
        ({"status": "paused"}, {"campaign_not_running"}),
        ({"ends_on": date(2026, 11, 1)}, {"campaign_not_running"}),
        ({"id": "another"}, {"campaign_not_running"}),
    ],
)
async def test_contact_for_a_campaign_follows_its_calendar(
    house: House, changes: dict[str, object], speaks: set[str]
) -> None:
    campaigns = (GALA.model_copy(update=changes),)
    asked = await ruling_on(house, CALL, campaigns=campaigns)
    assert _campaign_gates(asked) == speaks
    answered = await ruling_on(house, CALL, "replied", campaigns=campaigns)
    assert (answered.facts.campaign.status, _campaign_gates(answered)) == ("none", set())


@pytest.mark.parametrize(
    ("audience", "segments", "speaks"),
    [
        (None, (), set()),
        ({"include": ("A",)}, (), {"outside_audience"}),
        ({"include": ("A",)}, ("A",), set()),
        ({"exclude": ("A",)}, ("A", "B"), {"outside_audience"}),
    ],
)
async def test_contact_for_a_campaign_stays_within_its_audience(
    house: House, audience: dict[str, object] | None, segments: tuple[str, ...], speaks: set[str]
) -> None:
    other = CampaignAudience(campaign_id="another", include=("Nobody",))
    mine = (CampaignAudience.model_validate({"campaign_id": "gala", **audience}),) if audience else ()
    settle(house, audiences=[each.model_dump() for each in (other, *mine)])
    assert _campaign_gates(await ruling_on(house, CALL, segments=segments)) == speaks


async def test_speaking_of_a_pledge_is_contact_for_the_campaign_it_was_promised_to(house: House) -> None:
    """Margaret has missed a payment; whether somebody may call her about it is up to the campaign."""
    read = await _with_reply(house, (GALA,), {"segments": ("resting",)})
    late = Installment(
        due_on=date(2026, 9, 1),
        amount=Money(minor=5_000, currency="USD"),
        paid=Money(minor=0, currency="USD"),
    )
    pledge = Pledge(
        id="pledge-1",
        donor_id=DONOR,
        pledged_on=date(2026, 1, 1),
        amount=late.amount,
        status="open",
        campaign_id="gala",
        installments=(late,),
    )
    record = read.model_copy(update={"pledges": (pledge,)})
    facts = compute_facts(record, house.context.today(), house.context.conventions())
    found = [each for each in candidates(record, facts, house.context.today()) if each.about]
    [asked] = [each for each in found if each.rule == "payment_missing"]
    assert asked.about == ("pledge-1",)
    findings = AiFindings(origin=BY_FACTS, confidence=SURE)

    async def speaks(**audience: object) -> set[str]:
        settle(house, audiences=[{"campaign_id": "gala", **audience}])
        occasion = await occasion_of(None, None, record, house.context, asked.about)
        return _campaign_gates(await rule(asked, record, findings, occasion, house.context))

    assert await speaks(exclude=["resting"]) == {"outside_audience"}
    assert await speaks(include=["resting"]) == set()
    assert await speaks(include=["others"]) == {"outside_audience"}


def _campaign_gates(ruling: Ruling) -> set[str]:
    return {"campaign_not_running", "outside_audience"} & set(ruling.decision.gate_ids)


@pytest.mark.parametrize(
    ("origin", "bound", "speaks"),
    [
        (Origin(kind="model", endpoint_region="us"), "eu_only", True),
        (Origin(kind="model"), "eu_only", True),
        (Origin(kind="model", endpoint_region="eu"), "eu_only", False),
        (Origin(kind="model", endpoint_region="local"), "eu_only", False),
        (Origin(kind="model", endpoint_region="us"), "any", False),
        (BY_FACTS, "eu_only", False),
    ],
)
async def test_where_the_model_ran_is_known(house: House, origin: Origin, bound: str, speaks: bool) -> None:
    ruling = await ruling_on(house, TASK, origin=origin, processing_region=bound)
    assert ruling.facts.ai.endpoint_region == origin.endpoint_region
    assert ("residency" in ruling.decision.gate_ids) is speaks


async def test_another_version_that_is_contact_is_an_ask(house: House) -> None:
    [opened] = await house.gift()
    record = await house.crm.read(DONOR)
    assert decided_on(opened).action.purpose == "none"
    as_call = (await rule_again(opened, record, house.context, CALL)).facts.action
    assert (as_call.purpose, as_call.is_ask, as_call.leads_to_contact) == ("fundraising", True, True)
    facts = decided_on(opened)
    for before, action, purpose, is_ask in (
        ("fundraising", TASK, "none", False),
        ("stewardship", CALL, "stewardship", False),
    ):
        was = facts.model_copy(update={"action": facts.action.model_copy(update={"purpose": before})})
        changed = replace(opened, **Changes(decision_facts=was.model_dump_json().encode()))
        now = (await rule_again(changed, record, house.context, action)).facts.action
        assert (now.purpose, now.is_ask) == (purpose, is_ask)
