"""The default policy once more, in plain Python: what the engine answers is compared with this."""

from __future__ import annotations

from collections.abc import Callable

from policy.decision_facts import DecisionFacts

INTERNAL = {"add_note", "create_task"}
EVERY = {"recommend", "draft", "auto_route", "execute"}


def _x(f: DecisionFacts) -> bool:
    return f.action.capability == "execute"


def _w(f: DecisionFacts) -> bool:
    return f.action.is_write and _x(f)


def _c(f: DecisionFacts) -> bool:
    return f.action.leads_to_contact and _x(f)


def _o(f: DecisionFacts) -> bool:
    return f.action.is_outreach and _x(f)


def _allows(
    kinds: set[str], *, usual: set[str] = EVERY, **stages: set[str]
) -> Callable[[DecisionFacts], bool]:
    return lambda f: (
        f.action.kind in kinds and f.action.capability in stages.get(f.donor.lifecycle_stage, usual)
    )


GATES: dict[str, Callable[[DecisionFacts], bool]] = {
    "notes_and_tasks": _allows(INTERNAL),
    "thanks_and_wishes": _allows({"record_acknowledgement", "suppress_channel"}),
    "planned_contact": _allows({"schedule_follow_up", "draft_message"}, acquisition={"recommend", "draft"}),
    "moves": _allows({"update_stage"}, solicitation={"recommend"}),
    "segments": _allows({"add_to_segment", "remove_from_segment"}, solicitation={"recommend"}),
    "ownership": _allows({"assign_owner"}, usual=EVERY - {"draft"}, solicitation={"recommend"}),
    "emergency_stop": lambda f: f.rollout.stopped,
    "read_only_phase": lambda f: f.rollout.phase == 1 and _w(f),
    "owner_approves_writes": lambda f: f.rollout.phase == 2 and _w(f) and f.owner.active,
    "owner_approves_in_phase_three": lambda f: (
        f.rollout.phase == 3 and _w(f) and f.action.kind not in INTERNAL and f.owner.active
    ),
    "no_active_owner": lambda f: _w(f) and not f.owner.active,
    "owner_keeps_hold": lambda f: (
        f.owner.on_hold and not f.actor.is_owner and f.action.capability in {"auto_route", "execute"}
    ),
    "owner_change": lambda f: f.action.kind == "assign_owner" and _x(f),
    "outsiders_in_channel": lambda f: f.door.shared_with_outsiders,
    "not_decided_in_slack": lambda f: (
        f.door.kind == "slack"
        and f.action.kind == "assign_owner"
        and _x(f)
        and f.donor.tier in {"major", "principal"}
    ),
    "deceased": lambda f: (
        f.donor.deceased
        and (
            f.action.leads_to_contact
            or f.action.kind
            not in INTERNAL | {"suppress_channel", "remove_from_segment", "record_acknowledgement"}
        )
    ),
    "bereaved_household": lambda f: f.household.any_deceased and _c(f) and f.owner.active,
    "do_not_contact": lambda f: (
        f.donor.do_not_contact and (f.action.leads_to_contact or f.action.kind == "add_to_segment")
    ),
    "household_do_not_contact": lambda f: f.household.any_do_not_contact and _c(f) and f.owner.active,
    "legal_review": lambda f: (
        (f.donor.legal_review or f.household.any_legal_review) and f.action.leads_to_contact
    ),
    "legal_review_changes": lambda f: f.donor.legal_review and _w(f),
    "sensitive_relationship": lambda f: (f.donor.sensitive or f.household.any_sensitive) and _x(f),
    "vulnerable_not_asked": lambda f: f.donor.vulnerable and f.action.is_ask,
    "vulnerable_contact": lambda f: f.donor.vulnerable and _c(f),
    "opted_out": lambda f: f.action.is_outreach and f.consent.status == "opted_out",
    "consent_unknown": lambda f: (
        f.action.is_outreach
        and f.consent.status == "unknown"
        and f.action.channel in {"email", "sms", "none"}
    ),
    "consent_unknown_elsewhere": lambda f: (
        _o(f)
        and f.consent.status == "unknown"
        and f.action.channel in {"mail", "phone", "visit"}
        and f.owner.active
    ),
    "consent_expired": lambda f: f.action.is_outreach and f.consent.expired,
    "consent_not_current": lambda f: (
        _o(f)
        and f.consent.status == "opted_in"
        and (f.consent.days_since_captured is None or f.consent.days_since_captured > 730)
        and f.owner.active
    ),
    "soft_opt_in_abroad": lambda f: (
        f.action.is_outreach
        and f.consent.status == "soft_opt_in"
        and not (f.consent.jurisdiction in {"UK", "GB"} and f.action.channel in {"email", "sms"})
    ),
    "asked_recently": lambda f: (
        f.action.is_ask and f.cadence.days_since_ask is not None and f.cadence.days_since_ask < 30
    ),
    "asked_this_quarter": lambda f: (
        f.action.is_ask
        and _x(f)
        and f.cadence.days_since_ask is not None
        and 30 <= f.cadence.days_since_ask < 90
    ),
    "asked_often": lambda f: f.action.is_ask and f.cadence.asks_90_days >= 3,
    "ask_already_waiting": lambda f: f.action.is_ask and f.cadence.pending_asks > 0,
    "thank_first": lambda f: f.action.is_ask and f.giving.unthanked_gifts > 0,
    "contacted_often": lambda f: (
        _o(f) and f.cadence.touches_30_days + f.cadence.pending_touches >= 8 and f.owner.active
    ),
    "one_sided_channel": lambda f: (
        _o(f)
        and f.cadence.channel_touches_30_days >= 4
        and f.cadence.channel_share_90_days > 80
        and f.owner.active
    ),
    "campaign_not_running": lambda f: (
        f.campaign.status != "none" and not f.campaign.is_running and f.action.is_outreach
    ),
    "outside_audience": lambda f: (
        f.campaign.status != "none"
        and (not f.campaign.in_audience or f.campaign.is_excluded)
        and f.action.is_outreach
    ),
    "gave_to_campaign": lambda f: f.campaign.already_gave and f.action.is_ask and _x(f) and f.owner.active,
    "major_donor_segments": lambda f: (
        f.action.kind == "add_to_segment"
        and f.action.segment.startswith("Major")
        and f.donor.tier not in {"major", "principal"}
    ),
    "not_for_appeals": lambda f: (
        f.action.is_ask and ("no_appeals" in f.donor.tags or "No appeals" in f.donor.segments)
    ),
    "ask_in_blackout": lambda f: f.action.is_ask and f.cal.in_blackout,
    "contact_in_blackout": lambda f: (
        f.action.is_outreach and f.cal.in_blackout and f.cal.blackout_ends_at is not None
    ),
    "blackout_without_end": lambda f: (
        f.action.is_outreach and f.cal.in_blackout and f.cal.blackout_ends_at is None
    ),
    "quiet_hours": lambda f: (
        f.cal.quiet_hours and _o(f) and f.action.channel in {"phone", "sms"} and f.owner.active
    ),
    "major_gift": lambda f: f.action.is_major_gift and _x(f) and f.owner.active,
    "major_gift_visible": lambda f: (
        f.action.is_major_gift and f.action.capability in {"auto_route", "execute"}
    ),
    "principal_ask": lambda f: f.action.is_ask and f.donor.tier == "principal" and _x(f),
    "early_solicitation": lambda f: (
        f.action.kind == "update_stage"
        and f.action.target_stage == "solicitation"
        and _x(f)
        and f.donor.lifecycle_stage in {"acquisition", "qualification"}
    ),
    "not_exactly_undone": lambda f: f.action.undo != "exact" and _x(f) and f.owner.active,
    "record_merged": lambda f: f.donor.merged and _w(f),
    "stale_record": lambda f: f.record.age_minutes > 60 and _x(f),
    "ask_on_incomplete_record": lambda f: f.action.is_ask and not f.record.is_complete,
    "incomplete_record": lambda f: not f.record.is_complete and _w(f) and f.owner.active,
    "weak_evidence": lambda f: f.ai.origin != "none" and f.ai.confidence < 30 and _x(f),
    "moderate_evidence": lambda f: (
        f.ai.origin != "none" and f.ai.confidence < 70 and _x(f) and f.owner.active
    ),
    "many_unsupported_claims": lambda f: f.ai.origin == "model" and f.ai.unsupported_claims >= 3 and _x(f),
    "unsupported_claims": lambda f: (
        f.ai.origin == "model" and f.ai.unsupported_claims > 0 and _x(f) and f.owner.active
    ),
    "contradicting_records": lambda f: f.ai.contradictions > 0 and _x(f) and f.owner.active,
    "orders_in_text_contact": lambda f: f.ai.suspected_injection and f.action.leads_to_contact,
    "orders_in_text": lambda f: f.ai.suspected_injection and _x(f),
    "text_from_outside": lambda f: f.ai.origin == "model" and f.ai.external_text and _x(f) and f.owner.active,
    "residency": lambda f: (
        f.donor.processing_region == "eu_only"
        and f.ai.origin == "model"
        and f.ai.endpoint_region not in {"eu", "local"}
    ),
    "triage_compliance": lambda f: bool({"complaint", "legal", "death"} & set(f.triage.topics)),
    "triage_senior": lambda f: "timing" in f.triage.topics and f.donor.tier in {"major", "principal"},
    "triage_unsure": lambda f: f.triage.urgency != "none" and f.ai.confidence < 55,
    "ai_label": lambda f: f.ai.origin == "model",
    "anonymous_giving": lambda f: f.donor.gives_anonymously,
    "sensitive_notes": lambda f: f.donor.sensitive,
}
