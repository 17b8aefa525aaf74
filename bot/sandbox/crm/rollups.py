"""How the CRM states a donor's giving: hard credit, completed, without in-kind and planned gifts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .model import Gift, Money, Rollups

_NOT_RECEIVED_AS_MONEY = ("in_kind", "planned")


def counts(gift: Gift) -> bool:
    """Whether *gift* is part of the roll-ups and of what a campaign raised."""
    return gift.status == "completed" and gift.type not in _NOT_RECEIVED_AS_MONEY


def rollups_of(gifts: Iterable[Gift], currency: str = "USD") -> Rollups:
    """The roll-ups over one donor's *gifts*.

    Money is stated in the currency of most gifts (*currency* when there are none) and leaves other
    currencies out; count and dates cover all of them.
    """
    counted = [gift for gift in gifts if counts(gift)]
    if counted:
        currency = Counter(gift.amount.currency for gift in counted).most_common(1)[0][0]
    amounts = [gift.amount.minor for gift in counted if gift.amount.currency == currency]
    dates = [gift.received_on for gift in counted]
    return Rollups(
        lifetime_giving=Money(minor=sum(amounts), currency=currency),
        gift_count=len(counted),
        first_gift_on=min(dates, default=None),
        last_gift_on=max(dates, default=None),
        largest_gift=Money(minor=max(amounts, default=0), currency=currency),
    )
