"""The generated world: the same for a seed, whole in its references, sound in its sums, full of stories."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.crm.generator import generate
from bot.sandbox.crm.model import Gift, World
from bot.sandbox.crm.rollups import rollups_of
from bot.sandbox.people import PEOPLE
from tests.examples import examples

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def world() -> World:
    return generate(1, TODAY)


def digest(world: World) -> str:
    return hashlib.sha256(world.model_dump_json().encode()).hexdigest()


def gifts_by_donor(world: World) -> dict[str, list[Gift]]:
    by_donor: dict[str, list[Gift]] = defaultdict(list)
    for gift in world.gifts:
        by_donor[gift.donor_id].append(gift)
    return by_donor


def test_the_same_seed_and_day_give_the_same_world(world: World) -> None:
    assert digest(generate(1, TODAY)) == digest(world)


def test_another_seed_changes_the_crowd_and_not_the_stories(world: World) -> None:
    other = generate(2, TODAY)
    assert digest(other) != digest(world)
    cast = {story.donor_id for story in world.stories}
    assert [d for d in other.donors if d.id in cast] == [d for d in world.donors if d.id in cast]
    assert other.donors[-1] != world.donors[-1]


def test_it_is_as_large_and_old_as_a_real_foundation(world: World) -> None:
    assert len(world.donors) >= 250
    assert len(world.gifts) >= 2000
    first = min(gift.received_on for gift in world.gifts)
    assert TODAY.year - first.year >= 8
    assert {campaign.status for campaign in world.campaigns} == {
        "planned",
        "active",
        "paused",
        "completed",
        "cancelled",
    }


def test_small_gifts_are_many_and_large_ones_few_and_december_is_busiest(world: World) -> None:
    amounts = sorted(gift.amount.minor for gift in world.gifts)
    assert amounts[len(amounts) // 2] < 50_000
    assert amounts[-1] > 10_000_000
    assert sum(amounts[-len(amounts) // 10 :]) > 0.7 * sum(amounts)
    months = Counter(g.received_on.month for g in world.gifts if g.type == "cash")
    assert months.most_common(1)[0][0] == 12
    assert {gift.type for gift in world.gifts} == {
        "cash",
        "in_kind",
        "stock",
        "matching",
        "daf",
        "planned",
        "pledge_payment",
        "recurring_payment",
    }


def test_every_way_of_giving_is_there(world: World) -> None:
    by_donor = gifts_by_donor(world)
    years = {donor: {g.received_on.year for g in gifts} for donor, gifts in by_donor.items()}
    this = TODAY.year
    lybunt = [d for d, given in years.items() if this - 1 in given and this not in given]
    sybunt = [d for d, given in years.items() if not given & {this, this - 1}]
    new = [d for d, given in years.items() if given == {this}]
    loyal = [d for d, given in years.items() if {this, this - 1, this - 2} <= given]
    never = [d for d in world.donors if d.id not in by_donor]
    assert min(map(len, (lybunt, sybunt, new, loyal))) >= 15
    assert len(never) >= 5


def test_addresses_are_reserved_for_fiction_and_unique(world: World) -> None:
    emails = [donor.email for donor in world.donors if donor.email]
    assert all(email.endswith(".example") for email in emails)
    assert len(set(emails)) == len(emails)
    assert all(re.fullmatch(r"\+1 \d{3} 555 01\d\d", donor.phone) for donor in world.donors if donor.phone)


def test_names_come_from_everywhere(world: World) -> None:
    names = [donor.name for donor in world.donors]
    assert any("'" in name or "’" in name for name in names)
    assert any(re.search("[À-ɏ]", name) for name in names)
    assert any(re.search("[\u0600-\u06ff]", name) for name in names)
    assert any(re.search("[\u3040-\u9fff\u0400-\u04ff]", name) for name in names)
    assert max(map(len, names)) > 150
    assert names.count("Anna Müller") >= 2
    assert any("<!channel>" in name for name in names)


@settings(max_examples=examples(6))
@given(
    seed=st.integers(0, 10_000),
    today=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
)
def test_whatever_the_seed_and_day_the_world_is_sound(seed: int, today: date) -> None:
    world = generate(seed, today)
    references_are_whole(world)
    sums_are_right(world)
    nothing_is_in_the_future(world)
    stories_are_all_there(world)


def references_are_whole(world: World) -> None:
    donors = {donor.id: donor for donor in world.donors}
    staff = {member.id for member in world.staff}
    gifts = {gift.id: gift for gift in world.gifts}
    pledges = {pledge.id: pledge for pledge in world.pledges}
    standing = {gift.id: gift for gift in world.recurring_gifts}
    campaigns = {campaign.id for campaign in world.campaigns}
    for name in World.model_fields:
        rows = getattr(world, name)
        if isinstance(rows, tuple) and name != "stale_rollups":
            assert len({row.id for row in rows}) == len(rows), name
    owned = (
        *world.consents,
        *world.gifts,
        *world.pledges,
        *world.recurring_gifts,
        *world.interactions,
        *world.notes,
        *world.tasks,
        *world.stories,
        *world.changes,
    )
    assert {record.donor_id for record in owned} <= donors.keys()
    assert {donor.owner_id for donor in world.donors} <= staff | {None}
    assert {contact.staff_id for contact in world.interactions} <= staff | {None}
    assert {note.author_id for note in world.notes} <= staff | {None}
    assert {donor.merged_into for donor in world.donors} <= donors.keys() | {None}
    assert {gift.campaign_id for gift in world.gifts} <= campaigns | {None}
    assert staff == {person.staff_id for person in PEOPLE if person.staff_id}
    for household in world.households:
        assert len(set(household.member_ids)) == len(household.member_ids) >= 2
        assert {donors[member].household_id for member in household.member_ids} == {household.id}
    for gift in world.gifts:
        assert gift.pledge_id is None or pledges[gift.pledge_id].donor_id == gift.donor_id
        assert (gift.type == "pledge_payment") == (gift.pledge_id is not None)
        assert (gift.type == "recurring_payment") == (gift.recurring_gift_id is not None)
        if gift.recurring_gift_id:
            assert standing[gift.recurring_gift_id].amount == gift.amount
    for pledge in world.pledges:
        for installment in pledge.installments:
            assert (installment.gift_id is not None) == (installment.paid.minor > 0)
            if installment.gift_id:
                assert gifts[installment.gift_id].pledge_id == pledge.id
                assert gifts[installment.gift_id].amount == installment.paid


def sums_are_right(world: World) -> None:
    by_donor = gifts_by_donor(world)
    for donor in world.donors:
        if donor.id not in world.stale_rollups:
            currency = donor.rollups.lifetime_giving.currency
            assert donor.rollups == rollups_of(by_donor[donor.id], currency)
    for pledge in world.pledges:
        assert sum(part.amount.minor for part in pledge.installments) == pledge.amount.minor
        assert all(0 <= part.paid.minor <= part.amount.minor for part in pledge.installments)
        is_paid = all(part.paid == part.amount for part in pledge.installments)
        assert is_paid == (pledge.status == "fulfilled")
    for gift in world.gifts:
        assert gift.amount.minor > 0
        for credit in gift.soft_credits:
            assert credit.donor_id != gift.donor_id
            assert credit.amount.currency == gift.amount.currency
            assert 0 < credit.amount.minor <= gift.amount.minor
    for campaign in world.campaigns:
        raised = [
            g.amount.minor
            for g in world.gifts
            if g.campaign_id == campaign.id
            and g.status == "completed"
            and g.type not in ("in_kind", "planned")
            and g.amount.currency == campaign.raised.currency
        ]
        assert campaign.raised.minor == sum(raised)
        assert campaign.goal.minor > 0


def nothing_is_in_the_future(world: World) -> None:
    today = world.as_of
    morning = datetime(today.year, today.month, today.day, tzinfo=UTC)
    assert max(gift.received_on for gift in world.gifts) < today
    assert all(gift.modified_at < morning for gift in world.gifts)
    assert all(gift.acknowledgement.on is None or gift.acknowledgement.on <= today for gift in world.gifts)
    assert max(consent.captured_on for consent in world.consents) < today
    assert max(note.written_at for note in world.notes) < morning
    assert max(change.at for change in world.changes) < morning
    assert all(donor.created_at <= donor.modified_at < morning for donor in world.donors)
    assert all((c.at > morning) == (c.status == "planned") for c in world.interactions)
    assert all(c.modified_at < morning for c in world.interactions)
    assert all(pledge.pledged_on < today for pledge in world.pledges)
    for standing in world.recurring_gifts:
        assert (standing.status == "active") == (standing.next_due_on is not None)
        assert standing.next_due_on is None or standing.next_due_on >= today


def stories_are_all_there(world: World) -> None:
    donors = {donor.id: donor for donor in world.donors}
    gifts = gifts_by_donor(world)
    story = {story.id: donors[story.donor_id] for story in world.stories}
    today = world.as_of
    jane = story["jane-doe"]
    assert (jane.name, jane.owner_id, jane.tier) == ("Jane Doe", "staff-olivia", "major")
    assert jane.household_id
    assert {"open"} == {p.status for p in world.pledges if p.donor_id == jane.id}
    assert {"active"} == {r.status for r in world.recurring_gifts if r.donor_id == jane.id}
    dead = story["died-last-week"]
    assert dead.deceased
    assert dead.deceased_on
    assert timedelta(0) < today - dead.deceased_on <= timedelta(7)
    assert {p.status for p in world.pledges if p.donor_id == dead.id} == {"open"}
    back = sorted(gifts[story["lapsed-major-returns"].id], key=lambda g: g.received_on)
    assert back[-1].received_on == today - timedelta(1)
    assert (back[-1].received_on - back[-2].received_on).days > 1000
    home = next(h for h in world.households if story["two-owners"].id in h.member_ids)
    assert {donors[m].owner_id for m in home.member_ids} == {"staff-olivia", "staff-omar"}
    assert story["legal-review"].legal_review
    notes = {(note.donor_id, note.category, note.external_author) for note in world.notes}
    assert (story["complaint"].id, "complaint", False) in notes
    assert (story["instructing-note"].id, "general", True) in notes
    assert (story["sensitive-health"].id, "health", False) in notes
    owed = next(p for p in world.pledges if p.donor_id == story["unpaid-pledge"].id)
    assert len([i for i in owed.installments if i.due_on < today and not i.paid.minor]) >= 2
    assert (story["eu-only"].processing_region, story["eu-only"].owner_id) == ("eu_only", "staff-felix")
    assert story["owner-without-slack"].owner_id == "staff-petra"
    assert story["no-owner"].owner_id is None
    assert story["merged"].merged_into in donors
    assert story["stale-rollups"].rollups != rollups_of(gifts[story["stale-rollups"].id])
    assert {g.amount.currency for g in gifts[story["two-currencies"].id]} == {"CAD", "USD"}
    assert story["do-not-contact"].do_not_contact
    assert max(g.received_on for g in gifts[story["do-not-contact"].id]) >= today - timedelta(7)
    large = [g for g in gifts[story["large-gift-not-thanked"].id] if g.acknowledgement.status == "needed"]
    assert [g.amount.minor for g in large] == [7_500_000]
    assert [d.name for d in world.donors].count(story["same-name"].name) >= 2
    assert story["anonymous"].gives_anonymously
