"""From a draft to a world: roll-ups, what campaigns raised, versions, and the people who work there."""

from __future__ import annotations

from collections import defaultdict
from typing import TypeVar

from bot.sandbox.people import PEOPLE

from .believable import rounded
from .draft import Draft, at
from .model import Campaign, Donor, Gift, Money, Record, Staff, Story, World
from .rollups import counts, rollups_of

_LEFT = ("staff-petra",)
_LEAST_GOAL = 500_000
_REACHED = (0.82, 1.04, 0.97, 1.12, 0.91)
R = TypeVar("R", bound=Record)


def finished(draft: Draft, origin: str, stories: tuple[Story, ...]) -> World:
    """The world that *draft* describes."""
    gifts: dict[str, list[Gift]] = defaultdict(list)
    for gift in draft.gifts:
        gifts[gift.donor_id].append(gift)
    return World(
        origin=origin,
        as_of=draft.today,
        staff=staff(),
        donors=tuple(_donor(draft, donor, gifts[donor.id]) for donor in draft.donors.values()),
        households=tuple(draft.households),
        consents=tuple(draft.consents),
        gifts=tuple(draft.gifts),
        pledges=tuple(draft.pledges),
        recurring_gifts=tuple(draft.recurring_gifts),
        interactions=tuple(draft.interactions),
        notes=tuple(draft.notes),
        campaigns=tuple(_campaign(draft, campaign) for campaign in draft.campaigns),
        tasks=tuple(draft.tasks),
        changes=tuple(draft.changes),
        stories=stories,
        stale_rollups=tuple(sorted(draft.stale_rollups)),
    )


def staff() -> tuple[Staff, ...]:
    """The people of the foundation whom the CRM knows."""
    return tuple(
        Staff(
            id=person.staff_id,
            name=person.name,
            email=person.email,
            title=person.title,
            active=person.staff_id not in _LEFT,
            time_zone=person.time_zone,
        )
        for person in PEOPLE
        if person.staff_id is not None
    )


def _donor(draft: Draft, donor: Donor, gifts: list[Gift]) -> Donor:
    """With roll-ups over *gifts* (without the last one where they are stale), and a history of writes."""
    ordered = sorted(gifts, key=lambda gift: (gift.received_on, gift.id))
    stated = ordered[:-1] if donor.id in draft.stale_rollups else ordered
    changes = [change for change in draft.changes if change.donor_id == donor.id]
    touched = [gift.received_on for gift in ordered] + [change.at.date() for change in changes]
    update = {
        "rollups": rollups_of(stated, donor.rollups.lifetime_giving.currency),
        "created_at": at(min(touched, default=draft.days_ago(200)), 9),
        "modified_at": at(max(touched, default=draft.days_ago(200)), 18),
        "version": f"v{1 + len(ordered) + len(changes)}",
    }
    return donor.model_copy(update=update)


def _campaign(draft: Draft, campaign: Campaign) -> Campaign:
    """With what it raised; the goal of a past one is set so that it was missed or reached by a little."""
    currency = campaign.goal.currency
    raised = sum(
        gift.amount.minor
        for gift in draft.gifts
        if gift.campaign_id == campaign.id and counts(gift) and gift.amount.currency == currency
    )
    update: dict[str, object] = {"raised": Money(minor=raised, currency=currency)}
    if campaign.status == "completed":
        reached = _REACHED[int(campaign.id.rpartition("-")[2]) % len(_REACHED)]
        update["goal"] = Money(minor=max(rounded(raised / reached), _LEAST_GOAL), currency=currency)
    return campaign.model_copy(update=update)
