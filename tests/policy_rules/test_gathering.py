"""From the record of a donor to the facts of a decision."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from policy.actions import (
    ACTION,
    Action,
    AddNote,
    DraftMessage,
    RecordAcknowledgement,
    ScheduleFollowUp,
    UpdateStage,
)
from policy.decide import decide
from policy.decision import Outcome
from policy.decision_context import Audience, Blackout, DecisionContext, Evidence, PendingTouch, Requester
from policy.decision_facts import ActionKind, CadenceFacts, ConsentFacts, DecisionFacts, Stage
from policy.donor import (
    Acknowledgement,
    Campaign,
    Channel,
    Consent,
    Donor,
    DonorRecord,
    Gift,
    Household,
    Interaction,
    LifecycleStage,
    StaffMember,
)
from policy.gathering import gather
from policy.money import Money

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
NEW_YORK = timezone(timedelta(hours=-5))
CALL = ScheduleFollowUp(donor_id="d1", title="Call", channel=Channel.PHONE, due_on=date(2026, 11, 27))
EMAIL = ScheduleFollowUp(donor_id="d1", title="Write", channel=Channel.EMAIL, due_on=date(2026, 11, 27))
NOTE = AddNote(donor_id="d1", text="A note")


def donor(**changes: Any) -> Donor:
    usual = {
        "id": "d1",
        "version": "v1",
        "name": "Jane Doe",
        "owner_id": "s1",
        "lifecycle_stage": LifecycleStage.STEWARDSHIP,
    }
    return Donor(**{**usual, **changes})


def record(**changes: Any) -> DonorRecord:
    owner = StaffMember(id="s1", name="Olivia Hart", email="olivia@harbourlight.example")
    return DonorRecord(**{"donor": donor(), "read_at": NOW, "owner": owner, **changes})


def context(**changes: Any) -> DecisionContext:
    usual: dict[str, Any] = {
        "now": NOW,
        "local_now": NOW.astimezone(NEW_YORK),
        "rollout_phase": 2,
        "stopped": (),
        "door": "slack",
        "evidence": Evidence(),
        "pending_touches": (),
        "blackouts": (),
        "major_gift_thresholds": (Money(minor=1_000_000, currency="USD"),),
    }
    return DecisionContext(**{**usual, **changes})


def facts(about: DonorRecord | None = None, action: Action = CALL, **changes: Any) -> DecisionFacts:
    return gather(about or record(), action, "execute", context(**changes))


def consent(status: str, **changes: Any) -> Consent:
    usual = {"id": "c", "donor_id": "d1", "channel": "email", "purpose": "fundraising", "jurisdiction": "UK"}
    return Consent(**{**usual, "status": status, "captured_on": date(2026, 1, 1), **changes})


def interaction(days_ago: float, **changes: Any) -> Interaction:
    usual = {"id": "i", "donor_id": "d1", "kind": "email", "direction": "outbound", "status": "completed"}
    return Interaction(**{**usual, "at": NOW - timedelta(days=days_ago), **changes})


def gift(**changes: Any) -> Gift:
    usual = {"id": "g1", "donor_id": "d1", "amount": Money(minor=5000, currency="USD")}
    return Gift(**{**usual, "received_on": date(2026, 11, 20), **changes})


def test_the_facts_speak_the_vocabulary() -> None:
    assert set(Stage.__args__) == {stage.value for stage in LifecycleStage}
    kinds = {kind.model_fields["kind"].default for kind in _actions()}
    assert set(ActionKind.__args__) == kinds


def _actions() -> list[Any]:
    return list(Action.__args__[0].__args__)


def test_every_action_has_facts() -> None:
    samples: list[dict[str, Any]] = [
        {"kind": "create_task", "title": "T", "due_on": "2026-12-01"},
        {"kind": "schedule_follow_up", "title": "T", "channel": "mail", "due_on": "2026-12-01"},
        {"kind": "add_note", "text": "T"},
        {"kind": "record_acknowledgement", "gift_id": "g1", "acknowledged_on": "2026-11-24"},
        {"kind": "update_stage", "stage": "retention"},
        {"kind": "add_to_segment", "segment": "Newsletter"},
        {"kind": "remove_from_segment", "segment": "Newsletter"},
        {"kind": "suppress_channel", "channel": "email"},
        {"kind": "assign_owner", "owner_id": "s2"},
        {"kind": "draft_message", "channel": "email", "subject": "S", "body": "B"},
    ]
    assert {sample["kind"] for sample in samples} == set(ActionKind.__args__)
    for sample in samples:
        about = facts(action=ACTION.validate_python({"donor_id": "d1", **sample})).action
        assert about.kind == sample["kind"]
        assert about.channel == sample.get("channel", "none")
        assert about.segment == sample.get("segment", "")
        assert about.target_stage == sample.get("stage", "none")
        assert about.days_ahead == (7 if "due_on" in sample else None)
        assert about.is_outreach is (sample["kind"] in {"schedule_follow_up", "draft_message"})


def test_an_action_for_another_donor_is_refused() -> None:
    with pytest.raises(ValueError, match="another donor"):
        facts(action=AddNote(donor_id="d2", text="x"))


def test_contact_is_an_ask_for_fundraising_unless_the_host_knows_better() -> None:
    assert (facts().action.purpose, facts().action.is_ask) == ("fundraising", True)
    assert facts(purpose="stewardship").action.is_ask is False
    assert facts(is_ask=False).action.is_ask is False
    assert facts(action=NOTE, is_ask=True).action.is_ask is False


def test_an_amount_is_measured_in_its_own_currency() -> None:
    def major(minor: int, currency: str) -> tuple[bool, int | None]:
        about = facts(amount=Money(minor=minor, currency=currency)).action
        return about.is_major_gift, about.major_gift_threshold

    assert major(999_999, "USD") == (False, 1_000_000)
    assert major(1_000_000, "USD") == (True, 1_000_000)
    assert major(1, "EUR") == (True, None)
    assert facts().action.is_major_gift is False


def test_an_acknowledgement_is_about_its_gift() -> None:
    action = RecordAcknowledgement(donor_id="d1", gift_id="g1", acknowledged_on=date(2026, 11, 24))
    large = record(gifts=(gift(amount=Money(minor=2_500_000, currency="USD")),))
    about = facts(large, action).action
    assert (about.amount, about.currency, about.is_major_gift) == (2_500_000, "USD", True)
    assert facts(record(), action).action.amount is None


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        ([], ("unknown", False)),
        ([consent("opted_in")], ("opted_in", False)),
        ([consent("opted_in", channel="phone")], ("unknown", False)),
        ([consent("opted_in", purpose="stewardship")], ("unknown", False)),
        ([consent("opted_in", purpose="all")], ("opted_in", False)),
        ([consent("opted_in", donor_id="d2")], ("unknown", False)),
        ([consent("opted_in"), consent("opted_out", captured_on=date(2026, 2, 1))], ("opted_out", False)),
        ([consent("opted_out"), consent("opted_in", captured_on=date(2026, 2, 1))], ("opted_in", False)),
        ([consent("opted_in"), consent("opted_out")], ("opted_out", False)),
        ([consent("opted_in"), consent("opted_out", purpose="all")], ("opted_out", False)),
        ([consent("opted_in"), consent("unknown", purpose="all")], ("unknown", False)),
        ([consent("opted_in"), consent("opted_out", captured_on=None)], ("opted_out", False)),
        ([consent("soft_opt_in"), consent("opted_in", purpose="all")], ("soft_opt_in", False)),
        ([consent("opted_in", expires_on=date(2026, 11, 25))], ("opted_in", False)),
        ([consent("opted_in", expires_on=date(2026, 11, 24))], ("opted_in", True)),
        ([consent("opted_out", expires_on=date(2026, 1, 24))], ("opted_out", False)),
    ],
)
def test_the_strictest_current_statement_counts(ledger, expected) -> None:
    found = facts(record(consents=tuple(ledger)), EMAIL).consent
    assert (found.status, found.expired) == expected


def test_a_consent_is_read_on_the_donor_s_day() -> None:
    late = datetime(2026, 11, 25, 3, tzinfo=UTC)  # still the 24th in New York
    about = record(consents=(consent("opted_in", expires_on=date(2026, 11, 25)),))
    assert not facts(about, EMAIL, now=late, local_now=late.astimezone(NEW_YORK)).consent.expired
    assert facts(about, EMAIL, now=late, local_now=late).consent.expired


def test_what_prepares_no_contact_needs_no_consent() -> None:
    assert facts(action=NOTE).consent == ConsentFacts(status="not_needed", expired=False, jurisdiction="")


def test_cadence_counts_the_household_and_what_waits() -> None:
    held = (
        interaction(10, is_ask=True),
        interaction(80, is_ask=True, donor_id="d2", kind="letter"),
        interaction(100, is_ask=True, kind="meeting"),
        interaction(20, kind="call"),
        interaction(2, is_ask=True, status="cancelled"),
        interaction(1, kind="email_open"),
        interaction(1, direction="inbound", kind="reply"),
        interaction(-5, is_ask=True, status="planned"),
        interaction(-5, status="planned"),
    )
    waiting = (
        PendingTouch(donor_id="d2", is_ask=True, at=NOW),
        PendingTouch(donor_id="d1", is_ask=False, at=NOW),
    )
    assert facts(record(interactions=held), EMAIL, pending_touches=waiting).cadence == CadenceFacts(
        days_since_ask=10,
        asks_90_days=2,
        asks_365_days=3,
        pending_asks=2,
        days_since_touch=10,
        touches_30_days=2,
        pending_touches=4,
        channel_touches_30_days=1,
        channel_share_90_days=33,
    )


@pytest.mark.parametrize(("hours", "days"), [(0, 0), (23, 0), (24, 1), (24 * 30 - 1, 29), (24 * 30, 30)])
def test_days_since_the_last_ask_are_whole_days(hours: int, days: int) -> None:
    about = record(interactions=(interaction(hours / 24, is_ask=True),))
    assert facts(about).cadence.days_since_ask == days


def test_a_household_never_asked_has_no_last_ask() -> None:
    assert facts().cadence.days_since_ask is None


def test_the_household_speaks_for_its_members() -> None:
    partner = donor(
        id="d2", deceased_on=date(2026, 11, 1), do_not_contact=True, legal_review=True, sensitive=True
    )
    about = record(
        household=Household(id="h", name="Doe", member_ids=("d1", "d2", "d3")), household_members=(partner,)
    )
    found = facts(about)
    assert found.household.model_dump() == {
        "members": 3,
        "any_deceased": True,
        "any_do_not_contact": True,
        "any_legal_review": True,
        "any_sensitive": True,
    }
    assert not found.donor.deceased


def blackout(start: datetime, end: datetime, **changes: Any) -> Blackout:
    return Blackout(name="Pause", starts_at=start, ends_at=end, **changes)


DAY = datetime(2026, 11, 27, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("period", "inside"),
    [
        (blackout(DAY, DAY + timedelta(days=1)), True),
        (blackout(DAY - timedelta(days=2), DAY), False),
        (blackout(DAY - timedelta(days=2), DAY + timedelta(minutes=1)), True),
        (blackout(DAY + timedelta(days=1), DAY + timedelta(days=2)), False),
        (blackout(DAY, DAY + timedelta(days=1), channels=(Channel.EMAIL,)), False),
        (blackout(DAY, DAY + timedelta(days=1), channels=(Channel.PHONE,)), True),
        (blackout(DAY, DAY + timedelta(days=1), asks_only=True), True),
    ],
)
def test_an_action_with_a_day_falls_into_what_covers_it(period: Blackout, inside: bool) -> None:
    assert facts(blackouts=(period,)).cal.in_blackout is inside


def test_a_pause_for_asks_leaves_other_contact() -> None:
    period = blackout(DAY, DAY + timedelta(days=1), asks_only=True)
    assert not facts(blackouts=(period,), purpose="stewardship").cal.in_blackout


@pytest.mark.parametrize(("start", "end", "inside"), [(0, 1, True), (-1, 0, False), (1, 2, False)])
def test_an_action_without_a_day_happens_now(start: int, end: int, inside: bool) -> None:
    draft = DraftMessage(donor_id="d1", channel=Channel.EMAIL, subject="S", body="B")
    period = blackout(NOW + timedelta(hours=start), NOW + timedelta(hours=end))
    assert facts(action=draft, blackouts=(period,)).cal.in_blackout is inside


def test_the_calendar_is_the_donor_s() -> None:
    first = blackout(DAY, DAY + timedelta(days=1))
    second = Blackout(name="Election", starts_at=DAY, ends_at=DAY + timedelta(days=3))
    found = facts(blackouts=(first, second), quiet_hours=(21, 11)).cal
    assert (found.hour, found.weekday, found.quiet_hours) == (10, 2, True)
    assert found.blackouts == ("Election", "Pause")
    assert found.blackout_ends_at == DAY + timedelta(days=3)


@pytest.mark.parametrize(
    ("hours", "quiet"),
    [(None, False), ((21, 8), False), ((21, 11), True), ((10, 11), True), ((8, 10), False)],
)
def test_quiet_hours_may_pass_midnight(hours, quiet: bool) -> None:
    assert facts(quiet_hours=hours).cal.quiet_hours is quiet


def test_a_campaign_runs_between_its_days_and_for_its_audience() -> None:
    spring = Campaign(
        id="k", name="Spring", status="active", starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 24)
    )
    about = record(donor=donor(segments=("A",)), campaigns=(spring,), gifts=(gift(campaign_id="k"),))
    found = facts(about, campaign_id="k", audience=Audience(include=("A", "B"), exclude=("C",))).campaign
    assert found.model_dump() == {
        "status": "active",
        "is_running": True,
        "in_audience": True,
        "is_excluded": False,
        "already_gave": True,
        "days_until_end": 0,
    }
    ended = spring.model_copy(update={"ends_on": date(2026, 11, 23)})
    assert not facts(record(campaigns=(ended,)), campaign_id="k").campaign.is_running
    assert not facts(about, campaign_id="k", audience=Audience(include=("B",))).campaign.in_audience
    assert facts(about, campaign_id="k", audience=Audience(exclude=("A",))).campaign.is_excluded


def test_a_campaign_nobody_could_read_does_not_run() -> None:
    found = facts(campaign_id="gone").campaign
    assert (found.status, found.is_running) == ("cancelled", False)


def test_the_owner_must_be_known_and_still_work_here() -> None:
    def owner(about: DonorRecord) -> tuple[bool, bool]:
        return facts(about).owner.known, facts(about).owner.active

    left = StaffMember(id="s1", name="Petra Long", email="petra@harbourlight.example", active=False)
    assert owner(record()) == (True, True)
    assert owner(record(owner=left)) == (True, False)
    assert owner(record(owner=None)) == (False, False)
    assert owner(record(donor=donor(owner_id=None))) == (False, False)


def test_who_asked_is_known_by_staff_id() -> None:
    assert facts().actor.known is False
    assert facts(requester=Requester(staff_id="s1", roles=("owner",))).actor.model_dump() == {
        "known": True,
        "is_owner": True,
        "roles": ("owner",),
    }
    nobody = record(donor=donor(owner_id=None))
    assert facts(nobody, requester=Requester(staff_id=None)).actor.is_owner is False


def test_gaps_age_and_thanks() -> None:
    about = record(
        gaps=("interactions",),
        read_at=NOW - timedelta(minutes=61, seconds=30),
        gifts=(
            gift(acknowledgement=Acknowledgement(status="needed")),
            gift(id="g2", status="refunded", acknowledgement=Acknowledgement(status="needed")),
        ),
    )
    found = facts(about)
    assert (found.record.is_complete, found.record.age_minutes) == (False, 61)
    assert (found.giving.unthanked_gifts, found.giving.days_since_gift) == (1, 4)


def test_a_stop_concerns_its_capability() -> None:
    assert facts(stopped=("execute",)).rollout.stopped
    assert not facts(stopped=("draft",)).rollout.stopped


def test_a_fact_beyond_its_limits_is_refused_without_quoting_it() -> None:
    with pytest.raises(ValidationError) as caught:
        facts(record(donor=donor(tags=("secret " * 60,))))
    assert "secret" not in str(caught.value)


def test_two_clocks_that_disagree_are_refused() -> None:
    with pytest.raises(ValidationError, match="same moment"):
        context(local_now=NOW + timedelta(hours=1))


def test_from_a_record_to_a_decision(compiled) -> None:
    about = record(consents=(consent("opted_in"),))
    assert decide(compiled, facts(about, EMAIL)).outcome is Outcome.REQUIRE_APPROVAL
    refused = record(consents=(consent("opted_out"),))
    assert decide(compiled, facts(refused, EMAIL)).reasons == ("The donor said no to this channel.",)
    asked = record(consents=(consent("opted_in"),), interactions=(interaction(3, is_ask=True),))
    assert "asked_recently" in decide(compiled, facts(asked, EMAIL)).gate_ids
    move = UpdateStage(donor_id="d1", stage=LifecycleStage.RETENTION)
    assert decide(compiled, facts(action=move)).gate_ids == ("moves", "owner_approves_writes")
