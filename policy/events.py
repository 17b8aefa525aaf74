"""What happens in the CRM, and what Countersign publishes in turn."""

from __future__ import annotations

from enum import StrEnum, unique

from pydantic import AwareDatetime

from policy.value import Value


@unique
class CrmEventType(StrEnum):
    """The CRM events Countersign acts on."""

    DONOR_UPDATED = "donor.updated"
    DONATION_RECEIVED = "donation.received"
    EMAIL_OPENED = "email.opened"
    MEETING_COMPLETED = "meeting.completed"
    PLEDGE_RENEWED = "pledge.renewed"
    CAMPAIGN_STATUS_CHANGED = "campaign.status_changed"
    REPLY_RECEIVED = "reply.received"
    NOTE_ADDED = "note.added"


class CrmEvent(Value):
    """An event as the CRM sent it: ids only, the record itself is always read again.

    *record_id* is the gift, interaction, pledge, note or campaign concerned; *actor* is who caused it.
    """

    id: str
    source: str
    type: CrmEventType
    time: AwareDatetime
    donor_id: str | None = None
    record_id: str | None = None
    fields: tuple[str, ...] = ()
    actor: str | None = None


@unique
class PublishedEventType(StrEnum):
    """The CloudEvents Countersign publishes."""

    SUMMARY_GENERATED = "summary_generated"
    RISK_FLAGGED = "risk_flagged"
    HANDOFF_REQUIRED = "handoff_required"
    ACTION_EXECUTED = "action_executed"
    ACTION_UNDONE = "action_undone"
    POLICY_CHANGED = "policy_changed"
