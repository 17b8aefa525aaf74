"""A world while it is being written: records in any order; sums, versions and defaults follow."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Unpack

from dateutil.relativedelta import relativedelta
from pydantic import JsonValue

from .draft_fields import ContactFields, DonorFields, GiftFields
from .model import (
    Acknowledgement,
    Campaign,
    Change,
    Consent,
    ConsentChannel,
    ConsentPurpose,
    ConsentStatus,
    Donor,
    Gift,
    Household,
    Interaction,
    InteractionKind,
    Money,
    Note,
    NoteCategory,
    Pledge,
    RecurringGift,
    SoftCredit,
    Task,
)
from .names import Place, email_of, phone_of
from .rollups import rollups_of

_THANKED_AFTER = timedelta(days=3)
_FRESH = timedelta(days=9)


def at(day: date, hour: int = 15, minute: int = 0) -> datetime:
    """That day at a UTC time."""
    return datetime.combine(day, time(hour, minute), UTC)


def usd(dollars: float) -> Money:
    """US dollars."""
    return Money(minor=round(dollars * 100))


class Draft:
    """Collects the records of a world as of *today*; ids are given in the order of the calls."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.donors: dict[str, Donor] = {}
        self.gifts: list[Gift] = []
        self.campaigns: list[Campaign] = []
        self.pledges: list[Pledge] = []
        self.households: list[Household] = []
        self.consents: list[Consent] = []
        self.recurring_gifts: list[RecurringGift] = []
        self.interactions: list[Interaction] = []
        self.notes: list[Note] = []
        self.tasks: list[Task] = []
        self.changes: list[Change] = []
        self.stale_rollups: set[str] = set()

    def days_ago(self, days: int) -> date:
        """The day so many days before today."""
        return self.today - timedelta(days=days)

    def months_ago(self, months: int, day: int = 12) -> date:
        """That day of the month so many months before this one; never later than yesterday."""
        return min(self.today + relativedelta(months=-months, day=day), self.days_ago(1))

    def donor(self, donor_id: str, name: str, place: Place, **fields: Unpack[DonorFields]) -> str:
        """Add a donor, reachable at made-up addresses unless told otherwise; the id."""
        number = int(donor_id.rpartition("-")[2])
        first, _, last = name.rpartition(" ")
        given: DonorFields = {
            "first_name": first,
            "last_name": last,
            "salutation": fields.get("first_name") or first or name,
            "email": email_of(name, number),
            "phone": phone_of(number),
            **fields,
        }
        self.donors[donor_id] = Donor(
            id=donor_id,
            name=name,
            city=place.city,
            country=place.country,
            region=place.region,
            time_zone=place.time_zone,
            created_at=at(self.today),
            modified_at=at(self.today),
            rollups=rollups_of((), place.currency),
            **given,
        )
        return donor_id

    def gift(self, donor_id: str, amount: Money, on: date, **fields: Unpack[GiftFields]) -> Gift:
        """Add a gift; thanked for after three days by the owner unless it is that fresh."""
        given: GiftFields = {"acknowledgement": self._thanks(donor_id, on), **fields}
        gift = Gift(
            id=f"gift-{len(self.gifts) + 1:06d}",
            donor_id=donor_id,
            amount=amount,
            received_on=on,
            modified_at=at(on),
            **given,
        )
        self.gifts.append(gift)
        return gift

    def household(self, name: str, *member_ids: str) -> str:
        """Let donors live together; the id."""
        household_id = f"household-{len(self.households) + 1:04d}"
        self.households.append(Household(id=household_id, name=name, member_ids=member_ids))
        for member in member_ids:
            self.donors[member] = self.donors[member].model_copy(update={"household_id": household_id})
        return household_id

    def consent(
        self,
        donor_id: str,
        channel: ConsentChannel,
        purpose: ConsentPurpose,
        status: ConsentStatus,
        on: date,
        source: str,
    ) -> None:
        """Add a row of the consent ledger, under the rules of where the donor lives."""
        donor = self.donors[donor_id]
        self.consents.append(
            Consent(
                id=f"consent-{len(self.consents) + 1:06d}",
                donor_id=donor_id,
                channel=channel,
                purpose=purpose,
                status=status,
                source=source,
                jurisdiction=donor.country if donor.region == "OTHER" else donor.region,
                captured_on=on,
            )
        )

    def contact(
        self,
        donor_id: str,
        kind: InteractionKind,
        when: datetime,
        subject: str,
        **fields: Unpack[ContactFields],
    ) -> None:
        """Add an interaction, by the owner and outbound unless told otherwise."""
        given: ContactFields = {
            "direction": "inbound" if kind in ("reply", "email_open") else "outbound",
            "staff_id": self.donors[donor_id].owner_id,
            **fields,
        }
        self.interactions.append(
            Interaction(
                id=f"interaction-{len(self.interactions) + 1:06d}",
                donor_id=donor_id,
                kind=kind,
                at=when,
                subject=subject,
                modified_at=min(when, at(self.days_ago(1))),
                **given,
            )
        )

    def note(
        self,
        donor_id: str,
        on: date,
        text: str,
        category: NoteCategory = "general",
        *,
        external: bool = False,
    ) -> None:
        """Add a note, by the owner unless it is *external*."""
        owner = self.donors[donor_id].owner_id or "staff-fiona"
        self.notes.append(
            Note(
                id=f"note-{len(self.notes) + 1:06d}",
                donor_id=donor_id,
                author_id=None if external else owner,
                external_author=external,
                written_at=at(on, 16, 20),
                text=text,
                category=category,
            )
        )

    def task(self, donor_id: str, title: str, due_on: date, assignee_id: str, details: str = "") -> None:
        """Add an open follow-up."""
        self.tasks.append(
            Task(
                id=f"task-{len(self.tasks) + 1:06d}",
                donor_id=donor_id,
                kind="follow_up",
                title=title,
                details=details,
                due_on=due_on,
                assignee_id=assignee_id,
                created_by=assignee_id,
                created_at=at(self.days_ago(6), 14),
            )
        )

    def change(
        self, donor_id: str, field: str, before: JsonValue, after: JsonValue, on: date, by: str
    ) -> None:
        """Add an entry of the change history; give them in the order of time."""
        self.changes.append(
            Change(
                id=f"change-{len(self.changes) + 1:06d}",
                donor_id=donor_id,
                record_id=donor_id,
                field=field,
                before=before,
                after=after,
                at=at(on, 17),
                by=by,
            )
        )

    def _thanks(self, donor_id: str, on: date) -> Acknowledgement:
        if on > self.today - _FRESH:
            return Acknowledgement(status="needed")
        by = self.donors[donor_id].owner_id or "staff-fiona"
        return Acknowledgement(status="acknowledged", on=on + _THANKED_AFTER, by=by)


def soft(donor_id: str, amount: Money, reason: str = "household") -> SoftCredit:
    """A soft credit."""
    return SoftCredit(donor_id=donor_id, amount=amount, reason=reason)
