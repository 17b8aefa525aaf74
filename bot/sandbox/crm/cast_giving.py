"""Stories about giving: pledges, totals, currencies, funds, and a gift that nobody has thanked for."""

from __future__ import annotations

from .campaigns import capital_campaign
from .commitments import add_pledge, every
from .draft import Draft, at, soft, usd
from .model import Acknowledgement, Money
from .names import BOSTON, CHICAGO, MONTREAL, PORTLAND

_FUND_SPONSOR = "donor-0028"


def add_giving_stories(draft: Draft) -> None:
    """Everybody of this module."""
    unpaid_pledge(draft)
    stale_rollups(draft)
    two_currencies(draft)
    large_gift_not_thanked(draft)
    fund_and_pledge(draft)


def unpaid_pledge(draft: Draft) -> None:
    """Two instalments past due."""
    donor = draft.donor(
        "donor-0009",
        "Ruth Abernathy",
        BOSTON,
        owner_id="staff-omar",
        lifecycle_stage="stewardship",
        tier="major",
        segments=("no-campaign-contact",),
    )
    for months in (58, 46, 34):
        draft.gift(donor, usd(2_000), draft.months_ago(months))
    add_pledge(
        draft,
        donor,
        usd(6_250),
        every(3, 8, draft.months_ago(16)),
        draft.months_ago(17),
        paid=4,
        fund="Family shelter",
        campaign_id=capital_campaign(draft),
    )
    draft.consent(donor, "phone", "all", "opted_in", draft.months_ago(58), "Event registration")
    draft.contact(
        donor,
        "call",
        at(draft.days_ago(70), 17),
        "Reminder of the pledge",
        body=(
            "Her daughter was in hospital all summer. She means to catch up and asked us not to write it off."
        ),
    )
    draft.note(
        donor,
        draft.days_ago(70),
        "Daughter ill since June. Be kind about the two instalments; call, no letters. "
        "Taken out of the audience of the campaign until she says so.",
        "family",
    )


def stale_rollups(draft: Draft) -> None:
    """The CRM's totals miss the latest gift."""
    donor = draft.donor(
        "donor-0015",
        "Helen Marlow",
        PORTLAND,
        owner_id="staff-olivia",
        lifecycle_stage="retention",
        tier="mid_level",
    )
    for months, dollars in ((50, 1_000), (37, 1_500), (25, 1_500), (13, 2_000)):
        draft.gift(donor, usd(dollars), draft.months_ago(months))
    draft.gift(donor, usd(8_000), draft.days_ago(21), fund="Scholarship fund")
    draft.stale_rollups.add(donor)
    draft.consent(donor, "email", "all", "opted_in", draft.months_ago(48), "Donation form")
    draft.note(donor, draft.days_ago(21), "The wire came in after the nightly totals run failed. IT knows.")


def two_currencies(draft: Draft) -> None:
    """Canadian and US dollars."""
    donor = draft.donor(
        "donor-0016",
        "Étienne Bélanger",
        MONTREAL,
        owner_id="staff-omar",
        lifecycle_stage="cultivation",
        tier="mid_level",
    )
    for months, dollars in ((61, 1_200), (49, 1_200), (33, 1_500), (14, 2_000)):
        draft.gift(donor, Money(minor=dollars * 100, currency="CAD"), draft.months_ago(months))
    for months, dollars in ((26, 3_000), (5, 3_500)):
        draft.gift(donor, usd(dollars), draft.months_ago(months, 20))
    draft.consent(
        donor, "email", "fundraising", "soft_opt_in", draft.months_ago(14), "Gift under implied consent"
    )
    draft.note(
        donor, draft.months_ago(5), "Winters in Maine, gives in US dollars from there. Prefers French."
    )


def large_gift_not_thanked(draft: Draft) -> None:
    """A five-figure gift of twelve days ago without acknowledgement."""
    donor = draft.donor(
        "donor-0018",
        "Theodore Pemberton",
        CHICAGO,
        owner_id="staff-omar",
        lifecycle_stage="stewardship",
        tier="major",
        segments=("keep-the-light",),
    )
    for months, dollars in ((40, 20_000), (27, 30_000), (15, 40_000)):
        draft.gift(donor, usd(dollars), draft.months_ago(months))
    draft.gift(
        donor,
        usd(75_000),
        draft.days_ago(12),
        campaign_id=capital_campaign(draft),
        fund="Boatbuilding apprenticeships",
        acknowledgement=Acknowledgement(status="needed"),
    )
    draft.consent(donor, "mail", "all", "opted_in", draft.months_ago(40), "Donation form")
    draft.note(
        donor, draft.months_ago(15), "Notices when a thank-you is late, and says so. Wants Omar to call."
    )


def fund_and_pledge(draft: Draft) -> None:
    """An adviser of a donor-advised fund who also owes a personal pledge."""
    gordon = draft.donor(
        "donor-0025",
        "Gordon Prescott",
        BOSTON,
        owner_id="staff-omar",
        lifecycle_stage="stewardship",
        tier="major",
    )
    sponsor = draft.donor(
        _FUND_SPONSOR,
        "Northbank Charitable Gift Fund",
        BOSTON,
        type="organization",
        first_name="",
        last_name="",
    )
    add_pledge(draft, gordon, usd(10_000), every(12, 3, draft.months_ago(14)), draft.months_ago(15), paid=1)
    for months, dollars in ((30, 8_000), (18, 9_000), (1, 10_000)):
        draft.gift(
            sponsor,
            usd(dollars),
            draft.months_ago(months, 8),
            type="daf",
            soft_credits=(soft(gordon, usd(dollars), "donor-advised fund adviser"),),
            acknowledgement=Acknowledgement(status="not_needed"),
        )
    draft.consent(gordon, "email", "all", "opted_in", draft.months_ago(30), "Pledge form")
    draft.note(
        gordon,
        draft.days_ago(24),
        "Asked whether the fund's payment counts for his pledge. Told him we check.",
    )
