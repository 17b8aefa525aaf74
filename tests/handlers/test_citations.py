"""What a citation is called, and where it leads: to the very record where the CRM has an address for it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from handlers.answers.sources import sources
from handlers.outcomes import Source
from policy.claims import Claim, Verdict, VerifiedClaim
from policy.donor import DonorRecord
from policy.facts import Conventions, compute_facts
from tests.handlers.conftest import ORGANISATION, gifts_of_margaret, margaret

RECORD = DonorRecord(
    donor=margaret(), gifts=tuple(gifts_of_margaret()), read_at=datetime(2026, 11, 20, 15, tzinfo=UTC)
)
FACTS = compute_facts(RECORD, date(2026, 11, 20), Conventions())
CLAIMS = [
    VerifiedClaim(claim=Claim(text="So it is.", cites=(cite,)), verdict=Verdict.SUPPORTED)
    for cite in ("gift-new", "donor-1", "giving.lifetime", "unheard-of")
]
LABELS = ("gift of 20 Nov 2026", "donor record", "4 gifts", "the CRM record")


def test_one_record_has_an_address_of_its_own() -> None:
    template = "https://crm.example/{donor_id}/{kind}/{record_id}"
    organisation = ORGANISATION.model_copy(update={"crm_item_url": template})
    [gift, *others] = sources(CLAIMS, RECORD, FACTS, organisation)
    assert gift == Source(id="gift-new", label=LABELS[0], url="https://crm.example/donor-1/gift/gift-new"), (
        "what stands for one record leads to it"
    )
    assert [(each.label, each.url) for each in others] == [(label, None) for label in LABELS[1:]]


def test_without_such_addresses_only_the_names_are_told() -> None:
    assert [(s.label, s.url) for s in sources(CLAIMS, RECORD, FACTS, ORGANISATION)] == [
        (label, None) for label in LABELS
    ]
