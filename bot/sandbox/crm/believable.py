"""What happens by default when somebody clicks: amounts and words that fit the donor."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .model import Gift, Money, Pledge
from .rollups import counts

# (up to this many minor units, rounded to this many), for currencies with two decimals.
_STEPS = ((10_000, 500), (100_000, 2_500), (1_000_000, 10_000), (10_000_000, 50_000))
_FACTORS = (1.0, 1.25, 0.5, 1.1, 2.0, 0.75)
_FIRST_GIFT = Money(minor=10_000)
_RECENT = 7

_REPLIES = (
    "Thank you for the update. Could we talk next week? Thursday after three is best for me.",
    "How lovely to hear how the boathouse is coming along. Please tell me what you still need for it.",
    "I read every page of your letter. We had a costly spring, but ask me again in the autumn.",
    "Please send me last year's accounts before I decide. My accountant asks for them every time.",
)
_MEETINGS = (
    "Coffee at the harbour office. Asked twice about the reading room, will bring her grandchildren.",
    "Walked through the new workshop. Moved by the apprentices; asks what one place costs for a year.",
    "Lunch. Would rather see one thing finished than three begun. Will talk to the family before year-end.",
)
_NOTES = (
    "Rang to change the address on the standing order. Cheerful, asked after Captain Bell.",
    "Met at the lighthouse open day with a neighbour who may want to give as well.",
    "Prefers letters to e-mail and signs them by hand; answer by hand too.",
)


def next_amount(gifts: Sequence[Gift]) -> Money:
    """An amount the donor of *gifts* might give next: near their recent median, another at every turn."""
    given = sorted((g for g in gifts if counts(g)), key=lambda g: (g.received_on, g.id))
    if not given:
        return _FIRST_GIFT
    currency = given[-1].amount.currency
    recent = [g.amount.minor for g in given if g.amount.currency == currency][-_RECENT:]
    return Money(minor=rounded(median(recent) * _FACTORS[len(given) % len(_FACTORS)]), currency=currency)


def next_pledge(pledges: Sequence[Pledge], gifts: Sequence[Gift]) -> Money:
    """A renewed pledge: a tenth more than the last, or a year of usual giving."""
    if pledges:
        last = max(pledges, key=lambda p: (p.pledged_on, p.id)).amount
        return Money(minor=rounded(last.minor * 1.1), currency=last.currency)
    usual = next_amount(gifts)
    return Money(minor=rounded(usual.minor * 4.0), currency=usual.currency)


def rounded(minor: float) -> int:
    """To a figure that people give: steps of 5 below 100, of 25 below 1,000, of 100 below 10,000 etc."""
    step = next((step for limit, step in _STEPS if minor <= limit), 100_000)
    return max(step, round(minor / step) * step)


def reply(turn: int) -> str:
    """What a donor answers."""
    return _REPLIES[turn % len(_REPLIES)]


def meeting(turn: int) -> str:
    """What a gift officer writes down after a meeting."""
    return _MEETINGS[turn % len(_MEETINGS)]


def note(turn: int) -> str:
    """What somebody on the staff notes in passing."""
    return _NOTES[turn % len(_NOTES)]
