"""The foundation's appeals and campaigns over nine years, past, running, paused, cancelled and planned."""

from __future__ import annotations

from datetime import date
from random import Random

from .draft import Draft
from .model import Campaign, CampaignStatus, Money

FUNDS = (
    "Unrestricted",
    "Boatbuilding apprenticeships",
    "Family shelter",
    "Reading room",
    "Scholarship fund",
    "Lighthouse restoration",
)
_YEARS = 8
_CANCELLED_GALA = 6
_ANSWERED_AN_APPEAL = 0.8


def plan_campaigns(draft: Draft) -> None:
    """Add every campaign; the capital campaign comes first and runs now."""
    year = draft.today.year
    _add(draft, "Keep the Light capital campaign", date(year - 2, 1, 1), date(year + 1, 12, 31), 4_000_000)
    _add(draft, "Reading room appeal", date(year - 1, 2, 1), date(year + 1, 1, 31), 400_000, "paused")
    for past in range(_YEARS, -1, -1):
        _plan_year(draft, year - past, past)
    _add(draft, f"Spring appeal {year + 1}", date(year + 1, 3, 15), date(year + 1, 5, 31), 35_000)
    _add(draft, "Lighthouse centenary", date(year + 1, 6, 1), date(year + 2, 6, 30), 2_500_000)


def _plan_year(draft: Draft, year: int, past: int) -> None:
    growing = 1 + (_YEARS - past) * 0.08
    called_off: CampaignStatus | None = "cancelled" if past == _CANCELLED_GALA else None
    _add(draft, f"Spring appeal {year}", date(year, 3, 15), date(year, 5, 31), int(80_000 * growing))
    _add(
        draft, f"Harbour Gala {year}", date(year, 9, 1), date(year, 9, 30), int(120_000 * growing), called_off
    )
    _add(draft, f"Year-end appeal {year}", date(year, 11, 1), date(year, 12, 31), int(75_000 * growing))


def _add(
    draft: Draft, name: str, starts_on: date, ends_on: date, goal: int, status: CampaignStatus | None = None
) -> None:
    draft.campaigns.append(
        Campaign(
            id=f"campaign-{len(draft.campaigns) + 1:04d}",
            name=name,
            status=status or _status(draft.today, starts_on, ends_on),
            starts_on=starts_on,
            ends_on=ends_on,
            goal=Money(minor=goal * 100),
            raised=Money(minor=0),
            kind=_kind(name),
        )
    )


def _status(today: date, starts_on: date, ends_on: date) -> CampaignStatus:
    if today < starts_on:
        return "planned"
    return "active" if today <= ends_on else "completed"


def _kind(name: str) -> str:
    if "Gala" in name:
        return "event"
    return "appeal" if "appeal" in name else "capital"


def capital_campaign(draft: Draft) -> str:
    """The id of the capital campaign."""
    return draft.campaigns[0].id


def campaign_on(draft: Draft, day: date, rng: Random) -> str | None:
    """The appeal that a gift of that day answered; None for one that came by itself."""
    running = [c for c in draft.campaigns if c.starts_on <= day <= c.ends_on and c.kind != "capital"]
    running = [c for c in running if c.status in ("active", "completed")]
    if not running or rng.random() > _ANSWERED_AN_APPEAL:
        return None
    return rng.choice(running).id
