"""Everybody else: three hundred donors with habits, consents, conversations and households."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from .believable import rounded
from .campaigns import FUNDS, campaign_on, capital_campaign
from .commitments import add_pledge, add_recurring, every
from .consents import ask_for_consent
from .conversations import Voice
from .draft import Draft, at, soft
from .model import Frequency, GiftType, InteractionKind, Money, PledgeStatus, RecurringStatus, Tier
from .names import Place, somebody
from .organisations import add_organisations
from .patterns import YEARS, Habit, amount_of, gift_days, giving_years, habit

FIRST_NUMBER = 41
COUNT = 300
_RARELY = 0.02
_HARDLY_EVER = 0.01
_HAS_A_PLEDGE = 0.45
_HAS_A_STANDING_GIFT = 0.2
_GIVEN_BY_HAND: tuple[GiftType, ...] = ("cash", "stock", "in_kind")
_GIVEN_UP: tuple[PledgeStatus, ...] = ("written_off", "cancelled")
_TRIBUTES = ("In memory of Captain Bell", "In honour of the crew of the Marigold")
_ONE_IN_TEN = 0.1
_CAPITAL_MINOR = 1_000_000
_BEYOND_AN_APPEAL_MINOR = 2_500_000
_CAPITAL_MONTHS = 22
_HOUSEHOLDS = 42
_CONTACTS: dict[Tier, tuple[int, int]] = {
    "annual": (0, 4),
    "mid_level": (2, 7),
    "major": (5, 14),
    "principal": (8, 18),
}
_NOTES: dict[Tier, tuple[int, int]] = {
    "annual": (0, 1),
    "mid_level": (0, 3),
    "major": (1, 5),
    "principal": (2, 6),
}
_KINDS: dict[InteractionKind, int] = {
    "email": 20,
    "letter": 18,
    "email_open": 18,
    "call": 16,
    "meeting": 12,
    "event": 8,
    "reply": 8,
}
_OWNERS: dict[Tier, tuple[str | None, ...]] = {
    "annual": ("staff-fiona", None),
    "mid_level": ("staff-fiona", "staff-olivia", "staff-fiona", "staff-petra", None),
    "major": ("staff-olivia", "staff-omar", "staff-olivia"),
    "principal": ("staff-omar",),
}
_TAGS = ("volunteer", "alumni", "newsletter", "gala-guest", "open-day", "legacy-society")
_SEGMENTS = ("year-end", "spring", "monthly-circle", "keep-the-light", "lapsed-2-years", "first-time")
_STANDING: tuple[tuple[Frequency, RecurringStatus, int], ...] = (
    ("monthly", "active", 0),
    ("monthly", "active", 0),
    ("monthly", "active", 1),
    ("monthly", "active", 2),
    ("quarterly", "active", 0),
    ("yearly", "active", 0),
    ("monthly", "lapsed", 3),
    ("monthly", "cancelled", 0),
    ("quarterly", "paused", 0),
)


def add_population(draft: Draft, seed: int) -> None:
    """Donors of the *seed*; each draws from a stream of their own, so that one does not move the others."""
    people = [_person(draft, seed, number) for number in range(FIRST_NUMBER, FIRST_NUMBER + COUNT)]
    for turn in range(_HOUSEHOLDS):
        _share_a_home(draft, people[7 * turn], people[7 * turn + 1])
    add_organisations(draft, people, Random(f"{seed}:organisations"))


def _person(draft: Draft, seed: int, number: int) -> str:
    rng = Random(f"{seed}:{number}")
    who, how = somebody(rng), habit(rng)
    donor_id = draft.donor(
        f"donor-{number:04d}",
        who.name,
        who.place,
        first_name=who.first_name,
        last_name=who.last_name,
        salutation=who.first_name,
        owner_id=_owner(how, who.place, rng),
        lifecycle_stage=how.stage,
        tier=None if how.pattern == "prospect" else how.tier,
        tags=tuple(sorted(rng.sample(_TAGS, rng.choice((0, 0, 1, 1, 2))))),
        segments=tuple(sorted(rng.sample(_SEGMENTS, rng.choice((0, 1, 1, 2))))),
        gives_anonymously=rng.random() < _RARELY,
        do_not_contact=rng.random() < _RARELY,
        processing_region="eu_only" if who.place.region == "EU" and rng.random() < _ONE_IN_TEN else "any",
    )
    _give(draft, donor_id, how, rng)
    _commit(draft, donor_id, how, rng)
    ask_for_consent(draft, donor_id, rng)
    _talk(draft, donor_id, how, rng)
    return donor_id


def _owner(how: Habit, place: Place, rng: Random) -> str | None:
    return "staff-felix" if place.region == "EU" else rng.choice(_OWNERS[how.tier])


def _give(draft: Draft, donor_id: str, how: Habit, rng: Random) -> None:
    donor = draft.donors[donor_id]
    years = giving_years(how.pattern, draft.today.year, rng)
    for turn, day in enumerate(gift_days(years, draft.today, how.times_a_year, rng)):
        minor = rounded(amount_of(how, turn, day.year - years[0], rng) * 100)
        draft.gift(
            donor_id,
            Money(minor=minor, currency=donor.rollups.lifetime_giving.currency),
            day,
            type=_kind_of_gift(minor, rng),
            campaign_id=_campaign(draft, minor, day, rng),
            fund=rng.choice(FUNDS[:1] * 3 + FUNDS),
            status="refunded" if rng.random() < _HARDLY_EVER else "completed",
            is_anonymous=donor.gives_anonymously,
            tribute=rng.choice(_TRIBUTES) if rng.random() < _RARELY else None,
        )


def _kind_of_gift(minor: int, rng: Random) -> GiftType:
    weights = (94, 4 if minor > _CAPITAL_MINOR else 0, 2)
    return rng.choices(_GIVEN_BY_HAND, weights)[0]


def _campaign(draft: Draft, minor: int, day: date, rng: Random) -> str | None:
    if minor >= _CAPITAL_MINOR and day > draft.months_ago(_CAPITAL_MONTHS):
        return capital_campaign(draft)
    if minor > _BEYOND_AN_APPEAL_MINOR:
        return None
    return campaign_on(draft, day, rng)


def _commit(draft: Draft, donor_id: str, how: Habit, rng: Random) -> None:
    """A pledge for some of the larger donors, a standing gift for some of the smaller."""
    if how.pattern == "prospect":
        return
    currency = draft.donors[donor_id].rollups.lifetime_giving.currency
    if how.tier != "annual" and rng.random() < _HAS_A_PLEDGE:
        _pledge(draft, donor_id, Money(minor=rounded(how.usual * 50), currency=currency), rng)
    elif how.tier == "annual" and rng.random() < _HAS_A_STANDING_GIFT:
        monthly = Money(minor=rng.choice((1_000, 1_500, 2_000, 2_500, 5_000)), currency=currency)
        _stand(draft, donor_id, monthly, rng)


def _pledge(draft: Draft, donor_id: str, part: Money, rng: Random) -> None:
    months, count = rng.choice(((3, 4), (3, 8), (6, 6), (12, 3)))
    first_ago = rng.randint(2, min(months * count + 12, YEARS * 12 - 2))
    due = every(months, count, draft.months_ago(first_ago, rng.randint(1, 28)))
    passed = sum(day < draft.today for day in due)
    missed = rng.choice((0, 0, 0, 0, 1, 2))
    pledged_on = due[0] - timedelta(days=rng.randint(10, 40))
    paid = max(passed - missed, 0)
    if missed and passed == count:
        given_up = rng.choice(_GIVEN_UP)
        add_pledge(draft, donor_id, part, due, pledged_on, paid=paid, status=given_up)
    else:
        add_pledge(draft, donor_id, part, due, pledged_on, paid=paid)


def _stand(draft: Draft, donor_id: str, amount: Money, rng: Random) -> None:
    frequency, status, failed = rng.choice(_STANDING)
    started = draft.months_ago(rng.randint(8, 48), rng.randint(1, 28))
    until = None if status == "active" else started + (draft.today - started) * rng.uniform(0.4, 0.9)
    add_recurring(draft, donor_id, amount, frequency, started, status, failed=failed, until=until)


def _talk(draft: Draft, donor_id: str, how: Habit, rng: Random) -> None:
    voice = Voice(rng)
    for _ in range(rng.randint(*_CONTACTS[how.tier])):
        kind = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        subject, body = voice.contact(kind)
        when = at(draft.days_ago(rng.randint(1, 900)), rng.randint(13, 22), rng.choice((0, 15, 30, 45)))
        draft.contact(
            donor_id, kind, when, subject, body=body, is_ask="appeal" in subject and kind == "email"
        )
    for _ in range(rng.randint(*_NOTES[how.tier])):
        category, text = voice.note()
        draft.note(donor_id, draft.days_ago(rng.randint(2, 1200)), text, category)
    if how.tier in ("major", "principal"):
        subject, _ = voice.contact("meeting")
        coming = at(draft.today + timedelta(days=rng.randint(2, 45)), 16)
        draft.contact(donor_id, "meeting", coming, subject, status="planned")


def _share_a_home(draft: Draft, first: str, second: str) -> None:
    """A household; each gift of one from now on also credits the other softly."""
    names = [draft.donors[first].name, draft.donors[second].name]
    draft.household(f"{names[0]} and {names[1]}", first, second)
    other = {first: second, second: first}
    for place, gift in enumerate(draft.gifts):
        if gift.donor_id in other:
            credit = soft(other[gift.donor_id], gift.amount)
            draft.gifts[place] = gift.model_copy(update={"soft_credits": (credit,)})
