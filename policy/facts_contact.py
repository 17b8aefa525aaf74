"""Contact: the last conversation, asks, thanks that are due, consent, and what must not be done."""

from __future__ import annotations

from datetime import date, timedelta

from policy.donor import Channel, Consent, ConsentStatus, DonorRecord, Gift, Interaction, Note
from policy.facts_model import Conventions, FactSheet

CONTACT_KINDS = frozenset({"meeting", "call", "email", "letter", "event", "visit", "reply"})
PURPOSES = ("fundraising", "stewardship")
_HOURS_PER_DAY = 24
_MOST_RESTRICTIVE_FIRST = (
    ConsentStatus.OPTED_OUT,
    ConsentStatus.UNKNOWN,
    ConsentStatus.SOFT_OPT_IN,
    ConsentStatus.OPTED_IN,
)


def contact_facts(record: DonorRecord, as_of: date, conventions: Conventions, sheet: FactSheet) -> None:
    """State the last and the next contact."""
    day_of = conventions.day_of
    contacts = [i for i in record.interactions if i.kind in CONTACT_KINDS]
    past = [i for i in contacts if i.status == "completed" and day_of(i.at) <= as_of]
    if past:
        last = max(past, key=lambda i: (i.at, i.id))
        sheet.state("contact.last_on", "last contact", day_of(last.at), "contact.last", (last.id,))
        sheet.state("contact.last_kind", "kind of last contact", last.kind, "contact.last", (last.id,))
        days = (as_of - day_of(last.at)).days
        sheet.state("contact.days_since", "days since last contact", days, "contact.last", (last.id,))
    planned = [i for i in contacts if i.status == "planned" and day_of(i.at) >= as_of]
    if planned:
        coming = min(planned, key=lambda i: (i.at, i.id))
        sheet.state("contact.next_on", "next contact", day_of(coming.at), "contact.next", (coming.id,))
        sheet.state("contact.next_kind", "kind of next contact", coming.kind, "contact.next", (coming.id,))


def ask_facts(record: DonorRecord, as_of: date, conventions: Conventions, sheet: FactSheet) -> None:
    """State the last ask, asks within the window and whether one is open."""
    day_of = conventions.day_of
    made = sorted(
        (i for i in record.interactions if i.is_ask and i.status == "completed" and day_of(i.at) <= as_of),
        key=lambda i: (i.at, i.id),
    )
    window = timedelta(days=conventions.ask_window_days)
    recent = [i for i in made if as_of - day_of(i.at) < window]
    sheet.state(
        "ask.recent_count", "asks in the window", len(recent), "ask.recent", tuple(i.id for i in recent)
    )
    if made:
        sheet.state("ask.last_on", "last ask", day_of(made[-1].at), "ask.last", (made[-1].id,))
        days = (as_of - day_of(made[-1].at)).days
        sheet.state("ask.days_since", "days since last ask", days, "ask.last", (made[-1].id,))
    still_open = _open_ask(record, recent, as_of, conventions)
    sheet.state(
        "ask.open", "open ask", still_open is not None, "ask.open", (still_open.id,) if still_open else ()
    )


def _open_ask(
    record: DonorRecord, recent: list[Interaction], as_of: date, conventions: Conventions
) -> Interaction | None:
    planned = [i for i in record.interactions if i.is_ask and i.status == "planned"]
    if planned:
        return min(planned, key=lambda i: (i.at, i.id))
    if not recent:
        return None
    last = recent[-1]
    gift_since = any(
        gift.received_on >= conventions.day_of(last.at)
        and gift.received_on <= as_of
        and gift.status == "completed"
        for gift in record.gifts
    )
    reply_since = any(i.kind == "reply" and i.at >= last.at for i in record.interactions)
    return None if gift_since or reply_since else last


def acknowledgement_due(gift: Gift, sla_hours: int) -> date:
    """Return the last day on which thanks for a gift are in time; a gift has a date and no hour."""
    return gift.received_on + timedelta(days=-(-sla_hours // _HOURS_PER_DAY))


def unacknowledged(record: DonorRecord) -> tuple[Gift, ...]:
    """Return the completed gifts still to be acknowledged, oldest first."""
    gifts = [g for g in record.gifts if g.status == "completed" and g.acknowledgement.status == "needed"]
    return tuple(sorted(gifts, key=lambda gift: (gift.received_on, gift.id)))


def acknowledgement_facts(
    record: DonorRecord, as_of: date, conventions: Conventions, sheet: FactSheet
) -> None:
    """State which gifts wait for thanks, and since when thanks are overdue."""
    waiting = unacknowledged(record)
    records = tuple(gift.id for gift in waiting)
    sheet.state(
        "acknowledgement.due_count", "gifts to acknowledge", len(waiting), "acknowledgement.due", records
    )
    if not waiting:
        return
    oldest = waiting[0]
    due_on = acknowledgement_due(oldest, conventions.acknowledgement_sla_hours)
    one = (oldest.id,)
    sheet.state("acknowledgement.due_on", "thanks due", due_on, "acknowledgement.due", one)
    sheet.state(
        "acknowledgement.gift_amount", "gift to acknowledge", oldest.amount, "acknowledgement.due", one
    )
    sheet.state("acknowledgement.gift_on", "gift received", oldest.received_on, "acknowledgement.due", one)
    late = [g for g in waiting if acknowledgement_due(g, conventions.acknowledgement_sla_hours) < as_of]
    late_ids = tuple(gift.id for gift in late) or records
    overdue = "acknowledgement.overdue"
    sheet.state("acknowledgement.overdue", "thanks overdue", bool(late), overdue, late_ids)
    sheet.state("acknowledgement.overdue_count", "thanks overdue for", len(late), overdue, late_ids)


def consent_facts(record: DonorRecord, as_of: date, sheet: FactSheet) -> None:
    """State the consent in force for every channel and purpose."""
    for channel in Channel:
        for purpose in PURPOSES:
            status, records = consent_in_force(record.consents, channel, purpose, as_of)
            label = f"consent to {purpose} by {channel}"
            sheet.state(f"consent.{channel}.{purpose}", label, str(status.value), "consent", records)


def consent_in_force(
    consents: tuple[Consent, ...], channel: Channel, purpose: str, as_of: date
) -> tuple[ConsentStatus, tuple[str, ...]]:
    """Return the status for a channel and purpose with the statements it rests on."""
    latest = [
        found
        for spoken_for in (purpose, "all")
        if (found := _latest(consents, channel, spoken_for, as_of)) is not None
    ]
    if not latest:
        return ConsentStatus.UNKNOWN, ()
    status = min((_in_force(c, as_of) for c in latest), key=_MOST_RESTRICTIVE_FIRST.index)
    return status, tuple(c.id for c in latest if _in_force(c, as_of) is status)


def _latest(consents: tuple[Consent, ...], channel: Channel, purpose: str, as_of: date) -> Consent | None:
    rows = [c for c in consents if c.channel is channel and c.purpose == purpose and _is_said(c, as_of)]
    return max(
        rows,
        key=lambda c: (c.captured_on or date.min, -_MOST_RESTRICTIVE_FIRST.index(c.status), c.id),
        default=None,
    )


def _is_said(consent: Consent, as_of: date) -> bool:
    """Say whether a statement counts already; a refusal does, also one from a calendar a day ahead."""
    refused = consent.status is ConsentStatus.OPTED_OUT
    return refused or consent.captured_on is None or consent.captured_on <= as_of


def _in_force(consent: Consent, as_of: date) -> ConsentStatus:
    expired = consent.expires_on is not None and consent.expires_on <= as_of
    # A refusal has no end: only permission expires.
    return (
        ConsentStatus.UNKNOWN if expired and consent.status is not ConsentStatus.OPTED_OUT else consent.status
    )


def protection_facts(record: DonorRecord, as_of: date, conventions: Conventions, sheet: FactSheet) -> None:
    """State the donor's flags, stage and owner, and a recent complaint."""
    donor = record.donor
    flags = {
        "donor.deceased": ("deceased", donor.deceased),
        "donor.do_not_contact": ("do not contact", donor.do_not_contact),
        "donor.legal_review": ("under legal review", donor.legal_review),
        "donor.sensitive": ("sensitive relationship", donor.sensitive),
        "donor.vulnerable": ("vulnerable circumstances", donor.vulnerable),
        "donor.anonymous": ("gives anonymously", donor.gives_anonymously),
        "donor.merged": ("merged into another record", donor.merged_into is not None),
    }
    for fact_id, (label, value) in flags.items():
        sheet.state(fact_id, label, value, "donor.flag")
    sheet.state("donor.deceased_on", "date of death", donor.deceased_on, "donor.flag")
    sheet.state("donor.stage", "lifecycle stage", str(donor.lifecycle_stage.value), "donor.flag")
    sheet.state("donor.tier", "giving tier", str(donor.tier.value) if donor.tier else None, "donor.flag")
    if record.owner is not None:
        sheet.state("donor.owner", "relationship owner", record.owner.name, "donor.flag")
        sheet.state("donor.owner_active", "owner is on the staff", record.owner.active, "donor.flag")
    _complaint(record.notes, as_of, conventions, sheet)


def _complaint(notes: tuple[Note, ...], as_of: date, conventions: Conventions, sheet: FactSheet) -> None:
    day_of = conventions.day_of
    window = timedelta(days=conventions.complaint_window_days)
    recent = [
        n
        for n in notes
        if n.category == "complaint"
        and day_of(n.written_at) <= as_of
        and as_of - day_of(n.written_at) <= window
    ]
    latest = max(recent, key=lambda n: (n.written_at, n.id), default=None)
    records = (latest.id,) if latest else ()
    sheet.state("complaint.recent", "recent complaint", latest is not None, "complaint.recent", records)
    if latest:
        sheet.state(
            "complaint.on", "date of complaint", day_of(latest.written_at), "complaint.recent", records
        )


def task_facts(record: DonorRecord, as_of: date, sheet: FactSheet) -> None:
    """State open and overdue tasks."""
    open_tasks = sorted((t for t in record.tasks if t.status == "open"), key=lambda t: (t.due_on, t.id))
    sheet.state("task.open_count", "open tasks", len(open_tasks), "task", tuple(t.id for t in open_tasks))
    late = tuple(t.id for t in open_tasks if t.due_on < as_of)
    sheet.state("task.overdue_count", "overdue tasks", len(late), "task", late)
    if open_tasks:
        sheet.state("task.next_due_on", "next task due", open_tasks[0].due_on, "task", (open_tasks[0].id,))
