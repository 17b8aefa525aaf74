"""Stories about major donors: a healthy one, one who came back, and a couple with two owners."""

from __future__ import annotations

from datetime import date, timedelta

from .campaigns import capital_campaign
from .commitments import add_pledge, add_recurring, every
from .draft import Draft, at, soft, usd
from .model import Acknowledgement
from .names import BOSTON, CHICAGO, PORTLAND


def add_major_donor_stories(draft: Draft) -> None:
    """Everybody of this module."""
    jane_doe(draft)
    lapsed_major_returns(draft)
    two_owners(draft)


def jane_doe(draft: Draft) -> None:
    """Eight years of growing gifts, a pledge on schedule, a monthly gift and a husband."""
    jane = draft.donor(
        "donor-0001",
        "Jane Doe",
        PORTLAND,
        email="jane.doe@mail.example",
        owner_id="staff-olivia",
        lifecycle_stage="stewardship",
        tier="major",
        tags=("harbour-council", "gala-host"),
        segments=("keep-the-light", "monthly-circle"),
    )
    tom = draft.donor(
        "donor-0027", "Thomas Doe", PORTLAND, owner_id="staff-olivia", lifecycle_stage="cultivation"
    )
    draft.household("The Doe household", jane, tom)
    _let_jane_give(draft, jane, tom)
    _talk_with_jane(draft, jane)
    _write_about_jane(draft, jane)


def _let_jane_give(draft: Draft, jane: str, tom: str) -> None:
    yearly = (250, 500, 1_000, 2_500, 2_500, 5_000, 10_000)
    for turn, dollars in enumerate(yearly):
        year = draft.today.year - len(yearly) + turn
        day = date(year, 12, 9 + turn * 2)
        draft.gift(jane, usd(dollars), day, soft_credits=(soft(tom, usd(dollars)),))
    draft.gift(
        jane,
        usd(15_000),
        draft.months_ago(7),
        type="stock",
        fund="Scholarship fund",
        tribute="In honour of Ada",
    )
    add_pledge(
        draft,
        jane,
        usd(5_000),
        every(3, 8, draft.months_ago(13)),
        draft.months_ago(14),
        paid=5,
        campaign_id=capital_campaign(draft),
        fund="Lighthouse restoration",
    )
    add_recurring(draft, jane, usd(100), "monthly", draft.months_ago(38, 5), fund="Reading room")


def _talk_with_jane(draft: Draft, jane: str) -> None:
    for channel in ("email", "mail", "phone"):
        draft.consent(jane, channel, "all", "opted_in", draft.months_ago(40), "Harbour Gala reply card")
    draft.contact(
        jane,
        "meeting",
        at(draft.days_ago(160), 18),
        "Tea at the lighthouse",
        body=(
            "Showed her the lantern room before the scaffolding. She wants the brass lens back "
            "by the centenary."
        ),
    )
    draft.contact(
        jane,
        "call",
        at(draft.days_ago(75), 15),
        "Update on the apprentices",
        body=(
            "Told her that Mina launched her first dory. She laughed and asked for a photograph for her desk."
        ),
    )
    draft.contact(
        jane,
        "meeting",
        at(draft.days_ago(34), 16),
        "Lunch at the ferry landing",
        body=(
            "Asked for nothing. She would host a table of eight at the gala and bring her "
            "sister Ada from Denver."
        ),
    )
    draft.contact(jane, "email_open", at(draft.days_ago(12), 11), "Opened: Autumn letter from the harbour")
    draft.contact(
        jane,
        "meeting",
        at(draft.today + timedelta(days=9), 17),
        "Visit to the boat shed with Tom",
        status="planned",
    )


def _write_about_jane(draft: Draft, jane: str) -> None:
    draft.note(
        jane,
        draft.days_ago(160),
        "Her grandfather kept the light on Gull Ledge; the lens matters more to her than any plaque.",
        "family",
    )
    draft.note(
        jane,
        draft.days_ago(34),
        "Sold her share of the print shop in spring. Decides on large gifts in May.",
        "wealth",
    )
    draft.change(jane, "lifecycle_stage", "solicitation", "stewardship", draft.months_ago(13), "staff-olivia")
    draft.task(
        jane, "Send Jane the photograph of Mina's dory", draft.today + timedelta(days=3), "staff-olivia"
    )


def lapsed_major_returns(draft: Draft) -> None:
    """A major donor of four years, silent for three, who gave yesterday."""
    donor = draft.donor(
        "donor-0003",
        "Margaret Okafor",
        BOSTON,
        owner_id="staff-olivia",
        lifecycle_stage="reactivation",
        tier="major",
        tags=("former-trustee",),
    )
    for months, dollars in ((86, 10_000), (74, 15_000), (62, 25_000), (50, 25_000), (40, 20_000)):
        draft.gift(donor, usd(dollars), draft.months_ago(months))
    draft.gift(donor, usd(12_500), draft.days_ago(1), acknowledgement=Acknowledgement(status="needed"))
    draft.consent(donor, "email", "all", "opted_in", draft.months_ago(80), "Trustee agreement")
    draft.consent(donor, "phone", "all", "opted_in", draft.months_ago(80), "Trustee agreement")
    draft.contact(
        donor,
        "call",
        at(draft.months_ago(38), 19),
        "She steps back",
        body=(
            "Leaves the board after the vote on the pier. No hard feelings towards the apprentices, she says."
        ),
    )
    draft.contact(
        donor,
        "letter",
        at(draft.months_ago(20)),
        "Invitation to the open day",
        body="Handwritten invitation from Mara. No answer.",
    )
    draft.note(
        donor,
        draft.months_ago(38),
        "Left the board over the sale of the old pier. Do not mention the pier; ask about her choir instead.",
    )
    draft.change(donor, "lifecycle_stage", "retention", "reactivation", draft.months_ago(20), "staff-olivia")


def two_owners(draft: Draft) -> None:
    """Spouses with an owner each; each has soft credit of what the other gives."""
    eleanor = draft.donor(
        "donor-0004",
        "Eleanor Whitfield",
        CHICAGO,
        owner_id="staff-olivia",
        lifecycle_stage="cultivation",
        tier="major",
    )
    samuel = draft.donor(
        "donor-0005",
        "Samuel Whitfield",
        CHICAGO,
        owner_id="staff-omar",
        lifecycle_stage="solicitation",
        tier="principal",
        tags=("founder-circle",),
    )
    draft.household("The Whitfields", eleanor, samuel)
    _let_the_whitfields_give(draft, eleanor, samuel)
    _talk_with_the_whitfields(draft, eleanor, samuel)


def _let_the_whitfields_give(draft: Draft, eleanor: str, samuel: str) -> None:
    for months, dollars in ((65, 5_000), (53, 7_500), (41, 7_500), (29, 10_000), (16, 10_000), (4, 12_000)):
        draft.gift(
            eleanor, usd(dollars), draft.months_ago(months), soft_credits=(soft(samuel, usd(dollars)),)
        )
    for months, dollars in ((60, 100_000), (36, 150_000), (11, 250_000)):
        draft.gift(
            samuel,
            usd(dollars),
            draft.months_ago(months, 20),
            campaign_id=capital_campaign(draft) if months < 24 else None,
            soft_credits=(soft(eleanor, usd(dollars)),),
        )


def _talk_with_the_whitfields(draft: Draft, eleanor: str, samuel: str) -> None:
    draft.contact(
        samuel,
        "meeting",
        at(draft.days_ago(48), 20),
        "Proposal for the north workshop",
        body=(
            "Asked for USD 500,000 over four years. He will read it with Eleanor and answer "
            "after Thanksgiving."
        ),
        is_ask=True,
        campaign_id=capital_campaign(draft),
    )
    draft.contact(
        eleanor,
        "event",
        at(draft.days_ago(57), 23),
        "Harbour Gala",
        body=(
            "Sat with the apprentices all evening. Says that Samuel decides the big ones, she "
            "decides whether."
        ),
    )
    for donor in (eleanor, samuel):
        draft.consent(donor, "email", "all", "opted_in", draft.months_ago(60), "Pledge form")
        draft.note(
            donor, draft.days_ago(50), "Talk to the colleague before you write: one house, two owners."
        )
