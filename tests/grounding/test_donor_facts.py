"""The donor facts: the field's definitions, on records made for them and against an independent count."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.donor import (
    Acknowledgement,
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
)
from policy.facts import Conventions, DonorFacts, compute_facts, is_unread
from policy.facts_definitions import DEFINITIONS
from policy.money import Money
from tests.examples import examples

TODAY = date(2026, 11, 5)
FISCAL = Conventions(fiscal_year_start_month=7)


def usd(amount: int) -> Money:
    return Money(minor=amount * 100, currency="USD")


def gift(number: int, amount: int, day: str, **fields: Any) -> Gift:
    values = {"id": f"gift-{number}", "donor_id": "donor-1", "amount": usd(amount)}
    return Gift(**(values | {"received_on": date.fromisoformat(day)} | fields))


def record(**fields: Any) -> DonorRecord:
    donor = Donor(id="donor-1", version="v1", name="Jane Doe", lifecycle_stage=LifecycleStage.STEWARDSHIP)
    return DonorRecord(**({"donor": donor, "read_at": datetime(2026, 11, 5, tzinfo=UTC)} | fields))


def facts_of(*gifts: Gift, conventions: Conventions = FISCAL, **fields: Any) -> DonorFacts:
    return compute_facts(record(gifts=gifts, **fields), TODAY, conventions)


def test_giving_counts_completed_cash_like_hard_credit_only() -> None:
    facts = facts_of(
        gift(1, 100, "2025-08-01"),
        gift(2, 50, "2026-08-01", type="stock"),
        gift(3, 1000, "2026-08-02", type="in_kind"),
        gift(4, 2000, "2026-08-03", type="planned"),
        gift(5, 3000, "2026-08-04", status="refunded"),
        gift(6, 4000, "2026-08-05", status="pending"),
        gift(7, 5000, "2026-12-24"),
        gift(8, 6000, "2026-08-06", donor_id="donor-2"),
        gift(1, 100, "2025-08-01"),
    )
    values = {f.id: f.value for f in facts.facts if f.id.startswith("giving.")}
    assert values == {
        "giving.lifetime": usd(150),
        "giving.count": 2,
        "giving.first_on": date(2025, 8, 1),
        "giving.first_amount": usd(100),
        "giving.last_on": date(2026, 8, 1),
        "giving.last_amount": usd(50),
        "giving.days_since_last": 96,
        "giving.largest_amount": usd(100),
        "giving.largest_on": date(2025, 8, 1),
        "giving.average": usd(75),
        "giving.median_gap_days": 365,
        "giving.year.2027": usd(50),
        "giving.this_year": usd(50),
        "giving.year.2026": usd(100),
        "giving.last_year": usd(100),
        "giving.in_kind_count": 1,
        "giving.planned_count": 1,
        "giving.pending_count": 1,
        "giving.refunded_count": 1,
        "giving.post_dated_count": 1,
        "giving.years_given": 2,
        "giving.consecutive_years": 2,
        "giving.lybunt": False,
        "giving.sybunt": False,
        "giving.status": "retained",
    }
    lifetime = facts.get("giving.lifetime")
    assert lifetime is not None
    assert lifetime.records == ("gift-1", "gift-2")


def test_currencies_are_reported_apart() -> None:
    euros = gift(3, 0, "2026-08-01").model_copy(update={"amount": Money(minor=70_000, currency="EUR")})
    facts = facts_of(gift(1, 100, "2025-08-01"), gift(2, 100, "2026-08-01"), euros)
    assert facts.money("giving.lifetime") == usd(200)
    assert facts.money("giving.lifetime.eur") == Money(minor=70_000, currency="EUR")
    assert facts.count("giving.count") == 3
    assert facts.currencies_of("giving.this_year") == ("giving.this_year", "giving.this_year.eur")
    assert facts.money("giving.this_year") == usd(100)
    assert facts.money("giving.this_year.eur") == Money(minor=70_000, currency="EUR")
    assert facts.currencies_of("giving.last_year") == ("giving.last_year",)
    assert facts.money("giving.largest_amount") is None, "no rate says which is larger"
    assert facts.money("giving.average") is None


def test_soft_credit_and_household_stay_out_of_giving() -> None:
    credited = gift(
        9,
        500,
        "2026-01-01",
        donor_id="donor-2",
        type="daf",
        soft_credits=(
            SoftCredit(donor_id="donor-1", amount=usd(400)),
            SoftCredit(donor_id="x", amount=usd(1)),
        ),
    )
    rollups = Rollups(lifetime_giving=usd(1000), gift_count=1)
    spouse = Donor(
        id="donor-2",
        version="v1",
        name="John Doe",
        lifecycle_stage=LifecycleStage.STEWARDSHIP,
        rollups=rollups,
    )
    facts = facts_of(
        gift(1, 100, "2025-08-01"),
        soft_credited_gifts=(credited,),
        household=Household(id="household-1", name="Does", member_ids=("donor-1", "donor-2")),
        household_members=(spouse,),
    )
    assert facts.money("giving.lifetime") == usd(100)
    assert facts.money("giving.soft_credit") == usd(400)
    assert facts.money("household.lifetime") == usd(1100)


@pytest.mark.parametrize(
    ("days", "status", "lybunt", "sybunt", "streak"),
    [
        (["2026-08-01"], "new", False, False, 1),
        (["2025-08-01", "2026-08-01"], "retained", False, False, 2),
        (["2023-08-01", "2026-08-01"], "recaptured", False, False, 1),
        (["2025-08-01"], "lybunt", True, False, 1),
        (["2026-06-30"], "lybunt", True, False, 1),
        (["2025-06-30"], "lapsed", False, True, 0),
        (["2023-08-01", "2024-08-01", "2025-08-01"], "lybunt", True, False, 3),
    ],
)
def test_retention_by_fiscal_year(
    days: list[str], status: str, lybunt: bool, sybunt: bool, streak: int
) -> None:
    facts = facts_of(*(gift(n, 100, day) for n, day in enumerate(days)))
    assert facts.text("giving.status") == status
    assert (facts.flag("giving.lybunt"), facts.flag("giving.sybunt")) == (lybunt, sybunt)
    assert facts.count("giving.consecutive_years") == streak


@pytest.mark.parametrize(
    ("days", "status"),
    [
        (["2026-01-01"], "new"),
        (["2020-01-01", "2026-01-01"], "new"),
        (["2025-01-01", "2026-01-01"], "retained"),
        (["2023-01-01", "2026-01-01"], "recaptured"),
        (["2025-09-01"], "at_risk"),
        (["2025-07-01"], "lapsed"),
    ],
)
def test_retention_by_months(days: list[str], status: str) -> None:
    facts = facts_of(
        *(gift(n, 100, day) for n, day in enumerate(days)), conventions=Conventions(family="rolling")
    )
    assert facts.text("giving.status") == status


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [(100, 200, "upgraded"), (200, 100, "downgraded"), (5, 5, "same"), (0, 5, None)],
)
def test_change_compares_complete_fiscal_years(before: int, after: int, change: str | None) -> None:
    gifts = [gift(1, before, "2024-08-01")] if before else []
    facts = facts_of(*gifts, gift(2, after, "2025-08-01"), gift(3, 9999, "2026-08-01"))
    assert facts.text("giving.change") == change


def test_discrepancies_show_both_figures_and_choose_none() -> None:
    rollups = Rollups(
        lifetime_giving=usd(999), gift_count=1, last_gift_on=date(2025, 1, 1), largest_gift=usd(100)
    )
    donor = Donor(
        id="donor-1", version="v1", name="Jane", lifecycle_stage=LifecycleStage.STEWARDSHIP, rollups=rollups
    )
    facts = compute_facts(record(donor=donor, gifts=(gift(1, 100, "2025-08-01"),)), TODAY, FISCAL)
    assert [d.fact for d in facts.discrepancies] == ["giving.lifetime", "giving.last_on"]
    sentence = "The CRM states lifetime giving as $999; its records say $100."
    assert facts.discrepancies[0].sentence == sentence


def test_what_could_not_be_read_is_not_stated() -> None:
    facts = facts_of(gift(1, 100, "2025-08-01"), gaps=("gifts: timeout",))
    assert not [f.id for f in facts.facts if f.id.startswith(("giving.", "acknowledgement."))]
    assert is_unread(record(gaps=("Recurring gifts",)), "recurring_gifts")


def test_pledge_balance_next_and_overdue() -> None:
    installments = (
        Installment(due_on=date(2026, 6, 1), amount=usd(100), paid=usd(100)),
        Installment(due_on=date(2026, 9, 1), amount=usd(100), paid=usd(30)),
        Installment(due_on=date(2026, 12, 1), amount=usd(100), paid=usd(0)),
    )
    pledge = Pledge(
        id="pledge-1",
        donor_id="donor-1",
        amount=usd(300),
        pledged_on=date(2026, 1, 1),
        status="open",
        installments=installments,
    )
    written_off = pledge.model_copy(update={"id": "pledge-2", "status": "written_off"})
    facts = facts_of(pledges=(pledge, written_off))
    values = {f.id: f.value for f in facts.facts if f.id.startswith("pledge.")}
    assert values == {
        "pledge.open_count": 1,
        "pledge.balance": usd(170),
        "pledge.next_due_on": date(2026, 12, 1),
        "pledge.next_due_amount": usd(100),
        "pledge.overdue": True,
        "pledge.overdue_since": date(2026, 9, 1),
        "pledge.days_overdue": 65,
        "pledge.overdue_amount": usd(70),
        "pledge.paid_by_daf": False,
    }


def test_recurring_gift_prefers_the_active_one() -> None:
    old = RecurringGift(
        id="recurring-1",
        donor_id="donor-1",
        amount=usd(10),
        frequency="monthly",
        status="cancelled",
        started_on=date(2026, 1, 1),
    )
    active = old.model_copy(
        update={"id": "recurring-2", "status": "active", "started_on": date(2020, 1, 1), "failed_payments": 2}
    )
    facts = facts_of(recurring_gifts=(old, active))
    assert facts.text("recurring.status") == "active"
    assert facts.count("recurring.failed_payments") == 2
    assert facts.flag("recurring.missed")


def contact(number: int, kind: str, day: str, **fields: Any) -> Interaction:
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    values = {"id": f"interaction-{number}", "donor_id": "donor-1", "kind": kind, "direction": "outbound"}
    return Interaction(**(values | {"status": "completed", "at": at} | fields))


def test_contact_and_asks() -> None:
    facts = facts_of(
        interactions=(
            contact(1, "meeting", "2026-10-01", is_ask=True),
            contact(2, "email_open", "2026-11-01"),
            contact(3, "call", "2026-10-20"),
            contact(4, "email", "2026-01-01", is_ask=True),
            contact(5, "visit", "2026-12-01", status="planned"),
        )
    )
    assert facts.day("contact.last_on") == date(2026, 10, 20)
    assert facts.text("contact.last_kind") == "call"
    assert facts.day("contact.next_on") == date(2026, 12, 1)
    assert facts.count("ask.recent_count") == 1
    assert facts.flag("ask.open")
    answered = facts_of(
        gift(1, 10, "2026-10-15"), interactions=(contact(1, "meeting", "2026-10-01", is_ask=True),)
    )
    assert not answered.flag("ask.open")


@pytest.mark.parametrize(
    ("received", "overdue"), [("2026-11-02", True), ("2026-11-03", False), ("2026-11-05", False)]
)
def test_acknowledgement_is_overdue_after_the_organisations_time(received: str, overdue: bool) -> None:
    needed = Acknowledgement(status="needed")
    facts = facts_of(gift(1, 10, received, acknowledgement=needed))
    assert facts.flag("acknowledgement.overdue") is overdue
    assert facts.day("acknowledgement.due_on") == date.fromisoformat(received) + timedelta(days=2)


def consent(
    number: int, status: ConsentStatus, day: str, purpose: str = "all", expires: str | None = None
) -> Consent:
    return Consent(
        id=f"consent-{number}",
        donor_id="donor-1",
        channel=Channel.EMAIL,
        purpose=purpose,
        status=status,
        captured_on=date.fromisoformat(day),
        expires_on=date.fromisoformat(expires) if expires else None,
    )


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([], "unknown"),
        ([consent(1, ConsentStatus.OPTED_IN, "2026-01-01")], "opted_in"),
        ([consent(1, ConsentStatus.OPTED_IN, "2026-01-01", expires="2026-11-05")], "unknown"),
        ([consent(1, ConsentStatus.OPTED_OUT, "2026-01-01", expires="2026-02-01")], "opted_out"),
        ([consent(1, ConsentStatus.OPTED_IN, "2027-01-01")], "unknown"),
        ([consent(1, ConsentStatus.OPTED_OUT, "2027-01-01")], "opted_out"),
        (
            [
                consent(1, ConsentStatus.OPTED_OUT, "2025-01-01"),
                consent(2, ConsentStatus.OPTED_IN, "2026-01-01"),
            ],
            "opted_in",
        ),
        (
            [
                consent(1, ConsentStatus.OPTED_OUT, "2026-01-01"),
                consent(2, ConsentStatus.OPTED_IN, "2026-01-01"),
            ],
            "opted_out",
        ),
        (
            [
                consent(1, ConsentStatus.OPTED_OUT, "2025-01-01", "all"),
                consent(2, ConsentStatus.OPTED_IN, "2026-01-01", "fundraising"),
            ],
            "opted_out",
        ),
    ],
)
def test_consent_in_force_is_the_most_restrictive(rows: list[Consent], status: str) -> None:
    facts = facts_of(consents=tuple(rows))
    assert facts.text("consent.email.fundraising") == status
    assert facts.text("consent.phone.fundraising") == "unknown"


def test_a_complaint_is_recent_for_its_window() -> None:
    note = Note(
        id="note-1",
        donor_id="donor-1",
        written_at=datetime(2026, 6, 1, tzinfo=UTC),
        text="Too many letters.",
        category="complaint",
    )
    assert facts_of(notes=(note,)).day("complaint.on") == date(2026, 6, 1)
    old = note.model_copy(update={"written_at": datetime(2026, 1, 1, tzinfo=UTC)})
    assert not facts_of(notes=(old,)).flag("complaint.recent")


@given(seed=st.integers(0, 10**6))
@settings(max_examples=examples(37))
def test_giving_agrees_with_an_independent_count(seed: int, record_of: Callable[[int], DonorRecord]) -> None:
    given_record = record_of(seed)
    facts = compute_facts(given_record, TODAY, FISCAL)
    if is_unread(given_record, "gifts"):
        assert facts.count("giving.count") is None
        return
    sums: dict[str, int] = {}
    days = []
    for one in given_record.gifts:
        if one.status != "completed" or one.type in ("in_kind", "planned") or one.received_on > TODAY:
            continue
        sums[one.amount.currency] = sums.get(one.amount.currency, 0) + one.amount.minor
        days.append(one.received_on)
    stated = {
        f.value.currency: f.value.minor
        for f in facts.facts
        if f.id.startswith("giving.lifetime") and isinstance(f.value, Money) and f.value.minor
    }
    assert stated == sums
    assert facts.count("giving.count") == len(days)
    assert facts.day("giving.last_on") == (max(days) if days else None)
    years = {day.year + (day.month >= 7) for day in days}
    assert facts.count("giving.years_given") == (len(years) or None)
    assert facts.flag("giving.lybunt") == (2027 not in years and 2026 in years)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=examples(25))
def test_facts_are_defined_sourced_and_survive_json(
    seed: int, record_of: Callable[[int], DonorRecord]
) -> None:
    facts = compute_facts(record_of(seed), TODAY, FISCAL)
    assert {f.definition for f in facts.facts} <= DEFINITIONS.keys()
    assert len({f.id for f in facts.facts}) == len(facts.facts)
    assert DonorFacts.model_validate_json(facts.model_dump_json()) == facts


def test_five_hundred_gifts_are_quick() -> None:
    gifts = tuple(gift(n, 10 + n, str(date(2015, 1, 1) + timedelta(days=8 * n))) for n in range(500))
    asked = record(gifts=gifts)
    times = []
    for _ in range(7):
        began = time.process_time()
        compute_facts(asked, TODAY, FISCAL)
        times.append(time.process_time() - began)
    # The aim is 5 ms on an idle machine; the bound leaves room for a busy one.
    assert min(times) < 0.015
