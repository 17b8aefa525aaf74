"""Everything a rule may ask about: one closed, typed model from which their variables are made."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field
from pydantic_core import from_json

from policy.value import Value

LARGEST_LIST = 500
LARGEST_AMOUNT = 10**12

Names = Annotated[tuple[Annotated[str, Field(max_length=255)], ...], Field(max_length=LARGEST_LIST)]
Count = Annotated[int, Field(ge=0, le=100_000)]
Days = Annotated[int, Field(ge=-40_000, le=40_000)]
Minor = Annotated[int, Field(ge=0, le=LARGEST_AMOUNT)]
Percent = Annotated[int, Field(ge=0, le=100)]
Text = Annotated[str, Field(max_length=255)]

ActionKind = Literal[
    "create_task",
    "schedule_follow_up",
    "add_note",
    "record_acknowledgement",
    "update_stage",
    "add_to_segment",
    "remove_from_segment",
    "suppress_channel",
    "assign_owner",
    "draft_message",
]
Capability = Literal["recommend", "draft", "auto_route", "execute"]
Stage = Literal[
    "acquisition",
    "qualification",
    "cultivation",
    "solicitation",
    "stewardship",
    "retention",
    "reactivation",
]
ChannelOrNone = Literal["email", "mail", "phone", "sms", "visit", "none"]
Purpose = Literal["fundraising", "stewardship", "none"]
DoorKind = Literal["slack", "http", "timer", "cli"]
AiOrigin = Literal["none", "facts", "model"]
TriageUrgency = Literal["none", "routine", "soon", "now"]
ConfidenceLevel = Literal["high", "medium", "low", "none"]


class _Group(Value):
    """A group of facts; strict, so that nothing is silently converted into something else."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)


class ActionFacts(_Group):
    """The action that is proposed."""

    kind: ActionKind = Field(description="The action of the catalogue.")
    capability: Capability = Field(
        description="What is about to happen with it: recommend it, draft it, put it before somebody unasked "
        "(auto_route), or carry it out in the CRM (execute)."
    )
    is_write: bool = Field(description="It changes a record in the CRM.")
    is_outreach: bool = Field(description="It prepares or plans contact with the donor.")
    leads_to_contact: bool = Field(
        default=False,
        description="Somebody is to contact the donor of our own accord, be it by a task to call or write.",
    )
    is_ask: bool = Field(description="It leads to asking the donor for a gift.")
    channel: ChannelOrNone = Field(description="The channel the action is about.")
    purpose: Purpose = Field(description="What the contact is for, as consent distinguishes it.")
    segment: Text = Field(description="The segment to add to or remove from; empty for other actions.")
    target_stage: Stage | Literal["none"] = Field(description="The lifecycle stage to move to.")
    days_ahead: Days | None = Field(default=None, description="Days until the task or follow-up is due.")
    amount: Minor | None = Field(default=None, description="The amount concerned, in minor units (cents).")
    currency: Text = Field(description="The currency of the amount; empty without one.")
    major_gift_threshold: Minor | None = Field(
        default=None, description="The organisation's major-gift threshold in that currency, in minor units."
    )
    is_major_gift: bool = Field(
        description="The amount reaches the threshold, or no threshold is known for its currency."
    )
    undo: Literal["exact", "compensation", "impossible"] = Field(description="What undoing it can do.")


class DonorFacts(_Group):
    """The donor as the CRM knows them."""

    lifecycle_stage: Stage = Field(description="Where the relationship stands.")
    tier: Literal["annual", "mid_level", "major", "principal", "none"] = Field(description="The giving tier.")
    type: Text = Field(description="The kind of constituent, such as individual or organization.")
    region: Text = Field(description="The donor's region, such as US, EU or UK.")
    processing_region: Text = Field(description="Where data of this donor may be processed: any, or eu_only.")
    deceased: bool = Field(description="The donor has died.")
    do_not_contact: bool = Field(description="The donor must not be contacted at all.")
    legal_review: bool = Field(description="The record is under legal review.")
    sensitive: bool = Field(description="The relationship is marked as sensitive.")
    vulnerable: bool = Field(description="The donor is marked as a person in vulnerable circumstances.")
    gives_anonymously: bool = Field(description="The donor asked to give anonymously.")
    merged: bool = Field(description="The record was merged into another one.")
    segments: Names = Field(description="The segments the donor is in.")
    tags: Names = Field(description="The tags of the donor.")


class RecordFacts(_Group):
    """How good the reading of the CRM was."""

    is_complete: bool = Field(description="Everything about the donor could be read.")
    gaps: Names = Field(description="What could not be read.")
    age_minutes: Count = Field(description="Minutes since the CRM was read.")


class HouseholdFacts(_Group):
    """The people the donor gives and is asked together with, the donor included."""

    members: Count = Field(description="How many people belong to the household.")
    any_deceased: bool = Field(description="Somebody in the household has died.")
    any_do_not_contact: bool = Field(description="Somebody in the household must not be contacted.")
    any_legal_review: bool = Field(description="Somebody in the household is under legal review.")
    any_sensitive: bool = Field(description="A relationship in the household is marked as sensitive.")


class ConsentFacts(_Group):
    """What the donor said about the channel and purpose of the action; the most restrictive statement."""

    status: Literal["opted_in", "soft_opt_in", "opted_out", "unknown", "not_needed"] = Field(
        description="The statement; not_needed when the action prepares no contact."
    )
    expired: bool = Field(description="The consent has run out; a consent ends on its expiry date.")
    jurisdiction: Text = Field(
        description="The law the consent was given under; empty if nobody recorded it."
    )
    days_since_captured: Days | None = Field(default=None, description="Days since the donor said so.")


class CadenceFacts(_Group):
    """How often the household was asked and contacted, whoever did it."""

    days_since_ask: Days | None = Field(default=None, description="Days since the household was last asked.")
    asks_90_days: Count = Field(description="Asks of the household in the last 90 days.")
    asks_365_days: Count = Field(description="Asks of the household in the last 365 days.")
    pending_asks: Count = Field(
        description="Asks that are planned or wait for a decision; they count already."
    )
    days_since_touch: Days | None = Field(default=None, description="Days since the last contact from us.")
    touches_30_days: Count = Field(description="Contacts from us in the last 30 days.")
    pending_touches: Count = Field(description="Contacts that are planned or wait for a decision.")
    channel_touches_30_days: Count = Field(description="Contacts in 30 days on the channel of the action.")
    channel_share_90_days: Percent = Field(
        description="Share of the contacts of 90 days on the channel of the action, in per cent."
    )


class GivingFacts(_Group):
    """What the donor gave, as far as rules need it."""

    days_since_gift: Days | None = Field(default=None, description="Days since the last completed gift.")
    unthanked_gifts: Count = Field(description="Gifts that still need an acknowledgement.")
    failed_payments: Count = Field(description="Failed payments of active recurring gifts.")


class CampaignFacts(_Group):
    """The campaign of the gift, pledge or contact that led to the action; thanks and answers have none."""

    status: Literal["planned", "active", "paused", "completed", "cancelled", "none"] = Field(
        description="The status in the CRM; none when the action belongs to no campaign."
    )
    is_running: bool = Field(description="It is active and today lies between its first and last day.")
    in_audience: bool = Field(
        description="The donor is in a segment the campaign is for (audiences in the settings), or all are."
    )
    is_excluded: bool = Field(description="The donor is in a segment the campaign leaves out.")
    already_gave: bool = Field(description="The donor already gave to this campaign.")
    days_until_end: Days | None = Field(default=None, description="Days until the campaign's last day.")


class CalendarFacts(_Group):
    """The calendar at the donor's place, prepared by the host; rules never read a clock."""

    now: AwareDatetime = Field(description="The moment of the decision.")
    hour: Annotated[int, Field(ge=0, le=23)] = Field(description="The hour of the day at the donor's place.")
    weekday: Annotated[int, Field(ge=1, le=7)] = Field(description="1 for Monday to 7 for Sunday, there.")
    quiet_hours: bool = Field(description="It is within the organisation's quiet hours at the donor's place.")
    in_blackout: bool = Field(
        description="The action falls into a period in which nobody is to be contacted."
    )
    blackouts: Names = Field(description="The names of those periods.")
    blackout_ends_at: AwareDatetime | None = Field(default=None, description="When the last of them ends.")


class AiFacts(_Group):
    """Where the text came from and how far its evidence carries."""

    origin: AiOrigin = Field(
        description="model: a language model wrote it; facts: computed from the CRM; none: a person wrote it."
    )
    confidence: Percent = Field(
        description="How far the evidence carries, 0 to 100; computed, never asked for."
    )
    confidence_level: ConfidenceLevel = Field(
        description="The same in words; none when nothing was assessed."
    )
    unsupported_claims: Count = Field(description="Sentences removed because no record bears them out.")
    contradictions: Count = Field(description="Contradictions found between records.")
    suspected_injection: bool = Field(description="A text it read looks like an attempt to give it orders.")
    external_text: bool = Field(
        description="A text it read was written by somebody outside the organisation."
    )
    endpoint_region: Text = Field(
        description="Where the model that wrote it runs, such as eu, us or local; empty without one."
    )


class OwnerFacts(_Group):
    """The relationship owner."""

    known: bool = Field(description="The donor has an owner whom the CRM knows.")
    active: bool = Field(description="The donor has an owner, and the owner still works here.")
    on_hold: bool = Field(
        description="A tag in the CRM (owner_hold_tags) says that the owner keeps automation away."
    )


class ActorFacts(_Group):
    """Who asked for this: a member of staff, or nobody when an event or a timer did."""

    known: bool = Field(description="A member of staff asked for it.")
    is_owner: bool = Field(description="It is the relationship owner who asked for it.")
    roles: Names = Field(description="The roles of whoever asked: owner, manager, compliance, admin.")


class TriageFacts(_Group):
    """What a message, a note, a meeting or a flag on the record calls for; "none" for everything else."""

    urgency: TriageUrgency = Field(
        description="How soon a person is needed: now, soon or routine; none where nothing was triaged."
    )
    topics: Names = Field(
        description="What the text speaks of: death, legal, complaint, refusal, vulnerable, payment, timing, "
        "opportunity, orders."
    )


class RolloutFacts(_Group):
    """How far the organisation has let the assistant go."""

    phase: Annotated[int, Field(ge=1, le=3)] = Field(
        description="1 read-only, 2 a person approves everything, 3 limited execution without approval."
    )
    stopped: bool = Field(description="Somebody pulled the emergency stop for this capability.")


class DoorFacts(_Group):
    """Through which door the decision comes."""

    kind: DoorKind = Field(description="slack, http, timer or cli.")
    shared_with_outsiders: bool = Field(
        description="People outside the organisation can read the channel of the card, or it cannot be told."
    )


class DecisionFacts(_Group):
    """All facts of one decision; the only thing rules can see. A missing optional fact is None."""

    action: ActionFacts
    donor: DonorFacts
    record: RecordFacts
    household: HouseholdFacts
    consent: ConsentFacts
    cadence: CadenceFacts
    giving: GivingFacts
    campaign: CampaignFacts
    cal: CalendarFacts
    ai: AiFacts
    owner: OwnerFacts
    actor: ActorFacts
    triage: TriageFacts
    rollout: RolloutFacts
    door: DoorFacts


_NOT_LOOKED_AT_THEN = {"triage": {"urgency": "none", "topics": []}}
"""Groups that came after decisions were stored, with what they say where nothing was found."""


def facts_decided_on(stored: bytes) -> DecisionFacts:
    """Read the facts that a card which is still open was made from, by this release or an earlier one.

    A card of before is decided as if what nobody looked at then had found nothing. What is replayed is never
    read so. Raises ValidationError.
    """
    return DecisionFacts.model_validate(_NOT_LOOKED_AT_THEN | from_json(stored), strict=False)
