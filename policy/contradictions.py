"""What notes and replies say and the record does not: shown side by side, so that a person finds out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from policy.claims import Contradiction
from policy.donor import ConsentStatus, DonorRecord
from policy.facts_model import DonorFacts
from policy.said_and_recorded import Said, contradicted, without_qualified_wishes
from policy.timeline import SPECIAL_CATEGORIES
from policy.triage_words import Topic, topics_of

RECENT = timedelta(days=730)

_DEATH = "speaks of a death, and nobody in the household is recorded as deceased."
_REFUSAL = "asks for no more contact, and no channel is recorded as refused."
_MOST = 5


def contradictions(record: DonorRecord, facts: DonorFacts) -> tuple[Contradiction, ...]:
    """Return where the CRM's totals differ from its records, then where people wrote otherwise."""
    stated = (Contradiction(text=each.sentence) for each in facts.discrepancies)
    return tuple({each.text: each for each in (*stated, *_unrecorded(record, facts))}.values())[:_MOST]


def _unrecorded(record: DonorRecord, facts: DonorFacts) -> Iterator[Contradiction]:
    people = (record.donor, *record.household_members)
    somebody_died = any(each.deceased for each in people)
    refused = record.donor.do_not_contact or any(
        each.status is ConsentStatus.OPTED_OUT for each in record.consents
    )
    for said in _said(record, facts):
        topics = topics_of(without_qualified_wishes(said.text))
        if Topic.DEATH in topics and not somebody_died:
            yield said.against(_DEATH)
        found = tuple(contradicted(said, record, facts))
        about_channels = any("asks for no" in each.text for each in found)
        if Topic.REFUSAL in topics and not refused and not about_channels:
            yield said.against(_REFUSAL)
        yield from found


def _said(record: DonorRecord, facts: DonorFacts) -> Iterator[Said]:
    """Yield what colleagues noted and the donor wrote; not what strangers put into a note."""
    day_of, today = facts.conventions.day_of, facts.as_of
    for note in record.notes:
        day = day_of(note.written_at)
        private = note.category in SPECIAL_CATEGORIES or note.external_author
        if not private and today - day <= RECENT:
            yield Said("note", day, note.text, note.id)
    for each in record.interactions:
        day = day_of(each.at)
        if each.direction == "inbound" and each.kind == "reply" and today - day <= RECENT:
            yield Said("reply", day, f"{each.subject}\n{each.body}", each.id)
