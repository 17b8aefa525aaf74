"""The timeline: a donor's history in one dated line per record, newest first, without a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from heapq import nlargest
from operator import attrgetter

from policy.account_numbers import without_account_numbers
from policy.donor import (
    Consent,
    DonorRecord,
    Gift,
    Interaction,
    Note,
    Pledge,
    RecurringGift,
    Task,
    TimelineEntry,
)
from policy.injection import suspects_injection

_LONGEST = 140
_GIVEN = {
    "in_kind": "Gift in kind, valued {amount}",
    "planned": "Planned gift of {amount}",
    "stock": "Gave {amount} in stock",
    "daf": "Gave {amount} through a donor-advised fund",
    "matching": "Matching gift of {amount}",
    "pledge_payment": "Paid {amount} on a pledge",
    "recurring_payment": "Recurring gift of {amount}",
}
SPECIAL_CATEGORIES = frozenset({"health", "family", "wealth"})


@dataclass(frozen=True, slots=True)
class _Dated:
    """A record with its day; *write* makes an entry of it, which a long history is spared for most."""

    at: datetime | date
    record_id: str
    write: Callable[[], TimelineEntry]

    @property
    def moment(self) -> tuple[datetime, str]:
        at = self.at
        instant = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=UTC)
        return instant, self.record_id


def timeline(record: DonorRecord, limit: int = 20) -> tuple[TimelineEntry, ...]:
    """Return the newest *limit* entries; what is planned for the future comes first."""
    newest = nlargest(max(0, limit), _dated(record), key=attrgetter("moment"))
    return tuple(each.write() for each in newest)


def _dated(record: DonorRecord) -> Iterator[_Dated]:
    for gift in record.gifts:
        yield _Dated(gift.received_on, gift.id, partial(_gift, gift, record))
    for gift in record.soft_credited_gifts:
        yield _Dated(gift.received_on, gift.id, partial(_soft_credit, gift, record))
    for pledge in record.pledges:
        yield _Dated(pledge.pledged_on, pledge.id, partial(_pledge, pledge))
    for standing in record.recurring_gifts:
        yield _Dated(standing.started_on, standing.id, partial(_recurring, standing))
    for consent in record.consents:
        if consent.captured_on is not None:
            yield _Dated(consent.captured_on, consent.id, partial(_consent, consent, consent.captured_on))
    for interaction in record.interactions:
        yield _Dated(interaction.at, interaction.id, partial(_interaction, interaction))
    for task in record.tasks:
        yield _Dated(task.due_on, task.id, partial(_task, task))
    for note in record.notes:
        yield _Dated(note.written_at, note.id, partial(_note, note))


def _gift(gift: Gift, record: DonorRecord) -> TimelineEntry:
    campaign = next((c.name for c in record.campaigns if c.id == gift.campaign_id), None)
    text = _GIVEN.get(gift.type, "Gave {amount}").format(amount=gift.amount)
    text += f" to {campaign}" if campaign else ""
    text += "" if gift.status == "completed" else f" ({gift.status})"
    text += ", not yet thanked" if gift.acknowledgement.status == "needed" else ""
    return TimelineEntry(at=gift.received_on, kind="gift", text=text, record_id=gift.id)


def _soft_credit(gift: Gift, record: DonorRecord) -> TimelineEntry:
    amounts = [str(credit.amount) for credit in gift.soft_credits if credit.donor_id == record.donor.id]
    text = f"Soft credit of {' and '.join(amounts) or gift.amount}"
    return TimelineEntry(at=gift.received_on, kind="soft_credit", text=text, record_id=gift.id)


def _pledge(pledge: Pledge) -> TimelineEntry:
    text = f"Pledged {pledge.amount} in {len(pledge.installments)} instalments ({pledge.status})"
    text = text.replace("_", " ").replace(" 1 instalments", " 1 instalment")
    return TimelineEntry(at=pledge.pledged_on, kind="pledge", text=text, record_id=pledge.id)


def _recurring(gift: RecurringGift) -> TimelineEntry:
    text = f"Began giving {gift.amount} {gift.frequency} (now {gift.status})"
    return TimelineEntry(at=gift.started_on, kind="recurring_gift", text=text, record_id=gift.id)


def _consent(consent: Consent, captured_on: date) -> TimelineEntry:
    status = consent.status.value.replace("_", " ")
    text = f"{status.capitalize()}: {consent.channel.value}, {consent.purpose}"
    return TimelineEntry(at=captured_on, kind="consent", text=text, record_id=consent.id)


def _interaction(interaction: Interaction) -> TimelineEntry:
    kind = interaction.kind.replace("email_open", "e-mail opened").capitalize()
    subject = re.sub(r"^opened:\s*", "", interaction.subject, flags=re.IGNORECASE)
    text = f"{kind}: {subject}" if subject and not suspects_injection(subject) else kind
    text += " (ask)" if interaction.is_ask else ""
    text += "" if interaction.status == "completed" else f" ({interaction.status})"
    return TimelineEntry(at=interaction.at, kind=interaction.kind, text=_cut(text), record_id=interaction.id)


def _task(task: Task) -> TimelineEntry:
    text = _cut(f"Task: {task.title}") + f" ({'due' if task.status == 'open' else task.status})"
    return TimelineEntry(at=task.due_on, kind="task", text=text, record_id=task.id)


def _note(note: Note) -> TimelineEntry:
    # Health, family and wealth notes are read in the CRM, by those who may.
    by = "Note from outside" if note.external_author else "Note"
    if note.category in SPECIAL_CATEGORIES:
        text = f"{by} ({note.category}), kept in the CRM"
    elif suspects_injection(note.text):
        text = f"{by}, which reads like orders to an assistant: see the CRM"
    else:
        text = _cut(f"{by}: {without_account_numbers(note.text)}")
    return TimelineEntry(at=note.written_at, kind="note", text=text, record_id=note.id)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"
