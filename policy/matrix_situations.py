"""The ordinary situation that a lifecycle matrix assumes, for each action and what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from policy.actions import UNDO
from policy.decision_facts import ActionKind

Variant = Literal["usual", "ask", "major_gift"]

OUTREACH: frozenset[ActionKind] = frozenset({"schedule_follow_up", "draft_message"})

_NOW = "2026-11-24T15:00:00Z"
TOMORROW = "2026-11-25T05:00:00Z"
_THRESHOLD = 1_000_000


ASSUMED = (
    "an individual donor in good standing whom nobody has marked for special care",
    "an active relationship owner, and nobody of the team asked for it",
    "consent recorded for e-mail, and contact by e-mail",
    "last asked 120 days ago, contacted once this month, nothing waiting for a decision, all gifts thanked",
    "a working day at ten in the morning, outside of blackouts and of any campaign",
    "the record read completely just now",
    "text computed from the CRM, on strong evidence (85 of 100)",
    "decided in a Slack channel of the organisation",
)

_TYPICAL: Mapping[str, Any] = MappingProxyType(
    {
        "action.is_write": True,
        "action.purpose": "none",
        "action.segment": "",
        "action.target_stage": "none",
        "action.days_ahead": None,
        "action.amount": None,
        "action.currency": "",
        "action.major_gift_threshold": None,
        "action.is_major_gift": False,
        "donor.tier": "annual",
        "donor.type": "individual",
        "donor.region": "US",
        "donor.processing_region": "any",
        "donor.deceased": False,
        "donor.do_not_contact": False,
        "donor.legal_review": False,
        "donor.sensitive": False,
        "donor.vulnerable": False,
        "donor.gives_anonymously": False,
        "donor.merged": False,
        "donor.segments": ["Newsletter"],
        "donor.tags": [],
        "record.is_complete": True,
        "record.gaps": [],
        "record.age_minutes": 0,
        "household.members": 1,
        "household.any_deceased": False,
        "household.any_do_not_contact": False,
        "household.any_legal_review": False,
        "household.any_sensitive": False,
        "consent.status": "opted_in",
        "consent.expired": False,
        "consent.jurisdiction": "US",
        "consent.days_since_captured": 200,
        "cadence.days_since_ask": 120,
        "cadence.asks_90_days": 0,
        "cadence.asks_365_days": 1,
        "cadence.pending_asks": 0,
        "cadence.days_since_touch": 20,
        "cadence.touches_30_days": 1,
        "cadence.pending_touches": 0,
        "cadence.channel_touches_30_days": 1,
        "cadence.channel_share_90_days": 50,
        "giving.days_since_gift": 60,
        "giving.unthanked_gifts": 0,
        "giving.failed_payments": 0,
        "campaign.status": "none",
        "campaign.is_running": False,
        "campaign.in_audience": True,
        "campaign.is_excluded": False,
        "campaign.already_gave": False,
        "campaign.days_until_end": None,
        "triage.urgency": "none",
        "triage.topics": [],
        "cal.now": _NOW,
        "cal.hour": 10,
        "cal.weekday": 2,
        "cal.quiet_hours": False,
        "cal.in_blackout": False,
        "cal.blackouts": [],
        "cal.blackout_ends_at": None,
        "ai.origin": "facts",
        "ai.confidence": 85,
        "ai.confidence_level": "high",
        "ai.unsupported_claims": 0,
        "ai.contradictions": 0,
        "ai.suspected_injection": False,
        "ai.external_text": False,
        "ai.endpoint_region": "",
        "owner.known": True,
        "owner.active": True,
        "owner.on_hold": False,
        "actor.known": False,
        "actor.is_owner": False,
        "actor.roles": [],
        "rollout.stopped": False,
        "door.kind": "slack",
        "door.shared_with_outsiders": False,
    }
)

_AS_USUAL: Mapping[ActionKind, Mapping[str, Any]] = MappingProxyType(
    {
        "create_task": {"action.days_ahead": 3},
        "schedule_follow_up": {"action.days_ahead": 3},
        "add_to_segment": {"action.segment": "Newsletter"},
        "remove_from_segment": {"action.segment": "Newsletter"},
        "update_stage": {"action.target_stage": "stewardship"},
        "suppress_channel": {"action.channel": "email"},
    }
)

_ASK = {"action.is_ask": True, "action.purpose": "fundraising"}
_MAJOR = {
    "donor.tier": "major",
    "action.amount": 5 * _THRESHOLD,
    "action.currency": "USD",
    "action.major_gift_threshold": _THRESHOLD,
    "action.is_major_gift": True,
}


def variants(action: ActionKind) -> tuple[Variant, ...]:
    """Return what an action is looked at as: contact may be an ask, anything may concern a large sum."""
    return ("usual", "ask", "major_gift") if action in OUTREACH else ("usual", "major_gift")


def typical(action: ActionKind, variant: Variant, phase: int) -> dict[str, Any]:
    """Return the ordinary facts for an action, by dotted name; a large sum for contact is a large ask."""
    outreach = action in OUTREACH
    facts = {
        **_TYPICAL,
        "action.kind": action,
        "action.capability": "recommend",
        "action.is_outreach": outreach,
        "action.leads_to_contact": outreach,
        "action.is_ask": False,
        "action.channel": "email" if outreach else "none",
        "action.undo": UNDO[action].value,
        "donor.lifecycle_stage": "stewardship",
        "rollout.phase": phase,
        **_AS_USUAL.get(action, {}),
    }
    if outreach:
        facts |= {"action.purpose": "stewardship"}
    else:
        facts |= {
            "consent.status": "not_needed",
            "consent.jurisdiction": "",
            "consent.days_since_captured": None,
        }
    if outreach and variant != "usual":
        facts |= _ASK
    return facts | _MAJOR if variant == "major_gift" else facts
