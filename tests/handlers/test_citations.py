"""What a citation is called, and where it leads: to the very record where the CRM has an address for it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from handlers.answers.sources import sources
from handlers.outcomes import Source
from policy.claims import Claim, Verdict, VerifiedClaim
from policy.donor import DonorRecord, Interaction, Note
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


def test_what_came_in_the_evening_is_of_the_day_that_the_sentence_says() -> None:
    evening = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
    reply = Interaction(
        id="reply-1", donor_id="donor-1", kind="reply", direction="inbound", status="completed", at=evening
    )
    note = Note(id="note-1", donor_id="donor-1", written_at=evening, text="She rang.")
    record = RECORD.model_copy(update={"interactions": (reply,), "notes": (note,)})
    facts = compute_facts(record, date(2026, 11, 20), Conventions(time_zone="America/New_York"))
    found = sources((), record, facts, also=("reply-1", "note-1"))
    assert [each.label for each in found] == ["reply of 19 Nov 2026", "note of 19 Nov 2026"]
    assert facts.day("contact.last_on") == date(2026, 11, 19)
