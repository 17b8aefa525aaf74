"""What a model gets to see: allow-listed fields of facts and records, pseudonymised, with free text apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from bot.assistant.masking import masked
from bot.assistant.pseudonyms import Pseudonyms
from policy.donor import DonorRecord
from policy.events import CrmEvent
from policy.facts import Conventions, DonorFacts, Fact, spelled
from policy.injection import suspects_injection
from policy.money import Money
from policy.phrases import wordings
from policy.situation import Proposal
from policy.value import Value
from policy.verifier_binding import SPECIAL_CATEGORIES

# A field that is not named here never leaves the organisation.
ALLOWED_FIELDS: dict[str, tuple[str, ...]] = {
    "GIFT": ("amount", "received_on", "type", "status"),
    "PLEDGE": ("amount", "pledged_on", "status"),
    "RECURRING": ("amount", "frequency", "status", "started_on", "next_due_on", "failed_payments"),
    "INTERACTION": ("kind", "direction", "status", "at"),
    "TASK": ("kind", "due_on", "status"),
    "CAMPAIGN": ("status", "starts_on", "ends_on"),
    "NOTE": ("written_at",),
}
_MOST_RECORDS = 12
_MOST_TEXTS = 5
_FEW = 3


def material(
    record: DonorRecord,
    facts: DonorFacts,
    names: Pseudonyms,
    *,
    event: CrmEvent | None = None,
    proposal: Proposal | None = None,
    with_notes: bool,
) -> dict[str, Any]:
    """Return the JSON data for one question; *names* learns every reference in it."""
    rows = list(_records(record, names, facts.conventions))
    data: dict[str, Any] = {
        "task": "recommendation" if proposal else "summary",
        "today": facts.as_of.isoformat(),
        "donor": {"ref": names.of(record.donor.id, "DONOR"), "type": record.donor.type},
        "facts": [shown for fact in facts.facts if (shown := _fact(fact, names)) is not None],
        "records": rows,
        "not_readable": [gap.split(":")[0] for gap in record.gaps],
    }
    if event is not None:
        data["event"] = {"type": event.type.value, "record": names.known(event.record_id or "")}
    if proposal is not None:
        data["proposal"] = {"action": proposal.action.kind, "rule": proposal.rule}
    if with_notes:
        data["untrusted"] = list(_untrusted(record, names))
    return data


def mentions_orders(record: DonorRecord) -> bool:
    """Say whether a note, subject or message of the donor looks like an attempt to give a model orders."""
    texts = [note.text for note in record.notes]
    texts += [f"{i.subject}\n{i.body}" for i in record.interactions]
    return any(suspects_injection(text) for text in texts)


def _fact(fact: Fact, names: Pseudonyms) -> dict[str, Any] | None:
    value = fact.value
    if value is False or value == "unknown" or fact.id in ("donor.vulnerable", "donor.merged"):
        return None
    names.facts.add(fact.id)
    shown: dict[str, Any] = {"id": fact.id, "label": fact.label, "kind": _kind(fact), "value": spelled(value)}
    if fact.id == "donor.owner":
        shown["value"] = names.of_name(spelled(value)) or "the owner"
    elif isinstance(value, str | bool | int):
        shown["say"] = list(wordings(fact.id, value))
    if len(fact.records) <= _FEW:
        shown["records"] = [ref for ref in (names.known(one) for one in fact.records) if ref]
    return shown


def _kind(fact: Fact) -> str:
    value = fact.value
    if isinstance(value, Money):
        return "money"
    if isinstance(value, date):
        return "date"
    if isinstance(value, int) and not isinstance(value, bool):
        return "count"
    return "name" if fact.id == "donor.owner" else "enum"


def _records(record: DonorRecord, names: Pseudonyms, conventions: Conventions) -> Iterator[dict[str, Any]]:
    groups: tuple[tuple[str, Iterable[Any]], ...] = (
        ("GIFT", sorted(record.gifts, key=lambda gift: gift.received_on, reverse=True)),
        ("PLEDGE", record.pledges),
        ("RECURRING", record.recurring_gifts),
        ("INTERACTION", sorted(record.interactions, key=lambda i: i.at, reverse=True)),
        ("TASK", record.tasks),
        ("CAMPAIGN", record.campaigns),
    )
    for kind, group in groups:
        for row in list(group)[:_MOST_RECORDS]:
            yield {"ref": names.of(row.id, kind), **_allowed(kind, row, conventions)}


def _allowed(kind: str, row: Value, conventions: Conventions) -> dict[str, Any]:
    return {
        field: _plain(value, conventions)
        for field in ALLOWED_FIELDS[kind]
        if (value := getattr(row, field)) is not None
    }


def _plain(value: Any, conventions: Conventions) -> str | int | bool:
    if isinstance(value, datetime):
        return spelled(conventions.day_of(value))
    if isinstance(value, StrEnum):
        return str(value.value)
    return value if isinstance(value, bool | int) else spelled(value)


def _untrusted(record: DonorRecord, names: Pseudonyms) -> Iterator[dict[str, str]]:
    masks = names.masks
    notes = sorted(
        (note for note in record.notes if note.category not in SPECIAL_CATEGORIES),
        key=lambda note: note.written_at,
        reverse=True,
    )
    for note in notes[:_MOST_TEXTS]:
        yield {"ref": names.of(note.id, "NOTE"), "text": masked(note.text, masks)}
    replies = [i for i in record.interactions if i.subject or i.body]
    for one in sorted(replies, key=lambda i: i.at, reverse=True)[:_MOST_TEXTS]:
        text = f"{one.subject}\n{one.body}".strip()
        yield {"ref": names.of(one.id, "INTERACTION"), "text": masked(text, masks)}
