"""The donor facts: the field's standard figures, recomputed from CRM records as of a date."""

from __future__ import annotations

from datetime import date

from policy.donor import DonorRecord
from policy.facts_commitments import commitment_facts
from policy.facts_contact import (
    acknowledgement_facts,
    ask_facts,
    consent_facts,
    contact_facts,
    protection_facts,
    task_facts,
)
from policy.facts_giving import giving_facts
from policy.facts_loyalty import loyalty_facts
from policy.facts_model import (
    Conventions,
    Discrepancy,
    DonorFacts,
    Fact,
    FactSheet,
    FactValue,
    spelled,
    spelled_date,
)

__all__ = [
    "Conventions",
    "Discrepancy",
    "DonorFacts",
    "Fact",
    "FactValue",
    "compute_facts",
    "is_unread",
    "spelled",
    "spelled_date",
]


def compute_facts(record: DonorRecord, as_of: date, conventions: Conventions) -> DonorFacts:
    """Compute every fact the record allows; what rests on records that could not be read is left out."""
    sheet = FactSheet(record.donor.id, as_of)
    protection_facts(record, as_of, conventions, sheet)
    consent_facts(record, as_of, sheet)
    if not is_unread(record, "gifts"):
        giving_facts(record, as_of, conventions, sheet)
        loyalty_facts(record, as_of, conventions, sheet)
        acknowledgement_facts(record, as_of, conventions, sheet)
    if not (is_unread(record, "pledges") or is_unread(record, "recurring_gifts")):
        commitment_facts(record, as_of, conventions.home_currency, sheet)
    if not is_unread(record, "interactions"):
        contact_facts(record, as_of, conventions, sheet)
        ask_facts(record, as_of, conventions, sheet)
    if not is_unread(record, "tasks"):
        task_facts(record, as_of, sheet)
    facts = DonorFacts(
        donor_id=record.donor.id,
        as_of=as_of,
        conventions=conventions,
        facts=sheet.facts,
        gaps=record.gaps,
    )
    return facts.model_copy(update={"discrepancies": _discrepancies(record, facts)})


def is_unread(record: DonorRecord, kind: str) -> bool:
    """Say whether a kind of record ("gifts", "pledges", ...) is among the gaps of *record*.

    A gap is the kind's field name of `DonorRecord`, optionally followed by a colon and the reason.
    """
    return any(gap.split(":")[0].strip().lower().replace(" ", "_") == kind for gap in record.gaps)


_ROLLUPS = {
    "giving.lifetime": ("lifetime giving", "lifetime_giving"),
    "giving.count": ("the number of gifts", "gift_count"),
    "giving.first_on": ("the first gift", "first_gift_on"),
    "giving.last_on": ("the last gift", "last_gift_on"),
    "giving.largest_amount": ("the largest gift", "largest_gift"),
}


def _discrepancies(record: DonorRecord, facts: DonorFacts) -> tuple[Discrepancy, ...]:
    rollups = record.donor.rollups
    if rollups is None:
        return ()
    found = []
    for fact_id, (label, field) in _ROLLUPS.items():
        stated: FactValue | None = getattr(rollups, field)
        computed = facts.value(fact_id)
        if stated is not None and computed is not None and stated != computed:
            found.append(Discrepancy(fact=fact_id, label=label, crm=stated, computed=computed))
    return tuple(found)
