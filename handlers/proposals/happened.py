"""What happened, in one sentence read from the CRM record and not from the event."""

from __future__ import annotations

from policy.account_numbers import without_account_numbers
from policy.changes import spell_date
from policy.donor import DonorRecord
from policy.events import CrmEvent, CrmEventType

LONGEST_QUOTE = 280
_OF_A_DEATH = frozenset({"deceased", "deceased_on"})
OWN_ACTOR = "countersign"


def is_our_own(event: CrmEvent) -> bool:
    """Say whether the event reports what we wrote ourselves."""
    return event.actor is not None and event.actor.startswith(OWN_ACTOR)


def is_visible(event: CrmEvent, record: DonorRecord) -> bool:
    """Say whether what the event reports is in the record; CRMs answer with empty lists on bad days."""
    held: dict[CrmEventType, tuple[str, set[str]]] = {
        CrmEventType.DONATION_RECEIVED: ("gifts", {g.id for g in record.gifts}),
        CrmEventType.PLEDGE_RENEWED: (
            "pledges",
            {p.id for p in record.pledges} | {r.id for r in record.recurring_gifts},
        ),
        CrmEventType.MEETING_COMPLETED: ("interactions", {i.id for i in record.interactions}),
        CrmEventType.REPLY_RECEIVED: ("interactions", {i.id for i in record.interactions}),
        CrmEventType.NOTE_ADDED: ("notes", {n.id for n in record.notes}),
    }
    kind, ids = held.get(event.type, ("", set()))
    return not kind or event.record_id is None or kind in record.gaps or event.record_id in ids


def happened(event: CrmEvent, record: DonorRecord) -> str:
    """Say what the event reports about the donor."""
    name = record.donor.name
    match event.type:
        case CrmEventType.DONATION_RECEIVED:
            return _gift(event, record)
        case CrmEventType.MEETING_COMPLETED:
            return f"A meeting with {name} was completed{_subject(event, record)}."
        case CrmEventType.REPLY_RECEIVED:
            return _reply(event, record)
        case CrmEventType.PLEDGE_RENEWED:
            return _pledge(event, record)
        case CrmEventType.NOTE_ADDED:
            return f"A note was added to the record of {name}."
        case CrmEventType.EMAIL_OPENED:
            return f"{name} opened an e-mail{_subject(event, record)}."
        case CrmEventType.DONOR_UPDATED if record.donor.deceased and _OF_A_DEATH.intersection(event.fields):
            died = record.donor.deceased_on
            return f"The death of {name} was recorded{f' ({spell_date(died)})' if died else ''}."
        case CrmEventType.DONOR_UPDATED:
            fields = ", ".join(field.replace("_", " ") for field in event.fields)
            return f"The record of {name} was changed{f': {fields}' if fields else ''}."
        case CrmEventType.CAMPAIGN_STATUS_CHANGED:
            return "A campaign changed its status."


def _gift(event: CrmEvent, record: DonorRecord) -> str:
    gift = next((g for g in record.gifts if g.id == event.record_id), None)
    name = record.donor.name
    if gift is None:
        return f"A gift of {name} was recorded."
    campaign = next((c.name for c in record.campaigns if c.id == gift.campaign_id), None)
    to = f" to {campaign}" if campaign else ""
    return f"{name} gave {gift.amount} on {spell_date(gift.received_on)}{to}."


def _pledge(event: CrmEvent, record: DonorRecord) -> str:
    pledge = next((p for p in record.pledges if p.id == event.record_id), None)
    name = record.donor.name
    if pledge is None:
        return f"A pledge of {name} was renewed."
    return f"{name} renewed a pledge of {pledge.amount} on {spell_date(pledge.pledged_on)}."


def _reply(event: CrmEvent, record: DonorRecord) -> str:
    found = next((i for i in record.interactions if i.id == event.record_id), None)
    if found is None or not found.body.strip():
        return f"{record.donor.name} replied{_subject(event, record)}."
    return f"{record.donor.name} wrote: “{quoted(found.body)}”"


def quoted(text: str) -> str:
    """Return somebody's words on one line, without account numbers, cut visibly where they are long."""
    said = without_account_numbers(" ".join(text.split()))
    return said if len(said) <= LONGEST_QUOTE else f"{said[:LONGEST_QUOTE].rstrip()}…"


def _subject(event: CrmEvent, record: DonorRecord) -> str:
    found = next((i for i in record.interactions if i.id == event.record_id), None)
    return f": {found.subject}" if found and found.subject else ""
