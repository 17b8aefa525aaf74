"""The facts summariser and the timeline: short, warnings first, and every sentence verifies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.claims import Verdict
from policy.donor import (
    Acknowledgement,
    Donor,
    DonorRecord,
    Gift,
    Interaction,
    LifecycleStage,
    Note,
    StaffMember,
)
from policy.facts import Conventions, compute_facts
from policy.money import Money
from policy.summariser import LONGEST_SUMMARY, facts_summary
from policy.timeline import timeline
from policy.verifier import verify
from tests.examples import examples

TODAY = date(2026, 11, 5)
CONVENTIONS = Conventions(fiscal_year_start_month=7)


def jane(**fields: Any) -> DonorRecord:
    donor = {"id": "donor-1", "version": "v1", "name": "Jane Doe", "first_name": "Jane", "last_name": "Doe"}
    gifts = tuple(
        Gift(
            id=f"gift-{number}",
            donor_id="donor-1",
            amount=Money(minor=amount, currency="USD"),
            received_on=day,
            acknowledgement=Acknowledgement(status=status),
        )
        for number, (amount, day, status) in enumerate(
            [
                (50_000, date(2019, 3, 1), "acknowledged"),
                (250_000, date(2024, 9, 9), "acknowledged"),
                (100_000, date(2026, 10, 30), "needed"),
            ]
        )
    )
    met = Interaction(
        id="interaction-1",
        donor_id="donor-1",
        kind="meeting",
        direction="outbound",
        status="completed",
        at=datetime(2026, 10, 2, 15, tzinfo=UTC),
        subject="Coffee",
    )
    return DonorRecord(
        donor=Donor.model_validate(donor | {"lifecycle_stage": LifecycleStage.STEWARDSHIP} | fields),
        read_at=datetime(2026, 11, 5, tzinfo=UTC),
        owner=StaffMember(id="staff-1", name="Olivia Hart", email="o@x.example"),
        gifts=gifts,
        interactions=(met,),
    )


def spoken(record: DonorRecord) -> list[str]:
    return [claim.text for claim in facts_summary(record, compute_facts(record, TODAY, CONVENTIONS))]


def test_a_donor_in_good_standing() -> None:
    latest = "most recently $1,000 on 30 Oct 2026"
    assert spoken(jane()) == [
        "Thanks for the $1,000 gift of 30 Oct 2026 are overdue: they were due on 1 Nov 2026.",
        f"Jane Doe has given $4,000 in three gifts since 1 Mar 2019, {latest}.",
        "Jane came back with $1,000 in FY2027.",
        "The last contact was a meeting on 2 Oct 2026, with Olivia Hart as relationship owner.",
        "The largest gift was $2,500 on 9 Sep 2024.",
    ]


def test_warnings_come_first_in_their_order() -> None:
    record = jane(deceased_on=date(2026, 11, 1), do_not_contact=True, legal_review=True)
    assert spoken(record)[:4] == [
        "Jane Doe died on 1 Nov 2026; please pause all asks and treat the family with care.",
        "Jane Doe is marked “do not contact”, so please leave any outreach to the owner.",
        "The record is under legal review: check with the legal team ahead of any contact.",
        "Thanks for the $1,000 gift of 30 Oct 2026 are overdue: they were due on 1 Nov 2026.",
    ]
    assert not [sentence for sentence in spoken(record) if "came back" in sentence]


@given(
    seed=st.integers(0, 10**6), month=st.integers(1, 12), family=st.sampled_from(["fiscal_year", "rolling"])
)
@settings(max_examples=examples(62))
def test_every_sentence_of_ours_verifies(
    seed: int, month: int, family: str, record_of: Callable[[int], DonorRecord]
) -> None:
    record = record_of(seed)
    conventions = Conventions.model_validate({"family": family, "fiscal_year_start_month": month})
    facts = compute_facts(record, TODAY, conventions)
    claims = facts_summary(record, facts)
    verification = verify(claims, record, facts)
    assert [(c.claim.text, c.reason) for c in verification.removed] == []
    assert {c.verdict for c in verification.kept} <= {Verdict.SUPPORTED}
    assert len(claims) <= LONGEST_SUMMARY
    assert all(claim.cites and claim.slots for claim in claims)


def test_the_timeline_is_newest_first_and_keeps_private_notes_in_the_crm() -> None:
    note = Note(
        id="note-1",
        donor_id="donor-1",
        written_at=datetime(2026, 10, 31, tzinfo=UTC),
        text="In hospital since Friday.",
        category="health",
    )
    entries = timeline(jane().model_copy(update={"notes": (note,)}), 3)
    assert [(entry.record_id, entry.text) for entry in entries] == [
        ("note-1", "Note (health), kept in the CRM"),
        ("gift-2", "Gave $1,000, not yet thanked"),
        ("interaction-1", "Meeting: Coffee"),
    ]


@given(seed=st.integers(0, 10**6), limit=st.integers(-1, 30))
@settings(max_examples=examples(25))
def test_the_timeline_is_ordered_for_every_record(
    seed: int, limit: int, record_of: Callable[[int], DonorRecord]
) -> None:
    entries = timeline(record_of(seed), limit)
    days = [e.at.date() if isinstance(e.at, datetime) else e.at for e in entries]
    assert days == sorted(days, reverse=True)
    assert len(entries) <= max(0, limit)
