"""Confidence and triage: computed from evidence, with every reason shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy.claims import Claim, Confidence, Verdict, Verification, VerifiedClaim
from policy.confidence import confidence
from policy.donor import Acknowledgement, Donor, DonorRecord, Gift, LifecycleStage, Rollups
from policy.facts import Conventions, compute_facts
from policy.money import Money
from policy.triage import Contribution, Triage, triage
from tests.examples import examples

TODAY = date(2026, 11, 5)


def record(received: str = "2026-10-01", **fields: Any) -> DonorRecord:
    gift = Gift(
        id="gift-1",
        donor_id="donor-1",
        amount=Money(minor=2_500_000, currency="USD"),
        received_on=date.fromisoformat(received),
        acknowledgement=Acknowledgement(status="needed"),
    )
    donor = Donor(id="donor-1", version="v1", name="Jane Doe", lifecycle_stage=LifecycleStage.STEWARDSHIP)
    values = {"donor": donor, "read_at": datetime(2026, 11, 5, tzinfo=UTC), "gifts": (gift,)}
    return DonorRecord.model_validate(values | fields)


def verified(supported: int, removed: int = 0, opinions: int = 0) -> Verification:
    claim = Claim(text="A sentence.", cites=("gift-1",))
    kept = [VerifiedClaim(claim=claim, verdict=Verdict.SUPPORTED)] * supported
    kept += [VerifiedClaim(claim=claim, verdict=Verdict.OPINION)] * opinions
    gone = [VerifiedClaim(claim=claim, verdict=Verdict.CONTRADICTED, reason="It differs.")] * removed
    return Verification(kept=tuple(kept), removed=tuple(gone))


def score(verification: Verification, given_record: DonorRecord) -> Confidence:
    facts = compute_facts(given_record, TODAY, Conventions())
    return confidence(verification, given_record, facts, TODAY)


def test_everything_borne_out_is_high() -> None:
    expected = Confidence(score=100, level="high", reasons=("All 5 sentences match the CRM.",))
    assert score(verified(5), record()) == expected


def test_removed_sentences_lower_it() -> None:
    found = score(verified(1, removed=3), record())
    assert (found.score, found.level) == (70, "medium")
    assert found.reasons == ("3 of 4 sentences did not match the CRM and were removed.",)


def test_nothing_checked_is_nothing() -> None:
    found = score(verified(0, opinions=2), record())
    assert (found.score, found.level) == (0, "low")


def test_unread_gifts_are_never_more_than_low() -> None:
    found = score(verified(5), record(gaps=("gifts: timeout",)))
    assert found.level == "low"
    assert "Gifts could not be read from the CRM." in found.reasons


def test_a_contradictory_record_is_never_high() -> None:
    rollups = Rollups(lifetime_giving=Money(minor=1, currency="USD"), gift_count=1)
    donor = record().donor.model_copy(update={"rollups": rollups})
    found = score(verified(5), record(donor=donor))
    assert found.level == "medium"
    assert "The CRM's own totals differ from its records." in found.reasons


def test_an_old_record_is_worth_less() -> None:
    found = score(verified(5), record(received="2024-01-01"))
    assert found.score == 85
    assert found.reasons[1] == "The latest entry in the CRM is 34 months old."


@given(seed=st.integers(0, 10**6), kept=st.integers(0, 6), removed=st.integers(0, 6))
@settings(max_examples=examples(25))
def test_more_removed_is_never_more_confident(
    seed: int, kept: int, removed: int, record_of: Callable[[int], DonorRecord]
) -> None:
    given_record = record_of(seed)
    fewer = score(verified(kept, removed), given_record)
    more = score(verified(kept, removed + 1), given_record)
    assert 0 <= more.score <= fewer.score <= 100


def test_triage_shows_what_it_adds_up() -> None:
    facts = compute_facts(record(), TODAY, Conventions())
    assert triage(facts) == Triage(
        points=80,
        level="now",
        contributions=(
            Contribution(
                reason="A major gift waits for thanks", points=40, fact="acknowledgement.gift_amount"
            ),
            Contribution(reason="Thanks are overdue", points=40, fact="acknowledgement.overdue"),
        ),
    )
