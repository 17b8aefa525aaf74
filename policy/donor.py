"""The donor and everything the CRM holds about one: the words every rule, fact and card is written in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Any

from pydantic import AwareDatetime, ConfigDict, model_validator

from policy.money import Money
from policy.value import Value


@unique
class LifecycleStage(StrEnum):
    """The donor lifecycle, from first contact to winning somebody back."""

    ACQUISITION = "acquisition"
    QUALIFICATION = "qualification"
    CULTIVATION = "cultivation"
    SOLICITATION = "solicitation"
    STEWARDSHIP = "stewardship"
    RETENTION = "retention"
    REACTIVATION = "reactivation"


@unique
class Tier(StrEnum):
    """The giving tier as the organisation keeps it in the CRM; there is no standard threshold."""

    ANNUAL = "annual"
    MID_LEVEL = "mid_level"
    MAJOR = "major"
    PRINCIPAL = "principal"


@unique
class Channel(StrEnum):
    """A way to reach a donor."""

    EMAIL = "email"
    MAIL = "mail"
    PHONE = "phone"
    SMS = "sms"
    VISIT = "visit"


@unique
class ConsentStatus(StrEnum):
    """What a donor said about one channel and purpose; *unknown* never counts as yes."""

    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"
    SOFT_OPT_IN = "soft_opt_in"
    UNKNOWN = "unknown"


class Record(Value):
    """A record as a CRM holds it; fields beyond those declared are left aside."""

    model_config = ConfigDict(extra="ignore")


class StaffMember(Record):
    """Somebody of the organisation as the CRM knows them; joined to Slack by *email*."""

    id: str
    name: str
    email: str
    title: str = ""
    active: bool = True
    time_zone: str = "UTC"


class Rollups(Record):
    """Giving totals as the CRM itself states them, kept apart from what we recompute."""

    lifetime_giving: Money
    gift_count: int
    first_gift_on: date | None = None
    last_gift_on: date | None = None
    largest_gift: Money | None = None


class Donor(Record):
    """A constituent; *version* is the CRM's token for conditional writes."""

    id: str
    version: str
    name: str
    first_name: str = ""
    last_name: str = ""
    salutation: str = ""
    type: str = "individual"
    email: str | None = None
    phone: str | None = None
    city: str | None = None
    country: str | None = None
    region: str = "OTHER"
    processing_region: str = "any"
    household_id: str | None = None
    owner_id: str | None = None
    lifecycle_stage: LifecycleStage
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
    time_zone: str = "UTC"
    created_at: AwareDatetime | None = None
    modified_at: AwareDatetime | None = None
    rollups: Rollups | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_date_of_death_is_a_death(cls, given: Any) -> Any:
        """Count as dead whoever has a date of death: not everybody who enters one sets the mark as well."""
        if isinstance(given, Mapping) and given.get("deceased_on") is not None:
            return {**given, "deceased": True}
        return given


class DonorMatch(Record):
    """One hit of a donor search: enough to tell two people apart in a picker."""

    id: str
    name: str
    city: str | None = None
    email: str | None = None
    owner_id: str | None = None


class Household(Record):
    """People who give and are asked together."""

    id: str
    name: str
    member_ids: tuple[str, ...]


class Consent(Record):
    """One dated statement about a channel and a purpose ("fundraising", "stewardship" or "all")."""

    id: str
    donor_id: str
    channel: Channel
    purpose: str
    status: ConsentStatus
    source: str = ""
    jurisdiction: str = ""
    captured_on: date | None = None
    expires_on: date | None = None


class Acknowledgement(Record):
    """Whether a gift was thanked for: "needed", "acknowledged" or "not_needed"."""

    status: str
    on: date | None = None
    by: str | None = None


class SoftCredit(Record):
    """Recognition for somebody else's gift; never added to revenue."""

    donor_id: str
    amount: Money
    reason: str = ""


class Gift(Record):
    """A gift; *donor_id* has the hard credit. Types and statuses are listed in the CRM contract."""

    id: str
    donor_id: str
    amount: Money
    received_on: date
    type: str = "cash"
    status: str = "completed"
    campaign_id: str | None = None
    fund: str | None = None
    pledge_id: str | None = None
    recurring_gift_id: str | None = None
    is_anonymous: bool = False
    tribute: str | None = None
    acknowledgement: Acknowledgement = Acknowledgement(status="not_needed")
    soft_credits: tuple[SoftCredit, ...] = ()
    version: str = ""
    modified_at: AwareDatetime | None = None


class Installment(Record):
    """One instalment of a pledge."""

    due_on: date
    amount: Money
    paid: Money
    gift_id: str | None = None


class Pledge(Record):
    """A promise to give, with its schedule; status is open, fulfilled, written_off or cancelled."""

    id: str
    donor_id: str
    amount: Money
    pledged_on: date
    status: str
    installments: tuple[Installment, ...] = ()
    campaign_id: str | None = None


class RecurringGift(Record):
    """A sustainer's standing gift; status is active, paused, lapsed or cancelled."""

    id: str
    donor_id: str
    amount: Money
    frequency: str
    status: str
    started_on: date
    next_due_on: date | None = None
    failed_payments: int = 0


class Interaction(Record):
    """A meeting, call, letter, e-mail or reply; *is_ask* marks a solicitation."""

    id: str
    donor_id: str
    kind: str
    direction: str
    status: str
    at: AwareDatetime
    staff_id: str | None = None
    subject: str = ""
    body: str = ""
    is_ask: bool = False
    campaign_id: str | None = None


class PlannedMeeting(Value):
    """A meeting or visit ahead, with the e-mail address of whoever goes there."""

    id: str
    donor_id: str
    at: AwareDatetime
    staff_email: str | None = None


class Note(Record):
    """A free-text note; untrusted, and more so when *external_author* is true."""

    id: str
    donor_id: str
    written_at: AwareDatetime
    text: str
    category: str = "general"
    author_id: str | None = None
    external_author: bool = False


class Campaign(Record):
    """A fundraising campaign; status is planned, active, paused, completed or cancelled."""

    id: str
    name: str
    status: str
    starts_on: date
    ends_on: date
    goal: Money | None = None
    raised: Money | None = None
    kind: str = ""


class Task(Record):
    """A task in the CRM; *external_key* is the idempotency key of whoever created it."""

    id: str
    donor_id: str
    kind: str
    title: str
    due_on: date
    status: str
    details: str = ""
    assignee_id: str | None = None
    external_key: str | None = None


class DonorRecord(Value):
    """Everything read from the CRM about one donor at *read_at*, with what could not be read in *gaps*."""

    donor: Donor
    read_at: AwareDatetime
    owner: StaffMember | None = None
    staff: tuple[StaffMember, ...] = ()
    household: Household | None = None
    household_members: tuple[Donor, ...] = ()
    household_interactions: tuple[Interaction, ...] = ()
    gifts: tuple[Gift, ...] = ()
    soft_credited_gifts: tuple[Gift, ...] = ()
    pledges: tuple[Pledge, ...] = ()
    recurring_gifts: tuple[RecurringGift, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    notes: tuple[Note, ...] = ()
    tasks: tuple[Task, ...] = ()
    consents: tuple[Consent, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    gaps: tuple[str, ...] = ()


class TimelineEntry(Value):
    """One dated line of a donor's history, linked to its record."""

    at: datetime | date
    kind: str
    text: str
    record_id: str
