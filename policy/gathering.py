"""From a donor record, an action and what the host knows to the facts of one decision; it never decides."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Literal

from policy.actions import UNDO, Action
from policy.cadence import cadence_facts
from policy.consent import consent_facts
from policy.decision_context import Blackout, DecisionContext, Evidence
from policy.decision_facts import (
    ActionFacts,
    ActorFacts,
    AiFacts,
    CalendarFacts,
    CampaignFacts,
    Capability,
    DecisionFacts,
    DonorFacts,
    DoorFacts,
    GivingFacts,
    HouseholdFacts,
    OwnerFacts,
    Purpose,
    RecordFacts,
    RolloutFacts,
    TriageFacts,
)
from policy.donor import Channel, DonorRecord
from policy.money import Money
from policy.working_time import is_quiet

_LONGEST_AGE = 100_000


def gather(
    record: DonorRecord, action: Action, capability: Capability, context: DecisionContext
) -> DecisionFacts:
    """Return the facts for doing *action* by *capability* with the donor of *record*.

    Raises ValueError when the action is for another donor, and pydantic's ValidationError when a fact exceeds
    its limits; both mean that nothing may happen. The cadence is that of the whole household.
    """
    if action.donor_id != record.donor.id:
        raise ValueError("the action is for another donor than the record")
    about = _action(record, action, capability, context)
    return DecisionFacts(
        action=about,
        donor=_donor(record),
        record=_record(record, context.now),
        household=_household(record),
        consent=consent_facts(record, about, context.local_now.date()),
        cadence=cadence_facts(record, about.channel, context),
        giving=_giving(record, context.local_now.date()),
        campaign=_campaign(record, context),
        cal=_calendar(action, about, context),
        ai=_ai(context.evidence),
        owner=_owner(record, context),
        actor=_actor(record, context),
        triage=TriageFacts(urgency=context.triaged.urgency, topics=context.triaged.topics),
        rollout=RolloutFacts(phase=context.rollout_phase, stopped=capability in context.stopped),
        door=DoorFacts(kind=context.door, shared_with_outsiders=context.shared_with_outsiders),
    )


def _action(
    record: DonorRecord, action: Action, capability: Capability, context: DecisionContext
) -> ActionFacts:
    outreach = action.kind in ("schedule_follow_up", "draft_message")
    purpose: Purpose = context.purpose or ("fundraising" if outreach else "none")
    channel: Channel | None = getattr(action, "channel", None)
    amount = context.amount or _gift_amount(record, action)
    threshold = _threshold(amount, context)
    due = getattr(action, "due_on", None)
    return ActionFacts(
        kind=action.kind,
        capability=capability,
        is_write=True,
        is_outreach=outreach,
        leads_to_contact=outreach or context.leads_to_contact,
        is_ask=outreach and (purpose == "fundraising" if context.is_ask is None else context.is_ask),
        channel=channel.value if channel else "none",
        purpose=purpose,
        segment=getattr(action, "segment", ""),
        target_stage=action.stage.value if action.kind == "update_stage" else "none",
        days_ahead=(due - context.local_now.date()).days if due else None,
        amount=abs(amount.minor) if amount else None,
        currency=amount.currency if amount else "",
        major_gift_threshold=threshold.minor if threshold else None,
        is_major_gift=amount is not None and (threshold is None or abs(amount.minor) >= threshold.minor),
        undo=UNDO[action.kind].value,
    )


def _gift_amount(record: DonorRecord, action: Action) -> Money | None:
    if action.kind != "record_acknowledgement":
        return None
    return next((gift.amount for gift in record.gifts if gift.id == action.gift_id), None)


def _threshold(amount: Money | None, context: DecisionContext) -> Money | None:
    matching = (each for each in context.major_gift_thresholds if amount and each.currency == amount.currency)
    return next(matching, None)


def _donor(record: DonorRecord) -> DonorFacts:
    donor = record.donor
    return DonorFacts(
        lifecycle_stage=donor.lifecycle_stage.value,
        tier=donor.tier.value if donor.tier else "none",
        type=donor.type,
        region=donor.region,
        processing_region=donor.processing_region,
        deceased=donor.deceased,
        do_not_contact=donor.do_not_contact,
        legal_review=donor.legal_review,
        sensitive=donor.sensitive,
        vulnerable=donor.vulnerable,
        gives_anonymously=donor.gives_anonymously,
        merged=donor.merged_into is not None,
        segments=donor.segments,
        tags=donor.tags,
    )


def _record(record: DonorRecord, now: datetime) -> RecordFacts:
    minutes = int((now - record.read_at).total_seconds() // 60)
    return RecordFacts(
        is_complete=not record.gaps, gaps=record.gaps, age_minutes=min(max(minutes, 0), _LONGEST_AGE)
    )


def _household(record: DonorRecord) -> HouseholdFacts:
    people = (record.donor, *(m for m in record.household_members if m.id != record.donor.id))
    named = len(record.household.member_ids) if record.household else 1
    return HouseholdFacts(
        members=max(named, len(people)),
        any_deceased=any(person.deceased for person in people),
        any_do_not_contact=any(person.do_not_contact for person in people),
        any_legal_review=any(person.legal_review for person in people),
        any_sensitive=any(person.sensitive for person in people),
    )


def _giving(record: DonorRecord, today: date) -> GivingFacts:
    completed = [gift.received_on for gift in record.gifts if gift.status == "completed"]
    return GivingFacts(
        days_since_gift=(today - max(completed)).days if completed else None,
        unthanked_gifts=sum(
            gift.acknowledgement.status == "needed" and gift.status != "refunded" for gift in record.gifts
        ),
        failed_payments=sum(
            each.failed_payments for each in record.recurring_gifts if each.status == "active"
        ),
    )


def _campaign(record: DonorRecord, context: DecisionContext) -> CampaignFacts:
    """An action that names a campaign nobody could read belongs to a cancelled one: nothing runs on it."""
    if context.campaign_id is None:
        return CampaignFacts(
            status="none", is_running=False, in_audience=True, is_excluded=False, already_gave=False
        )
    today = context.local_now.date()
    campaign = next((each for each in record.campaigns if each.id == context.campaign_id), None)
    segments = set(record.donor.segments)
    include, exclude = context.audience.include, context.audience.exclude
    return CampaignFacts(
        status=_campaign_status(campaign.status if campaign else ""),
        is_running=campaign is not None
        and campaign.status == "active"
        and campaign.starts_on <= today <= campaign.ends_on,
        in_audience=not include or bool(segments & set(include)),
        is_excluded=bool(segments & set(exclude)),
        already_gave=any(
            g.campaign_id == context.campaign_id and g.status != "refunded" for g in record.gifts
        ),
        days_until_end=(campaign.ends_on - today).days if campaign else None,
    )


def _campaign_status(status: str) -> Literal["planned", "active", "paused", "completed", "cancelled"]:
    known: tuple[Literal["planned", "active", "paused", "completed", "cancelled"], ...]
    known = ("planned", "active", "paused", "completed", "cancelled")
    return next((each for each in known if each == status), "cancelled")


def _calendar(action: Action, about: ActionFacts, context: DecisionContext) -> CalendarFacts:
    local = context.local_now
    active = [each for each in context.blackouts if _falls_into(each, action, about, context)]
    return CalendarFacts(
        now=context.now.astimezone(UTC),
        hour=local.hour,
        weekday=local.isoweekday(),
        quiet_hours=is_quiet(local.hour, context.quiet_hours),
        in_blackout=bool(active),
        blackouts=tuple(sorted(each.name for each in active)),
        blackout_ends_at=max((each.ends_at for each in active), default=None),
    )


def _falls_into(blackout: Blackout, action: Action, about: ActionFacts, context: DecisionContext) -> bool:
    """An action with a day falls into what covers that day; one without, into what covers this moment."""
    if blackout.asks_only and not about.is_ask:
        return False
    if blackout.channels and about.channel not in [channel.value for channel in blackout.channels]:
        return False
    due: date | None = getattr(action, "due_on", None)
    return blackout.covers(due) if due else blackout.covers_moment(context.now)


def _ai(evidence: Evidence) -> AiFacts:
    return AiFacts(**evidence.model_dump())


def _owner(record: DonorRecord, context: DecisionContext) -> OwnerFacts:
    known = record.owner is not None and record.owner.id == record.donor.owner_id
    return OwnerFacts(
        known=known,
        active=known and record.owner is not None and record.owner.active,
        on_hold=context.owner_on_hold,
    )


def _actor(record: DonorRecord, context: DecisionContext) -> ActorFacts:
    requester = context.requester
    return ActorFacts(
        known=requester is not None,
        is_owner=requester is not None
        and requester.staff_id is not None
        and requester.staff_id == record.donor.owner_id,
        roles=tuple(role.value for role in requester.roles) if requester else (),
    )
