"""The deterministic heart: facts of a donor with a long history, and claims verified against the record."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from bot.assistant.material import material
from bot.assistant.pseudonyms import Pseudonyms
from bot.slack.cards.summary import summary_message
from handlers.answers.donor_header import donor_header
from handlers.answers.sources import sources
from handlers.outcomes import SummaryShown
from policy.claims import Origin, Summary
from policy.confidence import confidence
from policy.donor import Donor, DonorRecord, Gift, LifecycleStage, Rollups
from policy.facts import Conventions, compute_facts
from policy.money import Money
from policy.organisation import Organisation
from policy.summariser import facts_summary
from policy.timeline import timeline
from policy.verifier import verify
from tests.bench.report import Spread, heading, line, verdict
from tests.grounding.conftest import RecordMaker

GIFTS = 500
ROUNDS = 60
FACTS_P50_MS = 5.0
CLAIMS_PER_S = 5_000
OWN_SHARE_P95_MS = 50.0
TODAY = date(2026, 11, 20)
CONVENTIONS = Conventions(family="fiscal_year", fiscal_year_start_month=7, home_currency="USD")


def main() -> None:
    """Measure both in processor time, which other programs on the machine disturb least."""
    heading("Facts and verification, processor time")
    record = faithful_donor()
    spread = Spread.of(_rounds(lambda: compute_facts(record, TODAY, CONVENTIONS)))
    met = verdict(reached=spread.p50 < FACTS_P50_MS)
    line(f"facts of a donor with {GIFTS} gifts", spread, target=f"< {FACTS_P50_MS:.0f} ms: {met}")
    facts = compute_facts(record, TODAY, CONVENTIONS)
    claims = facts_summary(record, facts)
    checked = Spread.of(_rounds(lambda: verify(claims, record, facts)))
    line(f"verifying a summary of {len(claims)} claims", checked)
    _verifier()
    _own_share(record)


def _verifier() -> None:
    """Verify the summaries of many ordinary donors, again and again."""
    cases = []
    for seed in range(60):
        record = RecordMaker(seed).record()
        facts = compute_facts(record, TODAY, CONVENTIONS)
        cases.append((facts_summary(record, facts), record, facts))
    number = sum(len(claims) for claims, _, _ in cases)
    took = Spread.of(_rounds(lambda: [verify(*case) for case in cases]))
    rate = number / took.p50 * 1000
    met = verdict(reached=rate > CLAIMS_PER_S)
    line(f"claims of {len(cases)} donors verified", f"{rate:,.0f}/s  target > {CLAIMS_PER_S:,}/s: {met}")


def _own_share(record: DonorRecord) -> None:
    """Everything of a summary but the model and the CRM: facts, material, verification, confidence, card."""

    def work() -> None:
        facts = compute_facts(record, TODAY, CONVENTIONS)
        json.dumps(material(record, facts, Pseudonyms(record), with_notes=True))
        checked = verify(facts_summary(record, facts), record, facts)
        summary = Summary(
            claims=checked.kept,
            confidence=confidence(checked, record, facts, TODAY),
            origin=Origin(kind="facts"),
            as_of=TODAY,
        )
        shown = SummaryShown(
            answer_id="a",
            donor=donor_header(record, Organisation(review_channel="C")),
            summary=summary,
            sources=sources(summary.claims, record, facts),
            timeline=timeline(record, 8),
            reference="r",
        )
        summary_message(shown, "ephemeral")

    took = Spread.of(_rounds(work))
    met = verdict(reached=took.p95 < OWN_SHARE_P95_MS)
    line(f"our own share of a summary, {GIFTS} gifts", took, target=f"p95 < {OWN_SHARE_P95_MS:.0f} ms: {met}")


def faithful_donor() -> DonorRecord:
    """Return somebody who has given about every week for ten years."""
    gifts = tuple(
        Gift(
            id=f"gift-{number:04d}",
            donor_id="donor-1",
            amount=Money(minor=2_500 + number % 40 * 100, currency="USD"),
            received_on=TODAY - timedelta(days=7 * number + 3),
        )
        for number in range(GIFTS)
    )
    total = Money(minor=sum(gift.amount.minor for gift in gifts), currency="USD")
    donor = Donor(
        id="donor-1",
        version="v1",
        name="Faith Weekly",
        first_name="Faith",
        last_name="Weekly",
        lifecycle_stage=LifecycleStage.STEWARDSHIP,
        rollups=Rollups(
            lifetime_giving=total, gift_count=GIFTS, largest_gift=Money(minor=6_400, currency="USD")
        ),
    )
    return DonorRecord(donor=donor, read_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC), gifts=gifts)


def _rounds(work: Callable[[], object]) -> list[float]:
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return took


if __name__ == "__main__":
    main()
