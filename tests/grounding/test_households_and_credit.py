"""Facts of a data set in the shape of CiviCRM's API: by hand, and against the oracle on every fiscal edge.

Contacts, contributions with their statuses, soft credits, household relationships and pledges stand as that
CRM lists them; contributions 7 and 113, soft credit 1 and the pledges are rows that a running CiviCRM
answered.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from policy.donor import (
    Donor,
    DonorRecord,
    Gift,
    Household,
    Installment,
    LifecycleStage,
    Pledge,
    Rollups,
    SoftCredit,
)
from policy.facts import Conventions, compute_facts
from policy.fiscal_year import fiscal_year_of
from policy.money import Money
from tests.grounding.test_facts_oracle import Oracle, stated

TODAY = date(2026, 11, 5)
JULY = Conventions(fiscal_year_start_month=7)
ROLLING = Conventions(fiscal_year_start_month=7, family="rolling")
ANA, BEN, DEV, EVE, FINN, GIL, IDA, PAT = 201, 202, 205, 206, 207, 208, 209, 129
STATUSES = {
    "Completed": "completed",
    "Pending": "pending",
    "Partially paid": "pending",
    "Refunded": "refunded",
    "Chargeback": "refunded",
}
TYPES = {"In Kind": "in_kind"}
OPEN = ("Pending", "In Progress", "Overdue")

Row = dict[str, Any]


@cache
def rows(entity: str) -> tuple[Row, ...]:
    path = Path(__file__).parent / "data" / "civicrm.json"
    return tuple(json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)[entity])


def money(amount: Any, currency: str = "USD") -> Money:
    return Money(minor=int(Decimal(amount or 0) * 100), currency=currency)


def day_of(moment: str) -> date:
    return datetime.fromisoformat(moment).date()


def is_real(row: Row) -> bool:
    return not row.get("is_test") and row["contribution_status_id:name"] in STATUSES


def gift_of(row: Row) -> Gift:
    return Gift(
        id=f"c{row['id']}",
        donor_id=str(row["contact_id"]),
        amount=money(row["total_amount"], row["currency"]),
        received_on=day_of(row["receive_date"]),
        type=TYPES.get(row["financial_type_id:name"], "cash"),
        status=STATUSES[row["contribution_status_id:name"]],
        soft_credits=tuple(
            SoftCredit(donor_id=str(each["contact_id"]), amount=money(each["amount"], each["currency"]))
            for each in rows("ContributionSoft")
            if each["contribution_id"] == row["id"]
        ),
    )


def donor_of(contact: int) -> Donor:
    """The contact with the totals as the CRM itself adds them up: all that is completed and no test."""
    own = [
        row
        for row in rows("Contribution")
        if row["contact_id"] == contact
        and not row.get("is_test")
        and row["contribution_status_id:name"] == "Completed"
    ]
    lifetime = money(sum((Decimal(row["total_amount"]) for row in own), Decimal(0)))
    name = next(row["display_name"] for row in rows("Contact") if row["id"] == contact)
    return Donor(
        id=str(contact),
        version="1",
        name=name,
        lifecycle_stage=LifecycleStage.STEWARDSHIP,
        rollups=Rollups(lifetime_giving=lifetime, gift_count=len(own)),
    )


def household_of(contact: int) -> tuple[Household | None, tuple[Donor, ...]]:
    members = [
        (row["contact_id_a"], row["contact_id_b"])
        for row in rows("Relationship")
        if row["relationship_type_id:name"] == "Household Member of" and row["is_active"]
    ]
    home = dict(members).get(contact)
    if home is None:
        return None, ()
    people = tuple(person for person, place in members if place == home)
    ids = tuple(str(person) for person in people)
    return Household(id=str(home), name="household", member_ids=ids), tuple(map(donor_of, people))


def pledges_of(contact: int) -> tuple[Pledge, ...]:
    return tuple(
        Pledge(
            id=f"p{row['id']}",
            donor_id=str(contact),
            amount=money(row["amount"]),
            pledged_on=day_of(row["create_date"]),
            status="open" if row["status_id:name"] in OPEN else "fulfilled",
            installments=tuple(
                Installment(
                    due_on=day_of(part["scheduled_date"]),
                    amount=money(part["scheduled_amount"]),
                    paid=money(part["actual_amount"]),
                )
                for part in rows("PledgePayment")
                if part["pledge_id"] == row["id"]
            ),
        )
        for row in rows("Pledge")
        if row["contact_id"] == contact
    )


@cache
def record_of(contact: int) -> DonorRecord:
    gifts = [gift_of(row) for row in rows("Contribution") if is_real(row)]
    credited = [g for g in gifts if any(c.donor_id == str(contact) for c in g.soft_credits)]
    household, members = household_of(contact)
    return DonorRecord(
        donor=donor_of(contact),
        read_at=datetime(2026, 11, 5, tzinfo=UTC),
        household=household,
        household_members=members,
        gifts=tuple(g for g in gifts if g.donor_id == str(contact)),
        soft_credited_gifts=tuple(credited),
        pledges=pledges_of(contact),
    )


def usd(dollars: str) -> tuple[int, str]:
    return int(Decimal(dollars) * 100), "USD"


BY_HAND: dict[int, dict[str, Any]] = {
    # 100 + 150.10 + 200.20 + 75 + 40 + 500 + 25.05; not refunded, charged back, pending, in kind or ahead
    ANA: {
        "giving.lifetime": usd("1090.35"),
        "giving.count": 7,
        "giving.first_on": date(2021, 12, 24),
        "giving.last_on": date(2026, 7, 1),
        "giving.last_amount": usd("25.05"),
        "giving.largest_amount": usd("500"),
        "giving.largest_on": date(2026, 6, 30),
        "giving.average": usd("155.76"),
        "giving.days_since_last": 127,
        "giving.this_year": usd("25.05"),
        "giving.last_year": usd("500"),
        "giving.year.2024": usd("275.20"),
        "giving.year.2023": usd("150.10"),
        "giving.years_given": 6,
        "giving.consecutive_years": 6,
        "giving.lybunt": False,
        "giving.sybunt": False,
        "giving.status": "retained",
        "giving.change": "upgraded",
        "giving.soft_credit": usd("5150"),  # the fund's 5,000, her husband's 150; 700 are pending
        "household.lifetime": usd("1590.35"),  # and her husband's 500; soft credit between them adds nothing
        "giving.in_kind_count": 1,
        "giving.pending_count": 2,
        "giving.refunded_count": 2,
        "giving.post_dated_count": 1,
    },
    BEN: {
        "giving.lifetime": usd("500"),
        "giving.this_year": usd("0"),
        "giving.last_year": usd("150"),
        "giving.lybunt": True,
        "giving.sybunt": False,
        "giving.status": "lybunt",
        "giving.consecutive_years": 1,
        "giving.years_given": 2,
        "giving.soft_credit": usd("750"),  # 500 of his wife's and 250 matched; not what she gave in kind
    },
    DEV: {"giving.lybunt": True, "giving.sybunt": False, "household.lifetime": None},
    EVE: {"giving.lybunt": False, "giving.sybunt": True, "giving.status": "lapsed"},
    FINN: {"giving.status": "recaptured", "giving.consecutive_years": 1, "giving.years_given": 2},
    GIL: {"giving.status": "new", "giving.years_given": 1},
    IDA: {
        "giving.lifetime": usd("0"),
        "giving.count": 0,
        "giving.soft_credit": (10_000, "EUR"),
        "giving.soft_credit.gbp": (5_000, "GBP"),
    },
    PAT: {"giving.lifetime": usd("0"), "giving.soft_credit": usd("10")},
    43: {
        "pledge.balance": usd("600"),
        "pledge.overdue": True,
        "pledge.overdue_since": date(2009, 10, 1),
        "pledge.overdue_amount": usd("600"),
    },
    62: {
        "pledge.balance": usd("1200"),
        "pledge.overdue": False,
        "pledge.next_due_on": date(2026, 12, 1),
        "pledge.next_due_amount": usd("100"),
    },
    71: {"pledge.open_count": 0, "pledge.balance": None},
}


@pytest.mark.parametrize("contact", BY_HAND)
def test_every_figure_is_what_a_person_works_out(contact: int) -> None:
    facts = compute_facts(record_of(contact), TODAY, JULY)
    found = stated(facts)
    assert len(found) == len(facts.facts), "no figure is stated twice"
    assert {name: found.get(name) for name in BY_HAND[contact]} == BY_HAND[contact]


def test_what_the_crm_adds_up_otherwise_is_shown() -> None:
    found = compute_facts(record_of(ANA), TODAY, JULY)
    assert [each.sentence for each in found.discrepancies] == [
        "The CRM states lifetime giving as $2,170.35; its records say $1,090.35.",
        "The CRM states the number of gifts as 9; its records say 7.",
    ]


@pytest.mark.parametrize(
    ("contact", "status"),
    # Ana's gift of June came 15 months and 20 days after the one before it.
    [(ANA, "recaptured"), (BEN, "at_risk"), (DEV, "lapsed"), (FINN, "recaptured"), (GIL, "new")],
)
def test_the_rolling_family_judges_by_months(contact: int, status: str) -> None:
    assert compute_facts(record_of(contact), TODAY, ROLLING).value("giving.status") == status


@pytest.mark.parametrize(
    ("today", "dev", "eve"),
    [
        (date(2025, 6, 30), None, "new"),
        (date(2025, 7, 1), "new", "lybunt"),
        (date(2026, 6, 30), "new", "lybunt"),
        (date(2026, 7, 1), "lybunt", "lapsed"),
        (date(2027, 6, 30), "lybunt", "lapsed"),
        (date(2027, 7, 1), "lapsed", "lapsed"),
    ],
)
def test_a_day_makes_the_fiscal_year(today: date, dev: str | None, eve: str) -> None:
    found = [compute_facts(record_of(each), today, JULY).value("giving.status") for each in (DEV, EVE)]
    assert found == [dev, eve]


def test_retention_of_all_is_what_the_gifts_themselves_say() -> None:
    """Donors of last year who gave this year, of all donors of last year: counted twice, in two ways."""
    people = [row["id"] for row in rows("Contact") if row["contact_type"] == "Individual"]
    found = [compute_facts(record_of(each), TODAY, JULY) for each in people]
    last = [facts for facts in found if (facts.money("giving.last_year") or money(0)).minor]
    kept = [facts for facts in last if facts.value("giving.status") == "retained"]
    gave = {
        (row["contact_id"], fiscal_year_of(day_of(row["receive_date"]), 7))
        for row in rows("Contribution")
        if is_real(row)
        and row["contribution_status_id:name"] == "Completed"
        and row["financial_type_id:name"] != "In Kind"
        and day_of(row["receive_date"]) <= TODAY
        and row["contact_id"] in people
    }
    of_last = {person for person, year in gave if year == 2026}
    assert (len(kept), len(last)) == (len({p for p in of_last if (p, 2027) in gave}), len(of_last)) == (1, 5)


EDGES = [
    date(year, month, day) for year in (2024, 2026) for month, day in ((1, 1), (6, 30), (7, 1), (12, 31))
]


@pytest.mark.parametrize("family", ["fiscal_year", "rolling"])
@pytest.mark.parametrize("month", range(1, 13))
def test_the_oracle_agrees_on_every_edge_of_a_year(month: int, family: Any) -> None:
    conventions = Conventions(fiscal_year_start_month=month, family=family)
    for contact in (row["id"] for row in rows("Contact") if row["contact_type"] == "Individual"):
        for today in (*EDGES, date(2024, 2, 29), TODAY):
            found = stated(compute_facts(record_of(contact), today, conventions))
            expected = dict(Oracle(record_of(contact), conventions, today).values())
            assert {name: found.get(name) for name in expected} == expected, (contact, today)
