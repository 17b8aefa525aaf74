"""Donor records of every sort, made from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from policy.donor import (
    Acknowledgement,
    Campaign,
    Channel,
    Consent,
    ConsentStatus,
    Donor,
    DonorRecord,
    Gift,
    Household,
    Installment,
    Interaction,
    LifecycleStage,
    Note,
    Pledge,
    RecurringGift,
    Rollups,
    SoftCredit,
    StaffMember,
    Task,
    Tier,
)
from policy.money import Money

TODAY = date(2026, 11, 5)
# Names that are words, months, numbers, particles and other alphabets: what text handling stumbles over.
NAMES = (
    ("Jane", "Doe"),
    ("May", "June"),
    ("Will", "Grant"),
    ("Ma", "Ng"),
    ("José", "O’Brien-Núñez"),
    ("Jo-Ann", "van der Berg"),
    ("Faith", "Rich"),
    ("A", "B"),
    ("李", "小龙"),
    ("April", "First"),
    ("Bill", "Gift"),
    ("The", "Owner"),
    ("Mark", "March 3"),
)
ORGANISATIONS = (
    "3M Foundation",
    "First National Bank, Inc.",
    "O'Brien & Sons",
    "Circle of 100",
    "The 2026 Fund",
)


class RecordMaker:
    """Makes one record from a seeded random source."""

    def __init__(self, seed: int, today: date = TODAY) -> None:
        self.rng = random.Random(seed)
        self.today = today
        self.currency = self.rng.choice(["USD", "USD", "USD", "EUR", "GBP", "CHF", "JPY"])

    def record(self) -> DonorRecord:
        rng = self.rng
        donor = self.donor()
        gifts = tuple(self.gift(number) for number in range(rng.choice([0, 1, 2, 3, 8, 40])))
        return DonorRecord(
            donor=donor,
            read_at=datetime(2026, 11, 5, 9, 0, tzinfo=UTC),
            owner=rng.choice(
                [
                    None,
                    StaffMember(
                        id="staff-1", name="Olivia Hart", email="o@x.example", active=rng.random() > 0.1
                    ),
                ]
            ),
            household=Household(id="household-1", name="Doe household", member_ids=("donor-1", "donor-2")),
            household_members=self.members(),
            gifts=gifts,
            soft_credited_gifts=self.soft_credited(),
            pledges=tuple(self.pledge(number) for number in range(rng.choice([0, 0, 1, 2]))),
            recurring_gifts=tuple(self.recurring(number) for number in range(rng.choice([0, 0, 1, 2]))),
            interactions=tuple(self.interaction(number) for number in range(rng.choice([0, 1, 5]))),
            notes=tuple(self.note(number) for number in range(rng.choice([0, 1, 3]))),
            tasks=tuple(self.task(number) for number in range(rng.choice([0, 1, 3]))),
            consents=tuple(self.consent(number) for number in range(rng.choice([0, 2, 6]))),
            campaigns=(self.campaign(),),
            gaps=rng.choice([(), (), (), ("interactions",), ("gifts: timeout",), ("pledges", "tasks")]),
        )

    def money(self) -> Money:
        minor = self.rng.choice([self.rng.randint(1, 99) * 10_000, self.rng.randint(100, 9_999_999)])
        return Money(minor=minor, currency=self.currency if self.rng.random() > 0.05 else "CAD")

    def day(self, past: int = 3000, future: int = 0) -> date:
        return self.today + timedelta(days=self.rng.randint(-past, future))

    def instant(self, past: int = 900, future: int = 60) -> datetime:
        return datetime(2026, 11, 5, 12, tzinfo=UTC) + timedelta(
            minutes=self.rng.randint(-past * 1440, future * 1440)
        )

    def donor(self) -> Donor:
        rng = self.rng
        first, last = rng.choice(NAMES)
        name = f"{first} {last}"
        organisation = rng.random() < 0.2
        deceased = rng.random() < 0.08
        rollups = Rollups(lifetime_giving=self.money(), gift_count=3, largest_gift=self.money())
        return Donor(
            id="donor-1",
            version="v1",
            name=rng.choice(ORGANISATIONS) if organisation else name,
            first_name="" if organisation else first,
            last_name="" if organisation else last,
            type="organization" if organisation else "individual",
            email="jane@doe.example",
            phone="+1 212 555 0100",
            lifecycle_stage=rng.choice(list(LifecycleStage)),
            tier=rng.choice([None, *Tier]),
            household_id="household-1",
            owner_id="staff-1",
            deceased=deceased,
            deceased_on=self.day() if deceased and rng.random() < 0.7 else None,
            do_not_contact=rng.random() < 0.08,
            legal_review=rng.random() < 0.08,
            sensitive=rng.random() < 0.08,
            vulnerable=rng.random() < 0.08,
            gives_anonymously=rng.random() < 0.08,
            merged_into="donor-9" if rng.random() < 0.05 else None,
            rollups=rng.choice([None, rollups]),
        )

    def members(self) -> tuple[Donor, ...]:
        if self.rng.random() < 0.6:
            return ()
        rollups = Rollups(lifetime_giving=self.money(), gift_count=1, largest_gift=self.money())
        return (
            Donor(
                id="donor-2",
                version="v1",
                name="John Doe",
                lifecycle_stage=LifecycleStage.STEWARDSHIP,
                rollups=rollups,
            ),
        )

    def gift(self, number: int) -> Gift:
        rng = self.rng
        kinds = ["cash"] * 8 + [
            "stock",
            "daf",
            "matching",
            "in_kind",
            "planned",
            "pledge_payment",
            "recurring_payment",
        ]
        return Gift(
            id=f"gift-{number}",
            donor_id="donor-1",
            amount=self.money(),
            received_on=self.day(2500, 5),
            type=rng.choice(kinds),
            status=rng.choice(["completed"] * 8 + ["refunded", "pending"]),
            campaign_id=rng.choice([None, "campaign-1"]),
            acknowledgement=Acknowledgement(
                status=rng.choice(["needed", "acknowledged", "acknowledged", "not_needed"])
            ),
        )

    def soft_credited(self) -> tuple[Gift, ...]:
        if self.rng.random() < 0.7:
            return ()
        amount = self.money()
        credit = SoftCredit(donor_id="donor-1", amount=amount, reason="adviser")
        return (
            Gift(
                id="gift-s1",
                donor_id="donor-2",
                amount=amount,
                received_on=self.day(),
                soft_credits=(credit,),
            ),
        )

    def pledge(self, number: int) -> Pledge:
        rng = self.rng
        part = self.money()
        start = self.day(700, 100)
        installments = tuple(
            Installment(
                due_on=start + timedelta(days=90 * step),
                amount=part,
                paid=Money(minor=rng.choice([0, part.minor, part.minor // 2]), currency=part.currency),
            )
            for step in range(4)
        )
        amount = Money(minor=part.minor * 4, currency=part.currency)
        status = rng.choice(["open", "open", "fulfilled", "written_off"])
        return Pledge(
            id=f"pledge-{number}",
            donor_id="donor-1",
            amount=amount,
            pledged_on=start,
            status=status,
            installments=installments,
        )

    def recurring(self, number: int) -> RecurringGift:
        rng = self.rng
        return RecurringGift(
            id=f"recurring-{number}",
            donor_id="donor-1",
            amount=self.money(),
            frequency=rng.choice(["monthly", "quarterly", "yearly"]),
            status=rng.choice(["active", "active", "paused", "lapsed", "cancelled"]),
            started_on=self.day(),
            next_due_on=rng.choice([None, self.day(60, 60)]),
            failed_payments=rng.choice([0, 0, 1, 3]),
        )

    def interaction(self, number: int) -> Interaction:
        rng = self.rng
        kind = rng.choice(["meeting", "call", "email", "letter", "event", "visit", "email_open", "reply"])
        return Interaction(
            id=f"interaction-{number}",
            donor_id="donor-1",
            kind=kind,
            direction="inbound" if kind in ("email_open", "reply") else "outbound",
            status=rng.choice(["completed", "completed", "planned", "cancelled"]),
            at=self.instant(),
            staff_id="staff-1",
            subject="Spring visit",
            is_ask=rng.random() < 0.3,
        )

    def note(self, number: int) -> Note:
        rng = self.rng
        return Note(
            id=f"note-{number}",
            donor_id="donor-1",
            written_at=self.instant(future=0),
            text="Prefers a call in the morning.",
            category=rng.choice(["general", "general", "complaint", "health"]),
        )

    def task(self, number: int) -> Task:
        return Task(
            id=f"task-{number}",
            donor_id="donor-1",
            kind="task",
            title="Call",
            due_on=self.day(50, 50),
            status=self.rng.choice(["open", "done"]),
        )

    def consent(self, number: int) -> Consent:
        rng = self.rng
        return Consent(
            id=f"consent-{number}",
            donor_id="donor-1",
            channel=rng.choice(list(Channel)),
            purpose=rng.choice(["fundraising", "stewardship", "all"]),
            status=rng.choice(list(ConsentStatus)),
            captured_on=self.day(),
        )

    def campaign(self) -> Campaign:
        return Campaign(
            id="campaign-1",
            name="Autumn Appeal 2026",
            status=self.rng.choice(["active", "paused"]),
            starts_on=date(2026, 9, 1),
            ends_on=date(2026, 12, 31),
        )


@pytest.fixture(scope="session")
def today() -> date:
    """The day the records are about."""
    return TODAY


@pytest.fixture(scope="session")
def record_of() -> Callable[[int], DonorRecord]:
    """A record for a seed; equal seeds give equal records."""
    return lambda seed: RecordMaker(seed).record()
