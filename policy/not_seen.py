"""What a text about a donor does not rest on: records that could not be read, and notes left alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from policy.donor import DonorRecord
from policy.facts_model import Conventions, spelled_date
from policy.injection import suspects_injection
from policy.timeline import SPECIAL_CATEGORIES

_MOST_NAMED = 3


def unreadable(record: DonorRecord) -> tuple[str, ...]:
    """Return a sentence for each kind of record that the CRM did not let us read."""
    kinds = (gap.split(":")[0].strip().replace("_", " ") for gap in record.gaps)
    return tuple(f"The {kind} could not be read from the CRM." for kind in kinds)


def not_seen(record: DonorRecord, conventions: Conventions) -> tuple[str, ...]:
    """Return what whoever reads a summary has to look up in the CRM themselves."""
    private = [note for note in record.notes if note.category in SPECIAL_CATEGORIES]
    about = _listed(sorted({note.category for note in private}))
    count = "A note" if len(private) == 1 else f"{len(private)} notes"
    kept = (f"{count} about {about}: read in the CRM, by those who may.",) if private else ()
    return (*unreadable(record), *kept, *_orders(record, conventions))


def _orders(record: DonorRecord, conventions: Conventions) -> Iterator[str]:
    found: list[tuple[datetime, str]] = [
        (note.written_at, "note") for note in record.notes if suspects_injection(note.text)
    ]
    found += [
        (each.at, "message")
        for each in record.interactions
        if suspects_injection(f"{each.subject}\n{each.body}")
    ]
    for at, what in sorted(found, reverse=True)[:_MOST_NAMED]:
        day = spelled_date(conventions.day_of(at))
        yield f"A {what} of {day} reads like orders to an assistant: nothing here rests on it."
    if len(found) > _MOST_NAMED:
        yield f"{len(found) - _MOST_NAMED} more texts read like that."


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
