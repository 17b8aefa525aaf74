"""The records of the simulated CRM, in exactly the shapes of its REST API, and the `World` that holds them.

Money is integer minor units with a currency code, dates are calendar dates, instants are aware UTC datetimes.
`record.model_dump(mode="json")` is the wire form.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]

DonorType = Literal["individual", "organization"]
Region = Literal["US", "EU", "UK", "CA", "OTHER"]
ProcessingRegion = Literal["any", "eu_only"]
LifecycleStage = Literal[
    "acquisition",
    "qualification",
    "cultivation",
    "solicitation",
    "stewardship",
    "retention",
    "reactivation",
]
Tier = Literal["annual", "mid_level", "major", "principal"]
ConsentChannel = Literal["email", "mail", "phone", "sms", "visit"]
ConsentPurpose = Literal["fundraising", "stewardship", "all"]
ConsentStatus = Literal["opted_in", "opted_out", "soft_opt_in", "unknown"]
GiftType = Literal[
    "cash", "in_kind", "stock", "matching", "daf", "planned", "pledge_payment", "recurring_payment"
]
GiftStatus = Literal["completed", "refunded", "pending"]
AcknowledgementStatus = Literal["needed", "acknowledged", "not_needed"]
PledgeStatus = Literal["open", "fulfilled", "written_off", "cancelled"]
Frequency = Literal["monthly", "quarterly", "yearly"]
RecurringStatus = Literal["active", "paused", "lapsed", "cancelled"]
InteractionKind = Literal["meeting", "call", "email", "letter", "event", "visit", "email_open", "reply"]
Direction = Literal["inbound", "outbound"]
InteractionStatus = Literal["planned", "completed", "cancelled"]
NoteCategory = Literal["general", "health", "wealth", "family", "complaint"]
CampaignStatus = Literal["planned", "active", "paused", "completed", "cancelled"]
TaskKind = Literal["task", "follow_up", "thank_you"]
TaskStatus = Literal["open", "done", "cancelled"]


class Record(BaseModel):
    """A frozen record; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Money(Record):
    """An amount in integer minor units (cents, pence) of one currency."""

    minor: int
    currency: Currency = "USD"

    def plus(self, other: Money) -> Money:
        """The sum; ValueError when the currencies differ."""
        if other.currency != self.currency:
            raise ValueError(f"{other.currency} cannot be added to {self.currency}")
        return Money(minor=self.minor + other.minor, currency=self.currency)


class Rollups(Record):
    """Giving totals as the CRM itself states them, hard credit only; may be stale."""

    lifetime_giving: Money
    gift_count: int = Field(ge=0)
    first_gift_on: date | None
    last_gift_on: date | None
    largest_gift: Money


class Versioned(Record):
    """A record whose version moves with every change of its representation: v1, v2, ..."""

    version: str = "v1"

    def changed(self, **fields: object) -> Self:
        """A copy with *fields* replaced and the next version."""
        return self.model_copy(update={**fields, "version": f"v{int(self.version[1:]) + 1}"})


class Donor(Versioned):
    """An individual or organisation that gives, or might."""

    id: str
    type: DonorType = "individual"
    first_name: str = ""
    last_name: str = ""
    name: str
    salutation: str = ""
    email: str | None = None
    phone: str | None = None
    city: str = ""
    country: str = "US"
    region: Region = "US"
    processing_region: ProcessingRegion = "any"
    household_id: str | None = None
    owner_id: str | None = None
    lifecycle_stage: LifecycleStage = "acquisition"
    tier: Tier | None = None
    tags: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    deceased: bool = False
    deceased_on: date | None = None
    do_not_contact: bool = False
    gives_anonymously: bool = False
    legal_review: bool = False
    sensitive: bool = False
    vulnerable: bool = False
    merged_into: str | None = None
    time_zone: str = "America/New_York"
    created_at: AwareDatetime
    modified_at: AwareDatetime
    rollups: Rollups


class Consent(Record):
    """One row of the append-only consent ledger."""

    id: str
    donor_id: str
    channel: ConsentChannel
    purpose: ConsentPurpose
    status: ConsentStatus
    source: str
    jurisdiction: str
    captured_on: date
    expires_on: date | None = None


class Household(Versioned):
    """Donors who share a home and are credited together."""

    id: str
    name: str
    member_ids: tuple[str, ...]


class Acknowledgement(Record):
    """Whether and by whom a gift was thanked for."""

    status: AcknowledgementStatus
    on: date | None = None
    by: str | None = None


class SoftCredit(Record):
    """Recognition of somebody who is not the legal donor of the gift."""

    donor_id: str
    amount: Money
    reason: str


class Gift(Versioned):
    """A gift; *donor_id* has the hard credit."""

    id: str
    donor_id: str
    amount: Money
    received_on: date
    type: GiftType = "cash"
    campaign_id: str | None = None
    fund: str = "Unrestricted"
    status: GiftStatus = "completed"
    pledge_id: str | None = None
    recurring_gift_id: str | None = None
    is_anonymous: bool = False
    tribute: str | None = None
    acknowledgement: Acknowledgement
    soft_credits: tuple[SoftCredit, ...] = ()
    modified_at: AwareDatetime


class Installment(Record):
    """One scheduled part of a pledge and what was paid of it."""

    due_on: date
    amount: Money
    paid: Money
    gift_id: str | None = None


class Pledge(Versioned):
    """A promise to give *amount* in instalments."""

    id: str
    donor_id: str
    amount: Money
    pledged_on: date
    status: PledgeStatus
    installments: tuple[Installment, ...]
    campaign_id: str | None = None


class RecurringGift(Versioned):
    """A standing gift that repeats until it is stopped."""

    id: str
    donor_id: str
    amount: Money
    frequency: Frequency
    status: RecurringStatus
    started_on: date
    next_due_on: date | None
    failed_payments: int = 0


class Interaction(Record):
    """A contact with a donor, past or planned."""

    id: str
    donor_id: str
    kind: InteractionKind
    direction: Direction
    status: InteractionStatus = "completed"
    at: AwareDatetime
    staff_id: str | None = None
    subject: str
    body: str = ""
    is_ask: bool = False
    campaign_id: str | None = None
    modified_at: AwareDatetime


class Note(Record):
    """Free text about a donor; *external_author* marks text that nobody on the staff wrote."""

    id: str
    donor_id: str
    author_id: str | None = None
    external_author: bool = False
    written_at: AwareDatetime
    text: str
    category: NoteCategory = "general"
    external_key: str | None = None


class Campaign(Versioned):
    """An appeal or campaign with a goal; *raised* sums its completed gifts in the goal's currency."""

    id: str
    name: str
    status: CampaignStatus
    starts_on: date
    ends_on: date
    goal: Money
    raised: Money
    kind: str


class Task(Versioned):
    """Something a member of staff is to do about a donor."""

    id: str
    donor_id: str
    kind: TaskKind
    title: str
    details: str = ""
    due_on: date
    assignee_id: str | None
    status: TaskStatus = "open"
    created_by: str
    external_key: str | None = None
    created_at: AwareDatetime


class Staff(Record):
    """A member of staff as the CRM knows them."""

    id: str
    name: str
    email: str
    title: str
    active: bool
    time_zone: str


class Change(Record):
    """One field of one record changed: from what, to what, when, by whom and under which key."""

    id: str
    donor_id: str | None
    record_id: str
    field: str
    before: JsonValue
    after: JsonValue
    at: AwareDatetime
    by: str
    external_key: str | None = None


class Story(Record):
    """A donor worth watching in the demo, and what to try with them."""

    id: str
    donor_id: str
    title: str
    what_to_try: str


class World(Record):
    """Everything the CRM holds at one moment; *origin* names where it came from (a seed or an import).

    Donors in *stale_rollups* keep the roll-ups they have, whatever gifts arrive.
    """

    origin: str
    as_of: date
    staff: tuple[Staff, ...] = ()
    donors: tuple[Donor, ...] = ()
    households: tuple[Household, ...] = ()
    consents: tuple[Consent, ...] = ()
    gifts: tuple[Gift, ...] = ()
    pledges: tuple[Pledge, ...] = ()
    recurring_gifts: tuple[RecurringGift, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    notes: tuple[Note, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    tasks: tuple[Task, ...] = ()
    changes: tuple[Change, ...] = ()
    stories: tuple[Story, ...] = ()
    stale_rollups: tuple[str, ...] = ()


def instant(at: datetime) -> str:
    """RFC 3339 in UTC with a Z, to the second or finer, as the wire form writes it."""
    return at.isoformat().replace("+00:00", "Z")
