"""The line that heads every card about a donor, with the marks nobody may overlook."""

from __future__ import annotations

from urllib.parse import quote

from handlers.outcomes import DonorHeader
from policy.changes import spell_date
from policy.donor import DonorRecord
from policy.organisation import Organisation


def donor_header(record: DonorRecord, organisation: Organisation) -> DonorHeader:
    """Build the header of *record*."""
    donor = record.donor
    url = organisation.crm_record_url
    return DonorHeader(
        id=donor.id,
        name=donor.name,
        stage=donor.lifecycle_stage,
        tier=donor.tier,
        owner_name=record.owner.name if record.owner else None,
        household_name=record.household.name if record.household else None,
        warnings=_warnings(record),
        record_url=url.replace("{donor_id}", donor.id) if url else None,
    )


def _warnings(record: DonorRecord) -> tuple[str, ...]:
    donor = record.donor
    died = f"Died on {spell_date(donor.deceased_on)}" if donor.deceased_on else "Recorded as deceased"
    marks = (
        (donor.deceased, died),
        (donor.do_not_contact, "Do not contact"),
        (donor.legal_review, "Under legal review"),
        (donor.sensitive, "Sensitive relationship"),
        (donor.vulnerable, "May be vulnerable"),
        (donor.processing_region == "eu_only", "Data may be processed in the EU only"),
        (donor.gives_anonymously, "Gives anonymously"),
    )
    return tuple(text for applies, text in marks if applies)


def elsewhere_url(record: DonorRecord, organisation: Organisation) -> str | None:
    """Return where to decide what is not decided in Slack: a place of their own, else the CRM record."""
    url = organisation.decided_elsewhere_url or organisation.crm_record_url
    return url.replace("{donor_id}", quote(record.donor.id, safe="")) if url else None
