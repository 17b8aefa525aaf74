"""Stories about names: merged, shared, full of markup, very long, and written from right to left."""

from __future__ import annotations

from .draft import Draft, usd
from .model import Money
from .names import BEIRUT, BOSTON, BRISTOL, HAMBURG, PORTLAND

_LONG = (
    "Maximiliana-Philippa Cholmondeley-Featherstonehaugh de la Fontaine-Montgomery von Rantzau-Breitenburg "
    "and the Trustees of the Seafarers' Widows and Orphans Benevolent Endowment of the Three Harbours"
)
_MARKUP = "*Bold* _Ital_ <!channel> & <@U0OLIVIA0> `Code` <https://evil.example|Click>"


def add_stories_about_names(draft: Draft) -> None:
    """Everybody of this module."""
    merged(draft)
    same_name(draft)
    markup_name(draft)
    long_name(draft)
    right_to_left(draft)


def merged(draft: Draft) -> None:
    """Two records that became one; the gifts are with the one that lives on."""
    draft.donor(
        "donor-0013", "Bob Fairbanks", PORTLAND, owner_id="staff-olivia", merged_into="donor-0014", email=None
    )
    donor = draft.donor(
        "donor-0014", "Robert Fairbanks", PORTLAND, owner_id="staff-olivia", lifecycle_stage="retention"
    )
    for months, dollars in ((55, 300), (44, 300), (29, 500), (17, 500), (6, 750)):
        draft.gift(donor, usd(dollars), draft.months_ago(months))
    draft.consent(donor, "email", "all", "opted_in", draft.months_ago(55), "Donation form")
    draft.change("donor-0013", "merged_into", None, "donor-0014", draft.days_ago(35), "staff-fiona")


def same_name(draft: Draft) -> None:
    """Two people, one name."""
    hamburg = draft.donor(
        "donor-0019", "Anna Müller", HAMBURG, owner_id="staff-felix", lifecycle_stage="retention"
    )
    boston = draft.donor("donor-0020", "Anna Müller", BOSTON, owner_id="staff-fiona", tier="annual")
    for months, euros in ((26, 120), (14, 150)):
        draft.gift(hamburg, Money(minor=euros * 100, currency="EUR"), draft.months_ago(months))
    for months, dollars in ((20, 50), (9, 75)):
        draft.gift(boston, usd(dollars), draft.months_ago(months))
    draft.consent(hamburg, "email", "all", "opted_in", draft.months_ago(26), "Double opt-in, web form")
    draft.consent(boston, "email", "all", "opted_in", draft.months_ago(20), "Donation form")


def markup_name(draft: Draft) -> None:
    """A name that somebody typed into the web form to see what happens."""
    donor = draft.donor(
        "donor-0021",
        _MARKUP,
        PORTLAND,
        first_name="*Bold* _Ital_",
        last_name="<!channel> & <@U0OLIVIA0> `Code` <https://evil.example|Click>",
        owner_id="staff-olivia",
        email="bold.ital@mail.example",
    )
    draft.gift(donor, usd(64), draft.months_ago(7))
    draft.note(donor, draft.months_ago(7), "Name as entered. Could not reach anybody to correct it.")


def long_name(draft: Draft) -> None:
    """A name of nearly two hundred characters."""
    donor = draft.donor(
        "donor-0022",
        _LONG,
        BRISTOL,
        first_name="Maximiliana-Philippa",
        last_name=_LONG.partition(" ")[2],
        owner_id="staff-felix",
        lifecycle_stage="cultivation",
        tier="mid_level",
    )
    for months, pounds in ((25, 2_000), (13, 2_500)):
        draft.gift(donor, Money(minor=pounds * 100, currency="GBP"), draft.months_ago(months))
    draft.consent(donor, "email", "fundraising", "soft_opt_in", draft.months_ago(9), "Charitable soft opt-in")


def right_to_left(draft: Draft) -> None:
    """A name in Arabic script."""
    donor = draft.donor(
        "donor-0023",
        "ليلى الحداد",
        BEIRUT,
        owner_id="staff-omar",
        lifecycle_stage="cultivation",
        tier="mid_level",
    )
    for months, dollars in ((32, 1_000), (19, 1_500), (8, 2_000)):
        draft.gift(donor, usd(dollars), draft.months_ago(months))
    draft.consent(donor, "email", "all", "opted_in", draft.months_ago(32), "Donation form")
    draft.note(donor, draft.months_ago(8), "Writes to us in Arabic and in French: «أحبّ الميناء».")
