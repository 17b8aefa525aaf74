"""Campaigns that an export only names: made from the gifts and interactions that mention them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from bot.sandbox.crm.importing.columns import plain
from bot.sandbox.crm.model import Campaign, Gift, Money
from bot.sandbox.crm.rollups import counts


class CampaignRegister:
    """Campaigns by name; names that differ only in case, spaces and punctuation are one campaign."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def id_of(self, name: str) -> str | None:
        """The id of the campaign called *name*; None for an empty cell."""
        key = plain(name) or name
        if not key:
            return None
        if key not in self._ids:
            self._ids[key] = f"campaign-{len(self._ids) + 1:04d}"
            self._names[self._ids[key]] = name
        return self._ids[key]

    def records(self, gifts: Iterable[Gift], today: date) -> tuple[Campaign, ...]:
        """Every campaign, dated and summed from *gifts*; exports name no goal, so the goal is zero."""
        of_campaign: dict[str, list[Gift]] = {campaign_id: [] for campaign_id in self._names}
        for gift in gifts:
            if gift.campaign_id is not None:
                of_campaign[gift.campaign_id].append(gift)
        return tuple(_campaign(key, name, of_campaign[key], today) for key, name in self._names.items())


def _campaign(campaign_id: str, name: str, gifts: list[Gift], today: date) -> Campaign:
    days = [gift.received_on for gift in gifts] or [today]
    is_active = max(days) > today - timedelta(days=180)
    counted = [gift.amount for gift in gifts if counts(gift)]
    currency = Counter(amount.currency for amount in counted).most_common(1)[0][0] if counted else "USD"
    return Campaign(
        id=campaign_id,
        name=name,
        status="active" if is_active else "completed",
        starts_on=min(days),
        ends_on=max(today + timedelta(days=90), *days) if is_active else max(days),
        goal=Money(minor=0, currency=currency),
        raised=Money(minor=sum(a.minor for a in counted if a.currency == currency), currency=currency),
        kind="imported",
    )
