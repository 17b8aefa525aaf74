"""Companies, foundations and fund sponsors: matching gifts, grants, goods, and donor-advised funds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from .believable import rounded
from .draft import Draft, soft, usd
from .model import Acknowledgement, GiftType, Money
from .names import BOSTON, CHICAGO, PORTLAND

_FIRST_NUMBER = 29
_EMPLOYERS = ("Ferrow Marine Instruments", "Lantern Mutual Insurance", "Baywater Software")
_SPONSORS = ("Tidewater Donor-Advised Funds",)
_FOUNDATIONS = ("The Alder & Finch Foundation", "Stiftung Nordlicht", "The Copperwell Family Trust")
_COMPANIES = ("Harbour Ropeworks Ltd", "Gull Ledge Brewing Co.", "Smith & Sons <Chandlers>")
_FROM_COMPANIES: tuple[GiftType, ...] = ("cash", "in_kind")
_MATCHED = 40
_ADVISED = 25


def add_organisations(draft: Draft, people: Sequence[str], rng: Random) -> None:
    """Organisations around the donors *people*."""
    ids = [
        draft.donor(
            f"donor-{_FIRST_NUMBER + turn:04d}",
            name,
            rng.choice((BOSTON, CHICAGO, PORTLAND)),
            type="organization",
            first_name="",
            last_name="",
            salutation="Friends",
            owner_id="staff-omar" if name in _FOUNDATIONS else "staff-fiona",
            lifecycle_stage="stewardship",
            tier="major" if name in _FOUNDATIONS else "mid_level",
        )
        for turn, name in enumerate((*_EMPLOYERS, *_SPONSORS, *_FOUNDATIONS, *_COMPANIES))
    ]
    _match(draft, ids[:3], people, rng)
    _advise(draft, ids[3], people, rng)
    _grant(draft, ids[4:7], rng)
    _give_goods(draft, ids[7:], rng)
    _sponsor_galas(draft, ids[:3] + ids[7:], rng)
    _plan_bequests(draft, people, rng)


def _match(draft: Draft, employers: Sequence[str], people: Sequence[str], rng: Random) -> None:
    """An employer doubles a gift some weeks later; the employee gets soft credit."""
    staff = set(people[::5])
    doubled = [
        g
        for g in draft.gifts
        if g.donor_id in staff and g.type == "cash" and _long_past(draft, g.received_on)
    ]
    for gift in rng.sample(doubled, min(_MATCHED, len(doubled))):
        amount = Money(minor=min(gift.amount.minor, 500_000), currency=gift.amount.currency)
        draft.gift(
            rng.choice(employers),
            amount,
            gift.received_on + timedelta(days=rng.randint(25, 60)),
            type="matching",
            campaign_id=gift.campaign_id,
            fund=gift.fund,
            soft_credits=(soft(gift.donor_id, amount, "matching gift"),),
        )


def _long_past(draft: Draft, day: date) -> bool:
    return day < draft.days_ago(70)


def _advise(draft: Draft, sponsor: str, people: Sequence[str], rng: Random) -> None:
    """A fund sponsor is the legal donor; the adviser gets soft credit and no receipt."""
    advisers = [p for p in people if draft.donors[p].tier in ("mid_level", "major")] or list(people)
    for _ in range(_ADVISED):
        adviser, amount = rng.choice(advisers), usd(rng.choice((1_000, 2_500, 2_500, 5_000, 10_000)))
        draft.gift(
            sponsor,
            amount,
            draft.days_ago(rng.randint(12, 1_800)),
            type="daf",
            soft_credits=(soft(adviser, amount, "donor-advised fund adviser"),),
            acknowledgement=Acknowledgement(status="not_needed"),
        )


def _grant(draft: Draft, foundations: Sequence[str], rng: Random) -> None:
    """Yearly grants, and one for the reading room."""
    reading_room = next(c.id for c in draft.campaigns if c.status == "paused")
    day = draft.months_ago(9)
    draft.gift(foundations[-1], usd(120_000), day, campaign_id=reading_room, fund="Reading room")
    for foundation in foundations:
        first = rng.randint(24, 60)
        for months in range(first, 2, -12):
            amount = Money(minor=rounded(rng.uniform(1_000_000, 6_000_000)))
            draft.gift(foundation, amount, draft.months_ago(months), fund="Boatbuilding apprenticeships")


def _give_goods(draft: Draft, companies: Sequence[str], rng: Random) -> None:
    for company in companies:
        for months in sorted(rng.sample(range(2, 80), 5), reverse=True):
            amount = Money(minor=rounded(rng.uniform(20_000, 400_000)))
            draft.gift(company, amount, draft.months_ago(months), type=rng.choice(_FROM_COMPANIES))


def _sponsor_galas(draft: Draft, companies: Sequence[str], rng: Random) -> None:
    """Companies take tables at every gala that took place."""
    held = [c for c in draft.campaigns if c.kind == "event" and c.status == "completed"]
    for gala in held:
        for company in rng.sample(list(companies), 4):
            day = gala.starts_on + timedelta(days=rng.randint(0, 20))
            draft.gift(company, usd(rng.choice((2_500, 5_000, 10_000))), day, campaign_id=gala.id)


def _plan_bequests(draft: Draft, people: Sequence[str], rng: Random) -> None:
    """Intentions to leave something in a will: recorded, not received."""
    for person in rng.sample(list(people), 5):
        day = draft.days_ago(rng.randint(100, 2_000))
        draft.gift(
            person,
            usd(rng.choice((25_000, 50_000, 100_000))),
            day,
            type="planned",
            status="pending",
            acknowledgement=Acknowledgement(status="not_needed"),
        )
