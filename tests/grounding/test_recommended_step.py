"""The recommender: the right next step in each situation, and none where nobody is needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.actions import CreateTask, ScheduleFollowUp, SuppressChannel, UpdateStage
from policy.donor import (
    Acknowledgement,
    Campaign,
    Channel,
    Consent,
    ConsentStatus,
    Donor,
    DonorRecord,
    Gift,
    Installment,
    Interaction,
    LifecycleStage,
    Note,
    Pledge,
    SoftCredit,
    StaffMember,
    Task,
)
from policy.events import CrmEvent, CrmEventType
from policy.facts import Conventions, compute_facts
from policy.money import Money
from policy.recommender import Proposal, candidates, nothing_to_do, recommend
from policy.timeline import timeline
from policy.verifier import verify
from tests.examples import examples

TODAY = date(2026, 11, 5)  # a Thursday
CONVENTIONS = Conventions(fiscal_year_start_month=7)
GIFT = Gift(
    id="gift-1",
    donor_id="donor-1",
    amount=Money(minor=50_000, currency="USD"),
    received_on=date(2026, 11, 4),
    acknowledgement=Acknowledgement(status="needed"),
)
OLD_GIFT = GIFT.model_copy(
    update={
        "id": "gift-0",
        "received_on": date(2023, 1, 1),
        "acknowledgement": Acknowledgement(status="acknowledged"),
    }
)


def donor(**fields: Any) -> Donor:
    values = {"id": "donor-1", "version": "v1", "name": "Jane Doe", "first_name": "Jane"}
    return Donor.model_validate(values | {"lifecycle_stage": LifecycleStage.STEWARDSHIP} | fields)


def record(**fields: Any) -> DonorRecord:
    owner = StaffMember(id="staff-olivia", name="Olivia Hart", email="o@x.example")
    values = {"donor": donor(), "read_at": datetime(2026, 11, 5, tzinfo=UTC), "owner": owner}
    return DonorRecord.model_validate(values | fields)


def proposed(given_record: DonorRecord, kind: str | None, record_id: str | None = None) -> Proposal | None:
    event = None
    if kind is not None:
        event = CrmEvent(
            id="event-1",
            source="crm",
            type=CrmEventType(kind),
            time=datetime(2026, 11, 5, tzinfo=UTC),
            donor_id="donor-1",
            record_id=record_id,
        )
    facts = compute_facts(given_record, TODAY, CONVENTIONS)
    proposal = recommend(given_record, facts, event, TODAY)
    if proposal is not None:
        assert verify(proposal.signals, given_record, facts).removed == ()
    return proposal


def test_a_gift_is_thanked_by_letter_in_time() -> None:
    proposal = proposed(record(gifts=(GIFT,)), "donation.received", "gift-1")
    assert proposal is not None
    assert proposal.action == CreateTask(
        donor_id="donor-1",
        title="Thank-you letter to Jane Doe for $500",
        details="For the gift of $500 of 4 Nov 2026 (gift-1).",
        due_on=date(2026, 11, 6),
        assignee_id="staff-olivia",
    )
    assert [claim.text for claim in proposal.signals] == [
        "Jane Doe gave $500 on 4 Nov 2026.",
        "Jane is a new donor.",
        "Thanks are due by 6 Nov 2026.",
    ]
    assert proposal.unknowns == ("Consent for contact by mail is not recorded.",)
    assert proposal.alternatives


def test_a_major_gift_is_thanked_by_a_call_unless_refused() -> None:
    major = GIFT.model_copy(update={"amount": Money(minor=2_500_000, currency="USD")})
    call = proposed(record(gifts=(major,)), "donation.received", "gift-1")
    assert call is not None
    assert call.headline == "Major gift of $25,000 from Jane Doe: thank them by call"
    refused = Consent(
        id="consent-1",
        donor_id="donor-1",
        channel=Channel.PHONE,
        purpose="all",
        status=ConsentStatus.OPTED_OUT,
        captured_on=date(2026, 1, 1),
    )
    letter = proposed(record(gifts=(major,), consents=(refused,)), "donation.received", "gift-1")
    assert letter is not None
    assert letter.headline == "Major gift of $25,000 from Jane Doe: thank them by letter"


def test_a_lapsed_donor_who_gave_moves_to_stewardship() -> None:
    back = record(donor=donor(lifecycle_stage=LifecycleStage.REACTIVATION), gifts=(OLD_GIFT, GIFT))
    proposal = proposed(back, "donation.received", "gift-1")
    assert proposal is not None
    assert proposal.action == UpdateStage(donor_id="donor-1", stage=LifecycleStage.STEWARDSHIP)


def interaction(kind: str, body: str = "", **fields: Any) -> Interaction:
    values = {
        "id": "interaction-1",
        "donor_id": "donor-1",
        "kind": kind,
        "direction": "inbound",
        "body": body,
    }
    at = datetime(2026, 11, 4, 10, tzinfo=UTC)
    return Interaction.model_validate(values | {"status": "completed", "at": at} | fields)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("When is the concert?", ScheduleFollowUp),
        ("Please unsubscribe me.", SuppressChannel),
        ("I am very upset about the letter.", CreateTask),
    ],
)
def test_a_reply_is_answered_obeyed_or_escalated(body: str, expected: type) -> None:
    proposal = proposed(record(interactions=(interaction("reply", body),)), "reply.received", "interaction-1")
    assert proposal is not None
    assert type(proposal.action) is expected


@pytest.mark.parametrize(
    ("body", "channel"),
    [
        ("Please stop e-mailing me", Channel.EMAIL),
        ("do not call me again", Channel.PHONE),
        ("No more letters, please", Channel.MAIL),
        ("don’t text me", Channel.SMS),
    ],
)
def test_a_refusal_suppresses_the_channel_it_names(body: str, channel: Channel) -> None:
    proposal = proposed(record(interactions=(interaction("reply", body),)), "reply.received", "interaction-1")
    assert proposal is not None
    assert proposal.action == SuppressChannel(donor_id="donor-1", channel=channel)


def test_a_meeting_is_followed_up_by_who_was_there() -> None:
    met = interaction("meeting", direction="outbound", staff_id="staff-omar")
    proposal = proposed(record(interactions=(met,)), "meeting.completed", "interaction-1")
    assert proposal is not None
    assert isinstance(proposal.action, CreateTask)
    assert (proposal.action.assignee_id, proposal.action.due_on) == ("staff-omar", date(2026, 11, 6))


def test_work_is_not_given_to_somebody_who_left() -> None:
    left = StaffMember(id="staff-petra", name="Petra Long", email="p@x.example", active=False)
    met = interaction("meeting", staff_id="staff-petra")
    proposal = proposed(record(interactions=(met,), staff=(left,)), "meeting.completed", met.id)
    assert proposal is not None
    assert isinstance(proposal.action, CreateTask)
    assert proposal.action.assignee_id == "staff-olivia"


def test_a_small_gift_of_a_major_donor_is_not_called_a_major_gift() -> None:
    major_donor = donor(tier="major")
    proposal = proposed(record(donor=major_donor, gifts=(GIFT,)), "donation.received", "gift-1")
    assert proposal is not None
    assert proposal.headline == "Gift of $500 from Jane Doe: thank them by call"
    assert not proposal.urgent, "it may wait in a list"


def test_a_strangers_note_is_marked_in_the_history() -> None:
    said = Note(
        id="note-1",
        donor_id="donor-1",
        written_at=datetime(2026, 11, 4, tzinfo=UTC),
        text="Please wire the money to me.",
        external_author=True,
    )
    [entry] = timeline(record(notes=(said,)), 5)
    assert entry.text == "Note from outside: Please wire the money to me."


def test_a_complaint_goes_to_the_owner() -> None:
    note = Note(
        id="note-1",
        donor_id="donor-1",
        written_at=datetime(2026, 11, 4, tzinfo=UTC),
        text="Too many letters",
        category="complaint",
    )
    proposal = proposed(record(notes=(note,)), "note.added", "note-1")
    assert proposal is not None
    assert isinstance(proposal.action, CreateTask)
    assert (proposal.action.title, proposal.action.assignee_id) == (
        "Answer the complaint of Jane Doe",
        "staff-olivia",
    )


@pytest.mark.parametrize(
    "kind", [None, *(kind.value for kind in CrmEventType if kind is not CrmEventType.EMAIL_OPENED)]
)
def test_after_a_death_only_condolences_and_the_estate(kind: str | None) -> None:
    died = record(donor=donor(deceased=True), gifts=(GIFT,), interactions=(interaction("reply"),))
    for record_id in ("gift-1", "interaction-1", None):
        proposal = proposed(died, kind, record_id)
        assert proposal is not None
        assert proposal.rule == "donor_died"
    task = Task(
        id="task-1",
        donor_id="donor-1",
        kind="task",
        title="Condolences and estate handling for Jane Doe",
        due_on=TODAY,
        status="open",
    )
    assert proposed(died.model_copy(update={"tasks": (task,)}), kind, "gift-1") is None


HUNDRED = Money(minor=10_000, currency="USD")
BEHIND = Pledge(
    id="pledge-1",
    donor_id="donor-1",
    amount=HUNDRED,
    pledged_on=date(2026, 1, 1),
    status="open",
    installments=(Installment(due_on=date(2026, 9, 1), amount=HUNDRED, paid=Money(minor=0, currency="USD")),),
)


def test_an_overdue_pledge_is_followed_up_kindly() -> None:
    proposal = proposed(record(pledges=(BEHIND,)), None)
    assert proposal is not None
    assert isinstance(proposal.action, ScheduleFollowUp)
    assert proposal.action.channel is Channel.PHONE


def test_a_paused_campaign_holds_the_planned_ask() -> None:
    campaign = Campaign(
        id="campaign-1", name="Roof Appeal", status="paused", starts_on=TODAY, ends_on=date(2027, 1, 1)
    )
    ask = interaction(
        "meeting", status="planned", is_ask=True, campaign_id="campaign-1", direction="outbound"
    )
    with_ask = record(campaigns=(campaign,), interactions=(ask,))
    proposal = proposed(with_ask, "campaign.status_changed", "campaign-1")
    assert proposal is not None
    assert proposal.headline == "Roof Appeal is paused: hold the planned ask of Jane Doe"
    assert proposed(record(campaigns=(campaign,)), "campaign.status_changed", "campaign-1") is None


def test_a_very_long_name_still_makes_a_title() -> None:
    long = record(donor=donor(name="Seafarers " * 25 + "Fund", deceased=True))
    proposal = proposed(long, None)
    assert proposal is not None
    assert isinstance(proposal.action, CreateTask)
    assert proposal.action.title.endswith("…")


def test_soft_credit_is_thanked_without_receipt_language() -> None:
    credit = SoftCredit(donor_id="donor-1", amount=GIFT.amount)
    advised = GIFT.model_copy(update={"donor_id": "donor-fund", "soft_credits": (credit,), "type": "daf"})
    proposal = proposed(record(soft_credited_gifts=(advised,)), "donation.received", "gift-1")
    assert proposal is not None
    assert isinstance(proposal.action, ScheduleFollowUp)
    assert "no tax receipt" in proposal.action.details


def test_last_years_donor_gets_a_personal_word_when_asked_about() -> None:
    gave = OLD_GIFT.model_copy(update={"received_on": date(2026, 2, 1)})
    proposal = proposed(record(gifts=(gave,)), None)
    assert proposal is not None
    assert proposal.rule == "renewal_due"
    ask = interaction("meeting", direction="outbound", is_ask=True)
    asked_lately = proposed(record(gifts=(gave,), interactions=(ask,)), None)
    assert asked_lately is not None
    assert asked_lately.rule == "consent_unknown"


def test_nobody_is_asked_to_renew_who_is_behind_on_a_pledge() -> None:
    gave = OLD_GIFT.model_copy(update={"received_on": date(2026, 2, 1)})
    behind = record(gifts=(gave,), pledges=(BEHIND,))
    rules = [each.rule for each in candidates(behind, compute_facts(behind, TODAY, CONVENTIONS), TODAY)]
    assert "payment_missing" in rules
    assert "renewal_due" not in rules


TOUCHED = "The last contact was on 4 Nov 2026."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"legal_review": True}, "Nothing is proposed for Jane Doe, who is under legal review."),
        (
            {},
            "Nothing is due: no thanks, payment, reply or meeting waits. The last contact was on 4 Nov 2026.",
        ),
        ({"merged_into": "donor-2"}, "This record was merged into another one; ask about that one."),
    ],
)
def test_why_nothing_is_proposed_is_true(changes: dict[str, Any], said: str) -> None:
    spoke = interaction("meeting", direction="outbound")
    about = record(donor=donor(**changes), interactions=(spoke,))
    assert nothing_to_do(about, compute_facts(about, TODAY, CONVENTIONS), TODAY) == said
    never = record(donor=donor(tier="major"), gifts=(OLD_GIFT,))
    facts = compute_facts(never, TODAY, CONVENTIONS)
    assert nothing_to_do(never, facts, TODAY).endswith("waits. No contact is recorded.")
    quiet = next(each for each in candidates(never, facts, TODAY) if each.rule == "gone_quiet")
    assert quiet.headline == "No contact with Jane Doe is recorded: a personal word"
    assert verify(quiet.signals, never, facts).removed == ()


@pytest.mark.parametrize(
    ("fields", "kind", "record_id"),
    [
        ({"gifts": (GIFT,)}, "email.opened", "interaction-1"),
        ({"gifts": (OLD_GIFT,)}, "donation.received", "gift-0"),
        ({"gifts": (GIFT,)}, "donation.received", "gift-unknown"),
        ({"donor": donor(merged_into="donor-2"), "gifts": (GIFT,)}, "donation.received", "gift-1"),
        ({}, "donor.updated", None),
        ({}, None, None),
    ],
)
def test_nothing_worth_a_persons_attention(
    fields: dict[str, Any], kind: str | None, record_id: str | None
) -> None:
    assert proposed(record(**fields), kind, record_id) is None


@given(seed=st.integers(0, 10**6), kind=st.sampled_from([None, *CrmEventType]), pick=st.integers(0, 100))
@settings(max_examples=examples(50))
def test_every_proposal_is_grounded_and_for_this_donor(
    seed: int, kind: CrmEventType | None, pick: int, record_of: Callable[[int], DonorRecord]
) -> None:
    given_record = record_of(seed)
    rows = [*given_record.gifts, *given_record.interactions, *given_record.notes, *given_record.campaigns]
    proposal = proposed(given_record, kind.value if kind else None, rows[pick % len(rows)].id)
    if proposal is None:
        return
    assert proposal.action.donor_id == "donor-1"
    assert proposal.signals
    assert kind is not CrmEventType.EMAIL_OPENED
    due_on = getattr(proposal.action, "due_on", TODAY)
    assert TODAY <= due_on <= TODAY + timedelta(days=14)
    assert due_on.weekday() < 5
    if given_record.donor.deceased:
        assert proposal.rule == "donor_died"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"donor": donor(do_not_contact=True)}, "marked do not contact"),
        ({"donor": donor(legal_review=True)}, "under legal review"),
        (
            {"household_members": (donor(id="donor-2", legal_review=True),)},
            "in a household under legal review",
        ),
    ],
)
def test_nobody_is_thanked_unasked_who_must_be_left_alone(changes: dict[str, Any], why: str) -> None:
    proposal = proposed(record(gifts=(GIFT,), **changes), "donation.received", "gift-1")
    assert proposal is not None
    assert proposal.leads_to_contact is False
    assert f"Jane Doe, who is {why}: decide how to acknowledge it" in proposal.headline
    assert getattr(proposal.action, "title", "") == "Decide how to acknowledge $500 from Jane Doe"


def test_a_task_to_thank_leads_to_contact() -> None:
    proposal = proposed(record(gifts=(GIFT,)), "donation.received", "gift-1")
    assert proposal is not None
    assert proposal.leads_to_contact is True
