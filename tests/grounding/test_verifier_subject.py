"""Whose figure it is and how it is said: each sentence holds a true figure, and most of them are false."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from policy.claims import Claim, Slot, SlotKind, Verdict
from policy.donor import Donor, DonorRecord, Gift, Household, Interaction, LifecycleStage, StaffMember
from policy.facts import Conventions, compute_facts
from policy.money import Money
from policy.verifier import verify

TODAY = date(2026, 11, 5)


def _donor(number: int, first: str) -> Donor:
    return Donor(
        id=f"donor-{number}",
        version="v1",
        name=f"{first} Doe",
        first_name=first,
        last_name="Doe",
        household_id="household-1",
        lifecycle_stage=LifecycleStage.STEWARDSHIP,
    )


def _gift(number: int, amount: int, day: date) -> Gift:
    money = Money(minor=amount * 100, currency="USD")
    return Gift(id=f"gift-{number}", donor_id="donor-1", amount=money, received_on=day)


RECORD = DonorRecord(
    donor=_donor(1, "Jane"),
    read_at=datetime(2026, 11, 5, tzinfo=UTC),
    household=Household(id="household-1", name="Doe household", member_ids=("donor-1", "donor-2")),
    household_members=(_donor(2, "John"),),
    owner=StaffMember(id="staff-1", name="Olivia Hart", email="o@x.example"),
    gifts=(
        _gift(1, 500, date(2024, 5, 3)),
        _gift(2, 25_000, date(2025, 8, 1)),
        _gift(3, 1200, date(2026, 8, 9)),
    ),
    interactions=(
        Interaction(
            id="call-1",
            donor_id="donor-1",
            kind="call",
            direction="outbound",
            status="completed",
            at=datetime(2026, 10, 2, 2, tzinfo=UTC),
        ),
    ),
)
FACTS = compute_facts(RECORD, TODAY, Conventions(fiscal_year_start_month=7, time_zone="America/New_York"))
JANE = Slot(kind=SlotKind.NAME, text="Jane Doe", record="donor-1", field="name")
JOHN = Slot(kind=SlotKind.NAME, text="John Doe", record="donor-2", field="name")
OLIVIA = Slot(kind=SlotKind.NAME, text="Olivia Hart", record="staff-1", field="name")
TOTAL = Slot(kind=SlotKind.MONEY, text="$26,700", fact="giving.lifetime")
COUNT = Slot(kind=SlotKind.COUNT, text="three", fact="giving.count")
LAST = Slot(kind=SlotKind.MONEY, text="$1,200", fact="giving.last_amount")
LAST_ON = Slot(kind=SlotKind.DATE, text="9 Aug 2026", fact="giving.last_on")
SINCE = Slot(kind=SlotKind.DATE, text="May 2024", fact="giving.first_on")
LARGEST = Slot(kind=SlotKind.MONEY, text="$25,000", fact="giving.largest_amount")
YEAR = Slot(kind=SlotKind.MONEY, text="$1,200", fact="giving.this_year")
THIS_YEAR = Slot(kind=SlotKind.ENUM, text="FY2027", fact="fiscal_year.current")
KIND = Slot(kind=SlotKind.ENUM, text="call", fact="contact.last_kind")
CALLED = Slot(kind=SlotKind.DATE, text="1 Oct 2026", fact="contact.last_on")
SLOTS = (JANE, JOHN, OLIVIA, TOTAL, COUNT, SINCE, LAST_ON, LARGEST, THIS_YEAR, KIND, CALLED)


def judged(text: str) -> Verdict:
    """Bind everything in *text* that can be bound, correctly, and judge it."""
    money = YEAR if "FY2027" in text else LAST
    slots = tuple(s for s in (*SLOTS, money) if s.text in text and (s is not KIND or CALLED.text in text))
    cites = tuple(slot.fact or slot.record or "" for slot in slots)
    found = verify((Claim(text=text, cites=cites, slots=slots),), RECORD, FACTS)
    return (*found.kept, *found.removed)[0].verdict


@pytest.mark.parametrize(
    "text",
    [
        "John Doe has given $26,700 in total.",
        "Olivia Hart has given $26,700 in total.",
        "Jane Doe and John Doe gave $26,700 in total.",
        "We gave Jane Doe $26,700 in total.",
        "Our foundation has given Jane Doe $26,700 in total.",
        "Her spouse has given $26,700 in total.",
        "A friend of Jane Doe gave $26,700 in total.",
        "Jane Doe gave $26,700 in total to the director.",
        "The last gift of $1,200 came from the family of Jane Doe.",
        "The gift was given by John Doe.",
        "Jane Doe could give $26,700 in total.",
        "Jane Doe may have given $26,700 in total.",
        "Jane Doe wants to give $26,700 in total.",
        "Jane Doe plans to give $26,700 in total.",
        "Jane Doe was asked to give $26,700 in total.",
        "Jane Doe should give $26,700 in total.",
        "If Jane Doe has given $26,700 in total, a call is due.",
        "Jane Doe needs $26,700 in total.",
        "Please send Jane Doe $26,700 in total.",
        "Has Jane Doe given $26,700 in total?",
        "Jane Doe has given up to $26,700 in total.",
        "Jane Doe has given under $26,700 in total.",
        "Jane Doe has given some $26,700 in total.",
        "Jane Doe gave another $26,700 in total.",
        "Jane Doe gave $26,700 per year in total.",
        "Jane Doe gave $26,700 in total or so.",
        "Jane Doe gave $26,700 in total this week.",
        "Jane Doe is a friend of the director.",
        "Jane Doe will support the campaign.",
        "Jane Doe plans to meet the director.",
        "Jane Doe asked us to call.",
        "The family wants to meet.",
        "She said yes to a visit.",
        "The last call was on 2 Oct 2026.",
    ],
)
def test_what_is_said_of_somebody_else_or_of_what_might_be_is_no_fact(text: str) -> None:
    assert judged(text) not in (Verdict.SUPPORTED, Verdict.OPINION)


@pytest.mark.parametrize(
    "text",
    [
        "Jane Doe has given $26,700 in total.",
        "Jane Doe has given $26,700 in three gifts since May 2024.",
        "Across three gifts since May 2024, Jane Doe has given $26,700.",
        "With three gifts and $26,700 in total, Jane Doe is a generous supporter of our work.",
        "Her most recent gift, $1,200, came on 9 Aug 2026.",
        "The last gift was $1,200, on 9 Aug 2026, and deserves a warm letter.",
        "Please thank Jane Doe for her most recent gift of $1,200.",
        "You might thank her for the last gift of $1,200 today.",
        "The largest gift on record was $25,000.",
        "So far she has given $1,200 in FY2027, so a kind call may help.",
        "Jane Doe gave $1,200 in FY2027; please ask the owner ahead of any request.",
        "The last contact was a call on 1 Oct 2026.",
        "The last contact was a call on 1 Oct 2026, with Olivia Hart as relationship owner.",
    ],
)
def test_true_sentences_stand(text: str) -> None:
    assert judged(text) is Verdict.SUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        "A warm, personal call would be kind.",
        "Jane Doe deserves a personal letter.",
        "A visit by Olivia Hart would be good.",
        "Please speak with the owner ahead of any request.",
    ],
)
def test_advice_without_figures_is_marked_as_a_judgement(text: str) -> None:
    assert judged(text) is Verdict.OPINION
