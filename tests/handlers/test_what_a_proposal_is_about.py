"""What the rules learn of a proposal besides its action: the sum, and whether somebody is to be contacted."""

from __future__ import annotations

from datetime import date

import pytest

from handlers.proposals.matter import Matter, matter_of
from policy.actions import CreateTask
from policy.money import Money
from policy.organisation import Organisation
from policy.situation import Proposal
from tests.policy_rules.test_gathering import gift, record

ORGANISATION = Organisation.model_validate(
    {
        "name": "Harbour Light",
        "home_currency": "USD",
        "major_gift_minor_in": {"EUR": 950_000},
        "time_zone": "UTC",
        "review_channel": "C1",
    }
)
GIFTS = (
    gift(id="a", amount=Money(minor=700_000, currency="USD")),
    gift(id="b", amount=Money(minor=400_000, currency="USD")),
    gift(id="c", amount=Money(minor=900_000, currency="EUR")),
    gift(id="d", amount=Money(minor=50_000, currency="EUR")),
    gift(id="e", amount=Money(minor=1_000, currency="CAD")),
)


@pytest.mark.parametrize(
    ("about", "amount"),
    [
        ((), None),
        (("pledge-1",), None),
        (("a",), Money(minor=700_000, currency="USD")),
        (("a", "b"), Money(minor=1_100_000, currency="USD")),
        (("b", "c"), Money(minor=400_000, currency="USD")),
        (("c",), Money(minor=900_000, currency="EUR")),
        (("b", "c", "d"), Money(minor=950_000, currency="EUR")),
        (("a", "b", "c", "d"), Money(minor=1_100_000, currency="USD")),
        (("b", "c", "e"), Money(minor=1_000, currency="CAD")),
        (("c", "d", "e"), Money(minor=950_000, currency="EUR")),
    ],
)
def test_a_proposal_is_about_the_gifts_it_names(about: tuple[str, ...], amount: Money | None) -> None:
    task = CreateTask(donor_id="d1", title="Thank", due_on=date(2026, 11, 27))
    proposal = Proposal(action=task, headline="Thank", signals=(), about=about, leads_to_contact=True)
    assert matter_of(proposal, record(gifts=GIFTS), ORGANISATION) == Matter(
        leads_to_contact=True, amount=amount
    )
