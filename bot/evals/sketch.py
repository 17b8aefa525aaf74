"""From a case as it is written down to a donor's record and an event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.evals.cases import Case, ContactSketch
from policy.donor import (
    Acknowledgement,
    Channel,
    Consent,
    ConsentStatus,
    Donor,
    DonorRecord,
    Gift,
    Installment,
    Interaction,
    Note,
    Pledge,
    RecurringGift,
    Rollups,
    SoftCredit,
    StaffMember,
)
from policy.events import CrmEvent, CrmEventType
from policy.money import Money

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
JANE = "donor-1"
_STATUSES = ("completed", "pending", "refunded")
_MONTHS = {"monthly": 30, "quarterly": 91, "yearly": 365}


def record_of(case: Case) -> DonorRecord:
    """Return the record of a case."""
    staff = StaffMember(id="staff-1", name="Olivia Hart", email="olivia@harbour.example")
    notes = [
        Note(
            id=f"note-{number}",
            donor_id=JANE,
            written_at=NOW - _days(each.ago),
            text=each.text,
            category=each.category,
            external_author=each.external,
        )
        for number, each in enumerate(case.notes, 1)
    ]
    contacts = [_contact(number, each) for number, each in enumerate(case.contacts, 1)]
    if case.untrusted:
        at = NOW - timedelta(days=30)
        notes.append(Note(id="note-u", donor_id=JANE, written_at=at, text=case.untrusted))
        contacts.append(_contact(0, ContactSketch(what="reply 30d", body=case.untrusted)))
    return DonorRecord(
        donor=_donor(case.donor),
        read_at=NOW,
        owner=staff,
        staff=(staff,),
        gifts=tuple(_gift(f"gift-{number}", each) for number, each in enumerate(case.gifts, 1)),
        soft_credited_gifts=tuple(_soft(f"soft-{number}", each) for number, each in enumerate(case.soft, 1)),
        pledges=tuple(_pledge(number, each) for number, each in enumerate(case.pledges, 1)),
        recurring_gifts=tuple(_recurring(number, each) for number, each in enumerate(case.recurring, 1)),
        interactions=tuple(contacts),
        notes=tuple(notes),
        consents=tuple(_consent(number, each) for number, each in enumerate(case.consents, 1)),
        gaps=case.gaps,
    )


def event_of(case: Case) -> CrmEvent | None:
    """Return what happened in a case; None where somebody simply asks."""
    if case.event is None:
        return None
    kind, _, about = case.event.partition(" ")
    return CrmEvent(
        id=f"event-{case.id}",
        source="golden",
        type=CrmEventType(kind),
        time=NOW,
        donor_id=JANE,
        record_id=about or None,
    )


def _donor(told: Mapping[str, Any]) -> Donor:
    told = dict(told)
    rollups = told.pop("rollups", None)
    if "deceased_on" in told:
        told["deceased_on"] = TODAY - _days(str(told["deceased_on"]))
    usual: dict[str, Any] = {
        "id": JANE,
        "version": "v1",
        "name": "Jane Doe",
        "first_name": "Jane",
        "last_name": "Doe",
        "owner_id": "staff-1",
        "email": "jane@doe.example",
        "phone": "+1 212 555 0100",
        "lifecycle_stage": "stewardship",
    }
    if rollups:
        usual["rollups"] = Rollups(lifetime_giving=_usd(rollups["lifetime"]), gift_count=rollups["count"])
    return Donor.model_validate(usual | told, strict=False)


def _days(age: str) -> timedelta:
    return timedelta(days=int(age.removesuffix("d")))


def _usd(amount: str | int, currency: str = "USD") -> Money:
    return Money(minor=int(amount) * 100, currency=currency)


def _gift(gift_id: str, told: str) -> Gift:
    amount, age, *words = told.split()
    currency = next((word for word in words if word.isupper()), "USD")
    status = next((word for word in words if word in _STATUSES), "completed")
    kind = next(
        (word for word in words if word not in _STATUSES and word.islower() and word != "unthanked"), "cash"
    )
    return Gift(
        id=gift_id,
        donor_id=JANE,
        amount=_usd(amount, currency),
        received_on=TODAY - _days(age),
        type=kind,
        status=status,
        acknowledgement=Acknowledgement(status="needed" if "unthanked" in words else "acknowledged"),
    )


def _soft(gift_id: str, told: str) -> Gift:
    gift = _gift(gift_id, told)
    credit = SoftCredit(donor_id=JANE, amount=gift.amount, reason="adviser")
    return gift.model_copy(update={"donor_id": "donor-fund", "type": "daf", "soft_credits": (credit,)})


def _pledge(number: int, told: str) -> Pledge:
    count, _, part, _, every, _, since, _, paid = told.split()
    amount = _usd(part)
    first = TODAY - _days(since)
    return Pledge(
        id=f"pledge-{number}",
        donor_id=JANE,
        amount=_usd(int(part) * int(count)),
        pledged_on=first - timedelta(days=30),
        status="open",
        installments=tuple(
            Installment(
                due_on=first + step * _days(every),
                amount=amount,
                paid=amount if step < int(paid) else _usd(0),
            )
            for step in range(int(count))
        ),
    )


def _recurring(number: int, told: str) -> RecurringGift:
    frequency, amount, status, _, since, *rest = told.split()
    return RecurringGift(
        id=f"recurring-{number}",
        donor_id=JANE,
        amount=_usd(amount),
        frequency=frequency,
        status=status,
        started_on=TODAY - _days(since),
        next_due_on=TODAY + timedelta(days=_MONTHS[frequency] // 2),
        failed_payments=int(rest[1]) if rest else 0,
    )


def _contact(number: int, told: str | ContactSketch) -> Interaction:
    sketch = told if isinstance(told, ContactSketch) else ContactSketch(what=told)
    kind, age, *words = sketch.what.split()
    return Interaction(
        id=f"contact-{number}",
        donor_id=JANE,
        kind=kind,
        direction="inbound" if kind == "reply" else "outbound",
        status="planned" if "planned" in words else "completed",
        at=NOW - _days(age),
        staff_id="staff-1",
        body=sketch.body,
        is_ask="ask" in words,
    )


def _consent(number: int, told: str) -> Consent:
    channel, status, age, *purpose = told.split()
    return Consent(
        id=f"consent-{number}",
        donor_id=JANE,
        channel=Channel(channel),
        purpose=purpose[0] if purpose else "all",
        status=ConsentStatus(status),
        captured_on=TODAY - _days(age),
    )
