"""What is left to thank for when some of it was given back, changed, or thanked for meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time

from policy.donor import DonorRecord
from policy.events import CrmEvent, CrmEventType
from policy.facts_contact import unacknowledged
from policy.facts_model import DonorFacts
from policy.matters import THANKS, matter_of
from policy.recommender import recommend
from policy.situation import Proposal


def thanks_left(
    record: DonorRecord, facts: DonorFacts, today: date, about: Collection[str]
) -> Proposal | None:
    """Return the thanks as they would be proposed now for what is left of *about*, the CRM ids of it.

    None when no gift of it is left, or when nothing like thanks would be proposed any more.
    """
    left = [gift for gift in unacknowledged(record) if gift.id in about]
    if not left:
        return None
    gifts = {gift.id for gift in record.gifts}
    commitments = {record_id for record_id in about if record_id not in gifts}
    latest = CrmEvent(
        id=f"again:{left[-1].id}",
        source="/countersign",
        type=CrmEventType.DONATION_RECEIVED,
        time=datetime.combine(today, time(0), tzinfo=UTC),
        donor_id=record.donor.id,
        record_id=left[-1].id,
    )
    together = frozenset({gift.id for gift in left} | commitments)
    proposal = recommend(record, facts, latest, today, together)
    return proposal if proposal and matter_of(proposal) == THANKS else None
