"""Outcomes as handlers make them, for cards that are compared whole."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from handlers.outcomes import CardStatus, DonorHeader, EscalationCard, Execution, Source, SummaryShown
from policy.actions import FieldChange, UndoPromise
from policy.claims import Claim, Confidence, Contradiction, Origin, Summary, Verdict, VerifiedClaim
from policy.donor import LifecycleStage, Tier, TimelineEntry
from policy.escalation import EscalationState

CREATED = datetime(2026, 11, 24, 13, 5, tzinfo=UTC)
DUE = datetime(2026, 12, 1, 22, 0, tzinfo=UTC)
DECIDED = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)

DONOR = DonorHeader(
    id="D-100",
    name="Jane Doe",
    stage=LifecycleStage.CULTIVATION,
    tier=Tier.MAJOR,
    owner_name="Olivia Hart",
    household_name="The Doe household",
    record_url="http://127.0.0.1:8400/donors/D-100",
)
MODEL = Origin(kind="model", model="gpt-5.2", prompt="summary", prompt_version="3")
FACTS = Origin(kind="facts", fallback_reason="no_model")
CONFIDENT = Confidence(score=86, level="high", reasons=("all figures recomputed from 6 records",))


def claim(text: str, *cites: str, verdict: Verdict = Verdict.SUPPORTED) -> VerifiedClaim:
    return VerifiedClaim(claim=Claim(text=text, cites=cites), verdict=verdict)


HISTORY = (
    TimelineEntry(at=date(2026, 11, 24), kind="gift", text="Gift of $25,000 to the library", record_id="G-9"),
    TimelineEntry(
        at=datetime(2026, 10, 12, 15, 0, tzinfo=UTC),
        kind="meeting",
        text="Visit: talked about the reading room with her daughter",
        record_id="I-4",
    ),
    TimelineEntry(at=date(2025, 11, 30), kind="gift", text="Gift of $5,000", record_id="G-7"),
)
SOURCES = (
    Source(id="G-1", label="7 gifts"),
    Source(id="G-7", label="gift of 30 Nov 2025"),
    Source(id="G-9", label="gift of 24 Nov 2026"),
    Source(id="I-4", label="visit of 12 Oct 2026"),
)
SUMMARY = SummaryShown(
    answer_id="01KANSWER",
    donor=DONOR,
    summary=Summary(
        claims=(
            claim("Jane Doe has given $62,500 in 7 gifts since 2019.", "G-1", "G-9"),
            claim("Her last gift was $25,000 on 24 Nov 2026.", "G-9"),
            claim("She seems ready for a conversation about the reading room.", verdict=Verdict.OPINION),
        ),
        removed=1,
        not_seen=("Pledges could not be read.",),
        contradictions=(
            Contradiction(text="The CRM states $60,000 lifetime giving; the gifts add up to $62,500."),
        ),
        confidence=CONFIDENT,
        origin=MODEL,
        as_of=date(2026, 11, 24),
    ),
    timeline=HISTORY,
    sources=SOURCES,
    reference="7f3k2a",
)
CARD = EscalationCard(
    escalation_id="01KESC",
    donor=DONOR,
    happened="Jane Doe gave $25,000 to the library, her largest gift so far.",
    proposal="Plan a thank-you call for Olivia Hart, due 26 Nov 2026",
    proposal_details="Thank her for the library gift and ask how her daughter liked the reading room.",
    changes=(
        FieldChange(record="new", field="Task", before="none", after="Thank-you call"),
        FieldChange(record="new", field="Due", before="none", after="26 Nov 2026"),
        FieldChange(record="donor", field="Lifecycle stage", before="cultivation", after="stewardship"),
    ),
    signals=(
        claim("This gift is 5 times her gift of last year.", "G-7", "G-9"),
        claim("Nobody has spoken with her for 43 days.", "I-4"),
    ),
    gates=("Gifts of $10,000 and more are thanked for by a person.",),
    unknowns=("Whether she wants the gift to be public.",),
    alternatives=("Send a thank-you letter",),
    confidence=CONFIDENT,
    origin=MODEL,
    recent=HISTORY,
    sources=SOURCES,
    undo=UndoPromise.EXACT,
    undo_text="Can be undone exactly: the record returns to what it was.",
    decider="Olivia Hart",
    route="the owner's channel",
    created_at=CREATED,
    due_at=DUE,
    reference="7f3k2a",
)
OPEN = CardStatus(state=EscalationState.OPEN)


def status(state: EscalationState, **more: Any) -> CardStatus:
    values: dict[str, Any] = {"by_user_id": "U0OLIVIA0", "by_name": "Olivia Hart", "at": DECIDED}
    return CardStatus(state=state, **(values | more))


EXECUTED = status(
    EscalationState.EXECUTED,
    execution=Execution(
        ref="T-77",
        record_url="http://127.0.0.1:8400/donors/D-100",
        changes=CARD.changes,
        verified=True,
        at=datetime(2026, 11, 24, 14, 1, tzinfo=UTC),
    ),
)
