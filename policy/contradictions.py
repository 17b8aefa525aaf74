"""What notes and replies say and the record does not: shown side by side, so that a person finds out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from policy.donor import ConsentStatus, DonorRecord
from policy.facts_model import DonorFacts, spelled_date
from policy.timeline import SPECIAL_CATEGORIES
from policy.triage_words import Topic, topics_of

RECENT = timedelta(days=730)

_DEATH = "A {what} of {day} speaks of a death, and nobody in the household is recorded as deceased."
_REFUSAL = "A {what} of {day} asks for no more contact, and no channel is recorded as refused."
_MOST = 5


def contradictions(record: DonorRecord, facts: DonorFacts) -> tuple[str, ...]:
    """Return where the CRM's totals differ from its records, then where people wrote otherwise."""
    stated = (each.sentence for each in facts.discrepancies)
    return tuple(dict.fromkeys((*stated, *_unrecorded(record, facts))))[:_MOST]


def _unrecorded(record: DonorRecord, facts: DonorFacts) -> Iterator[str]:
    people = (record.donor, *record.household_members)
    somebody_died = any(each.deceased or each.deceased_on for each in people)
    refused = record.donor.do_not_contact or any(
        each.status is ConsentStatus.OPTED_OUT for each in record.consents
    )
    for what, day, text in _said(record, facts):
        topics = topics_of(text)
        if Topic.DEATH in topics and not somebody_died:
            yield _DEATH.format(what=what, day=spelled_date(day))
        if Topic.REFUSAL in topics and not refused:
            yield _REFUSAL.format(what=what, day=spelled_date(day))


def _said(record: DonorRecord, facts: DonorFacts) -> Iterator[tuple[str, date, str]]:
    """Yield what colleagues noted and the donor wrote; not what strangers put into a note."""
    day_of, today = facts.conventions.day_of, facts.as_of
    for note in record.notes:
        day = day_of(note.written_at)
        private = note.category in SPECIAL_CATEGORIES or note.external_author
        if not private and today - day <= RECENT:
            yield "note", day, note.text
    for each in record.interactions:
        day = day_of(each.at)
        if each.direction == "inbound" and each.kind == "reply" and today - day <= RECENT:
            yield "reply", day, f"{each.subject}\n{each.body}"
