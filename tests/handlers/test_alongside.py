"""Many events of one donor that wait: one look and one decision, and nothing comes out otherwise for it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import delete

from handlers.commands import CrmEventArrived
from handlers.proposals import alongside
from handlers.proposals.escalation_view import card_of
from policy.decide import CompiledPolicy
from policy.donor import (
    Acknowledgement,
    Donor,
    DonorRecord,
    Gift,
    Interaction,
    LifecycleStage,
    Note,
)
from policy.escalation import EscalationState as S
from policy.events import CrmEvent, CrmEventType
from policy.money import Money
from storage.schema import INBOX
from tests.examples import examples
from tests.handlers.conftest import House, house_in

DONOR = "donor-7"
ORDER = f"donor:{DONOR}"
GAVE, UPDATED, OPENED = (
    CrmEventType.DONATION_RECEIVED,
    CrmEventType.DONOR_UPDATED,
    CrmEventType.EMAIL_OPENED,
)
LAST = INBOX.c.dedupe_key == "key-3"
AMOUNTS = (5_000, 25_000, 2_500_000)
SCRIPTS = 3


def new_house(house: House, phase: int = 2, stage: str = "stewardship") -> House:
    house.crm.add(
        Donor(id=DONOR, version="v1", name="Ada Byron", owner_id="staff-1", lifecycle_stage=stage)  # type: ignore[arg-type]
    )
    organisation = house.context.organisation.model_copy(update={"rollout_phase": phase})
    house.context = dataclasses.replace(house.context, organisation=organisation)
    return house


@pytest.fixture
async def house(migrated: Path, default_policy: CompiledPolicy) -> AsyncIterator[House]:
    with house_in(migrated, default_policy) as made:
        yield new_house(made)
        await made.database.close()


def gift(number: int, minor: int = 5_000, **other: object) -> Gift:
    made = Gift(
        id=f"gift-{number}",
        donor_id=DONOR,
        amount=Money(minor=minor, currency="USD"),
        received_on=date(2026, 11, 20),
        acknowledgement=Acknowledgement(status="needed"),
    )
    return made.model_copy(update=other)


async def tell(house: House, what: CrmEventType, record_id: str | None = None, *fields: str) -> str:
    """Have the CRM report something; return the event's id."""
    event = CrmEvent(
        id=f"e{house.accepted}",
        source="crm",
        type=what,
        time=house.clock.now(),
        donor_id=DONOR,
        record_id=record_id,
        fields=fields,
    )
    await house.accept(CrmEventArrived(event=event), order=ORDER)
    return event.id


async def give(house: House, *numbers: int) -> list[str]:
    house.crm.gifts += [gift(number) for number in numbers]
    return [await tell(house, GAVE, f"gift-{number}") for number in numbers]


async def entries(house: House, kind: str) -> list[tuple[str, str, str | None]]:
    """Return of each entry whose event it is about, its case, and the case whose decision answers it."""
    found = await house.database.read(lambda tx: tx.audit.of_kind(kind))
    return [
        (e.payload["event"]["id"], e.correlation_id, e.payload.get("answered_with"))
        for e in found
        if e.payload
    ]


async def accounted(house: House) -> list[str]:
    told = [*await entries(house, "event.noted"), *await entries(house, "recommendation.decided")]
    return sorted(event_id for event_id, _, _ in told)


async def test_a_giving_day_is_one_look_and_one_decision_and_every_gift_has_its_entry(house: House) -> None:
    told = await give(house, *range(30))
    await house.work_all()
    [decision] = await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))
    card = card_of(decision)
    assert set(decision.about) == {f"gift-{number}" for number in range(30)}
    assert (card.folded, len(card.also)) == (29, 0)  # all of them gave the same on the same day
    [(first, case, _)] = await entries(house, "recommendation.decided")
    noted = await entries(house, "event.noted")
    assert [first, *(event_id for event_id, _, _ in noted)] == told
    assert {answered for _, _, answered in noted} == {case} == {decision.correlation_id}
    assert len({own for _, own, _ in noted} | {case}) == 30
    assert house.crm.asked_for == [DONOR]
    assert [shown.card.escalation_id for shown in house.chat.cards.values()] == [decision.id]


async def test_gifts_to_different_campaigns_are_put_before_the_rules_one_by_one(house: House) -> None:
    for number, campaign in enumerate(["campaign-1", "campaign-1", "campaign-2"]):
        house.crm.gifts.append(gift(number, campaign_id=campaign))
        await tell(house, GAVE, f"gift-{number}")
    await house.work_all()
    assert [event_id for event_id, _, _ in await entries(house, "recommendation.decided")] == ["e0", "e2"]


async def test_what_the_rules_hold_is_held_gift_by_gift(
    migrated: Path, default_policy: CompiledPolicy
) -> None:
    with house_in(migrated, default_policy) as made:
        house = new_house(made, phase=1)
        told = await give(house, 1, 2, 3)
        await house.work_all()
        assert [event_id for event_id, _, _ in await entries(house, "recommendation.decided")] == told
        await house.database.close()


async def test_what_went_wrong_once_is_tried_alone(house: House) -> None:
    """An event that cannot be handled takes none of its neighbours with it."""
    house.crm.health = "down"
    told = await give(house, 1, 2)
    await house.work_all()
    house.crm.health = "well"
    house.clock.move(seconds=2)
    await house.work_all()
    assert [event_id for event_id, _, _ in await entries(house, "recommendation.decided")] == told


async def test_what_is_not_as_it_was_is_looked_at_again(house: House) -> None:
    """Something behind was taken away while the donor was read: nothing is settled that is not there."""
    told = await give(house, 1, 2, 3)
    read = house.crm.read

    async def read_slowly(donor_id: str) -> DonorRecord:
        house.crm.read = read  # type: ignore[method-assign]
        await house.database.write(lambda tx: tx.basis.connection.execute(delete(INBOX).where(LAST)))
        return await read(donor_id)

    house.crm.read = read_slowly  # type: ignore[method-assign]
    await house.work_all()
    assert await accounted(house) == []
    house.clock.move(seconds=2)
    await house.work_all()
    assert await accounted(house) == told[:2]


async def test_an_event_whose_record_is_not_there_yet_waits_for_it_alone(house: House) -> None:
    told = [*await give(house, 1, 2), await tell(house, GAVE, "gift-3")]
    await house.work_all()
    assert await accounted(house) == told[:2]
    house.crm.gifts.append(gift(3))
    house.clock.move(seconds=2)
    await house.work_all()
    assert await accounted(house) == told


async def a_random_day(house: House, random: Random) -> None:
    """Something or other happens in the CRM, much of it the same, and all of it waits."""
    house.crm.change(DONOR, lifecycle_stage=LifecycleStage(random.choice(["stewardship", "reactivation"])))
    house.crm.change(DONOR, do_not_contact=random.random() < 0.2, legal_review=random.random() < 0.1)
    thanked = Acknowledgement(status="acknowledged")
    house.crm.gifts.append(gift(1_000, received_on=date(2021, 3, 3), acknowledgement=thanked))
    for number in range(random.randint(2, 25)):
        what = random.choice([GAVE, GAVE, GAVE, GAVE, UPDATED, UPDATED, OPENED, "again", "note", "reply"])
        if what == GAVE:
            thanked = Acknowledgement(status=random.choice(["needed", "needed", "needed", "acknowledged"]))
            status = random.choice(["completed"] * 9 + ["refunded"])
            campaign = random.choice([None, None, None, "campaign-1"])
            minor = random.choice(AMOUNTS[: random.choice([1, 2, 3])])
            made = gift(number, minor, acknowledgement=thanked, status=status, campaign_id=campaign)
            house.crm.gifts.append(made)
            await tell(house, GAVE, made.id)
        elif what == "again":
            await tell(house, GAVE, random.choice(house.crm.gifts).id if number else "gift-1000")
        elif what == UPDATED:
            await tell(house, UPDATED, None, *random.choice([(), ("city",), ("do_not_contact",)]))
        elif what == OPENED:
            await tell(house, OPENED, f"mail-{number}")
        elif what == "note":
            category, text = random.choice(
                [("general", "Met at the gala."), ("complaint", "I am very unhappy.")]
            )
            house.crm.notes.append(
                Note(
                    id=f"n{number}",
                    donor_id=DONOR,
                    written_at=house.clock.now(),
                    text=text,
                    category=category,
                )
            )
            await tell(house, CrmEventType.NOTE_ADDED, f"n{number}")
        else:
            body = random.choice(["Thank you!", "Please stop calling me.", "Ring me about a gift."])
            house.crm.interactions.append(
                Interaction(
                    id=f"i{number}",
                    donor_id=DONOR,
                    kind="email",
                    direction="inbound",
                    status="completed",
                    at=house.clock.now(),
                    body=body,
                )
            )
            await tell(house, CrmEventType.REPLY_RECEIVED, f"i{number}")


async def came_out(house: House) -> tuple[object, ...]:
    """Return what people are asked, what was written, and of which events there are entries."""
    waiting = await house.database.read(lambda tx: tx.escalations.open_for_donor(DONOR))
    asked = sorted((each.fold_key or "", each.about, repr(each.action), each.route) for each in waiting)
    shown = sorted(
        repr(shown.card.proposal) for shown in house.chat.cards.values() if shown.status.state is S.OPEN
    )
    return asked, shown, await accounted(house), house.dead


@pytest.mark.parametrize("seed", range(examples(SCRIPTS)))
async def test_together_comes_out_what_comes_out_one_by_one(
    seed: int, migrated: Path, default_policy: CompiledPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = []
    for most in (0, Random(seed).choice([3, 100])):
        monkeypatch.setattr(alongside, "MOST", most)
        with house_in(migrated, default_policy) as made:
            house = new_house(made)
            await a_random_day(house, Random(seed))
            await house.work_all()
            outcomes.append(await came_out(house))
            await house.database.close()
    assert outcomes[0] == outcomes[1]
